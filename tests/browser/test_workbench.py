"""The workbench by keyboard alone: fifty lines cleared, and what axe says of the screen."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from fundsvc.db import read_session, transaction
from fundsvc.giving import codes, pages
from fundsvc.giving import service as giving
from fundsvc.reconciliation import service as bank
from fundsvc.reconciliation.accounts import add_bank_account
from ledger.words import grouped
from tests.browser.conftest import Service, listen
from tests.support.giving import FACTS, PROMISE
from tests.support.looks import DESK, PHONE, hold

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

LINES = 50
CODED = 40
MOST_KEYS = 2
HEADER = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails"


def brought(code: str, account_number: str, memos: list[str]) -> int:
    """Read a statement with these memos into a new account, and return the account's id."""
    rows = [
        f"{n},02/09/2026,{code}.{n},,{grouped(n * 100_000)},,{memo}"
        for n, memo in enumerate(memos, 1)
    ]
    with transaction() as session:
        account = add_bank_account(
            session,
            code=code,
            bank="Vietcombank",
            number=account_number,
            fund="nghia-tinh",
            unit="TW",
            by=None,
        )
    told = bank.read(
        read_session(),
        "\r\n".join((HEADER, *rows, "")).encode(),
        name=f"{code}.csv",
        account_code=code,
        commit=True,
    )
    with transaction() as session:
        assert bank.import_bank(session, told, by=None).committed
    return account.id


@pytest.fixture
def waiting(service: Service, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An account whose lines wait: most bear the code of a promise that was made after them."""
    drawn = [codes.draw() for _n in range(CODED)]
    memos = [f"NGUYEN VAN A {code} UNG HO" for code in drawn]
    memos += [f"UNG HO DONG BAO {n}" for n in range(LINES - CODED)]
    with service.app.app_context():
        number = brought("KEYS1", "0011009999", memos)
        left = iter(drawn)
        monkeypatch.setattr(codes, "draw", lambda: next(left))
        with transaction() as session:
            facts = replace(FACTS, slug="phim-tat", bank_account_id=number, bank_bin="970436")
            pages.make(session, facts, by=None)
            page = pages.publish(session, "phim-tat", by=None)
            for n in range(CODED):
                promise = replace(
                    PROMISE, amount=(n + 1) * 100_000, name=f"Nguyễn Văn {n}", email=""
                )
                giving.pledge(session, page, promise, f"keys-{n}")
    return drawn


def count_of(page: Page) -> int:
    """Return how many lines wait, as the strip says it."""
    said = page.locator("#strip .figure__label").last.inner_text()
    return int("".join(mark for mark in said if mark.isdigit()))


def test_fifty_lines_are_cleared_by_keyboard_alone(
    treasurer: BrowserContext, waiting: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    page = treasurer.new_page()
    complaints = listen(page)
    page.goto("/workbench/KEYS1")
    assert count_of(page) == LINES
    summed = page.locator(".bench__sum")
    expect(summed).to_contain_text(f"{LINES} dòng")
    keys = 0
    began = time.monotonic()
    for n in range(LINES):
        here = page.locator("[data-panel]").get_attribute("data-panel")
        coded = page.locator("[name=offer]:checked").count()
        assert bool(coded) == (n < CODED), n
        pressed = ["Enter"] if coded else ["n", "Enter"]
        for key in pressed:
            page.keyboard.press(key)
        keys += len(pressed)
        if n + 1 < LINES:
            page.wait_for_function(
                "id => document.querySelector('[data-panel]')?.dataset.panel !== id", arg=here
            )
        if n == 0:
            expect(summed).to_contain_text(f"{LINES - 1} dòng")
            expect(page.locator("#log li").first).to_contain_text("02/09/2026 · 100.000 đ · ")
    expect(page.get_by_text("Không còn dòng nào chờ đối chiếu.")).to_be_visible()
    with capsys.disabled():
        took = time.monotonic() - began
        print(f"\n{LINES} lines, {keys} keys, {keys / LINES:.2f} a line, {took:.1f} s")
    assert count_of(page) == 0
    assert keys / LINES <= MOST_KEYS
    # The last thing is undone by keyboard too: it says what it will do, and the line waits again.
    page.keyboard.press("u")
    expect(page.get_by_text("Ghi đảo khoản ủng hộ")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("dòng sao kê lại chờ quyết định").first).to_be_visible()
    assert count_of(page) == 1
    expect(page.locator(".bench__line--now")).to_have_count(1)
    assert complaints == []
    page.close()
    _look(treasurer)


def test_after_a_refusal_the_buttons_can_be_pressed_again(
    treasurer: BrowserContext, service: Service
) -> None:
    with service.app.app_context():
        brought("KEYS2", "0011008888", ["UNG HO DONG BAO"] * 3)
    page = treasurer.new_page()
    page.goto("/workbench/KEYS2")
    accept = page.get_by_role("button", name="Ghi đề nghị đã chọn")
    for _n in range(2):
        accept.click()
        expect(page.locator("#panel [data-wrong]")).to_contain_text("Chưa chọn đề nghị nào")
        expect(accept).not_to_have_attribute("aria-disabled", "true")
    for box in page.locator(".bench__pick input").all()[:2]:
        box.check()
    page.get_by_role("button", name="Xem trước các dòng đã chọn").click()
    record = page.get_by_role("button", name="Ghi các dòng này")
    record.click()
    expect(page.get_by_role("alert")).to_contain_text("Chưa chọn cách ghi")
    expect(page.locator("[data-bar]")).to_be_hidden()
    page.get_by_label("Tạm giữ lại với cùng một lý do").check()
    record.click()
    expect(page.get_by_role("alert")).to_contain_text("Xin ghi lý do tạm giữ lại.")
    page.get_by_label("Lý do tạm giữ").fill("Chờ danh sách")
    expect(record).to_be_enabled()
    record.click()
    expect(page.get_by_text("tạm giữ", exact=True).first).to_be_visible()
    page.close()


def _look(treasurer: BrowserContext) -> None:
    """Hold that axe finds nothing on the pages of the workbench, on a phone and a wide screen."""
    page = treasurer.new_page()
    for size in (PHONE, DESK):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for address in (
            "/workbench",
            "/workbench/KEYS1",
            "/workbench/VCBNT",
            "/workbench/log",
        ):
            page.goto(address)
            for box in page.locator("#panel details").all():
                box.locator("summary").click()
            hold(page, size)
            if folder := os.environ.get("FUNDSVC_PICTURES"):
                name = f"{address.strip('/').replace('/', '-')}-{size[0]}.png"
                page.screenshot(path=str(Path(folder) / name), full_page=size == PHONE)
    page.close()


def test_all_lines_of_a_filter_are_held_with_progress(
    treasurer: BrowserContext, service: Service
) -> None:
    with service.app.app_context():
        brought("MANY1", "0011007777", [f"UNG HO {n % 2}" for n in range(90)])
    page = treasurer.new_page()
    complaints = listen(page)
    page.goto("/workbench/MANY1?q=HO+1")
    page.get_by_role("button", name="Xem trước cả danh sách").click()
    expect(page.get_by_text("Danh sách đang lọc có 45 dòng")).to_be_visible()
    hold(page)
    page.get_by_label("Tạm giữ lại với cùng một lý do").check()
    page.get_by_role("button", name="Ghi 45 dòng này").click()
    expect(page.get_by_text("Xin ghi lý do tạm giữ lại.")).to_be_visible()
    page.get_by_label("Lý do tạm giữ", exact=True).fill("Hỏi lại ngân hàng")
    sent: list[Route] = []

    def hold_second(one: Route) -> None:
        """Let the second slice wait, so that what is told after the first can be read."""
        sent.append(one)
        if len(sent) != 2:
            one.continue_()

    page.route("**/workbench/MANY1/all", hold_second)
    page.get_by_role("button", name="Ghi 45 dòng này").click()
    expect(page.get_by_text("20 / 45 dòng")).to_be_visible()
    while len(sent) < 2:
        page.wait_for_timeout(20)
    sent[1].continue_()
    page.wait_for_url("**/workbench/MANY1?q=HO+1")
    page.goto("/workbench/MANY1?state=held")
    expect(page.locator(".bench__sum")).to_contain_text("45 dòng")
    page.close()
    # The one refusal is the browser's to tell of.
    assert [one for one in complaints if "422" not in one] == []
