"""Whatever is changed in sealed books is found; what is made anew, against a head kept earlier."""

from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fundsvc.books.grains import FIGURES, ROLLUPS, Grain, Rollup
from fundsvc.books.models import Entry, Seal
from fundsvc.db import read_session
from fundsvc.verify import faults
from tests.seals.mutations import (
    Mutator,
    chain_anew,
    found,
    guards_off,
    heads,
    make_books,
    undone,
)


@pytest.fixture
def books(app: Flask, clock: object) -> None:
    """Sealed books without guards."""
    make_books()
    guards_off()


def test_every_change_is_found(books: None) -> None:
    missed = []
    for seed in range(40):
        with undone(read_session()) as session:
            change = Mutator(session, seed).change()
            if not found(session):
                missed.append((seed, change))
    assert missed == []
    assert not found(read_session()), "nothing was left changed"


def test_a_sum_of_any_kind_that_was_changed_is_found_in_its_place(books: None) -> None:
    for rollup, figure in product(ROLLUPS, FIGURES):
        with undone(read_session()) as session:
            session.execute(text(f"UPDATE {rollup.table} SET {figure} = {figure} + 1"))
            places = {fault.place.partition(":")[0] for fault in faults(session)}
        # All others are proved by the sums by day and province.
        alone = rollup != Rollup(Grain.DAY, whole=False)
        expected = {rollup.table} if alone else {each.table for each in ROLLUPS}
        assert places == expected, (rollup, figure)


def test_a_tail_cut_off_is_found_against_a_head_kept_elsewhere(books: None) -> None:
    with undone(read_session()) as session:
        kept = heads(session)
        last = session.scalars(select(Seal.first_entry).order_by(Seal.number.desc())).first()
        for table in ("entry_evidence", "entry_donor", "posting", "donation"):
            session.execute(text(f"DELETE FROM {table} WHERE entry_id >= :last"), {"last": last})
        session.execute(text("DELETE FROM entry WHERE id >= :last"), {"last": last})
        chain_anew(session)
        assert list(faults(session)) == [], "by itself the rest is in order"
        places = {fault.place for fault in faults(session, kept) if fault.rule == "published"}
        assert f"seal:{max(kept)}" in places


def test_a_chain_made_anew_over_other_amounts_is_found_likewise(books: None) -> None:
    with undone(read_session()) as session:
        kept = heads(session)
        number = session.scalar(select(func.min(Entry.id)).where(Entry.source == "donation"))
        for statement in (
            "UPDATE posting SET debit = 2 * debit, credit = 2 * credit WHERE entry_id = :entry",
            "UPDATE donation SET amount = 2 * amount WHERE entry_id = :entry",
        ):
            session.execute(text(statement), {"entry": number})
        assert found(session)
        chain_anew(session)
        assert list(faults(session)) == []
        assert found(session, {1: kept[1][:16]}), "a receipt prints the beginning of the head"
        assert found(session, kept)


def test_the_same_books_agree_with_every_head_kept(books: None, session: Session) -> None:
    kept = heads(session)
    assert len(kept) >= 3
    assert list(faults(session, kept)) == []
    session.rollback()
    assert [fault.place for fault in faults(session, {99: "ab" * 32})] == ["seal:99"]
