"""Manage staff: add, change, disable, renew passwords. Every act is logged, and ends sessions."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import column, delete, insert, or_, select, table
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.fields import shown
from fundsvc.staff import passwords, sessions
from fundsvc.staff.models import ROLES, StaffUser, StaffUserRole, StaffUserUnit
from fundsvc.staff.people import SEE_ALL_UNITS, UNIT, UNIT_ROLE
from fundsvc.text import clean

LONGEST_USERNAME, LONGEST_NAME, LONGEST_EMAIL = 64, 200, 254

OWN_UNIT: Final = table("staff_user_unit", column("user_id"), column("unit_id"))

_USERNAME = re.compile(r"[\w.+-]{2,64}")
_CODE = re.compile(r"[\w.-]{1,40}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffFacts:
    """A person as lists show them; `units` are codes, `roles` in the order of `ROLES`."""

    id: int
    username: str
    name: str
    email: str
    active: bool
    second_factor: bool
    roles: tuple[str, ...]
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a person is called and may do; `units` are codes, for unit-treasurers only."""

    name: str
    email: str = ""
    roles: tuple[str, ...]
    units: tuple[str, ...] = ()


def everybody(session: Session) -> list[StaffFacts]:
    """Return all people, the active first, by user name."""
    roles: dict[int, list[str]] = {}
    for user_id, role in session.execute(select(StaffUserRole.user_id, StaffUserRole.role)):
        roles.setdefault(user_id, []).append(role)
    units: dict[int, list[str]] = {}
    for user_id, code in session.execute(
        select(StaffUserUnit.user_id, UNIT.c.code)
        .join(UNIT, UNIT.c.id == StaffUserUnit.unit_id)
        .order_by(UNIT.c.code)
    ):
        units.setdefault(user_id, []).append(code)
    return [
        StaffFacts(
            id=user.id,
            username=user.username,
            name=user.name,
            email=user.email or "",
            active=user.active,
            second_factor=user.totp_secret is not None,
            roles=tuple(sorted(roles.get(user.id, []), key=ROLES.index)),
            units=tuple(units.get(user.id, [])),
        )
        for user in session.scalars(
            select(StaffUser).order_by(StaffUser.active.desc(), StaffUser.username)
        )
    ]


def one(session: Session, username: str) -> StaffFacts:
    """Return the person of a user name.

    Raises:
        NotFound: there is none.
    """
    wanted = _user(session, username).id
    return next(person for person in everybody(session) if person.id == wanted)


def unit_choices(session: Session) -> list[tuple[str, str]]:
    """Return code and name of every unit, for the form of a unit-treasurer."""
    rows = session.execute(select(UNIT.c.code, UNIT.c.name).order_by(UNIT.c.name))
    return [(code, name) for code, name in rows]


def add(
    session: Session, username: str, password: str, standing: Standing, *, by: int | None
) -> int:
    """Add a person and return the id.

    Raises:
        Refusal: a name, the password, a role or a unit will not do; all reasons at once.
        Conflict: the user name or the e-mail is taken.
    """
    typed = passwords.normalise(username.strip()).casefold()
    reasons: list[Reason] = []
    if not _USERNAME.fullmatch(typed) or typed == "new":  # `/staff/new` is a page.
        why = _("Tên đăng nhập gồm 2 đến 64 chữ cái, chữ số và các dấu . _ + -.")
        reasons.append(Reason(why, field="username"))
    plain = passwords.normalise(password)
    wrong = passwords.refusals(plain, typed, standing.email)
    reasons += [Reason(why, field="password") for why in wrong]
    checked = _checked(session, standing, reasons)
    _check_free(session, typed, checked, None)
    user = StaffUser(
        username=typed,
        name=checked.name or typed,
        email=checked.email or None,
        key=secrets.token_hex(16),
        password=passwords.hash_password(plain),
        created_at=clock.now(),
    )
    session.add(user)
    session.flush()
    _write_standing(session, user.id, checked)
    _log(session, "staff.add", user, by, roles=checked.roles, units=checked.units)
    return user.id


def change(session: Session, username: str, standing: Standing, *, by: int | None) -> None:
    """Change name, e-mail, roles and units of a person, and end the person's sessions.

    Raises:
        NotFound: there is no such person.
        Refusal: a role or a unit will not do, or no administrator would be left.
        Conflict: the e-mail is taken.
    """
    user = _user(session, username)
    checked = _checked(session, standing, [])
    if "admin" not in checked.roles:
        _check_another_admin(session, user.id)
    _check_free(session, None, checked, user.id)
    user.name, user.email = checked.name or user.username, checked.email or None
    session.flush()
    session.execute(delete(StaffUserRole).where(StaffUserRole.user_id == user.id))
    session.execute(delete(StaffUserUnit).where(StaffUserUnit.user_id == user.id))
    _write_standing(session, user.id, checked)
    sessions.end_all(session, user.id)
    _log(session, "staff.change", user, by, roles=checked.roles, units=checked.units)


def set_active(session: Session, username: str, *, active: bool, by: int | None) -> None:
    """Let a person sign in or not; disabling ends all sessions at once.

    Raises:
        NotFound: there is no such person.
        Refusal: no administrator would be left.
    """
    user = _user(session, username)
    if not active:
        _check_another_admin(session, user.id)
        sessions.end_all(session, user.id)
        user.key = secrets.token_hex(16)
    user.active = active
    _log(session, "staff.enable" if active else "staff.disable", user, by)


def set_password(session: Session, username: str, password: str, *, by: int | None) -> None:
    """Give a person a new password, and end all sessions.

    Raises:
        NotFound: there is no such person.
        Refusal: the password will not do.
    """
    user = _user(session, username)
    plain = passwords.normalise(password)
    wrong = passwords.refusals(plain, user.username, user.email)
    if wrong:
        raise Refusal(*(Reason(why, field="password") for why in wrong))
    user.password = passwords.hash_password(plain)
    user.key = secrets.token_hex(16)
    sessions.end_all(session, user.id)
    _log(session, "staff.password", user, by)


def drop_second_factor(session: Session, username: str, *, by: int | None) -> None:
    """Take away a person's second factor and recovery codes, for a lost telephone.

    Raises:
        NotFound: there is no such person.
    """
    user = _user(session, username)
    user.totp_secret = user.recovery = None
    sessions.end_all(session, user.id)
    _log(session, "staff.second-factor", user, by)


def _user(session: Session, username: str) -> StaffUser:
    typed = passwords.normalise(username.strip()).casefold()
    known = _USERNAME.fullmatch(typed) is not None
    user = session.scalar(select(StaffUser).where(StaffUser.username == typed)) if known else None
    if user is None:
        raise NotFound(Reason(_("Không có người dùng này."), field="username"))
    return user


def _checked(session: Session, standing: Standing, reasons: list[Reason]) -> Standing:
    """Return a standing cleaned, or refuse it with all reasons, those given included."""
    cleaned = {}
    for field, raw, limit in (
        ("name", standing.name, LONGEST_NAME),
        ("email", standing.email, LONGEST_EMAIL),
    ):
        try:
            cleaned[field] = clean(raw, limit, field)
        except Refusal as refusal:
            reasons.extend(refusal.reasons)
    email = cleaned.get("email", "").casefold()
    if email and not _EMAIL.fullmatch(email):
        reasons.append(Reason(_("Địa chỉ e-mail không đúng dạng."), field="email"))
    roles = tuple(role for role in ROLES if role in standing.roles)
    reasons += [Reason(why, field="roles") for why in _wrong_roles(standing.roles)]
    units = tuple(sorted(set(standing.units)))
    if UNIT_ROLE in roles and not units:
        why = _("Thủ quỹ đơn vị cần ít nhất một đơn vị.")
        reasons.append(Reason(why, field="units"))
    if units and UNIT_ROLE not in roles:
        why = _("Chỉ thủ quỹ đơn vị mới gắn với đơn vị.")
        reasons.append(Reason(why, field="units"))
    readable = [code for code in units if _CODE.fullmatch(code)]
    missing = set(units) - set(_unit_ids(session, readable))
    if missing:
        why = _("Không có đơn vị “%(code)s”.", code=shown(min(missing)))
        reasons.append(Reason(why, field="units"))
    if reasons:
        raise Refusal(*reasons)
    return Standing(name=cleaned["name"], email=email, roles=roles, units=units)


def _wrong_roles(roles: Collection[str]) -> list[str]:
    """Return what is wrong with the roles of one person."""
    wrong = []
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        wrong.append(_("Không có vai trò “%(role)s”.", role=shown(unknown[0])))
    if not roles:
        wrong.append(_("Xin chọn ít nhất một vai trò."))
    if UNIT_ROLE in roles and SEE_ALL_UNITS.intersection(roles):
        why = _(
            "Thủ quỹ đơn vị chỉ làm việc với đơn vị của mình, nên không kiêm được vai trò thủ quỹ, "
            "người duyệt hay kiểm toán."
        )
        wrong.append(why)
    return wrong


def _unit_ids(session: Session, codes: Collection[str]) -> dict[str, int]:
    rows = session.execute(select(UNIT.c.code, UNIT.c.id).where(UNIT.c.code.in_(codes)))
    return {row.code: row.id for row in rows}


def _check_free(
    session: Session, username: str | None, standing: Standing, own_id: int | None
) -> None:
    """Hold that nobody else signs in by one of these names, be it as user name or as e-mail."""
    for field, value in (("username", username), ("email", standing.email)):
        same = or_(StaffUser.username == value, StaffUser.email == value)
        taken = session.scalars(select(StaffUser.id).where(same)) if value else ()
        if any(user_id != own_id for user_id in taken):
            raise Conflict(Reason(_("Tên này đã được sử dụng."), field=field))


def _check_another_admin(session: Session, user_id: int) -> None:
    """Hold that an active administrator remains without this one."""
    admins = set(
        session.scalars(
            select(StaffUser.id)
            .join(StaffUserRole, StaffUserRole.user_id == StaffUser.id)
            .where(StaffUserRole.role == "admin", StaffUser.active == True)  # noqa: E712 - SQL
        )
    )
    if admins == {user_id}:
        raise Refusal(Reason(_("Đây là người quản trị duy nhất còn lại."), field="roles"))


def _write_standing(session: Session, user_id: int, standing: Standing) -> None:
    session.add_all(StaffUserRole(user_id=user_id, role=role) for role in standing.roles)
    rows = [
        {"user_id": user_id, "unit_id": unit_id}
        for unit_id in _unit_ids(session, standing.units).values()
    ]
    if rows:
        # Not by the model: to flush it, SQLAlchemy needs the model of units too, which is a floor
        # above and which a command about staff has not loaded.
        session.execute(insert(OWN_UNIT), rows)


def _log(
    session: Session, kind: str, user: StaffUser, by: int | None, **facts: Collection[str]
) -> None:
    kept = {name: sorted(values) for name, values in facts.items()}
    audit.record(session, kind, f"staff:{user.username}", kept, by=by)
