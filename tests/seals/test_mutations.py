"""Whatever is changed in sealed books is found; what is made anew, against a head kept earlier."""

import re
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fundsvc.books.grains import FIGURES, ROLLUPS, Grain, Rollup
from fundsvc.books.models import Entry, Seal
from fundsvc.db import read_session
from fundsvc.seals import verify_sums
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
from tests.support import gifts


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
            places = {fault.place.partition(":")[0] for fault in verify_sums.faults(session)}
        # All others are proved by the sums by day and province.
        alone = rollup != Rollup(Grain.DAY, whole=False)
        expected = {rollup.table} if alone else {each.table for each in ROLLUPS}
        assert places == expected, (rollup, figure)


def test_the_very_entries_that_were_touched_are_named(books: None) -> None:
    touches = {
        "UPDATE entry SET description = 'Việc khác' WHERE id = 3": "Bút toán 3 đã bị sửa",
        "UPDATE posting SET debit = debit + 1 WHERE entry_id = 2 AND line = 1": "2 đã bị sửa",
        "DELETE FROM entry WHERE id = 4": "Bút toán 4 đã niêm phong nay không còn",
        "UPDATE fund SET code = 'other' WHERE code = 'nghia-tinh'": "Bút toán 1 đã bị sửa",
    }
    for statement, told in touches.items():
        with undone(read_session()) as session:
            session.execute(text(statement))
            sealed = [fault for fault in faults(session) if fault.rule == "sealed"]
        assert sealed[0].place == "seal:1"
        number = re.search(r"\d+", told)
        assert number is not None
        assert (sealed[1].place, told in sealed[1].text) == (f"entry:{number[0]}", True)


def test_a_seal_without_marks_names_the_span_and_touched_marks_are_told(books: None) -> None:
    """Seals made before there were marks have none; marks never say that an entry is wrong."""
    with undone(read_session()) as session:
        session.execute(text("DELETE FROM seal_marks"))
        assert list(faults(session)) == []
        session.execute(text("UPDATE entry SET description = 'Việc khác' WHERE id = 3"))
        assert [one.place for one in faults(session) if one.rule == "sealed"] == ["seal:1"]
    with undone(read_session()) as session:
        session.execute(
            text("UPDATE seal_marks SET marks = :marks WHERE number = 1"), {"marks": b"x" * 16}
        )
        (fault,) = faults(session)
        assert (fault.rule, fault.place) == ("seal", "seal:1")
        assert "vẫn đúng như lúc niêm phong" in fault.text


def test_many_touched_entries_are_counted(books: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fundsvc.seals.verify._NAMED", 2)
    with undone(read_session()) as session:
        session.execute(text("UPDATE entry SET description = 'Việc khác' WHERE id < 5"))
        sealed = [fault.text for fault in faults(session) if fault.rule == "sealed"]
    assert [text_ for text_ in sealed if "còn" in text_ and "bút toán khác" in text_]
    assert "Bút toán 3 đã bị sửa sau khi niêm phong." not in sealed


def test_a_wrong_sum_by_day_is_named_by_codes_and_what_follows_in_one_line(books: None) -> None:
    with undone(read_session()) as session:
        session.execute(text("UPDATE rollup_day SET debit = debit + 1 WHERE account_id ="
                             " (SELECT id FROM account WHERE code = '111')"))  # fmt: skip
        told = [fault for fault in faults(session) if fault.rule == "rollup"]
    codes = "111:nghia-tinh:TW"
    assert told[0].place == f"rollup_day:{gifts.DAY}:{codes}:none"
    assert "tài khoản 111, quỹ nghia-tinh, đơn vị TW, tỉnh none" in told[0].text
    assert len(told) == len(ROLLUPS), "one line for each table that follows"
    months = {fault.place: fault.text for fault in told}
    assert (
        "1 tổng theo tháng (rollup_month_whole) cũng"
        in months[f"rollup_month_whole:{str(gifts.DAY)[:7]}-01:{codes}"]
    )


def test_a_month_that_is_wrong_by_itself_is_named_beside_what_follows(books: None) -> None:
    with undone(read_session()) as session:
        session.execute(text("UPDATE rollup_month_whole SET debit = debit + 1 WHERE account_id ="
                             " (SELECT id FROM account WHERE code = '111')"))  # fmt: skip
        session.execute(text("UPDATE rollup_day SET debit = debit + 1 WHERE account_id ="
                             " (SELECT id FROM account WHERE code = '7114')"))  # fmt: skip
        told = [fault.text for fault in faults(session) if fault.rule == "rollup"]
    alone = [text_ for text_ in told if "(rollup_month_whole) từ" in text_]
    assert len(alone) == 1
    assert "tài khoản 111, quỹ nghia-tinh, đơn vị TW không bằng tổng theo ngày" in alone[0]


def test_a_tail_cut_off_is_found_against_a_head_kept_elsewhere(books: None) -> None:
    with undone(read_session()) as session:
        kept = heads(session)
        last = session.scalars(select(Seal.first_entry).order_by(Seal.number.desc())).first()
        for table in ("entry_evidence", "entry_donor", "posting", "donation"):
            session.execute(text(f"DELETE FROM {table} WHERE entry_id >= :last"), {"last": last})
        session.execute(text("DELETE FROM entry WHERE id >= :last"), {"last": last})
        session.execute(text("DELETE FROM act WHERE kind LIKE :back"), {"back": "%.reverse"})
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
