"""A payout of card money decided at the workbench, and taken back there."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Conflict
from fundsvc.online import arrivals, handling
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankLine
from fundsvc.verify import faults
from fundsvc.workbench import choices
from fundsvc.workbench.decisions import decide, undo
from tests.online.conftest import Give, Tell
from tests.online.seen import balances, bank_line
from tests.online.test_guards import refused
from tests.support.forms import hidden
from tests.support.signing import sign
from tests.support.stripe import FakeStripe

pytestmark = pytest.mark.usefixtures("clock")


def test_a_payout_is_decided_taken_back_and_decided_again(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    line = bank_line(479_000)
    payout = session.scalars(select(CardPayout.id)).one()
    before = balances(session)
    for key in ("k1", "k2"):
        with transaction() as writing:
            done = decide(writing, line, choices.PaidOut(payout), by=None, key=key)
        assert balances(session)["112.TWNT"] == 479_000
        assert "3381" not in balances(session)
        assert list(faults(session)) == []
        session.rollback()
        with transaction() as writing:
            undo(writing, done.id, by=None, why="Nhầm")
        assert balances(session) == before
        assert list(session.scalars(select(BankLine.id).where(decided.waiting()))) == [line]
        assert list(faults(session)) == []
        session.rollback()


def test_guard_a_payout_leaves_its_line_only_with_a_reversal(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    line = bank_line(479_000)
    payout = session.scalars(select(CardPayout.id)).one()
    with transaction() as writing:
        decide(writing, line, choices.PaidOut(payout), by=None, key="k1")
    leaves = "UPDATE card_payout SET state = 'sent', bank_line_id = NULL, arrival_entry_id = NULL"
    refused("card_payout_kept", leaves)


def test_a_payout_of_a_signed_month_does_not_leave_its_line(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    line = bank_line(479_000)
    payout = session.scalars(select(CardPayout.id)).one()
    with transaction() as writing:
        arrivals.match(writing, payout, line, by=None)
    month = session.get_one(BankLine, line).booked_on.replace(day=1)
    session.rollback()
    sign("TWNT", month)
    with pytest.raises(Conflict, match="mở lại biên bản"), transaction() as writing:
        arrivals.unmatch(writing, payout, reason="Nhầm", by=None)


@pytest.mark.parametrize("held", [True, False])
def test_a_line_that_a_person_spoke_of_is_not_matched_by_itself(
    fake: FakeStripe, begin: Give, tell: Tell, session: Session, held: bool
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    line = bank_line(479_000)
    payout = session.scalars(select(CardPayout.id)).one()
    session.rollback()
    choice = choices.Held("chờ hỏi") if held else choices.PaidOut(payout)
    with transaction() as writing:
        done = decide(writing, line, choice, by=None, key="k1")
    if not held:
        with transaction() as writing:
            undo(writing, done.id, by=None, why="không phải đợt này")
    assert handling.match_all() == 0
    with transaction() as writing:
        assert arrivals.match(writing, payout, line, by=1).state == "arrived", "a person may"


def test_a_payout_that_was_matched_is_undone_at_the_workbench(
    fake: FakeStripe,
    begin: Give,
    tell: Tell,
    session: Session,
    signed_in: Callable[..., FlaskClient],
) -> None:
    fake.pay(begin())
    fake.payout()
    tell()
    line = bank_line(479_000)
    before = balances(session)
    payout = session.scalars(select(CardPayout.id)).one()
    with transaction() as writing:
        arrivals.match(writing, payout, line, by=None)
    browser = signed_in("treasurer")
    address = f"/workbench/TWNT/lines/{line}/undo"
    assert f'href="{address}"' in browser.get(f"/workbench/TWNT?line={line}").text
    assert address in browser.get("/workbench/log?of=all").text
    assert "Ghi đảo tiền đợt chuyển 479.000 đ" in browser.get(address).text
    data = hidden(browser, "/workbench") | {"why": "Nhầm"}
    assert browser.post(address, data=data).location == f"/workbench/TWNT?line={line}"
    assert balances(session) == before
    session.rollback()
    assert session.scalars(select(CardPayout.state)).one() == "sent"
    assert list(session.scalars(select(BankLine.id).where(decided.waiting()))) == [line]
    assert list(faults(session)) == []
