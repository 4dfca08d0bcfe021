"""Profiles of files: kept by name, found again for a file that has their columns, forgotten."""

from typing import IO

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.sms.layouts import Profile, find
from fundsvc.sms.models import SmsProfile

OWN = "csv"
"""Names our own form, which needs no profile."""


def names(session: Session) -> list[str]:
    """Return the names of all profiles."""
    return list(session.scalars(select(SmsProfile.name).order_by(SmsProfile.name)))


def named(session: Session, name: str | None) -> Profile | None:
    """Return a profile by its name; None for our own form and for no name.

    Raises:
        Refusal: there is none of this name.
    """
    if name in {None, OWN}:
        return None
    found = session.scalar(select(SmsProfile).where(SmsProfile.name == name))
    if found is None:
        known = ", ".join((OWN, *names(session)))
        why = _("Không có mẫu tệp này; các mẫu: %(known)s.", known=known)
        raise Refusal(Reason(why, field="format"))
    return _profile(found)


def fitting(session: Session, stream: IO[bytes]) -> list[Profile]:
    """Return the profiles whose columns a file has."""
    fit = []
    for row in session.scalars(select(SmsProfile).order_by(SmsProfile.name)):
        try:
            find(stream, _profile(row))
        except Refusal:
            continue
        fit.append(_profile(row))
    return fit


def keep(session: Session, profile: Profile, *, by: int | None) -> None:
    """Keep a new profile.

    Raises:
        Conflict: another has its name; it is not changed.
    """
    if profile.name == OWN or profile.name in names(session):
        why = _("Đã có mẫu tên này; xin đặt tên khác.")
        raise Conflict(Reason(why, field="name"))
    columns, fixed = dict(profile.columns), dict(profile.fixed)
    session.add(
        SmsProfile(
            name=profile.name,
            columns=columns,
            fixed=fixed,
            days=profile.days,
            made_at=clock.now(),
            made_by=by,
        )
    )
    facts = {"columns": columns, "fixed": fixed, "days": profile.days}
    audit.record(session, "sms.profile", f"sms_profile:{profile.name}", facts, by=by)
    session.flush()


def forget(session: Session, name: str, *, by: int | None) -> None:
    """Drop a profile; what was imported by it stays.

    Raises:
        NotFound: there is none of this name.
    """
    gone = session.execute(delete(SmsProfile).where(SmsProfile.name == name))
    if not gone.rowcount:  # type: ignore[attr-defined]  # A delete tells its row count.
        raise NotFound
    audit.record(session, "sms.profile-forgotten", f"sms_profile:{name}", {}, by=by)


def _profile(row: SmsProfile) -> Profile:
    return Profile(row.name, row.columns, row.fixed, row.days)
