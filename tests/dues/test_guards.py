"""The register of totals is append-only in the database, whoever asks."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import transaction
from fundsvc.dues import service

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE dues_total SET amount = amount + 1",
        "DELETE FROM dues_total",
    ],
)
def test_a_total_stays_as_it_was_recorded(app: Flask, statement: str) -> None:
    total = service.Total("TW", "dues", date(2024, 9, 1), 1_000, date(2024, 9, 20))
    with transaction() as session:
        service.record_total(session, total)
    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(text(statement))
