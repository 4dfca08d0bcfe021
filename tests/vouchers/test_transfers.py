"""Money between funds and units: by resolution, and never more than a restricted fund has."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from fundsvc.books import netbalance
from fundsvc.books import service as books
from fundsvc.books.models import Fund
from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.units import service as units
from fundsvc.vouchers import service
from fundsvc.vouchers.drafting import Draft, DraftLine
from tests.vouchers.conftest import DAY, MOVED, PAID, Desk, bring, journal


def net(session: Session, unit: str, since: date = DAY) -> tuple[int, date]:
    session.rollback()
    fund = session.query(Fund).filter_by(code="nghia-tinh").one()
    unit_id = units.by_code(session, unit).id
    low = netbalance.lowest(session, fund_id=fund.id, unit_id=unit_id, since=since)
    return low.amount, low.on


def fields(caught: pytest.ExceptionInfo[Refusal]) -> list[str | None]:
    return [reason.field for reason in caught.value.reasons]


def test_a_transfer_needs_its_resolution_amount_and_receiver(desk: Desk) -> None:
    lacking: tuple[tuple[dict[str, Any], str], ...] = (
        ({"resolution": None}, "resolution"),
        ({"resolution": " "}, "resolution"),
        ({"resolution_on": None}, "resolution_on"),
        ({"resolution_on": date(2024, 9, 11)}, "resolution_on"),
        ({"amount": 0}, "amount"),
        ({"to_unit": "TW"}, "to_fund"),
    )
    for other, field in lacking:
        number = desk.draft(MOVED, **other)
        with pytest.raises(Refusal) as caught:
            desk.act("submit", number)
        assert fields(caught) == [field]


def test_what_cannot_be_a_transfer_is_refused_with_its_place(desk: Desk) -> None:
    wrong: tuple[tuple[dict[str, Any], str], ...] = (
        ({"to_fund": "x"}, "to_fund"),
        ({"to_unit": "x"}, "to_unit"),
        ({"till": "111"}, "to_till"),
        ({"to_till": "111"}, "till"),
        ({"till": "111", "to_till": "112.TWNT"}, "to_till"),
        ({"till": "112.HUENT", "to_till": "111"}, "till"),
    )
    for other, field in wrong:
        with pytest.raises(Refusal) as caught:
            desk.draft(MOVED, **other)
        assert fields(caught) == [field]


def test_a_restricted_fund_never_goes_below_zero(session: Session, desk: Desk) -> None:
    assert net(session, "TW") == (150_000_000, DAY)
    told = r"Quỹ Nghĩa tình .* đến ngày 10/09/2024 còn 150\.000\.000 đ, thiếu 1 đ"
    number = desk.draft(MOVED, amount=150_000_001)
    with pytest.raises(Refusal, match=told) as caught:
        desk.act("submit", number)
    assert fields(caught) == ["amount"]
    desk.posted(MOVED, amount=150_000_000)
    assert (net(session, "TW")[0], net(session, "HUE")[0]) == (0, 157_000_000)


def test_money_of_later_days_does_not_help_and_what_left_later_is_gone(
    session: Session, desk: Desk
) -> None:
    bring(30_000_000, on=date(2024, 9, 20))
    number = desk.draft(MOVED, amount=160_000_000)
    with pytest.raises(Refusal, match=r"10/09/2024 còn 150\.000\.000 đ"):
        desk.act("submit", number)
    later = date(2024, 9, 15)
    desk.posted(PAID, date=later, lines=(DraftLine(account="6111", amount=90_000_000),))
    assert net(session, "TW") == (60_000_000, later)
    number = desk.draft(MOVED, amount=70_000_000)
    with pytest.raises(Refusal, match=r"15/09/2024 còn 60\.000\.000 đ, thiếu 10\.000\.000 đ"):
        desk.act("submit", number)


def test_an_unrestricted_fund_may_owe_but_a_till_never_lacks(session: Session, desk: Desk) -> None:
    desk.posted(MOVED, fund="dues", to_fund="dues", amount=5_000)
    bring(1_000, fund="dues")
    number = desk.draft(MOVED, fund="dues", to_fund="dues", till="111", to_till="111", amount=1_001)
    with pytest.raises(Refusal, match="thiếu 1 đ"):
        desk.act("submit", number)


def test_a_debt_between_units_is_settled_by_bank_slips(session: Session, desk: Desk) -> None:
    desk.posted(MOVED)
    settle = replace(PAID, lines=(DraftLine(account="336", amount=40_000_000),), party="")
    desk.posted(replace(settle, kind="bank-out", till="112.TWNT"))
    arrive = replace(settle, unit="HUE", lines=(DraftLine(account="136", amount=40_000_000),))
    desk.posted(replace(arrive, kind="bank-in", till="112.HUENT"))
    session.rollback()
    for account, unit in (("336", "TW"), ("136", "HUE")):
        assert books.balance(session, account=account, fund="nghia-tinh", unit=unit) == 0


def test_a_transfer_is_not_taken_back_from_a_fund_that_spent_it(
    session: Session, desk: Desk
) -> None:
    number, _done = desk.posted(MOVED, till="111", to_till="112.HUENT")
    house = (DraftLine(account="6111", amount=39_000_000),)
    desk.posted(PAID, unit="HUE", kind="bank-out", till="112.HUENT", lines=house)
    with transaction() as writing, pytest.raises(Refusal, match=r"thiếu 32\.000\.000 đ"):
        service.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    bring(32_000_000, unit="HUE", account="111")
    with transaction() as writing, pytest.raises(Refusal, match=r"còn 1\.000\.000 đ"):
        service.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    bring(39_000_000, unit="HUE", account="112.HUENT")
    with transaction() as writing:
        gone = service.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    assert gone.new


def shifted(amount: int) -> Draft:
    """Money given up by one fund and gained by another, over accounts that no rule names."""
    return journal(
        ("nghia-tinh/TW", "N", "811", amount),
        ("nghia-tinh/TW", "C", "3381", amount),
        ("dues/TW", "N", "138", amount),
        ("dues/TW", "C", "7118", amount),
    )


def test_a_journal_over_several_funds_leaves_no_restricted_one_below_zero(
    session: Session, desk: Desk
) -> None:
    number = desk.draft(shifted(150_000_001))
    with pytest.raises(Refusal, match=r"còn 150\.000\.000 đ, thiếu 1 đ") as caught:
        desk.act("submit", number)
    assert fields(caught) == ["lines"]
    desk.posted(shifted(150_000_000))
    assert net(session, "TW")[0] == 0


def test_a_journal_is_not_taken_back_from_a_fund_that_spent_it(desk: Desk) -> None:
    number, _done = desk.posted(
        journal(
            ("dues/TW", "N", "811", 9_000_000),
            ("dues/TW", "C", "3381", 9_000_000),
            ("nghia-tinh/HUE", "N", "138", 9_000_000),
            ("nghia-tinh/HUE", "C", "7118", 9_000_000),
        )
    )
    desk.posted(PAID, unit="HUE", lines=(DraftLine(account="6111", amount=7_000_000),))
    bring(5_000_000, unit="HUE", on=DAY)
    desk.posted(PAID, unit="HUE", lines=(DraftLine(account="6111", amount=5_000_000),))
    desk.posted(journal(("nghia-tinh/HUE", "N", "811", 1), ("nghia-tinh/HUE", "C", "3381", 1)))
    with transaction() as writing, pytest.raises(Refusal, match="thiếu 1 đ") as caught:
        service.reverse(writing, number, on=None, reason="Nhầm", by=desk.people.maker)
    assert fields(caught) == ["date"]
