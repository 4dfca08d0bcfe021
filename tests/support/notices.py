"""Lines of a bank as gateways tell of them, signed by hand: nothing of the adapters is used."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

KEY = "khoa-thu-1a54716c8f0e"


@dataclass(frozen=True, slots=True)
class Made:
    """A notice ready to be sent."""

    gateway: str
    body: bytes
    headers: dict[str, str]

    def send(self, client: FlaskClient) -> TestResponse:
        """Send it by Flask's test client."""
        return client.post(
            f"/webhooks/bank/{self.gateway}",
            data=self.body,
            headers=self.headers,
            content_type="application/json",
        )


def sepay(
    number: int, amount: int, content: str, at: str, *, key: str = KEY, **changed: Any
) -> Made:
    """Tell of a line as SePay does; a negative amount is money out."""
    fields = {
        "id": number,
        "gateway": "Vietcombank",
        "transactionDate": at,
        "accountNumber": "0011004455",
        "code": None,
        "content": content,
        "transferType": "in" if amount > 0 else "out",
        "transferAmount": abs(amount),
        "accumulated": 0,
        "subAccount": None,
        "referenceCode": "",
        "description": "",
        **changed,
    }
    return Made("sepay", json.dumps(fields).encode(), {"Authorization": f"Apikey {key}"})


def casso(lines: list[dict[str, Any]] | dict[str, Any], now: datetime, *, key: str = KEY) -> Made:
    """Tell of lines as Casso does, sent now."""
    fields = {"error": 0, "data": lines}
    stamp = str(int(now.timestamp() * 1000))
    told = json.dumps(_sorted(fields), separators=(",", ":"), ensure_ascii=False)
    signed = hmac.new(key.encode(), f"{stamp}.{told}".encode(), hashlib.sha512).hexdigest()
    headers = {"X-Casso-Signature": f"t={stamp},v1={signed}"}
    return Made("casso", json.dumps(fields).encode(), headers)


def casso_line(number: int, amount: int, content: str, at: str, **changed: Any) -> dict[str, Any]:
    """Return a line as Casso writes it."""
    return {
        "id": number,
        "reference": "",
        "description": content,
        "amount": amount,
        "runningBalance": 0,
        "transactionDateTime": at,
        "accountNumber": "0011004455",
        "bankName": "VCB",
        "counterAccountName": "",
        **changed,
    }


def payos(
    reference: str, amount: int, content: str, at: str, *, key: str = KEY, **changed: Any
) -> Made:
    """Tell of a payment as payOS does."""
    data = {
        "orderCode": 1,
        "amount": amount,
        "description": content,
        "accountNumber": "0011004455",
        "reference": reference,
        "transactionDateTime": at,
        "currency": "VND",
        "code": "00",
        "desc": "Thành công",
        "counterAccountName": None,
        **changed,
    }
    signed = "&".join(f"{name}={'' if data[name] is None else data[name]}" for name in sorted(data))
    told = hmac.new(key.encode(), signed.encode(), hashlib.sha256).hexdigest()
    fields = {"code": "00", "desc": "success", "success": True, "data": data, "signature": told}
    return Made("payos", json.dumps(fields).encode(), {})


def _sorted(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: _sorted(told[name]) for name in sorted(told)}
    return [_sorted(one) for one in told] if isinstance(told, list) else told
