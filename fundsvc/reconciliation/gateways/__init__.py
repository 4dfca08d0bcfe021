"""Gateways that tell of a bank's lines: each file of this folder is one form, by the file's name.

To add a gateway is to add a file that ends with `FORM = …`, a `Form`: how a push is checked, which
lines of the bank it tells of, and in which words the gateway is answered.
"""

import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Final

from fundsvc.clock import VN
from fundsvc.inbox.pushes import (
    STATUS,
    Answer,
    PushForm,
    Told,
    UnreadableError,
    text_of,
)
from ledger.money import MAX_DONG

_REFUSALS: Final = 400
_DIGITS: Final = re.compile(r"[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class Notice:
    """A line as a gateway tells of it; debit and credit are the bank's (credit is money in).

    `id` is the gateway's own id of the line, `account_number` the bank's number of the account,
    `reference` the bank's own reference of the transfer, empty when the gateway has none.
    """

    id: str
    account_number: str
    booked_on: date
    at_time: str
    memo: str
    debit: int
    credit: int
    reference: str
    counterparty: str
    balance: int | None


class Form(PushForm):
    """How one gateway tells of lines."""

    of_one_account: ClassVar[bool] = False
    """Whether it tells of the account alone whose code, in small letters, is its name."""

    @abstractmethod
    def notices(self, body: bytes) -> list[Notice]:
        """Return the lines; none when a push tells of something else (a try of the connection).

        Raises:
            UnreadableError: a field is not there, or not of its form.
        """

    def alike(self, body: bytes, settings: Mapping[str, Any]) -> bytes:
        """Return what must be equal when an id comes again: the lines, whatever is around them."""
        told = [
            (one.id, one.account_number, one.booked_on.isoformat(), one.memo, one.debit, one.credit)
            for one in self.notices(body)
        ]
        return json.dumps(told).encode()

    def answer(self, told: Told, body: bytes) -> Answer:
        """Answer as all of these gateways understand: with `success` and HTTP's status."""
        if STATUS[told] < _REFUSALS:
            return Answer(json.dumps({"success": True, "status": told.value}))
        refused = {
            "type": "about:blank",
            "title": told.value,
            "status": STATUS[told],
            "success": False,
        }
        return Answer(json.dumps(refused), "application/problem+json")


@cache
def forms() -> dict[str, Form]:
    """Return the forms by name, one for each file of this folder."""
    found = {info.name: import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)}
    return {name: module.FORM for name, module in found.items()}


def amount_of(fields: Mapping[str, Any], name: str) -> int:
    """Return an amount in whole đồng, which may be negative.

    Raises:
        UnreadableError: it is no whole number, or more than the books can hold.
    """
    value = fields.get(name)
    if isinstance(value, float) and value.is_integer():  # JSON of some senders writes 150000.0.
        value = int(value)
    if type(value) is not int or abs(value) > MAX_DONG:
        raise UnreadableError(name)
    return value


def balance_of(fields: Mapping[str, Any], name: str) -> int | None:
    """Return the running balance; 0 is what gateways say when the bank prints none."""
    return amount_of(fields, name) if fields.get(name) else None


def sides(amount: int, name: str) -> tuple[int, int]:
    """Return debit and credit of an amount that is negative when money went out.

    Raises:
        UnreadableError: it is nothing.
    """
    if not amount:
        raise UnreadableError(name)
    return (0, amount) if amount > 0 else (-amount, 0)


def moment_of(fields: Mapping[str, Any], name: str) -> tuple[date, str]:
    """Return day and time in Vietnam of a moment (`YYYY-MM-DD HH:MM:SS`, or with an offset).

    Raises:
        UnreadableError: it is missing or none.
    """
    try:
        moment = datetime.fromisoformat(text_of(fields, name))
        if moment.tzinfo is not None:
            moment = moment.astimezone(VN)
    except (ValueError, OverflowError):
        raise UnreadableError(name) from None
    return moment.date(), f"{moment:%H:%M:%S}"


def number_of(fields: Mapping[str, Any], name: str) -> str:
    """Return an id that is a whole number.

    Raises:
        UnreadableError: it is missing or none.
    """
    found = text_of(fields, name)
    if not _DIGITS.fullmatch(found):
        raise UnreadableError(name)
    return found
