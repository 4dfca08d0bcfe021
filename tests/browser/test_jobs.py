"""A large file as people see it: a bar that moves by itself, then the preview; columns to name."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fundsvc import worker
from fundsvc.sms import background
from tests.browser.conftest import Service, listen, sign_in
from tests.sms.test_layouts import STRANGE, STRANGE_CELLS, table
from tests.support import messages
from tests.support.looks import DESK, PHONE, hold

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


def send(page: Page, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "tin-nhan.csv"
    path.write_bytes(data)
    page.goto("/imports/sms")
    page.get_by_label("Tệp tin nhắn").set_input_files(path)
    page.get_by_role("button", name="Đọc tệp").click()


def test_the_bar_moves_and_the_preview_comes_by_itself(
    treasurer: BrowserContext, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LARGE", 20)
    page = treasurer.new_page()
    complaints = listen(page)
    send(page, tmp_path, messages.make("viettel", 60).csv())
    bar = page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    hold(page, PHONE, DESK)
    thread = threading.Thread(target=do_jobs, args=(service,))
    thread.start()
    expect(page.get_by_role("heading", level=1)).to_have_text("Xem trước tin nhắn ủng hộ")
    thread.join()
    hold(page, PHONE, DESK)
    assert complaints == []


def test_columns_are_named_on_a_phone(browser: Browser, service: Service, tmp_path: Path) -> None:
    context = browser.new_context(
        base_url=service.address, viewport={"width": PHONE[0], "height": PHONE[1]}
    )
    page = context.new_page()
    sign_in(page, "thuquy")
    send(page, tmp_path, table(STRANGE, STRANGE_CELLS))
    hold(page, PHONE, DESK)
    page.get_by_role("button", name="Giữ mẫu và đọc tệp").click()
    expect(page.locator("#errors")).to_be_focused()
    hold(page, PHONE, DESK)
    context.close()


def do_jobs(service: Service) -> None:
    """Do what waits, as the worker does."""
    with service.app.app_context():
        worker.do_jobs()
