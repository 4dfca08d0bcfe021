"""Rows of a bank's table that are no lines: totals, opening and closing balances, remarks."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from fundsvc.errors import Refusal
from fundsvc.reconciliation.cells import Cells, looks_like_amount, looks_like_day, worth
from fundsvc.reconciliation.layouts import AMOUNTS, EITHER
from fundsvc.reconciliation.reader import Said
from fundsvc.text import fold

_OPENING: Final = re.compile(
    r"^(?:so du|du|ton)?(?: no| co)?(?: tai khoan)? ?dau (?:ky|ngay)|^(?:opening|beginning) balance"
)
_CLOSING: Final = re.compile(
    r"^(?:so du|du|ton)?(?: no| co)?(?: tai khoan)? ?cuoi (?:ky|ngay)|^(?:closing|ending) balance"
)
_TOTALS: Final = frozenset((
    "tong", "tong so", "tong cong", "tong phat sinh", "tong so phat sinh", "tong doanh so",
    "tong so tien", "cong", "cong phat sinh", "phat sinh trong ky", "tong phat sinh trong ky",
    "cong phat sinh trong ky", "total", "totals", "total amount", "sum",
))  # fmt: skip
_ACCOUNT: Final = re.compile(
    r"^(?:so )?(?:tai khoan|tk)(?: so)?\b|^account(?: no| number)?\b|^so tai khoan|^a/c no"
)
_NUMBER: Final = re.compile(r"[0-9*xX][0-9*xX .-]{2,30}[0-9]", re.ASCII)
_INSIDE: Final = re.compile(r"-?[0-9]{1,3}(?:[.,][0-9]{3})*(?:[.,]0{1,2})?(?![0-9.,])", re.ASCII)
_APART: Final = re.compile(r"[/|\n]")
_NOT_WORDS: Final = re.compile(r"[^0-9a-z/]+")


def words(cell: str) -> tuple[str, ...]:
    """Return what a cell says in each of its languages, plainly."""
    return tuple(_NOT_WORDS.sub(" ", fold(part)).strip() for part in _APART.split(cell[:300]))


def is_balance(cells: Sequence[str]) -> bool:
    """Say whether a row tells an opening or a closing balance."""
    return any(_OPENING.match(one) or _CLOSING.match(one) for cell in cells for one in words(cell))


def is_total(cells: Sequence[str]) -> bool:
    """Say whether a row tells sums."""
    return any(one in _TOTALS for cell in cells for one in words(cell))


def says_nothing(cells: Sequence[str]) -> bool:
    """Say whether a row holds neither an amount nor a day: words of whoever printed it."""
    return not any(looks_like_amount(cell) or looks_like_day(cell) for cell in cells)


def take_balance(said: Said, row: int, cells: Sequence[str]) -> None:
    """Note the balance that a row tells; the first opening and the last closing count."""
    for place, cell in enumerate(cells):
        for one in words(cell):
            opening, closing = _OPENING.match(one), _CLOSING.match(one)
            if not (opening or closing):
                continue
            amount = _amount_of(cell, cells[place + 1 :])
            if amount is None:
                return
            if opening and said.opening is None:
                said.opening = amount
            elif closing:
                said.closing, said.row = amount, row
            return


def take_total(said: Said, row: int, *, debit: str, credit: str, cells: Cells) -> None:
    """Note the sums that a row tells, where they are amounts in the columns of amounts."""
    for name, cell in (("sum_out", debit), ("sum_in", credit)):
        try:
            amount = cells.amount(cell, name, minus=True)
        except Refusal:
            continue
        if cell:
            setattr(said, name, abs(amount))
            said.row = row


def account_of(rows: Iterable[Sequence[str]]) -> str:
    """Return the account's number that stands above the lines, as it stands there, or ""."""
    for cells in rows:
        for place, cell in enumerate(cells):
            if not any(_ACCOUNT.match(one) for one in words(cell)):
                continue
            behind = cell.partition(":")[2] if ":" in cell else ""
            for text in (behind, *cells[place + 1 : place + 4], cell):
                if found := _NUMBER.search(text):
                    return found[0]
    return ""


def _amount_of(cell: str, behind: Sequence[str]) -> int | None:
    """Return the one amount that follows a label, within its cell or in those behind it."""
    inside = _INSIDE.findall(cell.partition(":")[2]) if ":" in cell else []
    told = [*inside, *(one.strip() for one in behind if one.strip())]
    found = {amount for text in told if (amount := _amount(text)) is not None}
    return found.pop() if len(found) == 1 else None


def _amount(text: str) -> int | None:
    below_zero = text.startswith("-")
    plain = text[below_zero:].removesuffix("VND").removesuffix("đ").strip()
    for grammar in (*EITHER, "1000000"):
        if AMOUNTS[grammar].fullmatch(plain):
            amount = worth(plain, grammar)
            return -amount if below_zero else amount
    return None
