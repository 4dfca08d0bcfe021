"""A bank's statement as a treasurer brings it: a layout nobody knows, and a large file."""

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from fundsvc.db import transaction
from fundsvc.reconciliation import large
from fundsvc.reconciliation.accounts import add_bank_account
from tests.browser.conftest import Service, listen, sign_in
from tests.browser.test_jobs import do_jobs
from tests.browser.test_workbench import HEADER
from tests.reconciliation.test_mapping import LINES, table
from tests.reconciliation.test_profiles import CHOSEN
from tests.support.looks import DESK, PHONE, hold

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def account(service: Service) -> str:
    """A new bank account, as a list of accounts shows it."""
    with service.app.app_context(), transaction() as session:
        add_bank_account(
            session, code="LA1", bank="ACB", number="0011007777", fund="dues", unit="TW", by=None
        )
    return "LA1"


def send(page: Page, account: str, path: Path, data: bytes) -> None:
    path.write_bytes(data)
    page.goto("/imports/bank")
    page.get_by_label("Tài khoản ngân hàng").select_option(account)
    page.get_by_label("Tệp sao kê").set_input_files(path)
    page.get_by_role("button", name="Đọc tệp").click()


def test_columns_are_named_once_on_a_phone(
    browser: Browser, service: Service, account: str, tmp_path: Path
) -> None:
    context = browser.new_context(
        base_url=service.address, viewport={"width": PHONE[0], "height": PHONE[1]}
    )
    page = context.new_page()
    complaints = listen(page)
    sign_in(page, "thuquy")
    send(
        page,
        account,
        tmp_path / "thang-9.csv",
        table(*(line.replace("/2024;", "/2026;") for line in LINES)),
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("Cột nào là gì?")
    hold(page, PHONE, DESK)
    for name, column in CHOSEN.items():
        page.locator(f"select[name={name}]").select_option(column)
    page.get_by_role("button", name="Xem tệp được hiểu thế nào").click()
    expect(page.get_by_text("Số dư liên tục")).to_be_visible()
    hold(page, PHONE, DESK)
    page.get_by_role("button", name="Giữ mẫu và xem trước").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Xem trước sao kê")
    hold(page, PHONE, DESK)
    page.get_by_role("button", name="Ghi sổ 3 dòng").click()
    expect(page.get_by_text("Đã ghi sổ 3 dòng mới")).to_be_visible()
    # The next file of this layout is read at once.
    later = ("15/09/2026;gui them;;30.000;230.000;FT4",)
    send(page, account, tmp_path / "thang-10.csv", table(*later))
    expect(page.get_by_role("button", name="Ghi sổ 1 dòng")).to_be_visible()
    assert complaints == []
    context.close()


def test_a_large_statement_is_read_and_booked_under_a_bar(
    treasurer: BrowserContext, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", 20)
    with service.app.app_context(), transaction() as session:
        add_bank_account(
            session, code="LON1", bank="VCB", number="0011006666", fund="dues", unit="TW", by=None
        )
    rows = (f"{n},02/09/2026,LON.{n},,100.000,,UNG HO {n}" for n in range(40))
    page = treasurer.new_page()
    complaints = listen(page)
    send(page, "LON1", tmp_path / "lon.csv", "\r\n".join((HEADER, *rows, "")).encode())
    for button, then in (("Ghi sổ 40 dòng", "Xem trước sao kê"), ("", "Ghi sổ sao kê")):
        expect(page.get_by_role("progressbar")).to_be_visible()
        hold(page, PHONE, DESK)
        thread = threading.Thread(target=do_jobs, args=(service,))
        thread.start()
        expect(page.get_by_role("heading", level=1)).to_have_text(then)
        thread.join()
        if button:
            hold(page, PHONE, DESK)
            page.get_by_role("button", name=button).click()
    expect(page.get_by_text("Đã ghi sổ 40 dòng mới")).to_be_visible()
    hold(page, PHONE, DESK)
    assert complaints == []
    page.close()
