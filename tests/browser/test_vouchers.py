"""A voucher as people walk it: written with lines, approved in one tap, usable without script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Service, listen, sign_in
from tests.support.looks import DESK, PHONE, hold

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

LONGEST = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh thành phố Hồ Chí Minh"


@pytest.fixture(scope="module")
def approver(browser: Browser, service: Service) -> Iterator[BrowserContext]:
    """The approver's browser."""
    context = browser.new_context(base_url=service.address)
    page = context.new_page()
    sign_in(page, "ketoan")
    page.close()
    yield context
    context.close()


def head(page: Page, kind: str) -> None:
    page.goto(f"/vouchers/new?kind={kind}")
    page.locator("#f-unit").select_option("TW")
    page.locator("#f-fund").select_option("nghia-tinh")
    page.locator("#f-description").fill(f"Thu của {LONGEST}")


def test_a_voucher_is_written_with_lines_and_approved_in_one_tap(
    treasurer: BrowserContext, approver: BrowserContext
) -> None:
    page = treasurer.new_page()
    complaints = listen(page)
    head(page, "cash-in")
    page.get_by_label("Người nộp tiền").fill(f"Công ty của {LONGEST}")
    page.locator("#f-account-1").select_option("7118")
    page.locator("#f-amount-1").fill("987.654.000.000")
    page.get_by_role("button", name="Thêm dòng").click()
    expect(page.locator("#f-account-2")).to_be_focused()
    page.locator("#f-account-2").select_option("7114")
    page.locator("#f-amount-2").fill("321.000")
    expect(page.locator("#f-amount-2-words")).to_have_text("Ba trăm hai mươi mốt nghìn đồng")
    expect(page.locator("[data-total]")).to_have_text("987.654.321.000 đ")
    hold(page, PHONE, DESK)
    page.get_by_role("button", name="Lưu và trình duyệt").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Phiếu thu")
    expect(page.get_by_text("người khác phải duyệt")).to_be_visible()
    file = {"name": "Hóa đơn.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 x"}
    page.get_by_label("Tệp chứng từ gốc").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Đính kèm tệp").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Hóa đơn.pdf").click()
    assert download.value.suggested_filename == "Hóa đơn.pdf"
    hold(page, PHONE, DESK)
    address = page.url.partition("#")[0]
    assert complaints == []
    other = approver.new_page()
    complaints = listen(other)
    other.goto("/")
    other.get_by_role("link", name="chứng từ chờ duyệt").click()
    other.get_by_role("link", name="Phiếu thu").first.click()
    assert other.url == address
    hold(other, PHONE, DESK)
    expect(other.get_by_text("sau đó chỉ có thể ghi đảo")).to_be_visible()
    other.get_by_role("button", name="Duyệt và ghi sổ").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("PT-")
    assert other.request.get(f"{address}.pdf").body().startswith(b"%PDF-")
    page.goto(address)
    page.get_by_text("Ghi đảo khoản này").click()
    hold(page, PHONE, DESK)
    page.get_by_label("Lý do ghi đảo").fill("Ghi nhầm")
    page.get_by_role("button", name="Ghi đảo").click()
    expect(page.get_by_text("Khoản này đã ghi đảo")).to_be_visible()
    hold(page, PHONE, DESK)
    assert complaints == []
    page.close()
    other.close()


def test_a_journal_tells_while_it_is_typed_by_how_much_it_is_off(
    treasurer: BrowserContext,
) -> None:
    page = treasurer.new_page()
    complaints = listen(page)
    head(page, "journal")
    page.locator("#f-account-1").select_option("6112")
    page.locator("#f-debit-1").fill("1.000.000")
    page.locator("#f-account-2").select_option("6111")
    page.locator("#f-credit-2").fill("400.000")
    sums = page.get_by_role("status", name="Nợ và Có")
    expect(sums).to_contain_text("Nợ 1.000.000 đ, Có 400.000 đ – lệch 600.000 đ")
    page.locator("#f-fund-2").select_option("dues")
    expect(sums).to_contain_text("Hội phí thường xuyên")
    expect(sums).to_contain_text("lệch 400.000 đ")
    page.locator("#f-fund-2").select_option("")
    page.locator("#f-credit-2").fill("1.000.000")
    expect(sums).to_contain_text("đã cân")
    hold(page, PHONE, DESK)
    page.locator("#f-credit-2").press("Enter")
    expect(page.get_by_text("Đã lưu nháp")).to_be_visible()
    hold(page, PHONE, DESK)
    page.get_by_role("link", name="Sửa", exact=True).click()
    expect(page.locator("#f-credit-2")).to_have_value("1.000.000")
    assert complaints == []
    page.close()


def test_without_script_lines_are_added_and_the_sum_is_told(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(base_url=service.address, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, "thuquy")
    head(page, "cash-out")
    page.get_by_label("Người nhận tiền").fill("Trần Thị Hường")
    page.locator("#f-account-1").select_option("6112")
    page.locator("#f-amount-1").fill("1.000.000")
    page.get_by_role("button", name="Thêm dòng").click()
    expect(page.locator("#f-amount-1")).to_have_value("1.000.000")
    expect(page.get_by_label("Người nhận tiền")).to_have_value("Trần Thị Hường")
    page.locator("#f-account-2").select_option("642")
    page.locator("#f-amount-2").fill("2.000")
    page.get_by_role("button", name="Lưu nháp").last.click()
    expect(page.get_by_text("1.002.000 đ")).to_be_visible()
    page.get_by_role("link", name="Dùng làm mẫu hằng tháng").click()
    page.get_by_role("button", name="Thêm mẫu").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mẫu hằng tháng")
    context.close()
