"""The form of a bank's own feed: JSON by POST, `Authorization: Bearer …`, `Idempotency-Key: …`.

The token signs nothing; it goes over https only. A line has the bank's own id, by which it is known
again; `amount` is below 0 when money went out.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hmac import compare_digest
from typing import Any, ClassVar, Final

from fundsvc.inbox.pushes import (
    BadSignatureError,
    Delivery,
    UnreadableError,
    id_of,
    read_object,
    text_of,
)
from fundsvc.reconciliation.gateways import Form, Notice, amount_of, sides

MOST: Final = 200
LONGEST_KEY: Final = 80
_SCHEME: Final = "bearer "
_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")


class Feed(Form):
    """How a bank, or a programme beside it, tells of lines itself."""

    of_one_account: ClassVar[bool] = True

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        self.hold_token(delivery.headers.get("authorization", ""), secrets)
        key = delivery.headers.get("idempotency-key", "")
        if not _KEY.fullmatch(key):
            raise UnreadableError(field="Idempotency-Key")
        self.notices(delivery.body)
        return key

    @staticmethod
    def hold_token(given: str, secrets: Sequence[str]) -> None:
        """Hold that a header carries one of the secrets.

        Raises:
            BadSignatureError: it does not.
        """
        token = given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else ""
        sent = token.encode(errors="surrogatepass")
        if not any(compare_digest(secret.encode(), sent) for secret in secrets):
            raise BadSignatureError

    def notices(self, body: bytes) -> list[Notice]:
        fields = read_object(body)
        lines = fields.get("lines")
        if not isinstance(lines, list) or not 1 <= len(lines) <= MOST:
            raise UnreadableError(field="lines")
        return [self._notice(text_of(fields, "account_number"), line) for line in lines]

    @staticmethod
    def _notice(number: str, line: object) -> Notice:
        if not isinstance(line, dict):
            raise UnreadableError(field="lines")
        debit, credit = sides(amount_of(line, "amount"), "amount")
        at_time = text_of(line, "at_time", "")
        if at_time and not _TIME.fullmatch(at_time):
            raise UnreadableError(field="at_time")
        balance = amount_of(line, "balance") if line.get("balance") is not None else None
        return Notice(
            id=id_of(line, "id"),
            account_number=number,
            booked_on=_day(line),
            at_time=at_time,
            memo=text_of(line, "memo", ""),
            debit=debit,
            credit=credit,
            reference=text_of(line, "reference", ""),
            counterparty=text_of(line, "counterparty", ""),
            balance=balance,
        )


def _day(line: Mapping[str, Any]) -> date:
    raw = text_of(line, "booked_on")
    try:
        if _DAY.fullmatch(raw):
            return date.fromisoformat(raw)
    except ValueError:
        pass
    raise UnreadableError(field="booked_on")


FORM: Final = Feed()
