"""How a table is read by what was chosen: days and amounts as the file decides, or as one says.

Every row of the beginning must be readable; otherwise the columns were chosen wrongly, or the file
is one that no import takes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import RefusedRow
from fundsvc.reconciliation.foreign import SHOWN, Beginning, Profile, heading
from fundsvc.reconciliation.layouts import (
    BETWEEN,
    COLUMNS,
    DAYS,
    EITHER,
    MINUS_DEBIT,
    SPACED,
)
from fundsvc.reconciliation.mapping import FORMS, Chosen
from fundsvc.reconciliation.reader import Line
from fundsvc.reconciliation.summary import Summary, Told, compare
from fundsvc.reconciliation.tables import TableReader, column_letter

AMOUNTS: Final = BETWEEN.join((*EITHER, "1000000", SPACED))
IDENTITY: Final = ("date", "time", "reference", "memo", "debit", "credit", "counterparty")
_CELL: Final = 40
_WRITTEN: Final = ("date", "debit", "credit", "amount", "mark", "balance")


@dataclass(frozen=True, slots=True)
class Asked:
    """A form of days that a file may follow, with its first day that tells, as it would be read."""

    form: str
    cell: str
    day: date


@dataclass(frozen=True, slots=True)
class Understood:
    """A table as it would be read: a profile to keep, unless a form of days must be chosen first.

    `summary` and `told` speak of the rows that were looked at, `sample` are the first of them.
    """

    profile: Profile | None
    sample: tuple[Line, ...]
    summary: Summary
    told: Told
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way of reading the table."""

    profile: Profile
    lines: list[Line]
    refused: list[RefusedRow]
    count: int
    amounts: str
    reader: TableReader

    @property
    def days(self) -> list[date]:
        return [line.booked_on for line in self.lines]


def understand(chosen: Chosen, beginning: Beginning, *, bank: str, today: date) -> Understood:
    """Return how a table would be read.

    Raises:
        Refusal: a column cannot be what was chosen; the reasons name it.
    """
    first = _profile(chosen, beginning, bank=bank, days=FORMS[0])
    readings = [_read(replace(first, days=days), beginning, today) for days in FORMS]
    good = [one for one in readings if one.lines and not one.count]
    if not good:
        best = min(readings, key=lambda one: (one.count, not one.lines))
        raise Refusal(*_reasons(best, chosen, beginning))
    asked = _asked(good, chosen, beginning)
    able = {one.form for one in asked} or {good[0].profile.days}
    taken = next((one for one in good if one.profile.days == chosen.days), good[0])
    if taken.profile.days not in able:
        taken = good[0]
    summary = _summary(taken.lines)
    _check_swapped(taken.lines, summary, chosen)
    answered = not asked or chosen.days in able
    return Understood(
        profile=_final(taken) if answered else None,
        sample=tuple(taken.lines[:SHOWN]),
        summary=summary,
        told=compare(summary, taken.reader.said),
        asked=asked,
    )


def _profile(chosen: Chosen, beginning: Beginning, *, bank: str, days: str) -> Profile:
    signs = {name: _signs(name, chosen, beginning) for name in ("debit", "credit")}
    if "-" in signs["credit"]:
        why = _(
            "Cột tiền vào có số âm. Nếu số âm là tiền ra, hãy chọn cột này làm cột cho cả hai"
            " chiều."
        )
        raise Refusal(Reason(why, field="credit"))
    if len(signs["debit"]) > 1:
        why = _("Cột tiền ra có cả số âm và số dương; không rõ số nào là tiền ra.")
        raise Refusal(Reason(why, field="debit"))
    return Profile(
        name="",
        bank=bank,
        columns={name: (_word(place, beginning),) for name, place in chosen.places.items()},
        amounts=AMOUNTS,
        days=days,
        identity=IDENTITY,
        notes=True,
        either=True,
        sign=MINUS_DEBIT if "-" in signs["debit"] and chosen.sign == COLUMNS else chosen.sign,
        header=heading(beginning.header),
        at=dict(chosen.places),
    )


def _signs(name: str, chosen: Chosen, beginning: Beginning) -> set[str]:
    """Return which signs amounts of a column have; nothing has none."""
    place = chosen.places.get(name)
    below = beginning.found[beginning.at + 1 :]
    cells = (cells[place].strip() for cells in below if place is not None and place < len(cells))
    told = (cell for cell in cells if any(mark in "123456789" for mark in cell))
    return {"-" if cell.startswith("-") else "+" for cell in told}


def _read(profile: Profile, beginning: Beginning, today: date) -> _Reading:
    reader = TableReader(
        beginning, layout=profile.name, bank=profile.bank, today=today, profiles=(profile,)
    )
    lines = list(reader)
    refused = reader.refused
    return _Reading(profile, lines, refused.rows, refused.count, reader.amounts, reader)


def _final(taken: _Reading) -> Profile:
    """Return what is kept: a balance tells lines apart only where every line has one."""
    running = all(line.balance is not None for line in taken.lines)
    identity = (*IDENTITY, "balance") if running else IDENTITY
    return replace(taken.profile, amounts=taken.amounts, identity=identity)


def _summary(lines: Iterable[Line]) -> Summary:
    summary = Summary()
    for line in lines:
        summary.add(line)
    summary.turn()
    return summary


def _check_swapped(lines: list[Line], summary: Summary, chosen: Chosen) -> None:
    """Compare with the other way round: where only that agrees with all balances, it is right.

    Raises:
        Refusal: the balances say that money in is money out.
    """
    if not summary.breaks:
        return
    other = _summary(line._replace(debit=line.credit, credit=line.debit) for line in lines)
    if not other.breaks:
        why = _("Theo số dư thì tiền vào và tiền ra bị ngược; hãy chọn lại.")
        raise Refusal(Reason(why, field="credit" if "credit" in chosen.places else "amount"))


def _asked(good: list[_Reading], chosen: Chosen, beginning: Beginning) -> tuple[Asked, ...]:
    """Return the forms of days among which only a person can choose; none where all agree."""
    place, first = chosen.places["date"], good[0]
    other = next((one for one in good[1:] if one.days != first.days), None)
    if other is None:
        return ()
    at = next(at for at, day in enumerate(first.days) if other.days[at] != day)
    cell = beginning.found[first.lines[at].row - 1][place].strip()[:_CELL]
    return tuple(Asked(one.profile.days, cell, one.days[at]) for one in (first, other))


def _reasons(best: _Reading, chosen: Chosen, beginning: Beginning) -> list[Reason]:
    """Return the first reason of each column, with what stands there."""
    if not best.count:
        return [Reason(_("Không thấy dòng nào có số tiền ở các cột đã chọn."), field="date")]
    reasons: dict[str | None, Reason] = {}
    names = _names(chosen.places, beginning)
    for row in best.refused:
        name = names.get(row.field or "")
        if name in reasons:
            continue
        cells = beginning.found[row.row - 1]
        place = chosen.places[name] if name else len(cells)
        cell = cells[place].strip()[:_CELL].strip() if place < len(cells) else ""
        why = row.reason
        if name == "date" and not any(DAYS[form].fullmatch(cell) for form in FORMS):
            why = _("Ngày phải viết như 31/12/2026 hoặc 2026-12-31.")
        if cell and name in _WRITTEN:
            printed = "".join(mark if mark.isprintable() else " " for mark in cell)
            why = _("“%(cell)s”: %(why)s", cell=printed, why=why)
        reasons[name] = Reason(why, row.row, name)
    return list(reasons.values())


def _names(places: Mapping[str, int], beginning: Beginning) -> dict[str, str]:
    """Return our names by what the file calls the columns, as the reader does."""
    found: dict[str, str] = {}
    for name, place in places.items():
        found.setdefault(_word(place, beginning), name)
    return found


def _word(place: int, beginning: Beginning) -> str:
    return " ".join(beginning.header[place].split()) or column_letter(place)
