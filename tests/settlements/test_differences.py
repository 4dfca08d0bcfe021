"""Differences by message: named lists by the operator's own list, the likeliest without it."""

import pytest
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.settlements import details, differences, listing
from fundsvc.settlements.details import Taken
from tests import corpus
from tests.settlements.conftest import (
    SMS_NAMES,
    People,
    as_csv,
    bring,
    last_id,
    message,
    reported,
    take,
)

pytestmark = pytest.mark.usefixtures("app")
NAMES = ("request_id", "amount", "status")


def listed(request_id: str, amount: str = "", status: str = "") -> dict[str, str]:
    return {"request_id": request_id, "amount": amount, "status": status}


def give(settlement: int, data: bytes, people: People) -> Taken:
    with transaction() as session:
        return details.take_list(
            session, settlement, data, name="danh-sach.csv", by=people.treasurer
        )


def found(session: Session, settlement: int) -> dict[str, list[str]]:
    session.rollback()
    row, _facts = listing.one(session, settlement)
    return {
        one.kind: [line.request_id for line in one.lines] for one in differences.lists(session, row)
    }


def test_every_way_of_differing_has_its_list(
    session: Session, settlement: int, people: People
) -> None:
    bring(
        message("MO5", "TS 1", received_at="2026-07-02 08:00:00", status="failed"),
        message("MO6", "TS 2"),
        message("MO7", "TS 9"),
    )
    rows = [
        listed("MO1", "100000", "ok"),
        listed("MO2", "80000"),
        listed("MO3", "100000", "failed"),
        listed("MO5", "20000"),
        listed("MO8", "20000"),
        listed("MO6", "40000", "reversed"),
        listed("MO1", "100000", "ok"),
    ]
    assert give(settlement, as_csv(*rows, names=NAMES), people) == Taken(6, 0, 2)
    assert found(session, settlement) == {
        "missing-there": ["MO4", "MO7"],
        "failed-there": ["MO3", "MO6"],
        "amount": ["MO2"],
        "missing-here": ["MO5", "MO8"],
    }
    row, _facts = listing.one(session, settlement)
    owed = {one.kind: one.owed for one in differences.lists(session, row)}
    assert owed["missing-there"] == 240_000
    assert owed["failed-there"] == 140_000
    assert owed["amount"] == 20_000
    here = {
        line.request_id: line.here
        for kind, line in differences.every(session, row)
        if kind == "missing-here"
    }
    assert here == {"MO5": "failed", "MO8": None}


def test_a_message_of_another_period_is_late(session: Session, given: None, people: People) -> None:
    bring(message("MO9", "TS 1", received_at="2026-07-31 23:59:59"))
    take(reported(period_from="2026-08-01", messages="1", gross="20000", fee="0", net="20000"))
    give(last_id(), as_csv(listed("MO9", "20000"), names=NAMES), people)
    assert found(session, last_id()) == {"late": ["MO9"]}


def test_a_message_paid_with_other_days_is_not_missing_in_its_own(
    session: Session, given: None, people: People
) -> None:
    bring(message("MO9", "TS 1", received_at="2026-07-31 23:59:59"))
    july = {"period_from": "2026-07-31", "period_to": "2026-07-31"}
    august = {"period_from": "2026-08-01"}
    sums = {"messages": "1", "gross": "20000", "fee": "0", "net": "20000"}
    take(reported(**july, **sums), reported(**august, **sums))
    give(last_id() - 1, as_csv(listed("MO0", "20000"), names=NAMES), people)
    assert found(session, last_id() - 1)["missing-there"] == ["MO9"]
    give(last_id(), as_csv(listed("MO9", "20000", "failed"), names=NAMES), people)
    assert found(session, last_id() - 1)["missing-there"] == ["MO9"]
    give(last_id(), as_csv(listed("MO9", "20000"), names=NAMES), people)
    assert "missing-there" not in found(session, last_id() - 1)


def test_a_list_may_have_the_columns_of_messages_and_other_campaigns(
    session: Session, settlement: int, people: People
) -> None:
    rows = [
        message("MO1", "TS 5"),
        message("MO2", "ts5 xin ung ho"),
        message("MO3", "TS 5"),
        message("X1", "TRUONGSON", short_code="1405"),
        message("X2", "KHAC 5"),
    ]
    assert give(settlement, as_csv(*rows, names=SMS_NAMES), people) == Taken(3, 2)
    assert found(session, settlement) == {"missing-there": ["MO4"]}
    row, _facts = listing.one(session, settlement)
    told = differences.told(session, row)
    assert told is not None
    assert (told.messages, told.gross) == (3, 300_000)


def test_a_newer_list_replaces_the_older(session: Session, settlement: int, people: People) -> None:
    give(settlement, as_csv(listed("MO1"), names=NAMES), people)
    give(settlement, as_csv(*map(listed, ("MO1", "MO2", "MO3", "MO4")), names=NAMES), people)
    assert found(session, settlement) == {}


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ({"request_id": ""}, "request_id"),
        ({"request_id": "MO 1"}, "request_id"),
        ({"amount": "2O000"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"status": "maybe"}, "status"),
        ({"request_id": "MO1", "amount": "1"}, "request_id"),
    ],
)
def test_a_bad_row_of_a_list_is_named_and_the_older_list_stays(
    session: Session, settlement: int, people: People, cells: dict[str, str], field: str
) -> None:
    give(settlement, as_csv(listed("MO1"), names=NAMES), people)
    before = found(session, settlement)
    rows = (listed("MO1", "100000"), listed("MO2") | cells)
    with pytest.raises(Refusal) as refusal:
        give(settlement, as_csv(*rows, names=NAMES), people)
    assert [(reason.row, reason.field) for reason in refusal.value.reasons] == [(3, field)]
    assert found(session, settlement) == before


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_another_kind_of_file_is_no_list(settlement: int, people: People) -> None:
    for data in corpus.FILES.values():
        with pytest.raises(Refusal):
            give(settlement, data, people)
    with pytest.raises(NotFound):
        give(settlement + 1, as_csv(listed("MO1"), names=NAMES), people)


def test_without_a_list_the_likeliest_messages_come_first(
    session: Session, with_campaigns: None
) -> None:
    bring(
        message("A", "TS 1", msisdn="84911111111", received_at="2026-07-10 08:00:00"),
        message("B", "TS 1", msisdn="84922222222", received_at="2026-07-11 08:00:00"),
        message("B2", "TS 1", msisdn="84922222222", received_at="2026-07-11 08:09:59"),
        message("C", "TS 1", msisdn="84933333333", received_at="2026-08-31 23:55:00"),
        message("D", "TS 1", msisdn="84944444444", received_at="2026-07-01 00:01:00"),
        message("E", "TS 2", msisdn="84922222222", received_at="2026-07-11 08:01:00"),
    )
    take(reported(messages="5", gross="120000", fee="0", net="120000"))
    row, facts = listing.one(session, last_id())
    likely = differences.candidates(session, row, facts.difference).messages
    assert [(one.line.request_id, one.why) for one in likely] == [
        ("B2", "double"),
        ("D", "first"),
        ("C", "last"),
        ("A", "other"),
        ("B", "other"),
    ]


def test_the_likeliest_come_in_pages_with_their_number(
    session: Session, with_campaigns: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(differences, "CANDIDATES", 2)
    bring(*(message(f"M{n}", "TS 1", received_at=f"2026-07-1{n} 08:00:00") for n in range(5)))
    take(reported(messages="4", gross="80000", fee="0", net="80000"))
    row, facts = listing.one(session, last_id())
    pages = [
        differences.candidates(session, row, facts.difference, begin) for begin in (0, 2, 4, 6)
    ]
    assert [[one.line.request_id for one in page.messages] for page in pages] == [
        ["M0", "M1"], ["M2", "M3"], ["M4"], [],
    ]  # fmt: skip
    assert [page.of for page in pages] == [5, 5, 5, 0]
