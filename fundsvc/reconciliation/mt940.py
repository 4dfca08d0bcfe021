"""Read SWIFT MT940 statements, alone or several in one file, with or without their envelopes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.reconciliation.layouts import BY_NAME
from fundsvc.reconciliation.reader import Line, Said, in_range, make_day, make_line

_TAG: Final = re.compile(r":([0-9]{2}[A-Z]?):(.*)", re.ASCII | re.DOTALL)
_BALANCE: Final = re.compile(
    r"(?P<sign>[CD])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})(?P<amount>[0-9]{1,15},[0-9]{0,2})",
    re.ASCII,
)
_ENTRY: Final = re.compile(
    r"(?P<y>[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<em>[0-9]{2})?(?(em)(?P<ed>[0-9]{2}))"
    r"(?P<sign>R?[CD])[A-Z]?(?P<amount>[0-9]{1,15},[0-9]{0,2})"
    r"(?P<kind>[A-Z][A-Z0-9]{3})(?P<reference>.*)",
    re.ASCII,
)
_PART: Final = re.compile(r"\?([0-9]{2})([^?]*)")
_FIRST_TAG: Final = re.compile(rb"(?m)^(?:\{4:\s*)?:20:")
_BALANCE_TAG: Final = re.compile(rb"(?m)^:60[FM]:")
_END: Final = re.compile(r"^-\}?")
_TRANSFERS: Final = frozenset(f"{number:02}" for number in (*range(20, 30), *range(60, 64)))
_YEARS: Final = "20"
_OPENINGS, _CLOSINGS = ("60F", "60M"), ("62F", "62M")


def is_mt940(data: bytes) -> bool:
    """Say whether a file is a statement of this kind."""
    head = data[: 1 << 16]
    return bool(_FIRST_TAG.search(head) and _BALANCE_TAG.search(head))


class Mt940Reader:
    """A file of MT940 statements; each must come to its own closing balance."""

    def __init__(self, text: str, *, today: date) -> None:
        """Take the text; no line of it is after `today`."""
        self.layout = BY_NAME["mt940"]
        self._text, self._today = text, today
        self.refused, self.said = Refused(), Said()
        # Whose account it is must be known before anything is shown.
        self.said.account = next(
            (value.strip() for _row, tag, value in self._tags() if tag == "25"), ""
        )

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines; the last one of each statement has its closing balance."""
        self.refused, self.said = Refused(), Said(account=self.said.account)
        state = _State()
        for row, tag, value in [*self._tags(), (0, "end", "")]:
            try:
                yield from self._take(state, row, tag, value)
            except Refusal as refusal:
                self._refuse(row, tag, refusal)
        if state.waiting:
            yield state.waiting
        if state.balance is not None or self.said.opening is None:
            self.refused.add(self._text.count("\n") + 1, "62F", _cut_off())

    def _take(self, state: "_State", row: int, tag: str, value: str) -> Iterator[Line]:
        """Take the next tag; the line before it is known to be whole then."""
        if tag == "86" and state.held:
            state.held = (*state.held[:2], value)
            return
        if state.held and (line := self._try(state)):
            if state.waiting:
                yield state.waiting
            state.waiting = line
            if state.balance is not None:
                state.balance += line.credit - line.debit
        if tag == "25" and value.strip() != self.said.account:
            raise Refusal(Reason(_("Tệp có sao kê của hai tài khoản."), row, tag))
        if tag in _OPENINGS:
            state.balance = self._open(value, row, is_open=state.balance is not None)
        elif tag == "61":
            state.held = (row, value, "")
        elif tag in _CLOSINGS:
            expected, state.balance = state.balance, None
            self._close(value, row, expected)
            if state.waiting and not self.refused.count:
                yield state.waiting._replace(balance=self.said.closing)
                state.waiting = None

    def _open(self, value: str, row: int, *, is_open: bool) -> int:
        if is_open:
            raise Refusal(Reason(_cut_off(), row, "62F"))
        amount = _balance(value, "60F")
        if self.said.opening is None:
            self.said.opening = amount
        return amount

    def _close(self, value: str, row: int, balance: int | None) -> None:
        amount = _balance(value, "62F")
        self.said.closing, self.said.row = amount, row
        # A row that could not be read breaks the sum too, and is told by itself.
        if balance != amount and not self.refused.count:
            why = _(
                "Các dòng cộng ra số dư cuối %(expected)s, ngân hàng ghi %(found)s: tệp thiếu dòng"
                " hoặc bị sửa.",
                expected=balance if balance is not None else "–",
                found=amount,
            )
            raise Refusal(Reason(why, row, "62F"))

    def _try(self, state: "_State") -> Line | None:
        held, state.held = state.held, None
        try:
            return self._line(*held) if held else None
        except Refusal as refusal:
            self._refuse(held[0] if held else 0, "61", refusal)
            return None

    def _refuse(self, row: int, tag: str, refusal: Refusal) -> None:
        for reason in refusal.reasons[:1]:
            self.refused.add(row, reason.field or tag, str(reason.text))

    def _line(self, row: int, entry: str, told: str) -> Line:
        first, _gap, more = entry.partition("\n")
        found = _ENTRY.fullmatch(first.rstrip())
        if not found:
            raise Refusal(Reason(_("Không đọc được dòng giao dịch."), row, "61"))
        year = int(_YEARS + found["y"])
        on = make_day(str(year), found["m"], found["d"], today=date.max, field="61")
        if found["em"]:
            # The day of booking has no year: it lies within half a year of the day of value.
            month = int(found["em"])
            away = month - on.month
            year += 1 if away < -6 else -1 if away > 6 else 0  # noqa: PLR2004 - half a year
            on = make_day(str(year), found["em"], found["ed"], today=self._today, field="61")
        elif on > self._today:
            raise Refusal(Reason(_("Ngày không được sau hôm nay."), row, "61"))
        amount = _dong(found["amount"], "61")
        if not amount:
            raise Refusal(Reason(_("Dòng không có số tiền ra hay vào."), row, "61"))
        is_in = found["sign"] in {"C", "RD"}
        own, _slashes, banks = found["reference"].partition("//")
        memo, counterparty = _information(told or more)
        return make_line(
            row,
            on,
            {
                "doc_no": "" if own.strip() == "NONREF" else own,
                "reference": banks,
                "memo": memo,
                "counterparty": counterparty,
            },
            debit=0 if is_in else amount,
            credit=amount if is_in else 0,
            balance=None,
            identity=self.layout.identity,
            names={"memo": "86", "counterparty": "86", "doc_no": "61", "reference": "61"},
        )

    def _tags(self) -> Iterator[tuple[int, str, str]]:
        """Yield row, tag and value; a value goes on until the next tag."""
        held: tuple[int, str, list[str]] | None = None
        for row, raw in enumerate(self._text.splitlines(), 1):
            line = raw.rpartition("{4:")[2] if raw.startswith("{1:") else raw
            found = _TAG.fullmatch(line)
            if not (found or _END.match(line)):
                if held:
                    held[2].append(line)
                continue
            if held:
                yield held[0], held[1], "\n".join(held[2])
            held = (row, found[1], [found[2]]) if found else None
        if held:
            yield held[0], held[1], "\n".join(held[2])


@dataclass(slots=True)
class _State:
    """What is known of the statement that is being read: its balance so far, and open lines.

    `held` is a line whose information may still come, `waiting` one that may be the last.
    """

    balance: int | None = None
    held: tuple[int, str, str] | None = None
    waiting: Line | None = None


def _cut_off() -> str:
    return _("Tệp bị cắt: thiếu số dư cuối (:62F:).")


def _balance(value: str, tag: str) -> int:
    found = _BALANCE.fullmatch(value.strip())
    if not found:
        raise Refusal(Reason(_("Không đọc được số dư."), field=tag))
    if found["currency"] != "VND":
        why = _("Sao kê bằng %(currency)s; sổ sách bằng đồng.", currency=found["currency"])
        raise Refusal(Reason(why, field=tag))
    amount = _dong(found["amount"], tag)
    return -amount if found["sign"] == "D" else amount


def _dong(raw: str, tag: str) -> int:
    whole, _comma, part = raw.partition(",")
    if part.strip("0"):
        raise Refusal(Reason(_("Số tiền có phần lẻ của đồng."), field=tag))
    return in_range(int(whole), tag)


def _information(told: str) -> tuple[str, str]:
    """Return memo and counterparty of a line's information: free words, or parts with numbers."""
    joined = told.replace("\n", "")
    parts = _PART.findall(joined)
    if not parts or "?" not in joined[:5]:
        return " ".join(told.split()), ""
    memo = "".join(text for number, text in parts if number in _TRANSFERS)
    name = "".join(text for number, text in parts if number in {"32", "33"})
    account = next((text for number, text in parts if number == "31"), "")
    return " ".join(memo.split()), " ".join(f"{account} {name}".split())
