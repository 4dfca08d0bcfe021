"""The main path as a person walks it: sign in, take cash, hand over the receipt, verify it."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.conftest import Service, listen

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_gift_at_the_counter_becomes_a_receipt_that_its_holder_can_verify(
    treasurer: BrowserContext, browser: Browser, service: Service
) -> None:
    page = treasurer.new_page()
    complaints = listen(page)
    page.goto("/")
    page.get_by_role("link", name="Ghi khoản ủng hộ").first.click()
    page.get_by_label("Số tiền").fill("1.020.000")
    expect(page.locator("output")).to_have_text("Một triệu không trăm hai mươi nghìn đồng")
    page.get_by_label("Quỹ", exact=True).select_option("nghia-tinh")
    page.get_by_label("Đơn vị nhận").select_option("TW")
    day = page.get_by_label("Ngày nhận")
    day.fill(re.sub("/", "", day.input_value()))
    page.get_by_label("Người ủng hộ (không bắt buộc)").fill("Cụ Nguyễn Thị Ẩn")
    page.get_by_role("button", name="Ghi sổ").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Biên nhận NT-")
    expect(page.get_by_text("1.020.000 đ")).to_be_visible()
    number = page.url.rpartition("/")[2]
    opened = page.request.get(f"/receipts/{number}.pdf")
    assert opened.headers["content-type"] == "application/pdf"
    assert opened.body().startswith(b"%PDF-")
    verify = page.get_by_role("link", name="Trang kiểm tra").get_attribute("href")
    assert verify is not None
    assert complaints == []
    page.close()
    stranger = browser.new_context(base_url=service.address)
    shown = stranger.new_page()
    shown.goto("/v/" + verify.partition("/v/")[2])
    expect(shown.get_by_text("Biên nhận có hiệu lực")).to_be_visible()
    expect(shown.get_by_text("Nguyễn Thị Ẩn")).to_have_count(0)
    stranger.close()


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    treasurer: BrowserContext,
) -> None:
    page = treasurer.new_page()
    page.goto("/donations/new")
    page.get_by_label("Số tiền").fill("một triệu")
    page.get_by_label("Người ủng hộ (không bắt buộc)").fill("Trần Văn B")
    page.get_by_role("button", name="Ghi sổ").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link", name="Số tiền").click()
    field = page.get_by_label("Số tiền")
    expect(field).to_be_focused()
    expect(field).to_have_value("một triệu")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Người ủng hộ (không bắt buộc)")).to_have_value("Trần Văn B")
    page.close()
