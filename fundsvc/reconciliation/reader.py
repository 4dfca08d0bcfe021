"""What every reader of bank files gives: the bank's lines, the refused rows, what the file says.

Rows are numbered as a spreadsheet shows them: the header of a plain file is row 1, and a line
whose cells hold line breaks still is one row.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import itemgetter
from typing import NamedTuple, Protocol

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.reconciliation.layouts import Layout
from fundsvc.text import EARLIEST_YEAR, clean
from ledger.money import MAX_DONG

MAX_BYTES = 128 * 1024 * 1024
MEMO_LENGTH, SHORT_LENGTH = 2_000, 200
FINGERPRINT_BYTES = 16
_LIMITS = (
    ("doc_no", SHORT_LENGTH),
    ("reference", SHORT_LENGTH),
    ("memo", MEMO_LENGTH),
    ("counterparty", SHORT_LENGTH),
)
_SAID = (
    "date", "time", "doc_no", "reference", "memo", "counterparty", "debit", "credit", "balance",
)  # fmt: skip
_NO_NAMES: Mapping[str, str] = {}


class Line(NamedTuple):
    """One line of a statement; debit and credit are the bank's (credit is money in), in đồng.

    A tuple, because files have 200,000 of them: nothing else is made and read as quickly.
    """

    row: int
    booked_on: date
    at_time: str
    doc_no: str
    reference: str
    memo: str
    counterparty: str
    debit: int
    credit: int
    balance: int | None
    fingerprint: str


@dataclass(slots=True)
class Said:
    """What a file says of itself beside its lines; None and 0 where it says nothing.

    Balances are before the first and after the last line, sums of the bank's debits and credits;
    `row` is where the last of it stands.
    """

    account: str = ""
    opening: int | None = None
    closing: int | None = None
    sum_out: int | None = None
    sum_in: int | None = None
    row: int = 0


class Reader(Protocol):
    """A bank file that can be read; iterate over it for its lines, as often as needed.

    Rows that cannot be read are not lines: they are in `refused` after an iteration, and what the
    file says of itself is in `said`.
    """

    layout: Layout
    refused: Refused
    said: Said

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that can be read, in the order of the file."""


def make_line(
    row: int,
    on: date,
    texts: Mapping[str, str],
    *,
    debit: int,
    credit: int,
    balance: int | None,
    identity: tuple[str, ...],
    at_time: str = "",
    names: Mapping[str, str] = _NO_NAMES,
) -> Line:
    """Return a line; `names` are the file's own words for our `texts`, for reasons.

    Raises:
        Refusal: a text holds what no page can show, or is too long.
    """
    doc_no, reference, memo, counterparty = [
        clean(text, limit, names.get(name, name)) if (text := texts.get(name)) else ""
        for name, limit in _LIMITS
    ]
    said = all_said(on, at_time, (doc_no, reference, memo, counterparty), debit, credit, balance)
    return Line(
        row,
        on,
        at_time,
        doc_no,
        reference,
        memo,
        counterparty,
        debit,
        credit,
        balance,
        identify(said, identity),
    )


def all_said(
    on: date,
    at_time: str,
    texts: tuple[str, str, str, str],
    debit: int,
    credit: int,
    balance: int | None,
) -> tuple[str, ...]:
    """Return all that the bank says of a line as texts, for `identify`.

    `texts` are document number, reference, memo and counterparty.
    """
    money = str(debit), str(credit), "" if balance is None else str(balance)
    return on.isoformat(), at_time, *texts, *money


def identify(said: Sequence[str], identity: tuple[str, ...]) -> str:
    """Return the fingerprint of a line by the parts that tell it from others in its layout."""
    return fingerprint(_those(identity)(said))


@cache
def _those(identity: tuple[str, ...]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Return what takes from all that a line says the parts that tell it from others."""
    return itemgetter(*map(_SAID.index, identity))


def make_day(year: str, month: str, day: str, *, today: date, field: str) -> date:
    """Return a day of the calendar that the books can hold.

    Raises:
        Refusal: there is none such, or it is too long ago or still to come.
    """
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        raise Refusal(Reason(_("Không có ngày này trong lịch."), field=field)) from None
    if found.year < EARLIEST_YEAR:
        why = _("Năm %(year)s nằm ngoài sổ sách.", year=found.year)
        raise Refusal(Reason(why, field=field))
    if found > today:
        raise Refusal(Reason(_("Ngày không được sau hôm nay."), field=field))
    return found


def in_range(amount: int, field: str) -> int:
    """Return an amount that the books can hold.

    Raises:
        Refusal: it is larger.
    """
    if abs(amount) > MAX_DONG:
        raise Refusal(Reason(_("Số tiền quá lớn."), field=field))
    return amount


def fingerprint(values: Iterable[str]) -> str:
    """Return the same 32 letters for lines that agree in all these values, and for no others.

    Cleaned values hold no control characters, so the separator cannot be forged.
    """
    identity = "\x1f".join(values).encode()
    return hashlib.blake2b(identity, digest_size=FINGERPRINT_BYTES).hexdigest()
