"""The bars of a statement: receipts and payments by line, drawn as figures for an SVG.

One drawing for page and document. Names and amounts stand with their bars, bars begin at zero,
and both sides share one scale, so that lengths can be compared.
"""

from dataclasses import dataclass
from typing import Final

from fundsvc.statements.report import Report
from ledger.statements import StatementLine

WIDTH: Final = 300
_ROOM: Final = 186
"""How far bars reach; amounts of 13 figures have their place behind."""
_HEAD, _STEP, _NAME, _BAR, _HEIGHT = 26, 36, 12, 17, 11
_LONGEST_NAME: Final = 46


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name and amount in đồng, and where it stands in the drawing."""

    label: str
    amount: int
    name_y: int
    amount_y: int
    x: int
    y: int
    width: int
    height: int = _HEIGHT


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one side under their total in đồng, in a drawing `width` by `height`.

    `zero` is where bars begin.
    """

    side: str
    total: int
    zero: int
    bars: tuple[Bar, ...]
    width: int
    height: int


def draw(report: Report) -> tuple[Chart, ...]:
    """Return the bars of receipts and of payments; nothing when nothing moved."""
    statement = report.statement
    sides = (
        ("receipts", statement.receipts_total, _moved(statement.receipts)),
        ("payments", statement.payments_total, _moved(statement.payments)),
    )
    amounts = [line.amount for _side, _total, lines in sides for line in lines]
    above, below = max(0, *amounts, 0), -min(0, *amounts, 0)
    if not above and not below:
        return ()
    # A bar is never thinner than a hair, on either side of its zero.
    zero = _ROOM * below // (above + below)
    zero = min(max(zero, 1 if below else 0), _ROOM - 1 if above else _ROOM)
    return tuple(
        Chart(
            side=side,
            total=total,
            zero=zero,
            bars=tuple(
                _bar(line, _HEAD + place * _STEP, zero, above, below)
                for place, line in enumerate(lines)
            ),
            width=WIDTH,
            height=_HEAD + len(lines) * _STEP,
        )
        for side, total, lines in sides
    )


def _bar(line: StatementLine, top: int, zero: int, above: int, below: int) -> Bar:
    room, most = (zero, below) if line.amount < 0 else (_ROOM - zero, above)
    length = max(1, abs(line.amount) * room // most)
    return Bar(
        label=_short(line.label),
        amount=line.amount,
        name_y=top + _NAME,
        amount_y=top + _BAR + _HEIGHT - 1,
        x=zero - length if line.amount < 0 else zero,
        y=top + _BAR,
        width=length,
    )


def _moved(lines: tuple[StatementLine, ...]) -> list[StatementLine]:
    return [line for line in lines if line.amount]


def _short(label: str) -> str:
    """Return a name that fits the drawing; the table has the whole of it."""
    if len(label) <= _LONGEST_NAME:
        return label
    return f"{label[: _LONGEST_NAME - 1].rstrip()}…"
