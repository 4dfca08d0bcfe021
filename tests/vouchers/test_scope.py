"""Keys and units: a request makes one voucher, and nobody touches another unit's."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.db import OutOfScopeError, set_scope, transaction
from fundsvc.errors import Conflict, NotFound
from fundsvc.units import service as units
from fundsvc.vouchers import listing, service
from fundsvc.vouchers.drafting import DraftLine
from fundsvc.vouchers.models import Voucher
from tests.vouchers.conftest import JOURNAL, PAID, Desk
from tests.vouchers.standing import reasons


def test_the_same_key_adds_nothing_and_another_voucher_is_a_conflict(
    session: Session, desk: Desk
) -> None:
    with transaction() as writing:
        first = service.create(writing, PAID, key="k", by=desk.people.maker)
    with transaction() as writing:
        assert service.create(writing, PAID, key="k", by=desk.people.maker) == first
    for other in ({"party": "Ai khác"}, {"lines": PAID.lines[:1]}):
        with transaction() as writing, pytest.raises(Conflict, match="nội dung khác"):
            service.create(writing, replace(PAID, **other), key="k", by=desk.people.maker)
    session.rollback()
    assert session.scalar(select(func.count(Voucher.id))) == 1


def test_a_key_used_in_a_unit_that_is_not_seen_is_a_conflict(session: Session, desk: Desk) -> None:
    own = replace(PAID, unit="HUE")
    with transaction() as writing:
        service.create(writing, PAID, key="k", by=desk.people.maker)
    with transaction() as writing:
        set_scope(writing, {units.by_code(writing, "HUE").id})
        with pytest.raises(Conflict) as caught:
            service.create(writing, own, key="k", by=desk.people.maker)
        assert [reason.field for reason in reasons(caught)] == ["key"]
        service.create(writing, own, key="k2", by=desk.people.maker)
        set_scope(writing, None)
    session.rollback()
    assert session.scalar(select(func.count(Voucher.id))) == 2


def test_a_unit_treasurer_sees_and_touches_only_the_own_unit(session: Session, desk: Desk) -> None:
    centre = desk.draft()
    own = desk.draft(unit="HUE", lines=(DraftLine(account="6112", amount=500),))
    shared = desk.draft(JOURNAL, unit="HUE")
    hue = units.by_code(session, "HUE").id
    with transaction() as writing:
        set_scope(writing, {hue})
        told = []
        for number in (centre, 10**9):
            assert listing.one(writing, number) is None
            with pytest.raises(NotFound) as caught:
                service.submit(writing, number, 1, by=desk.people.maker)
            told.append(caught.value.reasons)
        assert told[0] == told[1]
        year = listing.Filter(date(2024, 1, 1), date(2024, 12, 31))
        assert {row.id for row in listing.page(writing, year).rows} == {own, shared}
        with pytest.raises(NotFound):
            service.create(writing, PAID, key="x", by=desk.people.maker)
        service.submit(writing, own, 1, by=desk.people.maker)
        set_scope(writing, None)


def test_a_voucher_over_units_is_not_touched_by_one_who_sees_only_one(
    session: Session, desk: Desk
) -> None:
    lines = (DraftLine(account="138", debit=5), DraftLine(account="3388", credit=5, unit="TW"))
    number = desk.draft(JOURNAL, unit="HUE", lines=lines)
    with transaction() as writing:
        set_scope(writing, {units.by_code(writing, "HUE").id})
        facts = listing.one(writing, number)
        assert facts is not None
        assert [line.unit for line in facts.lines] == ["HUE"]
        assert [line.unit for line in facts.draft.lines] == ["HUE"]
        with pytest.raises(OutOfScopeError):
            service.submit(writing, number, 1, by=desk.people.maker)
        set_scope(writing, None)
