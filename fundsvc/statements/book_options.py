"""What is asked of a book (trial balance, general ledger, journal), and how it is read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from fundsvc.errors import Reason, Refusal
from fundsvc.gettext import gettext as _
from fundsvc.statements.options import MAPS
from fundsvc.text import parse_day

T = TypeVar("T")
PAGE: Final = 50
LONGEST: Final = 100
NAMES: Final = ("fund", "unit", "province", "provinces", "from", "to")
"""The parameters that all books share, in pages and commands."""
_MARK = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})\.([0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class BookOptions:
    """A book as asked for, by codes that nobody has looked up yet; None means all.

    `alone` asks for an account without the accounts below it.
    """

    first: date
    last: date
    fund: str | None = None
    unit: str | None = None
    province: str | None = None
    provinces: str | None = None
    account: str | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A line of the books, in the order of books: day, entry, line."""

    on: date
    entry_id: int
    line: int

    def __str__(self) -> str:
        """Return the mark as it stands in an address."""
        return f"{self.on.isoformat()}.{self.entry_id}.{self.line}"


@dataclass(frozen=True, slots=True)
class Turn:
    """Which page of a book: what comes after a line, before a line, first, or (neither) last."""

    after: Mark | None = None
    before: Mark | None = None
    start: bool = False


def read_options(values: Mapping[str, str], *, account: bool = False) -> BookOptions:
    """Read the options `fund, unit, province, provinces, from, to`, and `account` if it is needed.

    With an account also `alone=1`: without the accounts below it.

    Raises:
        Refusal: with one reason for each option that is missing or cannot be.
    """
    reasons: list[Reason] = []

    def tried(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Refusal as refusal:
            reasons.extend(refusal.reasons)
            return None

    first = tried(lambda: parse_day(_needed(values, "from", _("Xin ghi từ ngày nào.")), "from"))
    last = tried(lambda: parse_day(_needed(values, "to", _("Xin ghi đến ngày nào.")), "to"))
    provinces = tried(lambda: _map(values.get("provinces", "")))
    code = tried(lambda: _needed(values, "account", _("Xin chọn tài khoản."))) if account else None
    if first and last and first > last:
        reasons.append(Reason(_("Ngày cuối phải bằng hoặc sau ngày đầu."), field="to"))
    if reasons or first is None or last is None:
        raise Refusal(*reasons)
    return BookOptions(
        first=first,
        last=last,
        fund=code_in(values, "fund"),
        unit=code_in(values, "unit"),
        province=code_in(values, "province"),
        provinces=provinces,
        account=code,
        alone=account and values.get("alone") == "1",
    )


def read_turn(values: Mapping[str, str]) -> Turn:
    """Read which page of a book is wanted: `after`, `before`, or `at=start`; else the last.

    Raises:
        Refusal: it is not a place that a page gave out.
    """
    after, before = (_read_mark(values.get(name, ""), name) for name in ("after", "before"))
    return Turn(after, before, start=values.get("at") == "start")


def code_in(values: Mapping[str, str], name: str) -> str | None:
    """Return a code as given, cut to a length no code has: what is unknown is refused later."""
    return (values.get(name) or "").strip(" ")[:LONGEST] or None


def _read_mark(raw: str, field: str) -> Mark | None:
    if not raw:
        return None
    found = _MARK.fullmatch(raw)
    if not found:
        raise Refusal(Reason(_("Không có trang này."), field=field))
    return Mark(parse_day(found[1], field), int(found[2]), int(found[3]))


def _needed(values: Mapping[str, str], name: str, why: str) -> str:
    text = code_in(values, name)
    if text is None:
        raise Refusal(Reason(why, field=name))
    return text


def _map(raw: str) -> str | None:
    if raw and raw not in MAPS:
        why = _("Cách ghi tỉnh là now (34 tỉnh hiện nay) hoặc then (như lúc ghi sổ).")
        raise Refusal(Reason(why, field="provinces"))
    return raw or None
