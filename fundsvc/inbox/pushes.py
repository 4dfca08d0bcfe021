"""What pushes of all kinds have in common: how one is checked, and how it is answered."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

TOLERANCE: Final = timedelta(minutes=5)
"""How far a sender's clock may be from ours."""
_ID: Final = re.compile(r"[!-~]{1,100}")
_UNIX: Final = re.compile(r"[0-9]{1,12}")


class BadSignatureError(Exception):
    """A push is signed with none of the gateway's secrets, or not at all."""


class UnreadableError(Exception):
    """A push cannot be read; `field` is where, if the push is there at all."""

    def __init__(self, field: str | None = None) -> None:
        self.field = field
        super().__init__(field)


class Told(StrEnum):
    """What a gateway is told; each form has its own words for it."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"


STATUS: Final = {
    Told.KEPT: 200,
    Told.DUPLICATE: 200,
    Told.UNSIGNED: 401,
    Told.UNREADABLE: 400,
    Told.TOO_LARGE: 413,
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came over the wire: headers by small names; of a GET, the body is its query string."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway gets back."""

    text: str
    media_type: str = "application/json"


class PushForm(ABC):
    """How gateways of one form push."""

    methods: ClassVar[frozenset[str]] = frozenset({"POST"})

    @abstractmethod
    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        """Return the gateway's own id of a push that is signed with one of the secrets.

        Raises:
            BadSignatureError: it is not, or it is for another account.
            UnreadableError: what is signed is not there, or the sender's clock is too far away.
        """

    @abstractmethod
    def alike(self, body: bytes, settings: Mapping[str, Any]) -> bytes:
        """Return what must be equal when an id comes again; an attempt may have its own time.

        Raises:
            UnreadableError: a field is not there, or not of its form.
        """

    @abstractmethod
    def answer(self, told: Told, body: bytes) -> Answer:
        """Return the gateway's own words."""

    def takes(self, secret: str) -> bool:
        """Say whether a text can be a secret of this form."""
        return bool(secret)


def read_object(body: bytes) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        UnreadableError: the body is none.
    """
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise UnreadableError(field="body") from None
    if not isinstance(found, dict):
        raise UnreadableError(field="body")
    return found


def text_of(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Return a field as text; whole numbers are taken for their digits.

    Raises:
        UnreadableError: it is missing without a default, or neither a text nor a whole number.
    """
    value = fields.get(name)
    value = default if value is None else value
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and (value or default == ""):
        return value
    raise UnreadableError(name)


def id_of(fields: Mapping[str, Any], name: str) -> str:
    """Return an id: 1 to 100 visible ASCII characters.

    Raises:
        UnreadableError: it is missing or none.
    """
    found = text_of(fields, name)
    if not _ID.fullmatch(found):
        raise UnreadableError(name)
    return found


def unix_moment(fields: Mapping[str, Any], name: str) -> datetime:
    """Return a moment that is given in seconds since 1970.

    Raises:
        UnreadableError: it is missing or none.
    """
    seconds = text_of(fields, name)
    try:
        if _UNIX.fullmatch(seconds):
            return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise UnreadableError(name)
