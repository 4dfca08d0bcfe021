"""Look up units and provinces, within what a person may see."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.fields import shown
from fundsvc.units.models import Province, Unit
from fundsvc.units.sheet import CODE, PROVINCE


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit as lists show it, with the codes of its parent and province."""

    code: str
    name: str
    kind: str
    parent: str | None
    province: str | None
    address: str
    valid_from: date | None
    valid_to: date | None

    def as_json(self) -> dict[str, str | None]:
        """Return the facts with dates as texts."""
        days = {
            name: day.isoformat() if day else None
            for name, day in (("valid_from", self.valid_from), ("valid_to", self.valid_to))
        }
        return {
            "code": self.code,
            "name": self.name,
            "kind": self.kind,
            "parent": self.parent,
            "province": self.province,
            "address": self.address,
            **days,
        }


def by_code(session: Session, code: str) -> Unit:
    """Return a unit.

    Raises:
        NotFound: there is none, or not for this person; the two look the same.
    """
    readable = CODE.fullmatch(code) is not None
    found = session.scalar(select(Unit).where(Unit.code == code)) if readable else None
    units = db.scope(session)
    if found is None or (units is not None and found.id not in units):
        why = _("Không có đơn vị “%(code)s”.", code=shown(code))
        raise NotFound(Reason(why, field="unit"))
    return found


def lock(session: Session, unit_id: int) -> None:
    """Make those who move money of one unit stand in line until the transaction ends.

    What they look at before they write (what a till holds, whether a total was recorded) then
    stays true. Entries of others, which only refer to the unit, go on. SQLite has one writer
    anyhow.
    """
    session.execute(select(Unit.id).where(Unit.id == unit_id).with_for_update(key_share=True))


def check_active(unit: Unit, on: date, field: str) -> None:
    """Hold that a unit exists on a day.

    Raises:
        Refusal: the day is before its first or after its last.
    """
    if (unit.valid_from and on < unit.valid_from) or (unit.valid_to and on > unit.valid_to):
        raise Refusal(Reason(_("Đơn vị không hoạt động vào ngày này."), field=field))


def all_units(session: Session) -> list[Unit]:
    """Return the units this person may see: the centre first, then by kind and name."""
    units = db.scope(session)
    query = select(Unit) if units is None else select(Unit).where(Unit.id.in_(units))
    order = {"centre": 0, "provincial": 1, "traditional": 2, "liaison": 3, "branch": 4}
    return sorted(session.scalars(query), key=lambda unit: (order[unit.kind], unit.folded))


def province(session: Session, key: str) -> Province:
    """Return a province by scheme and code, as `2025:44`.

    Raises:
        NotFound: there is none; a bare code is never guessed at.
    """
    scheme, _colon, code = key.partition(":")
    query = select(Province).where(Province.scheme == scheme, Province.code == code)
    found = session.scalar(query) if PROVINCE.fullmatch(key) else None
    if found is None:
        why = _("Không có tỉnh, thành phố “%(key)s”; viết dạng 2025:44.", key=shown(key))
        raise NotFound(Reason(why, field="province"))
    return found


def all_provinces(session: Session, scheme: str | None = None) -> list[Province]:
    """Return the provinces, of one scheme or both, the newer scheme first, then by code."""
    query = select(Province).order_by(Province.scheme.desc(), Province.code)
    if scheme is not None:
        query = query.where(Province.scheme == scheme)
    return list(session.scalars(query))


def province_names(session: Session, scheme: str = "2025") -> list[tuple[str, str]]:
    """Return keys and names of the provinces of a scheme, by code, as forms offer them."""
    query = select(Province.code, Province.name).where(Province.scheme == scheme)
    rows = session.execute(query.order_by(Province.code))
    return [(f"{scheme}:{code}", name) for code, name in rows]


def successor(session: Session, of: Province) -> Province:
    """Return what a province is today: its successor, or itself."""
    while of.successor_id is not None:
        of = session.get_one(Province, of.successor_id)
    return of


def predecessors(session: Session, of: Province) -> list[Province]:
    """Return the provinces that became this one, by code; nothing for one of the old map."""
    query = select(Province).where(Province.successor_id == of.id).order_by(Province.code)
    return list(session.scalars(query))


def branches(session: Session, of: Unit) -> list[Unit]:
    """Return the units directly below one, by name."""
    query = select(Unit).where(Unit.parent_id == of.id).order_by(Unit.folded)
    return list(session.scalars(query))


def listed(session: Session) -> list[UnitFacts]:
    """Return the units this person may see, as facts, in the order of `all_units`."""
    found = all_units(session)
    codes = {row.id: row.code for row in session.execute(select(Unit.id, Unit.code))}
    provinces = {row.id: row.key for row in session.scalars(select(Province))}
    return [
        UnitFacts(
            code=unit.code,
            name=unit.name,
            kind=unit.kind,
            parent=codes[unit.parent_id] if unit.parent_id else None,
            province=provinces[unit.province_id] if unit.province_id else None,
            address=unit.address,
            valid_from=unit.valid_from,
            valid_to=unit.valid_to,
        )
        for unit in found
    ]
