"""What tests of the pages of vouchers share: forms filled in, buttons pressed, what came of it."""

import re
from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.vouchers.models import Voucher
from tests.support.forms import hidden, send

SignedIn = Callable[..., FlaskClient]
PAID = {
    "kind": "cash-out",
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "20/09/2024",
    "party": "Trần Thị Hường",
    "party_address": "Xã Hướng Việt",
    "description": "Làm nhà tình nghĩa <xã Hướng Việt>",
    "enclosed": "02 hóa đơn",
    "province": "2025:44",
    "account-1": "6111",
    "amount-1": "80 000 000",
    "account-2": "642",
    "amount-2": "500.000",
}
RECEIVED = PAID | {
    "kind": "cash-in",
    "account-1": "7118",
    "amount-1": "1.234.567",
    "account-2": "",
    "amount-2": "",
}
JOURNAL = {
    "kind": "journal",
    "unit": "TW",
    "fund": "nghia-tinh",
    "date": "20/09/2024",
    "description": "Phân loại lại khoản chi",
    "account-1": "6112",
    "debit-1": "1.000.000",
    "account-2": "6111",
    "credit-2": "1.000.000",
}
TRANSFER = {
    "kind": "transfer",
    "unit": "TW",
    "fund": "nghia-tinh",
    "to_unit": "TW",
    "to_fund": "dues",
    "amount": "5.000.000",
    "till": "111",
    "to_till": "111",
    "date": "20/09/2024",
    "description": "Chuyển theo nghị quyết",
    "resolution": "15/NQ-BCH",
    "resolution_on": "02/09/2024",
}


def write(client: FlaskClient, fields: dict[str, str], act: str = "submit") -> int:
    """Fill in a form and send it; return the voucher's number in addresses."""
    page = f"/vouchers/new?kind={fields['kind']}"
    key = hidden(client, page)["key"]
    answer = send(client, page, **fields, key=key, act=act)
    assert answer.status_code == 303, re.findall(r"field__error.*?</p>|<li>.*?</li>", answer.text)
    return int(answer.location.rpartition("/")[2])


def do(client: FlaskClient, voucher: int, act: str, **fields: str) -> TestResponse:
    """Press a button on the page of a voucher."""
    version = hidden(client, f"/vouchers/{voucher}").get("version", "1")
    return send(
        client,
        f"/vouchers/{voucher}",
        f"/vouchers/{voucher}/{act}",
        **({"version": version} | fields),
    )


def posted(signed_in: SignedIn, fields: dict[str, str]) -> tuple[FlaskClient, int]:
    """Take a voucher all the way into the books."""
    maker, approver = signed_in("treasurer"), signed_in("approver")
    voucher = write(maker, fields)
    assert do(approver, voucher, "approve", post="1").status_code == 303
    return maker, voucher


def state(session: Session, voucher: int) -> str:
    session.rollback()
    return session.scalars(select(Voucher.state).where(Voucher.id == voucher)).one()


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Voucher)) or 0
