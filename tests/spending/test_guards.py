"""The register of payments is append-only in the database, whoever asks."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.spending import service
from ledger import recipes

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payment SET amount = amount + 1",
        "DELETE FROM payment",
    ],
)
def test_a_payment_stays_as_it_was_recorded(app: Flask, statement: str) -> None:
    spent = service.Spent(
        unit="TW",
        fund="dues",
        line="admin",
        amount=1_000,
        paid_on=date(2024, 9, 20),
        payee="Văn phòng",
        purpose="Giấy bút",
    )
    with transaction() as session:
        entry = recipes.opening_balance(
            on=date(2024, 9, 1),
            unit="TW",
            fund="dues",
            amount=5_000,
            description="Số dư",
            account="111",
        )
        books.post(session, entry, source="opening", external_id="1")
        service.record_payment(session, spent)
    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(statement))
