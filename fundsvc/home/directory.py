"""The list of units with what their funds have, and one unit with all its facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import summary
from fundsvc.errors import NotFound
from fundsvc.templating import in_language
from fundsvc.text import fold
from fundsvc.units import service as units
from fundsvc.units.models import Province, Unit

PAGE = 100
KINDS: Mapping[str, object] = {
    "centre": lazy_gettext("Trung ương Hội"),
    "provincial": lazy_gettext("Tỉnh hội, Thành hội"),
    "traditional": lazy_gettext("Đơn vị truyền thống"),
    "liaison": lazy_gettext("Ban liên lạc"),
    "branch": lazy_gettext("Chi hội"),
}


@dataclass(frozen=True, slots=True)
class FundName:
    """A fund's code and its name in the page's language."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """A unit in the list; balances in đồng by fund code."""

    code: str
    name: str
    kind: str
    province: str
    balances: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Listing:
    """The units that a filter leaves, one page of them, and the sums of all that are left."""

    rows: tuple[Row, ...]
    count: int
    totals: Mapping[str, int]
    next_after: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit with all its facts."""

    row: Row
    address: str
    valid_from: date | None
    valid_to: date | None
    parents: tuple[tuple[str, str], ...]
    below: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the list is asked for; empty texts ask for nothing."""

    kind: str = ""
    province: str = ""
    text: str = ""
    after: str = ""


def funds(session: Session) -> list[FundName]:
    """Return the funds for column heads."""
    return [FundName(f.code, in_language(f.name, f.name_en)) for f in summary.funds(session)]


def provinces(session: Session) -> list[tuple[str, str]]:
    """Return the provinces of today as choices, by name."""
    found = units.province_names(session)
    return sorted(found, key=lambda choice: fold(choice[1]))


def listing(session: Session, asked: Filter, today: date) -> Listing:
    """Return the units in scope that a filter leaves, a page from after the given code.

    A province of today also finds the units of the provinces it was made of.

    Raises:
        NotFound: there is no such province.
    """
    left = units.all_units(session)
    if asked.kind:
        left = [unit for unit in left if unit.kind == asked.kind]
    if asked.province:
        place = units.province(session, asked.province)
        meant = {place.id, *(old.id for old in units.predecessors(session, place))}
        left = [unit for unit in left if unit.province_id in meant]
    if asked.text:
        wanted = fold(asked.text)
        left = [unit for unit in left if wanted in unit.folded or wanted == unit.code.lower()]
    balances = summary.unit_balances(session, today)
    codes = [unit.code for unit in left]
    start = codes.index(asked.after) + 1 if asked.after in codes else 0
    shown = left[start : start + PAGE]
    more = start + PAGE < len(left)
    names = _province_names(session)
    ids = {unit.id for unit in left}
    totals: dict[str, int] = {}
    for (unit_id, fund), amount in balances.items():
        if unit_id in ids:
            totals[fund] = totals.get(fund, 0) + amount
    return Listing(
        rows=tuple(_row(unit, names, balances) for unit in shown),
        count=len(left),
        totals=totals,
        next_after=shown[-1].code if more else None,
    )


def sheet(session: Session, code: str, today: date) -> Sheet:
    """Return one unit.

    Raises:
        NotFound: there is none, or not for this person.
    """
    unit = units.by_code(session, code)
    below = _visible(session, units.branches(session, unit))
    balances = summary.unit_balances(session, today, {unit.id, *(child.id for child in below)})
    names = _province_names(session)
    return Sheet(
        row=_row(unit, names, balances),
        address=unit.address,
        valid_from=unit.valid_from,
        valid_to=unit.valid_to,
        parents=_parents(session, unit),
        below=tuple(_row(child, names, balances) for child in below),
    )


def _visible(session: Session, found: list[Unit]) -> list[Unit]:
    seen = {unit.id for unit in units.all_units(session)}
    return [unit for unit in found if unit.id in seen]


def _parents(session: Session, unit: Unit) -> tuple[tuple[str, str], ...]:
    """Return codes and names above a unit, the centre first; the code of one not seen is empty."""
    chain: list[tuple[str, str]] = []
    above = unit.parent_id
    while above is not None:
        parent = session.get_one(Unit, above)
        try:
            units.by_code(session, parent.code)
            chain.insert(0, (parent.code, parent.name))
        except NotFound:
            chain.insert(0, ("", parent.name))
        above = parent.parent_id
    return tuple(chain)


def _province_names(session: Session) -> dict[int, str]:
    return {place.id: place.name for place in session.scalars(select(Province))}


def _row(unit: Unit, names: Mapping[int, str], balances: Mapping[tuple[int, str], int]) -> Row:
    return Row(
        code=unit.code,
        name=unit.name,
        kind=str(KINDS[unit.kind]),
        province=names.get(unit.province_id, "") if unit.province_id else "",
        balances={fund: amount for (owner, fund), amount in balances.items() if owner == unit.id},
    )
