"""Stripe's signature of a webhook: over the bytes as they came, by a clock near ours."""

import hashlib
import hmac
import json
import re
from datetime import datetime
from typing import Any, Final

from fundsvc.inbox.pushes import TOLERANCE, BadSignatureError, UnreadableError, read_object

_PART: Final = re.compile(r"(t|v1)=([0-9a-f]{1,128})", re.ASCII)
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID: Final = re.compile(r"evt_[A-Za-z0-9_]{1,90}", re.ASCII)
_LONGEST: Final = 2_000
ALIKE: Final = ("id", "type", "created", "livemode", "data")
"""What must be equal when an id comes again; a later attempt counts other tries."""


def check(header: str, body: bytes, secret: str, now: datetime) -> None:
    """Hold that a body is signed with our secret, neither long ago nor in the future.

    Raises:
        BadSignatureError: it is not.
    """
    parts = [_PART.fullmatch(part.strip()) for part in header[:_LONGEST].split(",")]
    told = [(part[1], part[2]) for part in parts if part]
    times = [value for name, value in told if name == "t" and _SECONDS.fullmatch(value)]
    if len(times) != 1 or not secret:
        raise BadSignatureError
    mac = hmac.new(secret.encode(), f"{times[0]}.".encode() + body, hashlib.sha256).hexdigest()
    right = [hmac.compare_digest(mac, value) for name, value in told if name == "v1"]
    if not any(right):
        raise BadSignatureError
    if abs(int(times[0]) - now.timestamp()) > TOLERANCE.total_seconds():
        raise BadSignatureError


def read_event(body: bytes) -> dict[str, Any]:
    """Return an event.

    Raises:
        UnreadableError: the body is none, or a text in it cannot be kept.
    """
    event = read_object(body)
    if event.get("object") != "event":
        raise UnreadableError(field="object")
    if not (isinstance(event.get("id"), str) and _ID.fullmatch(event["id"])):
        raise UnreadableError(field="id")
    data = event.get("data")
    if not isinstance(event.get("type"), str) or not isinstance(data, dict):
        raise UnreadableError(field="type")
    if not isinstance(data.get("object"), dict):
        raise UnreadableError(field="data")
    return event


def alike(event: dict[str, Any]) -> bytes:
    """Return what must be equal when an event comes again, by whichever way.

    Raises:
        UnreadableError: it is nested too deep.
    """
    told = {name: event.get(name) for name in ALIKE}
    try:
        return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
    except RecursionError:
        raise UnreadableError(field="body") from None
