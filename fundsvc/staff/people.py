"""The person signed in: a plain value with roles and units, read anew for every request."""

from dataclasses import dataclass, field
from typing import Any

from flask_security import RoleMixin, UserMixin
from sqlalchemy import column, select, table
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from fundsvc.staff.models import StaffUser, StaffUserRole, StaffUserUnit

SEE_ALL_UNITS = frozenset({"treasurer", "approver", "auditor"})

# Units live a floor above; a person's reach needs no more of them than these columns.
UNIT = table("unit", column("id"), column("code"), column("name"), column("parent_id"))


@dataclass(frozen=True, slots=True)
class Role(RoleMixin):
    """A role as Flask-Security asks for it."""

    name: str


@dataclass(eq=False, kw_only=True)
class Person(UserMixin):
    """Somebody who signs in, as Flask-Security asks for it.

    It is no database object, so it outlives every transaction of a request. What Flask-Security
    changes in it is written by `fundsvc.staff.security.Datastore.put`.
    """

    id: int
    username: str
    name: str
    email: str
    password: str
    active: bool
    fs_uniquifier: str = ""
    tf_totp_secret: str | None = None
    tf_primary_method: str | None = None
    tf_phone_number: str | None = None
    mf_recovery_codes: list[str] | None = None
    role_names: frozenset[str]
    units: dict[int, str]
    scope: frozenset[int] | None
    roles: list[RoleMixin] = field(init=False)
    stored: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Remember what the database holds, so that only changes are written."""
        self.roles = [Role(name) for name in sorted(self.role_names)]
        self.stored = self.columns()

    def columns(self) -> dict[str, Any]:
        """Return the columns of `StaffUser` that signing in may change."""
        codes = self.mf_recovery_codes
        return {
            "key": self.fs_uniquifier,
            "password": self.password,
            "totp_secret": self.tf_totp_secret,
            "recovery": {"codes": list(codes)} if codes else None,
        }

    @property
    def unit_names(self) -> str:
        """The names of the units a unit-treasurer keeps; empty for people who see all."""
        return ", ".join(self.units.values()) if self.scope is not None else ""


def find(session: Session, condition: ColumnElement[bool]) -> Person | None:
    """Return the person that a condition on `StaffUser` names, with roles and reach."""
    user = session.execute(
        select(
            StaffUser.id,
            StaffUser.username,
            StaffUser.name,
            StaffUser.email,
            StaffUser.password,
            StaffUser.active,
            StaffUser.key,
            StaffUser.totp_secret,
            StaffUser.recovery,
        ).where(condition)
    ).one_or_none()
    if user is None:
        return None
    roles = frozenset(
        session.scalars(select(StaffUserRole.role).where(StaffUserRole.user_id == user.id))
    )
    sees_all = bool(roles & SEE_ALL_UNITS)
    reach = {} if sees_all or "unit-treasurer" not in roles else units_below(session, user.id)
    return Person(
        id=user.id,
        username=user.username,
        name=user.name,
        email=user.email or "",
        password=user.password,
        active=user.active,
        fs_uniquifier=user.key,
        tf_totp_secret=user.totp_secret,
        tf_primary_method="authenticator" if user.totp_secret else None,
        mf_recovery_codes=list((user.recovery or {}).get("codes", [])),
        role_names=roles,
        units={unit: name for unit, (name, own) in reach.items() if own},
        scope=None if sees_all else frozenset(reach),
    )


def units_below(session: Session, user_id: int) -> dict[int, tuple[str, bool]]:
    """Return the units of a unit-treasurer and all below them: name, and whether named directly.

    The recursion is by UNION, which drops what it has seen, so a loop of parents ends.
    """
    own = select(StaffUserUnit.unit_id.label("id")).where(StaffUserUnit.user_id == user_id)
    tree = own.cte("reach", recursive=True)
    tree = tree.union(select(UNIT.c.id).join(tree, UNIT.c.parent_id == tree.c.id))
    rows = session.execute(
        select(UNIT.c.id, UNIT.c.name, UNIT.c.id.in_(own))
        .where(UNIT.c.id.in_(select(tree.c.id)))
        .order_by(UNIT.c.code)
    )
    return {unit: (name, bool(named)) for unit, name, named in rows}
