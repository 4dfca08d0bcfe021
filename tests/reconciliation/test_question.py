"""The question about lines that look known, as the page asks it."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.reconciliation.models import BankLine
from tests.reconciliation.test_pages import SignIn, book, token, upload
from tests.reconciliation.test_pages import _accounts as _accounts  # noqa: PLC0414 - a fixture

HEAD = b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
MORNING = HEAD + b"1,01/09/2024,7,,50.000,150.000,ung ho\r\n"
EVENING = HEAD + b"1,01/09/2024,7,,50.000,,ung ho\r\n1,01/09/2024,8,,10.000,210.000,x\r\n"

pytestmark = pytest.mark.usefixtures("app", "clock")


@pytest.mark.parametrize(
    ("answer", "lines"), [({"answer": "new"}, 3), ({"answer": "known"}, 2), ({"answer": "some"}, 2)]
)
def test_nothing_is_booked_before_the_question_is_answered(
    app: Flask, signed_in: SignIn, session: Session, answer: dict[str, str], lines: int
) -> None:
    client = signed_in("treasurer")
    book(client, upload(client, MORNING).location)
    address = upload(client, EVENING).location
    page = client.get(address).text
    assert "số dư nói là khoản mới" in page
    assert "Không nối tiếp tệp trước" in page
    assert book(client, address).status_code == 422
    session.rollback()
    assert session.scalar(select(func.count()).select_from(BankLine)) == 1
    asked = re.findall(r'name="asked" value="([0-9]+)"', page)
    sent = client.post(address, data={**token(client), **answer, "asked": asked})
    assert sent.status_code == 303
    session.rollback()
    assert session.scalar(select(func.count()).select_from(BankLine)) == lines
