"""The Casso v2 form: `X-Casso-Signature: t=…,v1=…` over the time and the sorted JSON.

v1 is the hex HMAC-SHA512 of `t.` and the body as compact JSON with its keys sorted, in objects
within objects too. `t` is when it was sent, in milliseconds or seconds. `data` is one line or a
list of lines.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest, new
from typing import Any, Final

from fundsvc.inbox.pushes import (
    TOLERANCE,
    BadSignatureError,
    Delivery,
    UnreadableError,
    read_object,
    text_of,
    unix_moment,
)
from fundsvc.reconciliation.gateways import (
    Form,
    Notice,
    amount_of,
    balance_of,
    moment_of,
    number_of,
    sides,
)

_HEADER: Final = "x-casso-signature"
_SIGNED: Final = re.compile(r"t=([0-9]{1,16}),v1=([0-9a-f]{128})")
_SECONDS: Final = 10
_MOST: Final = 100
_LONGEST_ID: Final = 100


def signature(secret: str, stamp: str, fields: Mapping[str, Any]) -> str:
    """Return the signature that Casso makes with the key of the webhook.

    Raises:
        UnreadableError: what is signed cannot be written again (a lone surrogate, deep nesting).
    """
    try:
        told = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        signed = f"{stamp}.{told}".encode()
    except (UnicodeEncodeError, RecursionError, ValueError):
        raise UnreadableError(field="body") from None
    return new(secret.encode(), signed, hashlib.sha512).hexdigest()


class Casso(Form):
    """How Casso tells of lines."""

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        signed = _SIGNED.fullmatch(delivery.headers.get(_HEADER, ""))
        if signed is None:
            raise BadSignatureError
        fields = read_object(delivery.body)
        stamp, given = signed.groups()
        good = [signature(secret, stamp, fields) for secret in secrets]
        if not any(compare_digest(one, given) for one in good):
            raise BadSignatureError
        seconds = stamp[:-3] if len(stamp) > _SECONDS else stamp
        if abs(unix_moment({"t": seconds}, "t") - now) > TOLERANCE:
            raise UnreadableError(field=_HEADER)
        lines = self._lines(fields)
        ids = [number_of(line, "id") for line in lines]
        told = "-".join(ids)
        if len(told) > _LONGEST_ID:
            return hashlib.sha256(told.encode()).hexdigest()
        return told or "none"

    def notices(self, body: bytes) -> list[Notice]:
        return [self._notice(line) for line in self._lines(read_object(body))]

    @staticmethod
    def _lines(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        data = fields.get("data")
        told = data if isinstance(data, list) else [data]
        lines = [line for line in told if isinstance(line, dict)]
        if len(told) > _MOST or len(lines) != len(told):
            raise UnreadableError(field="data")
        return lines

    @staticmethod
    def _notice(line: Mapping[str, Any]) -> Notice:
        debit, credit = sides(amount_of(line, "amount"), "amount")
        booked_on, at_time = moment_of(line, "transactionDateTime")
        return Notice(
            id=number_of(line, "id"),
            account_number=text_of(line, "accountNumber"),
            booked_on=booked_on,
            at_time=at_time,
            memo=text_of(line, "description", ""),
            debit=debit,
            credit=credit,
            reference=text_of(line, "reference", ""),
            counterparty=text_of(line, "counterAccountName", ""),
            balance=balance_of(line, "runningBalance"),
        )


FORM: Final = Casso()
