"""The SePay form: a JSON object by POST with the key in a header, `Authorization: Apikey …`.

SePay tries at most seven times within about half an hour: a line can be lost, so the bank's
statement stays the source of truth. The key signs nothing; it goes over https only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from fundsvc.inbox.pushes import (
    BadSignatureError,
    Delivery,
    UnreadableError,
    read_object,
    text_of,
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

_SCHEME: Final = "apikey "
_SIGNS: Final = {"in": 1, "out": -1}


class Sepay(Form):
    """How SePay tells of a line."""

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        given = delivery.headers.get("authorization", "")
        key = given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else ""
        sent = key.encode(errors="surrogatepass")
        if not any(compare_digest(secret.encode(), sent) for secret in secrets):
            raise BadSignatureError
        return number_of(read_object(delivery.body), "id")

    def notices(self, body: bytes) -> list[Notice]:
        fields = read_object(body)
        sign = _SIGNS.get(text_of(fields, "transferType"))
        amount = amount_of(fields, "transferAmount")
        if sign is None:
            raise UnreadableError(field="transferType")
        if amount < 0:
            raise UnreadableError(field="transferAmount")
        debit, credit = sides(sign * amount, "transferAmount")
        booked_on, at_time = moment_of(fields, "transactionDate")
        return [
            Notice(
                id=number_of(fields, "id"),
                account_number=text_of(fields, "accountNumber"),
                booked_on=booked_on,
                at_time=at_time,
                memo=text_of(fields, "content", ""),
                debit=debit,
                credit=credit,
                reference=text_of(fields, "referenceCode", ""),
                counterparty="",
                balance=balance_of(fields, "accumulated"),
            )
        ]


FORM: Final = Sepay()
