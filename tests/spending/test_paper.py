"""Whom a payment went to is sealed with its entry: no change of its row stays unseen."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.db import read_session, transaction
from fundsvc.seals import proofs
from fundsvc.seals.service import seal_new
from fundsvc.spending import service
from fundsvc.spending import verify as spending
from fundsvc.spending.models import Payment
from fundsvc.spending.paper import PAPER
from tests.seals.mutations import guards_off, undone
from tests.support.brought import bring

pytestmark = pytest.mark.usefixtures("clock")
SPENT: Final = service.Spent(
    unit="TW",
    fund="nghia-tinh",
    line="house",
    amount=80_000_000,
    paid_on=date(2024, 9, 10),
    payee="Trần Thị Hường",
    purpose="Làm nhà tình nghĩa",
    province="2025:44",
)
KEPT: Final = {
    "id": "is how the row is found",
    "entry_id": "leads to the commitment",
    "salt": "is the key",
}
_PAYMENTS: Final[Any] = Payment.__table__


@pytest.fixture
def payment(app: Flask) -> int:
    """A payment out of the cash box of the centre."""
    bring(100_000_000, date(2024, 9, 1))
    with transaction() as session:
        return service.record_payment(session, SPENT).id


@pytest.fixture
def sealed(payment: int) -> int:
    """The same, sealed, with no guard left."""
    seal_new()
    guards_off()
    return payment


def changes(session: Session, payment: int) -> Iterator[tuple[str, Any]]:
    row = session.execute(select(_PAYMENTS).where(_PAYMENTS.c.id == payment)).one()._mapping
    for name in PAPER.said:
        match row[name]:
            case datetime() as there:
                yield name, there + timedelta(microseconds=1)
            case date() as there:
                yield name, there + timedelta(days=1)
            case int() as there:
                yield name, there + 1
            case None:
                yield name, 1
            case there:
                yield name, f"{there}x"


def test_the_form_is_told_to_auditors() -> None:
    told = (Path(__file__).parents[2] / "docs" / "seals.md").read_text(encoding="utf-8")
    assert f"| `{PAPER.form}` | {', '.join(PAPER.said)} |" in told


def test_every_column_is_sealed_or_said_not_to_be() -> None:
    assert {*PAPER.said, *KEPT} == set(_PAYMENTS.c.keys())


def test_every_change_is_found_and_the_payment_named(sealed: int) -> None:
    assert list(verify.faults(read_session())) == []
    for name, value in changes(read_session(), sealed):
        with undone(read_session()) as session:
            change = update(_PAYMENTS).where(_PAYMENTS.c.id == sealed).values({name: value})
            session.execute(change)
            found = {(fault.rule, fault.place) for fault in spending.faults(session)}
            assert ("payment-paper", f"payment:{sealed}") in found, name
    with undone(read_session()) as session:
        session.execute(text("UPDATE payment SET payee = 'Kẻ Gian'"))
        assert [fault.text for fault in verify.faults(session)] == [
            f"Khoản chi {sealed} (80.000.000 đ, ngày 10/09/2024): nội dung khác với khi ghi sổ."
        ]
    assert list(verify.faults(read_session())) == [], "nothing was left changed"


def test_without_salt_or_commitment_it_is_a_fault(sealed: int) -> None:
    for statement in (
        "UPDATE payment SET salt = NULL",
        "UPDATE payment SET salt = '00000000000000000000000000000000'",
        "DELETE FROM entry_donor",
    ):
        with undone(read_session()) as session:
            session.execute(text(statement))
            found = [fault.rule for fault in spending.faults(session)]
            assert found == ["payment-paper"], statement


def test_what_was_recorded_before_is_held_against_its_entry(payment: int) -> None:
    guards_off()
    with transaction() as session:
        session.execute(text("UPDATE payment SET salt = NULL"))
        session.execute(text("DELETE FROM entry_donor"))
    seal_new()
    assert list(verify.faults(read_session())) == []
    for statement in (
        "UPDATE payment SET purpose = 'Việc khác'",
        "UPDATE payment SET key = 'khác'",
        "UPDATE payment SET recorded_by = 7",
    ):
        with undone(read_session()) as session:
            session.execute(text(statement))
            found = [fault.rule for fault in spending.faults(session)]
            assert found == ["payment-entry"], statement


def test_the_payee_is_not_in_the_leaf(payment: int, session: Session) -> None:
    seal_new()
    entry = session.get_one(Payment, payment).entry_id
    assert "Hường" not in proofs.proof(session, entry)["hashed"]


def test_no_payment_comes_without_a_salt(payment: int) -> None:
    names = [name for name in _PAYMENTS.c.keys() if name not in {"id", "key", "entry_id", "salt"}]  # noqa: SIM118
    columns = ", ".join(names)
    for salt in ("NULL", "''", f"'{'AB' * 16}'"):
        with pytest.raises(DBAPIError, match="payment_salt"), transaction() as session:
            session.execute(
                text(
                    f"INSERT INTO payment (id, key, entry_id, salt, {columns})"
                    f" SELECT 99, 'other', 1, {salt}, {columns} FROM payment"
                )
            )
