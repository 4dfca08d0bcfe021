"""A book says how far it is sealed, and how many of its own lines are not."""

import io
import json
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fundsvc.books import service
from fundsvc.db import transaction
from fundsvc.seals.service import seal_new
from fundsvc.statements import book_formats, book_pdf, general_ledger, journal, trial_balance
from fundsvc.statements.book import Book
from fundsvc.statements.book_options import BookOptions
from tests.statements import worked
from tests.statements.conftest import post, set_up
from tests.support.paper import flat

FIRST, LAST = date(2024, 8, 10), date(2024, 10, 20)
LEDGER = BookOptions(FIRST, LAST, account="111")
JOURNAL = BookOptions(FIRST, LAST)


def ledger_of(session: Session) -> Book:
    session.rollback()
    return general_ledger.book(session, general_ledger.ledger(session, LEDGER))


def journal_of(session: Session) -> Book:
    session.rollback()
    return journal.book(session, journal.journal(session, JOURNAL))


def told(book: Book) -> tuple[str, Any]:
    """Return what a book prints of seals, and the whole of its JSON; then let it go."""
    with closing(book):
        return book_pdf.sealed(book), json.loads("".join(book_formats.as_json(book)))


def test_lines_that_are_not_sealed_are_counted(session: Session) -> None:
    set_up(session)
    book = worked.random_book(11, 40)
    post(session, book[:30])
    printed, document = told(journal_of(session))
    lines = len(document["rows"])
    assert document["sealed_through"] == {"seal": 0, "head": "", "unsealed_lines": lines}
    assert printed == f"{lines} dòng của sổ này chưa được niêm phong."

    seal_new()
    printed, document = told(ledger_of(session))
    head = document["sealed_through"]["head"]
    assert document["sealed_through"]["unsealed_lines"] == 0
    assert printed == f"Sổ đã niêm phong đến số 1: {head}"

    with transaction() as writing:
        entry = worked.every_kind(FACTS, "TW")[0]
        service.post(writing, entry, source="test", external_id="later")
    for drawn, lines in ((ledger_of(session), 1), (journal_of(session), 2)):
        printed, document = told(drawn)
        left = f"{lines} dòng của sổ này chưa được niêm phong."
        assert printed == f"Sổ đã niêm phong đến số 1: {head} – {left}"
        assert document["sealed_through"] == {"seal": 1, "head": head, "unsealed_lines": lines}


FACTS = {
    "on": date(2024, 9, 3), "unit": "TW", "fund": "base", "amount": 100_000,
    "description": "Ủng hộ", "province": None,
}  # fmt: skip


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_printed_book_says_so_and_sums_say_nothing_of_lines(session: Session) -> None:
    set_up(session)
    post(session, worked.random_book(11, 40)[:30])
    drawn = ledger_of(session)
    session.rollback()
    out = io.BytesIO()
    with closing(drawn):
        book_pdf.write(drawn, out)
    assert f"{drawn.unsealed} dòng của sổ này chưa được niêm phong" in flat(out.getvalue())
    _printed, document = told(trial_balance.book(trial_balance.trial_balance(session, JOURNAL)))
    assert "unsealed_lines" not in document["sealed_through"]
