"""Giving by VietQR in a real browser: phone and desk, by keyboard alone, without a script."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from fundsvc.books import service as books
from fundsvc.clock import today
from fundsvc.db import read_session, transaction
from fundsvc.demo.giving import SLUG
from fundsvc.giving import service as giving
from fundsvc.giving.models import Pledge
from ledger import recipes
from tests.browser.conftest import Service, listen

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

AXE = Axe()
SIZES = {"phone": (360, 740), "desk": (1280, 800)}
STICKS_OUT = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


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


def money_comes(service: Service, address: str) -> None:
    """Let the bank tell of the money that was promised on a page."""
    with service.app.app_context(), transaction() as session:
        promised = giving.by_token(session, address.partition("?")[0].rpartition("/")[2])
        entry = recipes.bank_credit(
            on=today(),
            unit="TW",
            fund="nghia-tinh",
            amount=promised.amount,
            description="Tiền vào",
            bank_account="VCBNT",
        )
        books.post(session, entry, source="test-bank", external_id=promised.code)
        giving.becomes(
            session,
            promised,
            origin=f"test:{promised.code}",
            amount=promised.amount,
            received_on=today(),
        )


def hold(page: Page) -> None:
    """Hold a page to what every page must hold."""
    assert page.evaluate(STICKS_OUT) <= 0
    results = AXE.run(page, options={"resultTypes": ["violations"]})
    assert results.violations_count == 0, results.generate_report()


def test_giving_by_vietqr_until_the_page_turns_green(giver: Page, service: Service) -> None:
    giver.goto("/give")
    hold(giver)
    giver.get_by_role("link", name="Mái ấm Trường Sơn").click()
    hold(giver)
    giver.get_by_label("500.000 đ", exact=True).check()
    giver.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    giver.get_by_role("button", name="Chuyển khoản bằng VietQR").dblclick()
    expect(giver.get_by_role("heading", name="Chuyển 500.000 đ")).to_be_visible()
    expect(giver.locator(".qr svg")).to_be_visible()
    hold(giver)
    money_comes(service, giver.url)
    expect(giver.get_by_role("heading", name="Đã nhận, xin cảm ơn")).to_be_visible(timeout=15_000)
    hold(giver)
    address = giver.get_by_role("link", name="Tải biên nhận (PDF)").get_attribute("href")
    assert address
    assert giver.request.get(address).body().startswith(b"%PDF")
    giver.get_by_role("main").get_by_role("link", name="Kiểm tra biên nhận").click()
    expect(giver.get_by_text("Biên nhận có hiệu lực")).to_be_visible()


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


def test_the_keyboard_alone_is_enough(browser: Browser, service: Service) -> None:
    context = browser.new_context(base_url=service.address)
    page = context.new_page()
    page.goto(f"/give/{SLUG}")
    page.locator("input[name=choice]").first.focus()
    page.keyboard.press("ArrowDown")
    page.get_by_label("Ủng hộ ẩn danh").focus()
    page.keyboard.press("Space")
    page.get_by_label("Thư điện tử").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Chuyển 200.000 đ")).to_be_visible()
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
    money_comes(service, page.url)
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
