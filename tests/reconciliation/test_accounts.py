"""A bank account: added once, seen by its own unit, and its lines page by page."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from fundsvc.db import set_scope
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.reconciliation import lists, service
from tests.reconciliation.importing import add, file, line, run

pytestmark = pytest.mark.usefixtures("app", "clock")


def test_an_account_is_added_once_and_what_cannot_be_is_refused(session: Session) -> None:
    first = add(" vcb1 ", number="0011 0044 55")
    assert (first.code, first.number, first.account) == ("VCB1", "0011004455", "112.VCB1")
    assert add("VCB1") == first
    with pytest.raises(Conflict):
        add("VCB1", number="99887766")
    with pytest.raises(Conflict):
        add("VCB2")
    for wrong in ({"code": "V"}, {"code": "VCB-1"}, {"code": "Đ1"}, {"number": "12a4"},
                  {"number": "١٢٣٤٥"}, {"bank": " "}, {"unit": "XX"}):  # fmt: skip
        with pytest.raises(Refusal):
            add(**({"code": "NEW", "number": "77777"} | wrong))
    assert [found.code for found in lists.accounts(session)] == ["VCB1"]


def test_an_account_of_another_unit_cannot_be_found(session: Session) -> None:
    add("VCB1")
    run("VCB1", file(line()))
    set_scope(session, set())
    try:
        assert lists.accounts(session) == []
        with pytest.raises(NotFound):
            service.read(session, b"x", name="x", account_code="VCB1", commit=False)
    finally:
        set_scope(session, None)


def test_an_account_shows_its_lines_page_by_page(session: Session) -> None:
    add("VCB1")
    run("VCB1", file(*(line(day=1 + number % 3, doc=str(number)) for number in range(120))))
    account = lists.account(session, "vcb1", counted=True)
    assert (account.balance, account.lines, account.last) == (6_000_000, 120, date(2024, 9, 3))
    seen, mark = [], None
    while True:
        page = lists.lines(session, account, mark)
        seen += [(found.booked_on, found.id) for found in page.lines]
        mark = page.before
        if mark is None:
            break
    assert (page.count, page.sum_in, page.sum_out) == (120, 6_000_000, 0)
    assert len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)
