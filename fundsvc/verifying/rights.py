"""Who may do what, and what money is bound to, as the log tells: roles, units, funds.

Whoever gives himself a role for an hour can approve what he made; whoever unbinds a fund can spend
it on anything. Both leave entries that look right, so what allowed them is compared too.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from fundsvc.audit.models import Act
from fundsvc.books.models import Fund
from fundsvc.books.reference import FUNDS
from fundsvc.books.verify import Fault
from fundsvc.staff.models import StaffUser, StaffUserRole, StaffUserUnit
from fundsvc.units.models import Province, Unit

STANDING: Final = ("staff.add", "staff.change")
SWITCHES: Final = {"staff.enable": True, "staff.disable": False}
LABELS: Final = {
    "name": lambda: _("tên"),
    "kind": lambda: _("loại"),
    "parent": lambda: _("đơn vị cấp trên"),
    "province": lambda: _("tỉnh, thành phố"),
    "address": lambda: _("địa chỉ"),
    "valid_from": lambda: _("ngày bắt đầu"),
    "valid_to": lambda: _("ngày kết thúc"),
}


def faults(session: Session) -> Iterator[Fault]:
    """Yield funds, units and people that are otherwise than they were made."""
    yield from _funds(session)
    yield from _units(session)
    yield from _people(session)


def _funds(session: Session) -> Iterator[Fault]:
    """Funds of the association that are bound otherwise; nothing in the service changes that."""
    bound = {code: restriction for code, _name, _english, _prefix, restriction in FUNDS}
    for code, restriction in session.execute(select(Fund.code, Fund.restriction).order_by(Fund.id)):
        if bound.get(code, restriction) != restriction:
            why = _("Quỹ %(code)s bị đổi mức ràng buộc (%(now)s, đúng ra %(meant)s).",
                    code=code, now=restriction, meant=bound[code])  # fmt: skip
            yield Fault("fund", f"fund:{code}", why)


def _units(session: Session) -> Iterator[Fault]:
    """Units that are otherwise than they were made and changed, as the log tells."""
    told: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    acts = select(Act.kind, Act.subject, Act.facts).where(
        Act.kind.in_(("unit.import", "unit.change"))
    )
    for kind, subject, facts in session.execute(acts.order_by(Act.id)):
        if kind == "unit.change":
            changed = {name: new for name, (_old, new) in facts.items()}
            told[subject.removeprefix("unit:")].update(changed)
            continue
        for code, made in facts.get("units", {}).items():
            told[code].update(made)
    parent = aliased(Unit)
    query = (
        select(Unit, parent.code, Province.scheme, Province.code)
        .outerjoin(parent, parent.id == Unit.parent_id)
        .outerjoin(Province, Province.id == Unit.province_id)
        .order_by(Unit.code)
    )
    for unit, above, scheme, province in session.execute(query):
        now = {
            "name": unit.name,
            "kind": unit.kind,
            "parent": above,
            "province": f"{scheme}:{province}" if province else None,
            "address": unit.address,
            "valid_from": unit.valid_from.isoformat() if unit.valid_from else None,
            "valid_to": unit.valid_to.isoformat() if unit.valid_to else None,
        }
        wrong = [name for name, new in told.pop(unit.code, {}).items() if now.get(name) != new]
        if wrong:
            why = _("Đơn vị %(unit)s khác với lần lập hoặc sửa cuối cùng trong nhật ký: %(what)s.",
                    unit=unit.code, what=", ".join(LABELS[name]() for name in wrong))  # fmt: skip
            yield Fault("unit", f"unit:{unit.code}", why)
    for code in sorted(told):
        why = _("Nhật ký có đơn vị %(unit)s mà nay không còn đơn vị ấy.", unit=code)
        yield Fault("unit", f"unit:{code}", why)


def _people(session: Session) -> Iterator[Fault]:
    """People whose roles, units or access are otherwise than the log tells."""
    told, active = _told(session)
    roles, units = _held(session)
    query = select(StaffUser.id, StaffUser.username, StaffUser.active).order_by(StaffUser.id)
    for number, username, may in session.execute(query):
        said = told.pop(username, None)
        if said is None:
            why = _("Tài khoản %(user)s không do ai lập: nhật ký không có.", user=username)
        elif said != (sorted(roles[number]), sorted(units[number])):
            why = _("Tài khoản %(user)s có vai trò hoặc đơn vị khác với nhật ký.", user=username)
        elif active.get(username, True) != may:
            why = _("Tài khoản %(user)s được mở hay khóa khác với nhật ký.", user=username)
        else:
            continue
        yield Fault("staff", f"staff:{username}", why)
    for username in sorted(told):
        why = _("Nhật ký có tài khoản %(user)s mà nay không còn.", user=username)
        yield Fault("staff", f"staff:{username}", why)


def _told(
    session: Session,
) -> tuple[dict[str, tuple[list[str], list[str]]], dict[str, bool]]:
    """Return what the log says at last of each person's roles and units, and of their access."""
    standing: dict[str, tuple[list[str], list[str]]] = {}
    active: dict[str, bool] = {}
    acts = select(Act.kind, Act.subject, Act.facts).where(Act.kind.in_((*STANDING, *SWITCHES)))
    for kind, subject, facts in session.execute(acts.order_by(Act.id)):
        username = subject.removeprefix("staff:")
        if kind in STANDING:
            roles, units = (sorted(set(facts.get(name, ()))) for name in ("roles", "units"))
            standing[username] = roles, units
        else:
            active[username] = SWITCHES[kind]
    return standing, active


def _held(session: Session) -> tuple[defaultdict[int, set[str]], defaultdict[int, set[str]]]:
    """Return the roles and the codes of the units that each person has."""
    roles: defaultdict[int, set[str]] = defaultdict(set)
    for number, role in session.execute(select(StaffUserRole.user_id, StaffUserRole.role)):
        roles[number].add(role)
    units: defaultdict[int, set[str]] = defaultdict(set)
    query = select(StaffUserUnit.user_id, Unit.code).join(Unit, Unit.id == StaffUserUnit.unit_id)
    for number, code in session.execute(query):
        units[number].add(code)
    return roles, units
