"""What the database refuses about seals, whoever asks, by the guards' names."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.books.grains import ROLLUPS
from fundsvc.db import db, transaction
from tests.seals.mutations import make_books

SEAL = (
    "INSERT INTO seal SELECT {number}, {first}, {first} + 9, 1, 1, 1, root, replace(head, 'a', 'b')"
    " || '', sealed_at FROM seal WHERE number = 1"
)
REFUSED = {
    "seal_append_only: update": "UPDATE seal SET debit = debit + 1",
    "seal_marks_append_only: update": "UPDATE seal_marks SET marks = marks",
    "seal_marks_append_only: delete": "DELETE FROM seal_marks",
    "seal_marks_fit: not those of the newest seal": (
        "INSERT INTO seal_marks SELECT 0, marks FROM seal_marks WHERE number = 1"
    ),
    "seal_append_only: delete": "DELETE FROM seal WHERE number = 3",
    "seal_follows: a gap": SEAL.format(number=90, first=9_000),
    "seal_follows: over the one before": SEAL.format(number=5, first=2),
    "entry_evidence_unsealed": "INSERT INTO entry_evidence SELECT 1, sha256 FROM stored_file",
    "entry_donor_unsealed": "INSERT INTO entry_donor SELECT 2, root FROM seal WHERE number = 1",
    "entry_evidence_append_only: update": "UPDATE entry_evidence SET entry_id = 1",
    "entry_evidence_append_only: delete": "DELETE FROM entry_evidence",
    "entry_donor_append_only: update": "UPDATE entry_donor SET commitment = commitment",
    "entry_donor_append_only: delete": "DELETE FROM entry_donor",
} | {f"{rollup.table}_append_only: delete": f"DELETE FROM {rollup.table}" for rollup in ROLLUPS}
EMPTIED = (
    "seal",
    "seal_marks",
    "entry_evidence",
    "entry_donor",
    *(rollup.table for rollup in ROLLUPS),
)


@pytest.fixture
def books(app: Flask, clock: object) -> None:
    """Sealed books."""
    make_books()


def refuses(statement: str, guard: str) -> None:
    """Hold that a statement fails by the guard's name, at the latest at COMMIT."""
    with pytest.raises(DBAPIError) as refused, db.engine.begin() as connection:
        connection.execute(text(statement))
    diagnosis = getattr(refused.value.orig, "diag", None)
    assert guard in (getattr(diagnosis, "constraint_name", None) or str(refused.value.orig))


def test_what_is_sealed_stays(books: None, subtests: pytest.Subtests) -> None:
    for what, statement in REFUSED.items():
        with subtests.test(what):
            refuses(statement, what.partition(":")[0])


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_nothing_is_emptied_at_once(books: None, subtests: pytest.Subtests) -> None:
    for table in EMPTIED:
        with subtests.test(table):
            refuses(f"TRUNCATE {table} CASCADE", f"{table}_append_only")


def test_a_number_that_was_passed_over_is_gone(books: None) -> None:
    """An entry under a free number below what is sealed would be under no seal."""
    entry = (
        "INSERT INTO entry (id, date, kind, description, unit_id, source, external_id, lines,"
        " posted_at) SELECT -5, date, kind, '', unit_id, 'late', 'late', 2, posted_at"
        " FROM entry WHERE id = 1"
    )
    postings = (
        "INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit,"
        " credit) SELECT -5, line, lines, date, account_id, fund_id, unit_id, debit, credit"
        " FROM posting WHERE entry_id = 1 ORDER BY line"
    )
    if db.engine.dialect.name == "postgresql":
        refuses(f"WITH entries AS ({entry}) {postings}", "entry_unsealed")
        return
    with transaction() as session:
        session.execute(text(entry))
        with pytest.raises(DBAPIError, match="entry_unsealed"):
            session.execute(text(postings))
        session.rollback()
