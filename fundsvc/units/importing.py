"""Take in a file of units: all of it or nothing, and the same file again changes nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.imports import ImportReport, Refused
from fundsvc.text import fold
from fundsvc.units.models import Province, Unit
from fundsvc.units.sheet import COLUMNS, UnitRow, read

CENTRE = "TW"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsReport(ImportReport):
    """The outcome of reading a file of units; `changed` rows were known with other facts."""

    changed: int

    def as_json(self) -> dict[str, Any]:
        """Return the report as imports print it, with the number of changed units."""
        return ImportReport.as_json(self) | {"changed": self.changed}


def import_units(session: Session, data: bytes, *, commit: bool, by: int | None) -> UnitsReport:
    """Take in a file of units, all of it or nothing.

    A new code adds a unit; a known one with other facts changes it, and the change is noted in the
    log. A unit that has books keeps its kind and its province, because past statements were drawn
    by them. An empty parent means the centre.

    Args:
        session: the open transaction.
        data: the bytes of the file (see `fundsvc.units.sheet`).
        commit: write, if no row is refused; else only tell what would be written.
        by: who does it.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    sheet = read(data)
    known = {unit.code: unit for unit in session.scalars(select(Unit))}
    provinces = {row.key: row.id for row in session.scalars(select(Province))}
    _check(sheet.rows, known, provinces, sheet.refused)
    by_id = {unit.id: unit.code for unit in known.values()}
    changes = {
        row.code: _differences(row, known[row.code], provinces, by_id, sheet.columns)
        for row in sheet.rows
        if row.code in known
    }
    _check_books(session, sheet.rows, known, changes, sheet.refused)
    commit = commit and not sheet.refused.count
    new = [row for row in sheet.rows if row.code not in known]
    changed = [row for row in sheet.rows if changes.get(row.code)]
    if commit:
        _write(session, sheet.rows, known, changes, provinces)
        for row in changed:
            audit.record(session, "unit.change", f"unit:{row.code}", changes[row.code], by=by)
        if new:
            facts = {"codes": [row.code for row in new], "units": {r.code: _made(r) for r in new}}
            audit.record(session, "unit.import", "units", facts, by=by)
        session.flush()
        # The books remember codes of units per session (`books.keys`); they must look again.
        session.info.pop("keys", None)
    return UnitsReport(
        lines=sheet.lines,
        new=len(new),
        known=len(sheet.rows) - len(new),
        changed=len(changed),
        refused=tuple(sheet.refused.rows),
        refused_count=sheet.refused.count,
        sum_in=0,
        sum_out=0,
        first=None,
        last=None,
        committed=commit,
    )


def _check(
    rows: Iterable[UnitRow], known: dict[str, Unit], provinces: dict[str, int], refused: Refused
) -> None:
    """Hold what rows must hold together: codes once, parents and provinces known, no circle."""
    codes = {code.casefold(): code for code in known}
    seen: dict[str, int] = {}
    by_id = {unit.id: unit.code for unit in known.values()}
    parents = {unit.code: by_id.get(unit.parent_id or 0) for unit in known.values()}
    for row in rows:
        earlier = seen.setdefault(row.code.casefold(), row.row)
        if earlier != row.row:
            refused.add(row.row, "code", _("Mã này đã có ở dòng %(row)d.", row=earlier))
        elif codes.setdefault(row.code.casefold(), row.code) != row.code:
            refused.add(row.row, "code", _("Mã này chỉ khác chữ hoa, chữ thường với mã đã có."))
        else:
            parents[row.code] = _parent(row)
        if row.kind == "centre" and row.code != CENTRE:
            refused.add(row.row, "kind", _("Chỉ có một Trung ương Hội, mã TW."))
        if row.province and row.province not in provinces:
            refused.add(row.row, "province", _("Không có tỉnh, thành phố này."))
    circles = _circles(parents)
    for row in rows:
        parent = _parent(row)
        if parent is not None and parent not in parents:
            why = _("Không có đơn vị cấp trên “%(code)s”.", code=parent)
            refused.add(row.row, "parent", why)
        elif row.parent != row.code and row.code in circles:
            refused.add(row.row, "parent", _("Các đơn vị cấp trên tạo thành vòng."))


def _parent(row: UnitRow) -> str | None:
    return None if row.code == CENTRE else row.parent or CENTRE


def _circles(parents: dict[str, str | None]) -> set[str]:
    """Return the units from which going up leads back to themselves; each is visited once."""
    done: set[str] = set()
    found: set[str] = set()
    for code in parents:
        path: list[str] = []
        places: dict[str, int] = {}
        at: str | None = code
        while at is not None and at not in done and at not in places:
            places[at] = len(path)
            path.append(at)
            at = parents.get(at)
        if at is not None and at in places:
            found.update(path[places[at] :])
        done.update(path)
    return found


def _differences(
    row: UnitRow,
    unit: Unit,
    provinces: dict[str, int],
    by_id: dict[int, str],
    columns: frozenset[str],
) -> dict[str, list[Any]]:
    """Return what a row says differently from the stored unit: field, old value, new value.

    A column that the file does not have says nothing.
    """
    keys = {province_id: key for key, province_id in provinces.items()}
    pairs = {
        "name": (unit.name, row.name),
        "kind": (unit.kind, row.kind),
        "parent": (by_id.get(unit.parent_id or 0), _parent(row)),
        "province": (keys.get(unit.province_id or 0), row.province),
        "address": (unit.address, row.address),
        "valid_from": (_iso(unit.valid_from), _iso(row.valid_from)),
        "valid_to": (_iso(unit.valid_to), _iso(row.valid_to)),
    }
    return {
        name: [old, new] for name, (old, new) in pairs.items() if name in columns and old != new
    }


def _made(row: UnitRow) -> dict[str, Any]:
    """Return what a new unit is, by the fields that a change of it would name."""
    return {
        "name": row.name,
        "kind": row.kind,
        "parent": _parent(row),
        "province": row.province,
        "address": row.address,
        "valid_from": _iso(row.valid_from),
        "valid_to": _iso(row.valid_to),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _check_books(
    session: Session,
    rows: Iterable[UnitRow],
    known: dict[str, Unit],
    changes: dict[str, dict[str, list[Any]]],
    refused: Refused,
) -> None:
    """Refuse another kind or province for a unit that has books."""
    postings = table("posting", column("unit_id"))
    for row in rows:
        touched = [name for name in ("kind", "province") if name in changes.get(row.code, {})]
        if not touched:
            continue
        unit_id = known[row.code].id
        query = select(postings.c.unit_id).where(postings.c.unit_id == unit_id).limit(1)
        if session.execute(query).first() is not None:
            for name in touched:
                why = _("Đơn vị đã có sổ sách; không đổi được loại hoặc tỉnh, thành phố.")
                refused.add(row.row, name, why)


def _write(
    session: Session,
    rows: Iterable[UnitRow],
    known: dict[str, Unit],
    changes: dict[str, dict[str, list[Any]]],
    provinces: dict[str, int],
) -> None:
    """Add and change units; parents last, because they may come later in the file."""
    units = dict(known)
    for row in rows:
        if row.code not in known:
            units[row.code] = Unit(code=row.code, name=row.name, folded="", kind=row.kind)
            session.add(units[row.code])
    session.flush()
    for row in rows:
        unit = units[row.code]
        names = set(COLUMNS) if row.code not in known else set(changes[row.code])
        for name in names & {"name", "kind", "address", "valid_from", "valid_to"}:
            setattr(unit, name, getattr(row, name))
        if "name" in names:
            unit.folded = fold(f"{row.code} {row.name}")
        if "province" in names:
            unit.province_id = provinces[row.province] if row.province else None
        if "parent" in names:
            parent = _parent(row)
            unit.parent_id = units[parent].id if parent else None


def told(report: UnitsReport) -> list[str]:
    """Return the report in sentences."""
    lines = [
        _(
            "Đọc %(lines)d dòng: %(new)d đơn vị mới, %(changed)d thay đổi, %(known)d đã có.",
            lines=report.lines,
            new=report.new,
            changed=report.changed,
            known=report.known,
        )
    ]
    lines += [
        _("Dòng %(row)d, %(field)s: %(reason)s", row=bad.row, field=bad.field, reason=bad.reason)
        for bad in report.refused
    ]
    if report.refused_count:
        lines.append(_("Không ghi gì. Hãy sửa tệp rồi nhập lại."))
    elif not report.committed:
        lines.append(_("Chỉ xem trước, chưa ghi."))
    return lines
