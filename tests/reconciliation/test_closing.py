"""What the bank's lines have to show before a month is closed."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.periods import service
from fundsvc.periods.checklist import Item
from fundsvc.units import service as units
from tests.reconciliation.importing import add, file, run

pytestmark = pytest.mark.usefixtures("app", "clock")


def unmatched(session: Session, month: date) -> Item:
    session.rollback()
    made = service.plan(session, units.by_code(session, "TW"), month)
    return next(item for item in made.items if item.code == "bank-lines")


def test_a_line_that_was_closed_over_stands_in_the_next_list_too(session: Session) -> None:
    add("VCB1")
    july = "1,02/07/2024,5213.1,,200.000,,UNG HO"
    august = "1,03/08/2024,5213.2,,300.000,,UNG HO"
    run("VCB1", file(july, august), name="he.csv")
    item = unmatched(session, date(2024, 7, 1))
    assert (item.count, item.amount) == (1, 200_000)
    with transaction() as writing:
        service.close(writing, "TW", date(2024, 7, 1), by=None, seen=service.SEEN)
    item = unmatched(session, date(2024, 8, 1))
    assert (item.count, item.amount) == (2, 500_000)
