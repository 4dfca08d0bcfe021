"""Every page on a cheap phone and on a desk: nothing sticks out, no complaints, all can use it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Service, listen, sign_in
from tests.support.looks import DESK, PHONE, hold
from tests.support.turns import part

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

FOR_STRANGERS = ["/sign-in", "/v", "/receipts"]
FOR_TREASURER = [
    "/",
    "/bank-accounts",
    "/bank-accounts/VCBNT",
    "/bank-accounts/gifts",
    "/campaign-pages",
    "/campaign-pages/mai-am-truong-son",
    "/campaign-pages/mai-am-truong-son/edit",
    "/campaign-pages/new",
    "/clearing",
    "/clearing/sms",
    "/clearing/card",
    "/clearing/unidentified",
    "/donations",
    "/donations/1",
    "/donations/new",
    "/dues",
    "/dues/new",
    "/imports",
    "/imports/bank",
    "/imports/settlement",
    "/imports/sms",
    "/openings",
    "/openings/1",
    "/openings/new",
    "/periods",
    "/periods/carry-forward?year=2025",
    "/periods?unit=TW",
    "/periods/TW/2026-01",
    "/periods/reopenings",
    "/receipts/NT-2026-000001",
    "/receipts/NT-2026-000002",
    "/search?q=quang",
    "/settings",
    "/sms",
    "/sms/campaigns",
    "/sms/codes",
    "/sms/pushes",
    "/sms/settlements",
    "/sms/settlements/6",
    "/spending",
    "/spending/new",
    "/entries/1",
    "/entries/5324",
    "/statements/fund",
    "/statements/fund/entries?part=closing&fund=nghia-tinh&from=2026-01-01&to=2026-12-31",
    "/statements/general-ledger?account=111&from=2026-01-01&to=2026-12-31",
    "/statements/general-ledger?account=3381&fund=nghia-tinh&unit=TW&from=2026-01-01&to=2026-12-31",
    "/statements/journal?from=2026-01-01&to=2026-12-31&at=start",
    "/statements/trial-balance?from=2026-01-01&to=2026-12-31",
    "/statements/trial-balance?from=2026-01-01&to=2026-12-31&by=all",
    "/statements/fund?fund=nghia-tinh&from=2026-01-01&to=2026-12-31&province=2025:44",
    "/units",
    "/units/QUANGTRI",
    "/workbench",
    "/workbench/VCBNT",
    "/workbench/VCBNT/all?what=accept",
    "/workbench/VCBNT/months",
    "/workbench/VCBNT/months/2026-01",
    "/workbench/compare",
    "/workbench/log?of=all",
    "/workbench/rules",
    "/workbench/rules/new",
    "/voucher-templates",
    "/vouchers",
    "/vouchers/new",
    "/vouchers/new?kind=bank-in",
    "/vouchers/new?kind=cash-out",
    "/vouchers/new?kind=journal",
    "/vouchers/new?kind=transfer",
]


class Looking:
    """A page of somebody's browser, on which one address after the other is looked at."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self._complaints = listen(self.page)

    def at(self, path: str, *sizes: tuple[int, int], language: str = "vi", whole: int = 1) -> None:
        """Open an address, and hold it at each size to what every page must hold."""
        self._complaints.clear()
        page = self.page
        page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200
        assert page.locator("html").get_attribute("lang") == language
        hold(page, *sizes, whole=whole, long=True)
        assert self._complaints == []


@pytest.fixture(scope="module")
def treasurers(treasurer: BrowserContext) -> Iterator[Looking]:
    """What the treasurer looks at."""
    looking = Looking(treasurer)
    yield looking
    looking.page.close()


@pytest.fixture(scope="module")
def in_english(browser: Browser, service: Service) -> Iterator[Looking]:
    """The treasurer's browser in the dark, in English and with larger text."""
    context = browser.new_context(base_url=service.address, color_scheme="dark")
    page = context.new_page()
    sign_in(page, "thuquy")
    page.goto("/preferences?language=en&text=large&next=/")
    page.close()
    yield Looking(context)
    context.close()


@pytest.mark.parametrize("path", FOR_STRANGERS)
def test_pages_of_strangers(browser: Browser, service: Service, path: str) -> None:
    context = browser.new_context(base_url=service.address)
    Looking(context).at(path, PHONE, DESK)
    context.close()


@pytest.mark.parametrize("path", FOR_TREASURER)
def test_pages_of_the_treasurer(treasurers: Looking, path: str) -> None:
    treasurers.at(path, PHONE, DESK)


def test_pages_of_the_administrator(browser: Browser, service: Service) -> None:
    context = browser.new_context(base_url=service.address)
    page = context.new_page()
    sign_in(page, "quantri")
    page.close()
    Looking(context).at("/sms/gateways", PHONE, DESK)
    context.close()


@pytest.mark.parametrize("by", ["", "&by=all"], ids=["accounts", "apart"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_column_of_the_trial_balance_lies_outside_its_box(
    treasurer: BrowserContext, size: tuple[int, int], by: str
) -> None:
    page = treasurer.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"/statements/trial-balance?from=2026-01-01&to=2026-12-31{by}")
    box = page.locator(".tablebox__scroll")
    assert box.evaluate("box => box.scrollWidth - box.clientWidth") <= 0
    expect(page.locator("tfoot .num").last).to_be_visible()
    page.close()


@pytest.mark.parametrize("path", part(FOR_TREASURER))
def test_the_same_in_english_in_the_dark_with_larger_text(in_english: Looking, path: str) -> None:
    in_english.at(path, PHONE, language="en", whole=0)


def test_a_slash_goes_to_the_search_but_stays_a_slash_in_a_field(
    treasurer: BrowserContext,
) -> None:
    page = treasurer.new_page()
    page.goto("/donations/new")
    page.keyboard.press("/")
    search = page.get_by_role("search").get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("a/b")
    expect(search).to_have_value("a/b")
    page.close()


def test_the_list_of_errors_names_its_fields(treasurer: BrowserContext) -> None:
    page = treasurer.new_page()
    page.goto("/donations/new")
    with page.expect_navigation():
        page.get_by_role("button", name="Ghi sổ").click()
    expect(page.locator("#errors")).to_contain_text("Số tiền: Chưa ghi số tiền.")
    page.close()


def test_a_form_is_sent_once_however_often_it_is_clicked(treasurer: BrowserContext) -> None:
    page = treasurer.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.goto("/donations/new")
    button = page.get_by_role("button", name="Ghi sổ")
    with page.expect_navigation():
        button.dblclick()
    assert sent.count("POST") == 1
    page.close()


def test_without_script_language_and_text_size_are_switched(
    browser: Browser, service: Service
) -> None:
    context = browser.new_context(base_url=service.address, java_script_enabled=False)
    page: Page = context.new_page()
    page.goto("/sign-in")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("link", name="Larger text").click()
    expect(page.locator("html")).to_have_attribute("data-text", "large")
    context.close()
