"""What somebody changed with the guards off, `verify` names by its entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.books import service, verify
from fundsvc.db import db, transaction
from ledger.entries import Entry as LedgerEntry
from ledger.entries import Posting as LedgerPosting
from ledger.entries import reversal_of
from tests.books.test_service import DAY, donation


@pytest.fixture
def entries(app: Flask) -> list[int]:
    """Three donations and the reversal of the first."""
    with transaction() as session:
        made = [
            service.post(session, donation(100_000 * n), source="test", external_id=str(n)).id
            for n in (1, 2, 3)
        ]
        made.append(service.reverse(session, made[0], on=DAY, reason="", maker_id=None).id)
    return made


@contextmanager
def guards_off(*tables: str) -> Iterator[None]:
    """Take the guards of tables away, as the owner of a database can."""
    with db.engine.begin() as connection:
        for table in tables:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
                for (name,) in connection.execute(
                    text(
                        "SELECT conname FROM pg_constraint WHERE contype IN ('c', 'f')"
                        f" AND conrelid = '{table}'::regclass"
                    )
                ).all():
                    connection.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'))
            else:
                found = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for (name,) in connection.execute(found).all():
                    connection.execute(text(f"DROP TRIGGER {name}"))
    if db.engine.dialect.name == "sqlite":
        raw = db.engine.raw_connection()
        raw.driver_connection.execute("PRAGMA ignore_check_constraints = ON")  # type: ignore[union-attr]
        raw.close()
    yield


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        ("UPDATE posting SET debit = debit + 1 WHERE entry_id = {} AND line = 1", "balance"),
        ("UPDATE posting SET fund_id = 1 WHERE entry_id = {} AND line = 1", "balance"),
        ("DELETE FROM posting WHERE entry_id = {} AND line = 2", "complete"),
        ("DELETE FROM posting WHERE entry_id = {}", "complete"),
        ("DELETE FROM entry WHERE id = {}", "with-entry"),
        ("UPDATE posting SET date = '2026-07-01' WHERE entry_id = {}", "with-entry"),
        ("UPDATE posting SET account_id = 999 WHERE entry_id = {} AND line = 1", "posting"),
        ("UPDATE posting SET unit_id = 999 WHERE entry_id = {}", "posting"),
        ("UPDATE entry SET unit_id = 999 WHERE id = {}", "place"),
        ("UPDATE entry SET province_id = 999 WHERE id = {}", "place"),
        (
            "UPDATE posting SET debit = 2 * debit, credit = 2 * credit WHERE entry_id = {reversal}",
            "reversal",
        ),
    ],
)
def test_a_change_behind_the_guards_is_named(
    session: Session, entries: list[int], spoil: str, rule: str
) -> None:
    assert list(verify.faults(session)) == []
    session.rollback()
    place = entries[-1] if rule == "reversal" else entries[1]
    with guards_off("entry", "posting"), db.engine.connect() as connection:
        if db.engine.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        connection.execute(text(spoil.format(entries[1], reversal=entries[-1])))
        connection.commit()
    found = list(verify.faults(session))
    assert (rule, f"entry:{place}") in {(fault.rule, fault.place) for fault in found}
    assert {fault.place for fault in found} == {f"entry:{place}"}
    assert str(place) in found[0].text


def test_half_a_reversal_is_named(session: Session) -> None:
    """A reversal that takes back one fund of two is balanced and complete by itself."""
    lines = [
        line
        for fund in ("dues", "base")
        for line in (
            LedgerPosting("111", fund, "TW", debit=500),
            LedgerPosting("7114", fund, "TW", credit=500),
        )
    ]
    whole = LedgerEntry(DAY, "other", "", "TW", tuple(lines))
    half = replace(reversal_of(whole, DAY, "Ghi nhầm"), postings=tuple(
        replace(line, debit=-line.debit, credit=-line.credit) for line in lines[:2]
    ))  # fmt: skip
    with transaction() as writing:
        number = service.post(writing, whole, source="test", external_id="1").id
        taken = {"source": "reversal", "external_id": str(number), "reverses_id": number}
        back = service.post(writing, half, **taken).id  # type: ignore[arg-type]  # named facts
    assert [(f.rule, f.place) for f in verify.faults(session)] == [("reversal", f"entry:{back}")]
