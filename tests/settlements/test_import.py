"""Files of settlements: read beside what we counted, all rows or none, each period once."""

import threading
import time
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.evidence.models import StoredFile
from fundsvc.settlements import details, service
from fundsvc.settlements.models import Settlement, SettlementMessage
from fundsvc.settlements.sheet import COLUMNS, XLSX
from tests import corpus
from tests.settlements.conftest import (
    People,
    as_csv,
    last_id,
    reported,
    take,
    take_bytes,
)
from tests.support import messages
from tests.test_workbook import made

pytestmark = pytest.mark.usefixtures("app")


def kept(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Settlement)) or 0


@pytest.mark.usefixtures("given")
def test_the_report_stands_beside_what_we_counted(session: Session) -> None:
    preview = take(reported(), commit=False)
    assert (preview.committed, preview.new, kept(session)) == (False, 1, 0)
    assert preview.as_json()["settlements"] == [
        {
            "operator": "mobifone",
            "short_code": "1400",
            "keyword": "TS",
            "counted": {"messages": 4, "gross": 360_000},
            "reported": {"messages": 3, "gross": 300_000, "fee": 900, "net": 299_100},
            "difference": {"messages": -1, "gross": -60_000},
        }
    ]
    done = take(reported())
    assert (done.committed, done.new, done.sum_in, kept(session)) == (True, 1, 299_100, 1)


@pytest.mark.usefixtures("given")
def test_a_workbook_is_read_like_any_file(session: Session, people: People) -> None:
    """Excel has numbers and days of its own, and ends a row with its last cell."""
    row = reported()
    days = {name: date.fromisoformat(row[name]) for name in ("period_from", "period_to", "paid_on")}
    numbers = {name: int(row[name]) for name in ("short_code", "messages", "gross", "fee", "net")}
    cells = row | days | numbers
    book = made(COLUMNS, (), tuple(cells[name] for name in COLUMNS))
    assert take_bytes(book, commit=False).refused == ()
    assert take_bytes(book).committed
    assert take(row).known == 1, "the same as CSV is known"
    settlement = last_id()
    listed = made(("request_id", "amount", "status"), ("MO1", 100_000), ("MO2", 100_000, "failed"))
    with transaction() as writing:
        found = details.take_list(writing, settlement, listed, name="ds.xlsx", by=people.treasurer)
    assert (found.messages, found.failed) == (2, 1)
    kinds = session.scalars(select(StoredFile.media_type).distinct()).all()
    assert set(kinds) == {"text/csv", XLSX}


def test_a_bad_cell_of_a_workbook_is_named_by_its_row() -> None:
    report = take_bytes(made(COLUMNS, (), ("mobifone", "hôm qua")), commit=False)
    assert {(row.row, row.field) for row in report.refused} >= {(3, "period_from")}
    with pytest.raises(Refusal):
        take_bytes(made(COLUMNS)[:900], commit=False)


@pytest.mark.usefixtures("given")
def test_the_same_again_adds_nothing(session: Session) -> None:
    take(reported())
    again = take(reported(), reported(operator=" MobiFone "))
    assert (again.committed, again.new, again.known, kept(session)) == (True, 0, 2, 1)


BAD_CELLS = [
    ({"operator": "vtel"}, "operator"),
    ({"messages": "3O"}, "messages"),
    ({"messages": "-3"}, "messages"),
    ({"gross": "300.000"}, "gross"),
    ({"fee": "1e3"}, "fee"),
    ({"net": "٣"}, "net"),
    ({"gross": "9999999999999999"}, "gross"),
    ({"net": "299101"}, "net"),
    ({"fee": "300001", "net": "0"}, "net"),
    ({"period_to": "2026-06-30"}, "period_to"),
    ({"period_from": "31/02/2026"}, "period_from"),
    ({"paid_on": ""}, "paid_on"),
    ({"short_code": "14OO"}, "short_code"),
    ({"keyword": "TX"}, "keyword"),
    ({"short_code": "1499"}, "keyword"),
    ({"period_from": "2025-07-01", "period_to": "2025-08-31"}, "keyword"),
    ({"bank_reference": "DS\x07"}, "bank_reference"),
    ({"bank_reference": "D" * 61}, "bank_reference"),
]


@pytest.mark.usefixtures("with_campaigns")
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_bad_row_is_named_and_nothing_is_kept(
    session: Session, subtests: pytest.Subtests
) -> None:
    for cells, field in BAD_CELLS:
        with subtests.test(str(cells)):
            report = take(reported(operator="viettel"), reported(**cells))
            assert [(row.row, row.field) for row in report.refused] == [(3, field)]
            assert (report.committed, kept(session)) == (False, 0)


@pytest.mark.usefixtures("with_campaigns")
def test_no_two_of_an_operator_and_campaign_share_a_day(session: Session) -> None:
    take(reported(period_to="2026-07-31"))
    later = take(reported(period_from="2026-07-31"))
    assert [(row.row, row.field) for row in later.refused] == [(2, "period_from")]
    together = take(
        reported(operator="viettel", period_to="2026-07-31"),
        reported(operator="viettel", period_from="2026-07-31"),
    )
    assert [(row.row, row.field) for row in together.refused] == [(3, "period_from")]
    assert take(reported(period_from="2026-08-01")).committed
    assert kept(session) == 2


def test_a_period_of_two_campaigns_wants_a_row_for_each(app: Flask, with_campaigns: None) -> None:
    from fundsvc.sms import campaigns

    more = messages.CAMPAIGNS.splitlines()[0] + (
        b"\n1400,TS,units,30000,nghia-tinh,TW,2026-09-01,2026-09-30\n"
    )
    with transaction() as session:
        assert campaigns.import_campaigns(session, more, by=None).committed
    both = take(reported(period_to="2026-09-30"))
    assert [(row.row, row.field) for row in both.refused] == [(2, "keyword")]
    assert take(reported(), reported(period_from="2026-09-01", period_to="2026-09-30")).committed


@pytest.mark.usefixtures("given")
def test_other_numbers_are_refused_unless_they_are_to_replace(
    session: Session, people: People
) -> None:
    take(reported())
    other = reported(messages="4", gross="360000", fee="1200", net="358800")
    refused = take(other)
    assert [(row.row, row.field) for row in refused.refused] == [(2, "messages")]
    replaced = take(other, replace=True)
    assert (replaced.committed, replaced.new, replaced.replaced) == (True, 0, 1)
    session.rollback()
    assert session.get_one(Settlement, last_id()).net == 358_800
    settlement = last_id()
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
    late = take(reported(), replace=True)
    assert [(row.row, row.field) for row in late.refused] == [(2, "messages")]


def test_numbers_replaced_take_the_old_list_with_them(
    session: Session, settlement: int, people: People
) -> None:
    names = ("request_id", "amount", "status")
    listed = as_csv(dict.fromkeys(names, "") | {"request_id": "MO1"}, names=names)
    with transaction() as writing:
        details.take_list(writing, settlement, listed, name="ds.csv", by=people.treasurer)
    other = reported(messages="4", gross="360000", fee="1200", net="358800")
    assert take(other, replace=True).replaced == 1
    session.rollback()
    assert session.get_one(Settlement, settlement).detail_sha256 is None
    assert session.scalar(select(func.count()).select_from(SettlementMessage)) == 0


def test_numbers_are_not_replaced_while_they_are_accepted(
    app: Flask, settlement: int, people: People
) -> None:
    accepted = threading.Event()

    def accept() -> None:
        with app.app_context(), transaction() as session:
            service.accept(session, settlement, by=people.treasurer)
            accepted.set()
            time.sleep(0.3)

    thread = threading.Thread(target=accept)
    thread.start()
    accepted.wait(5)
    late = take(reported(messages="4", gross="360000", fee="1200", net="358800"), replace=True)
    thread.join()
    assert [(row.row, row.field) for row in late.refused] == [(2, "messages")]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_another_kind_of_file_is_refused(app: Flask) -> None:
    for name, data in corpus.FILES.items():
        try:
            report = take_bytes(data)
        except Refusal:
            continue
        assert report.refused_count, name


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_odd_cells_are_refused_with_their_field(with_campaigns: None) -> None:
    for name in reported():
        for odd in (*corpus.TEXTS, *corpus.UNKEEPABLE):
            try:
                data = as_csv(reported(**{name: odd}))
            except UnicodeEncodeError:
                continue
            try:
                report = take_bytes(data, commit=False)
            except Refusal:
                continue  # Too long a cell, and the columns cannot be told apart.
            fields = {row.field for row in report.refused}
            assert fields <= {name, "net", "keyword", "period_to", "period_from", None}, (name, odd)
