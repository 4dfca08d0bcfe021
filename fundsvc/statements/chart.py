"""The bars of a statement: receipts and payments by line, drawn as figures for an SVG.

One drawing for page and document. Labels stand on the bars' own lines, bars begin at zero, and
all share one scale, so that lengths can be compared.
"""

from dataclasses import dataclass
from typing import Final

from fundsvc.statements.report import Report
from ledger.statements import StatementLine

WIDTH: Final = 400
_HEAD, _BAR_STEP, _BAR_BELOW, _BAR_HEIGHT, _GAP = 22, 28, 6, 9, 8
_LONGEST_LABEL: Final = 46


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name and amount in đồng, and where it stands in the drawing."""

    label: str
    amount: int
    text_y: int
    x: int
    y: int
    width: int
    height: int = _BAR_HEIGHT


@dataclass(frozen=True, slots=True)
class Group:
    """The bars of one side of the statement, under their total in đồng."""

    side: str
    total: int
    text_y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing `width` by `height`, with its zero line at `zero`."""

    width: int
    height: int
    zero: int
    groups: tuple[Group, ...]


def draw(report: Report) -> Chart | None:
    """Return the bars of a statement, or None when nothing moved and there is nothing to see."""
    statement = report.statement
    sides = (
        ("receipts", statement.receipts_total, _moved(statement.receipts)),
        ("payments", statement.payments_total, _moved(statement.payments)),
    )
    amounts = [line.amount for _side, _total, lines in sides for line in lines]
    if not amounts:
        return None
    above, below = max(0, *amounts), -min(0, *amounts)
    # A bar is never thinner than its line of zero, on either side of it.
    zero = WIDTH * below // (above + below)
    zero = min(max(zero, 1 if below else 0), WIDTH - 1 if above else WIDTH)
    groups, y = [], 0
    for side, total, lines in sides:
        heading, bars = y + _HEAD - _GAP, []
        y += _HEAD
        for line in lines:
            room, most = (zero, below) if line.amount < 0 else (WIDTH - zero, above)
            length = max(1, abs(line.amount) * room // most)
            bars.append(
                Bar(
                    label=_short(line.label),
                    amount=line.amount,
                    text_y=y + _GAP + 2,
                    x=zero - length if line.amount < 0 else zero,
                    y=y + _GAP + _BAR_BELOW,
                    width=length,
                )
            )
            y += _BAR_STEP
        groups.append(Group(side, total, heading, tuple(bars)))
        y += _GAP
    return Chart(WIDTH, y, zero, tuple(groups))


def _moved(lines: tuple[StatementLine, ...]) -> list[StatementLine]:
    return [line for line in lines if line.amount]


def _short(label: str) -> str:
    """Return a name that fits beside its amount; the table has the whole of it."""
    if len(label) <= _LONGEST_LABEL:
        return label
    return f"{label[: _LONGEST_LABEL - 1].rstrip()}…"
