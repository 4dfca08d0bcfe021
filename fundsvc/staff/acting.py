"""Who acts: a person named on the command line, and whether a person has one of some roles."""

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import set_scope
from fundsvc.errors import Forbidden, NotFound, Reason
from fundsvc.fields import shown
from fundsvc.staff import people
from fundsvc.staff.models import StaffUser, StaffUserRole


def acting(session: Session, username: str, field: str = "by") -> people.Person:
    """Return the person of a user name and limit the session to what that person may see.

    Raises:
        NotFound: there is nobody of this name, or the account is disabled.
    """
    person = people.by_name(session, username.strip().lower())
    if person is None or not person.active:
        why = _("Không có người dùng “%(name)s” đang hoạt động.", name=shown(username))
        raise NotFound(Reason(why, field=field))
    set_scope(session, person.scope)
    return person


def hold_role(session: Session, user_id: int, roles: Collection[str], why: str) -> None:
    """Hold that a person has one of some roles.

    Raises:
        Forbidden: the person has none of them, or the account is disabled.
    """
    found = session.scalar(
        select(StaffUser.id)
        .join(StaffUserRole, StaffUserRole.user_id == StaffUser.id)
        .where(StaffUser.id == user_id, StaffUser.active, StaffUserRole.role.in_(roles))
        .limit(1)
    )
    if found is None:
        raise Forbidden(Reason(why, field="by"))
