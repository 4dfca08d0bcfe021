"""The payOS form: `data` signed by the hex HMAC-SHA256 of its fields as `key=value&…`, keys sorted.

What is empty in JSON (`null`) is signed as nothing. payOS tells of money in only, and signs neither
the time of sending nor the answer `success` around the data; the inbox's own key stops replays.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest, new
from typing import Any, Final

from fundsvc.inbox.pushes import (
    BadSignatureError,
    Delivery,
    UnreadableError,
    id_of,
    read_object,
    text_of,
)
from fundsvc.reconciliation.gateways import Form, Notice, amount_of, moment_of, sides

_PAID: Final = "00"


def signature(secret: str, data: Mapping[str, Any]) -> str:
    """Return the signature that payOS makes with the checksum key.

    Raises:
        UnreadableError: what is signed cannot be written again.
    """
    try:
        signed = "&".join(f"{name}={_written(data[name])}" for name in sorted(data)).encode()
    except (UnicodeEncodeError, RecursionError, ValueError):
        raise UnreadableError(field="data") from None
    return new(secret.encode(), signed, hashlib.sha256).hexdigest()


class Payos(Form):
    """How payOS tells of a payment."""

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        fields = read_object(delivery.body)
        data = self._data(fields)
        given = text_of(fields, "signature", "").encode(errors="surrogatepass")
        if not any(compare_digest(signature(key, data).encode(), given) for key in secrets):
            raise BadSignatureError
        return id_of(data, "reference")

    def notices(self, body: bytes) -> list[Notice]:
        data = self._data(read_object(body))
        if text_of(data, "code") != _PAID:
            return []
        amount = amount_of(data, "amount")
        if amount < 0 or text_of(data, "currency", "VND") != "VND":
            raise UnreadableError(field="amount")
        debit, credit = sides(amount, "amount")
        booked_on, at_time = moment_of(data, "transactionDateTime")
        return [
            Notice(
                id=id_of(data, "reference"),
                account_number=text_of(data, "accountNumber"),
                booked_on=booked_on,
                at_time=at_time,
                memo=text_of(data, "description", ""),
                debit=debit,
                credit=credit,
                reference=id_of(data, "reference"),
                counterparty=text_of(data, "counterAccountName", ""),
                balance=None,
            )
        ]

    @staticmethod
    def _data(fields: Mapping[str, Any]) -> dict[str, Any]:
        data = fields.get("data")
        if not isinstance(data, dict):
            raise UnreadableError(field="data")
        return data


def _written(value: object) -> str:
    if value is None or value in {"undefined", "null"}:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


FORM: Final = Payos()
