"""The counters of messages renew themselves under one's hands, and disturb nothing."""

import pytest
from playwright.sync_api import BrowserContext, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def test_counters_change_and_focus_and_folds_stay(treasurer: BrowserContext) -> None:
    page = treasurer.new_page()
    page.goto("/sms")
    before = (
        page.locator("#live-campaigns td.num:not(.num--nought)").first.inner_text().splitlines()[0]
    )

    def counted(route: Route) -> None:
        text = route.fetch().text()
        route.fulfill(body=text.replace(f">{before}<", ">9.999.999<"), content_type="text/html")

    page.route("**/sms/live*", counted)
    fold = page.locator(".days summary").first
    fold.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#live-campaigns")).to_contain_text("9.999.999")
    expect(fold).to_be_focused()
    expect(page.locator(".days details").first).to_have_attribute("open", "")
    page.close()
