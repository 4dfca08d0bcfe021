"""The form of the Standard Webhooks specification: signed are the id, the time and every byte.

For a portal of one's own, and for any gateway that can be told how to push. The body is a JSON
object `{"type": "sms.received", "timestamp": …, "data": {…}}`, `data` with the columns of
operators' files. Each attempt has the same `webhook-id`; `webhook-timestamp` is when it was sent,
so one that is more than five minutes away is refused, ahead or behind. A secret is `whsec_` and 24
to 64 bytes in base64; the sender may sign with several (`v1,… v1,…`) while one replaces another.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest, new
from typing import Any, Final

from fundsvc.inbox.pushes import (
    STATUS,
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

TYPE: Final = "sms.received"
PREFIX: Final = "whsec_"
SHORTEST, LONGEST = 24, 64
_NEEDED: Final = ("msisdn", "short_code", "received_at")
_OPTIONAL: Final = ("message", "amount", "status", "province")


def signature(secret: str, external_id: str, seconds: str, body: bytes) -> str:
    """Return the signature of a delivery as its header has it."""
    signed = f"{external_id}.{seconds}.".encode() + body
    return "v1," + b64encode(new(_key(secret), signed, hashlib.sha256).digest()).decode()


class Standard(Form):
    """How gateways push that keep to the specification."""

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        headers = delivery.headers
        external_id = id_of(headers, "webhook-id")
        seconds = text_of(headers, "webhook-timestamp")
        sent_at = unix_moment(headers, "webhook-timestamp")
        given = text_of(headers, "webhook-signature", "").encode(errors="replace").split(b" ")
        good = [signature(key, external_id, seconds, delivery.body).encode() for key in secrets]
        if not any(compare_digest(one, other) for one in good for other in given):
            raise BadSignatureError
        if abs(sent_at - now) > TOLERANCE:
            raise UnreadableError(field="webhook-timestamp")
        return external_id

    def row(self, body: bytes, settings: Mapping[str, Any]) -> Row:
        told = read_object(body)
        fields = told.get("data")
        if told.get("type") != TYPE:
            raise UnreadableError(field="type")
        if not isinstance(fields, dict):
            raise UnreadableError(field="data")
        return {
            "operator": text_of(fields, "operator").strip().lower(),
            "request_id": id_of(fields, "request_id"),
            **{name: text_of(fields, name) for name in _NEEDED},
            **{name: text_of(fields, name, "") for name in _OPTIONAL},
        }

    def answer(self, told: Told, body: bytes) -> Answer:
        if STATUS[told] < 400:  # noqa: PLR2004 - where HTTP's refusals begin
            return Answer(json.dumps({"status": told.value}))
        refused = {"type": "about:blank", "title": told.value, "status": STATUS[told]}
        return Answer(json.dumps(refused), "application/problem+json")

    def takes(self, secret: str) -> bool:
        try:
            return SHORTEST <= len(_key(secret)) <= LONGEST
        except ValueError:
            return False


def _key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(PREFIX), validate=True)


FORM: Final = Standard()
