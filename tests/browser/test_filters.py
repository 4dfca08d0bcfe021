"""On a phone a list comes first: many filters fold into a button that says what is shown."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PHONE, DESK = (360, 740), (1280, 800)


def opened(treasurer: BrowserContext, path: str, size: tuple[int, int] = PHONE) -> Page:
    page = treasurer.new_page()
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(path)
    return page


def test_the_button_says_what_is_shown_and_opens_the_filters(treasurer: BrowserContext) -> None:
    page = opened(treasurer, "/vouchers?state=posted&fund=nghia-tinh")
    button = page.get_by_role("button", name="Đổi")
    expect(button).to_have_text(
        "Đang xem: tình trạng Đã ghi sổ, của quỹ Quỹ Nghĩa tình Trường Sơn Đổi"
    )
    expect(page.locator("#f-state")).to_be_hidden()
    button.click()
    expect(page.locator("#f-kind")).to_be_focused()
    expect(page.locator("#f-state")).to_have_value("posted")
    expect(button).to_have_count(0)
    page.close()


def test_without_any_filter_all_is_shown(treasurer: BrowserContext) -> None:
    page = opened(treasurer, "/vouchers")
    expect(page.get_by_role("button", name="Đổi")).to_have_text("Đang xem: tất cả Đổi")
    page.close()


def test_what_was_refused_is_not_folded_away(treasurer: BrowserContext) -> None:
    page = opened(treasurer, "/vouchers?from=hôm%20qua")
    expect(page.locator("#errors")).to_be_visible()
    expect(page.locator("#f-from")).to_have_value("hôm qua")
    expect(page.locator("#f-from")).to_be_visible()
    page.close()


@pytest.mark.parametrize(
    ("path", "size"), [("/vouchers", DESK), ("/units", PHONE)], ids=["on a desk", "few"]
)
def test_where_there_is_room_filters_stand_open(
    treasurer: BrowserContext, path: str, size: tuple[int, int]
) -> None:
    page = opened(treasurer, path, size)
    expect(page.locator(".filters select").first).to_be_visible()
    expect(page.get_by_role("button", name="Đổi")).to_have_count(0)
    page.close()
