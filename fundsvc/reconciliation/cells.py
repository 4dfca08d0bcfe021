"""Read the cells of a bank's table: amounts by one grammar a file, days, times, marks."""

import re
from datetime import date

from flask_babel import gettext as _

from fundsvc import workbook
from fundsvc.errors import Reason, Refusal
from fundsvc.reconciliation.layouts import (
    AMOUNTS,
    BETWEEN,
    DAYS,
    EITHER,
    IN_MARKS,
    OUT_MARKS,
    SPACED,
    TIME,
    Layout,
)
from fundsvc.reconciliation.reader import in_range, make_day
from fundsvc.text import fold

_MINUS = "-"
_DECIMALS = re.compile(r"[.,][0-9]+\Z")
_SPACES = str.maketrans("", "", " \u00a0\u202f")
_FIGURES = 16
"""The largest number of the books has so many."""
_KEPT = 20_000
"""So many days and amounts are remembered at most."""


class Cells:
    """The grammars of one file; what its first amount and its first day tell holds for all."""

    def __init__(self, layout: Layout, today: date) -> None:
        """Begin a file; no day of it is after `today`."""
        self._today = today
        self._sample = layout.amounts
        self._amounts: tuple[str, ...] = (
            tuple(layout.amounts.split(BETWEEN)) if layout.either else (layout.amounts,)
        )
        self._days = layout.days
        self._typed: bool | None = None
        # A file of 200,000 lines has a few days and some hundred amounts.
        self._known_days: dict[str, tuple[date, str]] = {}
        self._known_amounts: dict[str, int] = {}

    @property
    def amounts(self) -> str:
        """The grammars that all amounts so far follow."""
        return BETWEEN.join(self._amounts)

    def amount(self, raw: str, field: str, *, minus: bool = False) -> int:
        """Return an amount of đồng, 0 for an empty cell.

        Raises:
            Refusal: it is written in another way, or too large.
        """
        if not raw:
            return 0
        known = self._known_amounts.get(raw)
        if known is not None and not isinstance(raw, workbook.Number):
            return known
        below_zero = raw.startswith(_MINUS)
        if below_zero and not minus:
            why = _("Số âm. Nếu ngân hàng ghi tiền ra bằng số âm, hãy chọn mẫu sao kê nói điều đó.")
            raise Refusal(Reason(why, field=field))
        amount = self._plain(raw[1:] if below_zero else raw, raw, field)
        return -amount if below_zero else amount

    def _plain(self, plain: str, raw: str, field: str) -> int:
        if isinstance(raw, workbook.Number):
            if not (plain.isascii() and plain.isdigit() and len(plain) <= _FIGURES):
                raise Refusal(Reason(_("Số tiền có phần lẻ của đồng."), field=field))
            return in_range(int(plain), field)
        fitting = tuple(name for name in self._amounts if AMOUNTS[name].fullmatch(plain))
        if not fitting:
            name = self._amounts[0] if len(self._amounts) == 1 else self._sample
            why = _("Số tiền phải viết theo mẫu %(pattern)s.", pattern=name)
            raise Refusal(Reason(why, field=field))
        if fitting != self._amounts:
            self._amounts = fitting
            self._known_amounts.clear()
        amount = in_range(worth(plain, fitting[0]), field)
        if len(self._known_amounts) < _KEPT:
            self._known_amounts[plain] = amount
        return amount

    def day(self, raw: str, field: str) -> tuple[date, str]:
        """Return a day, and the time that stands behind it in the same cell.

        Raises:
            Refusal: it is written in another way, or cannot be.
        """
        if raw in self._known_days and not isinstance(raw, workbook.Moment):
            return self._known_days[raw]
        typed = isinstance(raw, workbook.Moment)
        pattern = DAYS["yyyy-mm-dd" if typed else self._days]
        found = pattern.fullmatch(raw)
        if not found:
            why = _("Ngày phải viết theo mẫu %(pattern)s.", pattern=self._days)
            raise Refusal(Reason(why, field=field))
        if self._typed not in {None, typed}:
            # A spreadsheet that takes 09/08 for the 8th of September leaves 31/08 as a text.
            why = _(
                "Cột ngày có ô là ngày, có ô là chữ: Excel có thể đã đảo ngày và tháng."
                " Hãy dùng đúng tệp tải từ ngân hàng, không lưu lại."
            )
            raise Refusal(Reason(why, field=field))
        self._typed = typed
        day = make_day(found["y"], found["m"], found["d"], today=self._today, field=field)
        told = found.groupdict().get("t") or ""
        found_day = day, "" if told == "00:00:00" else self.time(told, field)
        if not typed and len(self._known_days) < _KEPT:
            self._known_days[raw] = found_day
        return found_day

    @staticmethod
    def time(raw: str, field: str) -> str:
        """Return a time as `hh:mm:ss`; a day that stands before it is left out.

        Raises:
            Refusal: it is none.
        """
        if not raw:
            return ""
        if not TIME.fullmatch(raw):
            found = next(filter(None, (form.fullmatch(raw) for form in DAYS.values())), None)
            raw = (found.groupdict().get("t") or "") if found else raw
        if raw and not TIME.fullmatch(raw):
            why = _("Giờ phải viết theo mẫu %(pattern)s.", pattern="hh:mm:ss")
            raise Refusal(Reason(why, field=field))
        return raw if raw.count(":") != 1 else f"{raw}:00"

    @staticmethod
    def is_out(raw: str, field: str) -> bool:
        """Say whether a mark means money out.

        Raises:
            Refusal: it means neither that nor money in.
        """
        mark = fold(raw).strip(".")
        if mark not in OUT_MARKS | IN_MARKS:
            why = _("Không rõ dấu này là tiền ra hay tiền vào.")
            raise Refusal(Reason(why, field=field))
        return mark in OUT_MARKS


def worth(plain: str, grammar: str) -> int:
    """Return the amount of đồng that a text says which follows a grammar of `AMOUNTS`."""
    if grammar == "1000000":
        return int(plain.replace(",", ".").partition(".")[0])
    if grammar == SPACED:
        return int(_DECIMALS.sub("", plain).translate(_SPACES))
    group, decimal = grammar[1], "," if grammar[1] == "." else "."
    return int(plain.partition(decimal)[0].replace(group, ""))


def looks_like_amount(cell: str) -> bool:
    """Say whether a cell surely holds an amount, in any grammar."""
    if isinstance(cell, workbook.Number):
        return True
    text = cell.strip().lstrip("-+ ")
    known = (*EITHER, "1000000")
    return len(text) > 3 and any(AMOUNTS[name].fullmatch(text) for name in known)  # noqa: PLR2004 - a short one may be a page number


def looks_like_day(cell: str) -> bool:
    """Say whether a cell is a day and nothing else."""
    text = cell.strip()
    return isinstance(cell, workbook.Moment) or any(
        pattern.fullmatch(text) for pattern in DAYS.values()
    )
