"""The V-COM form: a JSON object by POST, answered with a code in the body.

The checksum covers neither the message nor the short code nor the operator: whoever has seen one
good push can send it again with another text. And what it covers has no marks between the fields:
so that none can lend its digits to the next, the client id must be the gateway's own, and the phone
a number of Vietnam with its nine digits. So the first that came stays, another text under its
id is an alarm and books nothing, and in the end the operator's own file decides.

`type` is `new`, or `recovery` for one that is sent again because we may lack it: the inbox has it,
or takes it now, so both are handled alike. The time is when the sender wrote, however long ago, so
only one that lies ahead of our clock is refused.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final

from fundsvc.inbox.pushes import (
    TOLERANCE,
    Answer,
    BadSignatureError,
    Delivery,
    Told,
    UnreadableError,
    id_of,
    read_object,
    text_of,
    unix_moment,
)
from fundsvc.sms.gateways import Form, Row

OPERATORS: Final = {
    "VT": "viettel",
    "VN": "vinaphone",
    "MB": "mobifone",
    "HT": "vietnamobile",
}
_PHONE: Final = re.compile(r"(84|0)[0-9]{9}")
CODES: Final = {
    Told.KEPT: 200,
    Told.DUPLICATE: 104,
    Told.UNSIGNED: 106,
    Told.UNREADABLE: 400,
    Told.TOO_LARGE: 413,
}


def checksum(fields: Mapping[str, Any], secret: str) -> str:
    """Return the checksum that V-COM makes with its secure key."""
    signed = "".join(text_of(fields, name) for name in ("client_id", "request_id", "phone"))
    signed += secret + text_of(fields, "time")
    return b64encode(hashlib.sha256(signed.encode(errors="surrogatepass")).digest()).decode()


class Vcom(Form):
    """How V-COM pushes."""

    names_client = True

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        fields = read_object(delivery.body)
        given = text_of(fields, "checksum", "").encode(errors="surrogatepass")
        if not any(compare_digest(checksum(fields, key).encode(), given) for key in secrets):
            raise BadSignatureError
        if text_of(fields, "client_id") != settings.get("client_id"):
            raise BadSignatureError
        if not _PHONE.fullmatch(text_of(fields, "phone")):
            raise UnreadableError(field="phone")
        if unix_moment(fields, "time") > now + TOLERANCE:
            raise UnreadableError(field="time")
        return id_of(fields, "request_id")

    def row(self, body: bytes, settings: Mapping[str, Any]) -> Row:
        fields = read_object(body)
        operator = text_of(fields, "telco").strip().upper()
        return {
            "operator": OPERATORS.get(operator, operator.lower()),
            "request_id": id_of(fields, "request_id"),
            "msisdn": text_of(fields, "phone"),
            "short_code": text_of(fields, "service_id"),
            "message": text_of(fields, "message", ""),
            "received_at": unix_moment(fields, "time").isoformat(),
        }

    def answer(self, told: Told, body: bytes) -> Answer:
        return Answer(json.dumps({"data": {"code": CODES[told]}}))


FORM: Final = Vcom()
