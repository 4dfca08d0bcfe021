"""An operator's money decided at the workbench, and taken back there."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankDecisionPart, BankLine
from fundsvc.settlements import service
from fundsvc.settlements.models import SettlementPayment
from fundsvc.verify import faults
from fundsvc.workbench import choices
from fundsvc.workbench.decisions import decide, undo
from tests.settlements.conftest import People, balance, bank_line, owed
from tests.support.forms import hidden
from tests.support.signing import sign


def waits(session: Session) -> list[int]:
    session.rollback()
    return list(session.scalars(select(BankLine.id).where(decided.waiting())))


@pytest.mark.parametrize("more", [0, 100_000])
def test_an_operators_money_is_decided_and_taken_back(
    session: Session, settlement: int, people: People, more: int
) -> None:
    line = bank_line(359_100 + more)
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
    accounts = ("3381", "3388", "138.mobifone", "112.VCB1")
    before = [balance(account) for account in accounts]
    assert waits(session) == [line]
    with transaction() as writing:
        done = decide(writing, line, choices.Settled(settlement), by=people.treasurer, key="k1")
    assert (owed(), balance("3388"), balance("3381")) == (0, -more, 0)
    parts = session.scalars(select(BankDecisionPart)).all()
    assert sum(part.amount for part in parts) == 359_100 + more
    assert {part.what for part in parts} == {"settlement"} | ({"surplus"} if more else set())
    assert (waits(session), list(faults(session))) == ([], [])
    session.rollback()
    with pytest.raises(Refusal, match="một người"), transaction() as writing:
        undo(writing, done.id, by=None, why="Nhầm")
    with transaction() as writing:
        undo(writing, done.id, by=people.treasurer, why="Nhầm")
    assert [balance(account) for account in accounts] == before
    assert waits(session) == [line]
    assert list(faults(session)) == []


def test_an_operators_money_of_a_signed_month_is_not_taken_back(
    session: Session, settlement: int, people: People
) -> None:
    line = bank_line(359_100)
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
        service.confirm_money(writing, settlement, line, by=people.treasurer)
    month = session.get_one(BankLine, line).booked_on.replace(day=1)
    act = session.scalars(select(SettlementPayment.act)).one()
    session.rollback()
    sign("VCB1", month)
    with pytest.raises(Conflict, match="mở lại biên bản"), transaction() as writing:
        service.undo(writing, settlement, act, reason="Nhầm", by=people.treasurer)
    assert owed() == 0


def test_what_the_settlements_page_confirmed_is_undone_at_the_workbench(
    session: Session, settlement: int, people: People, signed_in: Callable[..., FlaskClient]
) -> None:
    line = bank_line(359_100)
    with transaction() as writing:
        service.accept(writing, settlement, by=people.treasurer)
    before = [balance(account) for account in ("3381", "138.mobifone")]
    with transaction() as writing:
        service.confirm_money(writing, settlement, line, by=people.treasurer)
    browser = signed_in("treasurer")
    address = f"/workbench/VCB1/lines/{line}/undo"
    panel = browser.get(f"/workbench/VCB1?line={line}").text
    assert f'href="{address}"' in panel
    assert f'href="/sms/settlements/{settlement}"' in panel
    assert address in browser.get("/workbench/log?of=all").text
    assert "Ghi đảo tiền nhà mạng đã trả 359.100 đ" in browser.get(address).text
    other = signed_in("unit-treasurer", units=["TW"])
    assert address not in other.get(f"/workbench/VCB1?line={line}").text
    data = hidden(other, "/workbench") | {"why": "Nhầm kỳ"}
    assert other.get(address).status_code == 403
    assert other.post(address, data=data).status_code == 403
    assert waits(session) == []
    data = hidden(browser, "/workbench") | {"why": "Nhầm kỳ"}
    assert browser.post(address, data=data).location == f"/workbench/VCB1?line={line}"
    assert [balance(account) for account in ("3381", "138.mobifone")] == before
    assert waits(session) == [line]
    assert list(faults(session)) == []
