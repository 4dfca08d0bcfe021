"""The person signed in: a plain value with roles and units, read anew for every request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Row, bindparam, column, or_, select, table
from sqlalchemy.orm import Session

from fundsvc.staff.models import StaffUser, StaffUserRole, StaffUserUnit

UNIT_ROLE: Final = "unit-treasurer"
SEE_ALL_UNITS: Final = frozenset({"treasurer", "approver", "auditor"})

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


# Made once: every page of somebody signed in asks it.
_PERSON: Final = (
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
        StaffUserRole.role,
    )
    .select_from(StaffUser)
    .join(StaffUserRole, StaffUserRole.user_id == StaffUser.id, isouter=True)
)
_BY_KEY: Final = _PERSON.where(StaffUser.key == bindparam("value"))
_BY_NAME: Final = _PERSON.where(
    or_(StaffUser.username == bindparam("value"), StaffUser.email == bindparam("value"))
)


def by_key(session: Session, key: str) -> Person | None:
    """Return the person whom a session names by a key, with roles and reach."""
    return _person(session, session.execute(_BY_KEY, {"value": key}).all())


def by_name(session: Session, name: str) -> Person | None:
    """Return the person of a user name or an e-mail, both in lower case."""
    return _person(session, session.execute(_BY_NAME, {"value": name}).all())


def _person(session: Session, rows: Sequence[Row[Any]]) -> Person | None:
    """Make a person of the rows of one user, one for each role."""
    if not rows:
        return None
    user = rows[0]
    roles = frozenset(row.role for row in rows if row.role)
    # No such person is let in the table, but were one there, the narrower role would hold.
    of_units = UNIT_ROLE in roles
    sees_all = bool(roles & SEE_ALL_UNITS) and not of_units
    reach = units_below(session, user.id) if of_units else {}
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
