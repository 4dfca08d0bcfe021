"""Giving in a real browser, by VietQR and by card: phone and desk, by keys alone, without a script.

The money is told by webhooks over HTTP, signed as a bank's gateway and Stripe sign them.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import func, select

from fundsvc import clock
from fundsvc.db import read_session
from fundsvc.demo.giving import SLUG
from fundsvc.giving.models import Pledge
from fundsvc.online import handling
from fundsvc.reconciliation import notices
from tests.browser.conftest import Service, listen
from tests.support import stripe
from tests.support.looks import DESK, PHONE, hold
from tests.support.notices import casso, casso_line

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SIZES = {"phone": PHONE, "desk": DESK}
_SHOWN = ("amount", "memo")
ACCOUNT = "0900100200301"
LINES = itertools.count(1)
MOST_TABS = 40


@pytest.fixture(params=SIZES)
def giver(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Page]:
    """A stranger's browser at both sizes; what it complains of fails the test."""
    width, height = SIZES[request.param]
    context = browser.new_context(
        base_url=service.address, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    complaints = listen(page)
    yield page
    context.close()
    # That a form was refused is an answer, which the browser tells as well.
    assert [told for told in complaints if "status of 422" not in told] == []


def bank_tells(page: Page, service: Service) -> None:
    """Let the bank's gateway tell of the money that a page asks for, just as the page says it."""
    amount, memo = (page.locator(f"#c-{name}").get_attribute("data-value") for name in _SHOWN)
    assert amount
    assert memo
    now = clock.now()
    at = f"{now.astimezone(clock.VN):%Y-%m-%d %H:%M:%S}"
    line = casso_line(next(LINES), int(amount), memo, at, accountNumber=ACCOUNT)
    made = casso(line, now)
    headers = {**made.headers, "Content-Type": "application/json"}
    address = f"{service.address}/webhooks/bank/casso"
    assert page.request.post(address, data=made.body, headers=headers).status == 200
    with service.app.app_context():
        assert notices.handle() == {"handled": 1}


def stripe_tells(page: Page, service: Service) -> None:
    """Let Stripe tell of all that it has not told yet."""
    service.stripe.now = int(clock.now().timestamp())
    while service.stripe.events:
        body, headers = stripe.signed(service.stripe.events.pop(0), service.stripe.now)
        address = f"{service.address}/webhooks/stripe"
        assert page.request.post(address, data=body, headers=headers).status == 200
    with service.app.app_context():
        handling.handle()


def verified(page: Page, folder: Path) -> None:
    """Take the receipt from the thanks, and let its page say that the file is the original."""
    link = page.get_by_role("link", name="Tải biên nhận (PDF)").get_attribute("href")
    assert link
    file = folder / "receipt.pdf"
    file.write_bytes(page.request.get(link).body())
    assert file.read_bytes().startswith(b"%PDF")
    page.get_by_role("main").get_by_role("link", name="Kiểm tra biên nhận").click()
    expect(page.get_by_text("Biên nhận có hiệu lực")).to_be_visible()
    page.get_by_label("Thả tệp PDF vào đây").set_input_files(file)
    expect(page.locator("[data-told]")).to_contain_text("Đúng bản gốc")
    hold(page)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is there."""
    for _press in range(MOST_TABS):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(str(target))


def test_giving_by_vietqr_until_the_receipt_is_verified(
    giver: Page, service: Service, tmp_path: Path
) -> None:
    giver.goto("/give")
    hold(giver)
    giver.get_by_role("link", name="Mái ấm Trường Sơn").click()
    giver.wait_for_url(f"**/give/{SLUG}")
    hold(giver)
    giver.get_by_label("500.000 đ", exact=True).check()
    giver.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    giver.get_by_role("button", name="Chuyển khoản bằng VietQR").dblclick()
    expect(giver.get_by_role("heading", name="Chuyển 500.000 đ")).to_be_visible()
    expect(giver.locator(".qr svg")).to_be_visible()
    hold(giver)
    bank_tells(giver, service)
    expect(giver.get_by_role("heading", name="Đã nhận, xin cảm ơn")).to_be_visible()
    hold(giver)
    verified(giver, tmp_path)


def test_giving_by_card_until_the_receipt_is_verified(
    giver: Page, service: Service, tmp_path: Path
) -> None:
    giver.goto(f"/give/{SLUG}")
    giver.get_by_label("200.000 đ", exact=True).check()
    giver.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    giver.get_by_role("button", name="Thẻ Visa").click()
    giver.wait_for_url(f"{service.stripe.url}/pay/*")
    giver.get_by_role("button", name="Pay").click()
    giver.wait_for_url(f"{service.address}/give/{SLUG}/*")
    stripe_tells(giver, service)
    expect(giver.get_by_role("heading", name="Đã nhận, xin cảm ơn")).to_be_visible()
    expect(giver.get_by_text("Hội đã nhận 200.000 đ")).to_be_visible()
    hold(giver)
    verified(giver, tmp_path)


def test_an_amount_that_cannot_be_keeps_what_was_typed(giver: Page) -> None:
    giver.goto(f"/give/{SLUG}")
    giver.get_by_label("Số khác", exact=True).check()
    giver.get_by_label("Số tiền khác").fill("năm trăm")
    giver.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    with giver.expect_response(f"**/give/{SLUG}") as answer:
        giver.get_by_role("button", name="Chuyển khoản bằng VietQR").click()
    assert answer.value.status == 422
    expect(giver.get_by_role("alert")).to_contain_text("Số tiền phải là chữ số")
    expect(giver.get_by_label("Số tiền khác")).to_have_value("năm trăm")
    expect(giver.get_by_label("Họ và tên")).to_have_value("Nguyễn Thị Mẫu")
    hold(giver)
    giver.goto(f"/give/{SLUG}?lang=en")
    expect(giver.get_by_role("heading", name="Homes for Trường Sơn veterans")).to_be_visible()


def test_keys_alone_are_enough(browser: Browser, service: Service) -> None:
    context = browser.new_context(base_url=service.address)
    page = context.new_page()
    page.goto(f"/give/{SLUG}")
    tab_to(page, page.get_by_label("100.000 đ", exact=True))
    page.keyboard.press("ArrowDown")
    tab_to(page, page.get_by_label("Họ và tên"))
    page.keyboard.type("Trần Thị Bàn Phím")
    tab_to(page, page.get_by_role("button", name="Chuyển khoản bằng VietQR"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Chuyển 200.000 đ")).to_be_visible()
    bank_tells(page, service)
    expect(page.get_by_role("heading", name="Đã nhận, xin cảm ơn")).to_be_visible()
    tab_to(page, page.get_by_role("main").get_by_role("link", name="Kiểm tra biên nhận"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Biên nhận có hiệu lực")).to_be_visible()
    context.close()


def test_no_script_is_needed_and_a_double_tap_is_one_promise(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(
        base_url=service.address, java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    page = context.new_page()
    with service.app.app_context():
        before = read_session().scalar(select(func.count()).select_from(Pledge)) or 0
    page.goto(f"/give/{SLUG}")
    page.get_by_label("1.000.000 đ", exact=True).check()
    page.get_by_label("Ủng hộ ẩn danh").check()
    page.get_by_role("button", name="Chuyển khoản bằng VietQR").dblclick()
    page.wait_for_url(f"**/give/{SLUG}/*")
    assert "http-equiv" in page.content()
    with service.app.app_context():
        after = read_session().scalar(select(func.count()).select_from(Pledge))
    assert after == before + 1
    bank_tells(page, service)
    page.reload()
    expect(page.get_by_role("heading", name="Đã nhận, xin cảm ơn")).to_be_visible()
    context.close()


def test_the_first_view_is_at_most_three_requests_and_60_kilobytes(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(base_url=service.address, viewport={"width": 360, "height": 740})
    page = context.new_page()
    weights: list[int] = []

    def weigh(request: object) -> None:
        sizes = request.sizes()  # type: ignore[attr-defined]
        weights.append(sizes["responseBodySize"] + sizes["responseHeadersSize"])

    page.on("requestfinished", weigh)
    page.goto(f"/give/{SLUG}", wait_until="networkidle")
    assert len(weights) <= 3
    # A picture may add 36 kB.
    assert sum(weights) < 24_000
    context.close()
