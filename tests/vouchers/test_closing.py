"""Before a month of a unit is closed, what waits is told, wherever it was made."""

from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from fundsvc.db import set_scope, transaction
from fundsvc.periods.checklist import Item, Span
from fundsvc.units import service as units
from fundsvc.vouchers import closing, listing
from fundsvc.vouchers.drafting import DraftLine
from tests.vouchers.conftest import DAY, MOVED, PAID, Desk

SHARED = replace(
    PAID,
    kind="journal",
    description="Phân bổ chi phí",
    lines=(
        DraftLine(account="6112", debit=900),
        DraftLine(account="3381", credit=900),
        DraftLine(account="6112", debit=70, unit="HUE"),
        DraftLine(account="3381", credit=70, unit="HUE"),
    ),
)


def told(code: str = "HUE") -> dict[str, Item]:
    """What somebody who sees only this unit is told when closing September."""
    with transaction() as session:
        unit = units.by_code(session, code)
        set_scope(session, {unit.id})
        span = Span(unit.id, unit.code, date(2024, 9, 1), date(2024, 9, 30))
        found = {item.code: item for item in closing.items(session, span)}
        set_scope(session, None)
        return found


def test_a_voucher_of_the_centre_with_lines_in_the_unit_blocks_its_closing(desk: Desk) -> None:
    assert {item.count for item in told().values()} == {0}
    desk.approved(MOVED)
    item = told()["vouchers-waiting"]
    assert (item.count, item.amount, item.blocking) == (1, 40_000_000, True)
    desk.submitted(PAID, unit="HUE", lines=(DraftLine(account="6112", amount=5_000),))
    item = told()["vouchers-waiting"]
    assert (item.count, item.amount) == (2, 40_005_000)
    assert [(part.text, part.amount) for part in item.parts] == [
        ("Chờ duyệt (1 chứng từ)", 5_000),
        ("Đã duyệt (1 chứng từ)", 40_000_000),
    ]


def test_of_a_voucher_of_the_centre_only_the_units_own_lines_are_told(desk: Desk) -> None:
    desk.draft(SHARED)
    desk.draft(PAID)
    item = told()["vouchers-draft"]
    assert (item.count, item.amount, item.blocking) == (1, 70, False)
    assert told("TW")["vouchers-draft"].amount == 970 + 3_200_000
    assert told("TW")["vouchers-draft"].count == 2


def test_who_may_see_it_finds_it_listed_under_the_unit(session: Session, desk: Desk) -> None:
    centre, both = desk.draft(PAID), desk.draft(SHARED)
    own = desk.draft(PAID, unit="HUE")
    session.rollback()
    wanted = listing.Filter(DAY, DAY, unit="HUE")
    assert [row.id for row in listing.page(session, wanted).rows] == [own, both]
    assert listing.page(session, wanted).count == 2
    assert [row.id for row in listing.every(session, replace(wanted, unit="TW"))] == [both, centre]
    set_scope(session, {units.by_code(session, "HUE").id})
    assert [row.id for row in listing.page(session, wanted).rows] == [own]
    set_scope(session, None)
