"""The sealer: what is sealed, in which order, and that nobody who books ever waits for it."""

import hashlib
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import added, bulk, sealing, service
from fundsvc.books.grains import ROLLUPS, Rollup
from fundsvc.books.leaves import Leaves
from fundsvc.books.models import Seal
from fundsvc.db import db, transaction
from fundsvc.evidence import service as evidence
from fundsvc.seals.service import files_of, seal_new
from ledger import recipes, seals
from tests.books.test_service import DAY, donation

ONLY_POSTGRESQL = pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
MOMENT = datetime(2026, 7, 27, 2, 0, tzinfo=UTC)


def post(number: int, **parts: object) -> int:
    with transaction() as session:
        return service.post(
            session, donation(100_000 * number), source="test", external_id=str(number), **parts  # type: ignore[arg-type]  # parts of a leaf
        ).id  # fmt: skip


def at_once(number: int) -> int:
    """Book on a connection of its own that waits for nobody."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.execution_options(fundsvc_writes=True, fundsvc_patience=0)
        with Session(connection) as booking:
            if connection.dialect.name == "postgresql":
                booking.execute(text("SET LOCAL lock_timeout = 1"))
            entry = service.post(
                booking, donation(100_000 * number), source="test", external_id=str(number)
            )
            booking.commit()
            return entry.id


def chain(session: Session) -> list[seals.Seal]:
    session.rollback()
    found: list[seals.Seal] = []
    for row in session.scalars(select(Seal).order_by(Seal.number)):
        found.append(
            seals.Seal(
                row.number, found[-1].head if found else seals.NO_HEAD, row.root, row.first_entry,
                row.last_entry, row.entries, row.debit, row.credit,
                row.sealed_at.isoformat(timespec="microseconds"),
            )
        )  # fmt: skip
    return found


def test_a_sealed_entry_can_be_recomputed_by_hand(app: Flask, session: Session) -> None:
    with clock.fixed(MOMENT):
        with transaction() as writing:
            paper = evidence.record(
                writing, b"scan", name="a.pdf", media_type="application/pdf", by=None
            )
        entry_id = post(5, evidence=[paper], voucher="PT-2026-000001")
        with transaction() as writing:
            service.bind(writing, entry_id, "c" * 64)
        assert seal_new() == 1
    fields = (
        "15:fundsvc-entry-1,", f"{len(str(entry_id))}:{entry_id},", "10:2026-07-27,",
        "8:donation,", "23:Ủng hộ tại quầy,", "2:TW,", "7:2025:44,", "4:test,", "1:5,",
        "32:2026-07-27T02:00:00.000000+00:00,", "-,", "14:PT-2026-000001,", "-,", "-,",
        f"64:{'c' * 64},", "1:1,", f"64:{paper},", "1:2,",
        "1:1,3:111,5:asset,-,10:nghia-tinh,2:TW,6:500000,1:0,",
        "1:2,4:7114,6:income,4:cash,10:nghia-tinh,2:TW,1:0,6:500000,",
    )  # fmt: skip
    leaf = hashlib.sha256(b"\0" + "".join(fields).encode()).hexdigest()
    (seal,) = chain(session)
    assert (seal.root, seal.entries, seal.debit, seal.credit) == (leaf, 1, 500_000, 500_000)
    assert session.scalar(select(Seal.head)) == seal.head


def test_batches_follow_each_other_and_cover_every_entry_once(session: Session) -> None:
    for number in range(1, 8):
        post(number)
    told: list[int] = []
    assert seal_new(lambda seal: told.append(seal.entries), most=3) == 3
    assert told == [3, 3, 1]
    made = chain(session)
    assert [(seal.first_entry, seal.last_entry) for seal in made] == [(1, 3), (4, 6), (7, 7)]
    heads = list(session.scalars(select(Seal.head).order_by(Seal.number)))
    assert seals.follows(seals.NO_HEAD, made, heads[-1])
    assert seal_new() == 0, "nothing new, nothing sealed"
    post(8)
    assert sealing.unsealed(session) == 1
    assert seal_new() == 1


def test_sealing_ends_while_others_go_on_booking(session: Session) -> None:
    for number in (1, 2, 3):
        post(number)
    made: list[seals.Seal] = []

    def book_on(seal: seals.Seal) -> None:
        made.append(seal)
        assert len(made) < 5
        post(3 + len(made))

    assert seal_new(book_on, most=2) == 2
    assert [seal.entries for seal in made] == [2, 2], "the first one booked meanwhile came along"
    session.rollback()
    assert sealing.unsealed(session) == 1


@pytest.mark.parametrize("rollup", ROLLUPS, ids=lambda rollup: rollup.table)
def test_every_sum_of_sealed_entries_is_in_its_span(session: Session, rollup: Rollup) -> None:
    """Two donations of the same day, from a province and from none: one sum where it is whole."""
    for number, province in ((1, None), (2, "2025:44")):
        with transaction() as writing:
            given = replace(donation(100_000 * number), province=province)
            service.post(writing, given, source="test", external_id=str(number))
    seal_new(most=1)
    day = rollup.grain.start(DAY).isoformat()
    rows = session.execute(text(f"SELECT date, debit, credit, entries FROM {rollup.table}"))
    found = sorted((str(row.date), row.debit, row.credit, row.entries) for row in rows)
    together = [(300_000, 2)] if rollup.whole else [(100_000, 1), (200_000, 1)]
    assert found == [
        *((day, 0, amount, entries) for amount, entries in together),
        *((day, amount, 0, entries) for amount, entries in together),
    ]


@ONLY_POSTGRESQL
def test_an_entry_in_flight_holds_the_seal_back_and_is_never_passed_over(app: Flask) -> None:
    """Two connections, step by step: the first draws number 1, the second commits number 2."""
    steps = Steps(app, donation(100_000), "slow")
    steps.book()
    post(2)
    assert seal_new(patience=0.05) == 0, "number 1 may still come"
    steps.commit()
    assert seal_new(patience=5) == 1
    with transaction() as session:
        assert session.scalar(select(Seal.entries)) == 2


@ONLY_POSTGRESQL
def test_the_sealer_waits_for_an_entry_in_flight_while_others_book_on(app: Flask) -> None:
    steps = Steps(app, donation(100_000), "slow")
    steps.book()
    post(2)
    made: list[int] = []

    def seal() -> None:
        with app.app_context():
            made.append(seal_new(patience=30))

    sealer = threading.Thread(target=seal)
    sealer.start()
    # The sealer is waiting by now or will be; booking goes on without a pause all the while.
    for number in (3, 4, 5):
        post(number)
    assert sealer.is_alive()
    steps.commit()
    sealer.join(30)
    seal_new(patience=5)
    with transaction() as session:
        assert sum(session.scalars(select(Seal.entries))) == 5
    assert made[0] >= 1


@ONLY_POSTGRESQL
def test_an_entry_rolled_back_leaves_no_hole_to_fill(app: Flask, session: Session) -> None:
    steps = Steps(app, donation(100_000), "gone")
    steps.book()
    post(2)
    steps.roll_back()
    assert seal_new() == 1
    assert (chain(session)[0].first_entry, chain(session)[0].entries) == (2, 1)


@ONLY_POSTGRESQL
def test_a_file_that_is_being_booked_holds_the_seal_back_from_its_first_row(app: Flask) -> None:
    """Rows draw their numbers when they are staged, before a later entry draws and commits."""
    staged, go_on = threading.Event(), threading.Event()

    def import_file() -> None:
        message = recipes.sms_message(
            on=DAY, unit="TW", fund="nghia-tinh", amount=1, description="", operator="viettel"
        )
        with app.app_context(), transaction() as session, bulk.staging(session) as stage:
            template = stage.template(message, "sms:viettel")
            stage.write([(1, template, DAY.isoformat(), "m1", 5_000, None, None)])
            staged.set()
            go_on.wait(30)
            stage.post(maker_id=None)

    importer = threading.Thread(target=import_file)
    importer.start()
    assert staged.wait(30)
    post(2)
    assert seal_new(patience=0.05) == 0
    go_on.set()
    importer.join(30)
    assert seal_new(patience=5) == 1
    with transaction() as session:
        assert session.scalar(select(Seal.entries)) == 2


def test_of_two_sealers_one_writes(app: Flask, session: Session) -> None:
    post(1)
    first, second = (sealing.prepare(session, files_of) for _sealer in range(2))
    assert first is not None
    assert second is not None
    with transaction() as writing:
        sealing.write(writing, first)
    with pytest.raises(sealing.Overtaken), transaction() as writing:
        sealing.write(writing, second)
    session.rollback()
    assert len(chain(session)) == 1
    sums = session.scalars(text("SELECT debit + credit FROM rollup_day"))
    assert list(sums) == [100_000, 100_000], "nothing was added twice"


def test_others_book_while_the_sealer_reads_and_sums(app: Flask, session: Session) -> None:
    """Step by step on two connections: nobody waits for a moment, and nothing is sealed twice."""
    post(1)
    booked: list[int] = []

    def origins(reading: Session, first: int, last: int) -> dict[int, str]:
        booked.append(at_once(2 + len(booked)))
        return files_of(reading, first, last)

    batch = sealing.prepare(session, origins)
    assert batch is not None
    assert booked, "one was booked while the batch was read"
    booked.append(at_once(9))  # What was read is still held, and the seal is not yet written.
    session.rollback()
    with transaction() as writing:
        sealing.write(writing, batch)
    assert (chain(session)[0].entries, sealing.unsealed(session)) == (1, 2)
    session.rollback()
    assert seal_new() == 1
    assert [seal.entries for seal in chain(session)] == [1, 2]
    sums = session.scalars(text("SELECT sum(debit) FROM rollup_day"))
    assert list(sums) == [100_000 * 12]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_locks_others_out_reads_no_entry(app: Flask, session: Session) -> None:
    """On SQLite a seal's own transaction adds finished rows, however many entries are sealed."""
    for number in range(1, 6):
        post(number)
    batch = sealing.prepare(session, files_of)
    assert batch is not None
    session.rollback()
    run: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *told: run.append(told[2]))
    with transaction() as writing:
        sealing.write(writing, batch)
    assert any("rollup_year" in statement for statement in run)
    assert [one for one in run if re.search(r"\b(entry|posting)\b", one)] == []


@ONLY_POSTGRESQL
def test_others_book_while_the_seal_is_written(app: Flask, session: Session) -> None:
    post(1)
    batch = sealing.prepare(session, files_of)
    assert batch is not None
    session.rollback()
    with transaction() as writing:
        sealing.write(writing, batch)
        at_once(2)
    assert sealing.unsealed(session) == 1


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_seal_takes_no_more_entries_than_are_added_in_a_moment(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch ends where it has rows of roll-ups enough; the next one goes on from there."""
    monkeypatch.setattr(added, "_PART", 2)
    for number in range(1, 8):
        post(number)
    last, sums = added.read(session, 0, 7, most=7, rows=1)
    assert sums is not None
    assert (last, len(sums)) == (2, 20), "ten roll-ups, two accounts"
    assert added.read(session, 0, 7, most=3, rows=None)[0] == 3
    assert added.read(session, 0, 7, most=9, rows=None)[0] == 7


def test_erasing_a_donor_changes_no_leaf(app: Flask, session: Session) -> None:
    from fundsvc.donors.models import Donor
    from tests.support import gifts

    given = gifts.give()
    before = [leaf.hash for leaf in Leaves(session, files_of).read(given.entry_id, given.entry_id)]
    session.rollback()
    with transaction() as writing:
        donor = writing.scalars(select(Donor)).one()
        assert donor.salt
        kept = writing.execute(text("SELECT commitment FROM entry_donor")).scalar_one()
        donor.name, donor.folded, donor.address, donor.salt = "—", "", "", None
    session.rollback()
    after = [leaf.hash for leaf in Leaves(session, files_of).read(given.entry_id, given.entry_id)]
    assert before == after
    assert len(kept) == 64


class Steps:
    """Somebody who books on a connection of their own, one step at a time."""

    def __init__(self, app: Flask, entry: object, external_id: str) -> None:
        self._session = Session(db.engine)
        self._entry, self._external_id = entry, external_id

    def book(self) -> None:
        service.post(self._session, self._entry, source="test", external_id=self._external_id)  # type: ignore[arg-type]  # an entry

    def commit(self) -> None:
        self._session.commit()
        self._session.close()

    def roll_back(self) -> None:
        self._session.rollback()
        self._session.close()
