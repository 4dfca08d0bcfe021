"""Propose records that may be one donor, each with its reasons; only a person merges them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from fundsvc.donors.merging import family, root
from fundsvc.donors.models import Donor

MOST: Final = 50
PHONE, EMAIL, ADDRESS, NAME = "phone", "email", "address", "name"
"""Why two records may be one: the same phone, e-mail, name and address, or only the name."""


@dataclass(frozen=True, slots=True)
class Double:
    """A record that may be the same donor as another one, and why: the surest reason first."""

    donor: Donor
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Records of one unit that may be one donor, the oldest first."""

    donors: tuple[Donor, ...]
    reason: str


def of_donor(session: Session, donor: Donor) -> list[Double]:
    """Return the records of the same unit that may be this donor, the likeliest first."""
    own = family(session, donor)
    phones = {one.phone_hash for one in own if one.phone_hash}
    emails = {one.email_hash for one in own if one.email_hash}
    names = {one.folded for one in own if one.folded}
    homes = {(one.folded, one.address) for one in own if one.address}
    query = select(Donor).where(
        Donor.unit_id == donor.unit_id,
        Donor.erased_at.is_(None),
        Donor.id.not_in([one.id for one in own]),
        or_(
            Donor.phone_hash.in_(phones),
            Donor.email_hash.in_(emails),
            Donor.folded.in_(names),
        ),
    )
    found: dict[int, tuple[Donor, set[str]]] = {}
    for row in session.scalars(query.order_by(Donor.id).limit(MOST)):
        at_home = (row.folded, row.address) in homes
        why = {
            reason
            for reason, holds in (
                (PHONE, row.phone_hash in phones),
                (EMAIL, row.email_hash in emails),
                (ADDRESS, at_home),
                (NAME, row.folded in names and not at_home),
            )
            if holds
        }
        top = root(session, row)
        found.setdefault(top.id, (top, set()))[1].update(why)
    doubles = [Double(top, _sorted(why)) for top, why in found.values()]
    return sorted(doubles, key=lambda one: (ORDER.index(one.reasons[0]), one.donor.id))


def groups(session: Session) -> list[Group]:
    """Return groups of records that share phone, e-mail, or name and address, a few at a time."""
    found: list[Group] = []
    seen: set[tuple[int, ...]] = set()
    for reason, columns, filled in KEYS:
        for donors in _sharing(session, columns, filled):
            tops = {top.id: top for top in (root(session, donor) for donor in donors)}
            key = tuple(sorted(tops))
            if len(key) > 1 and key not in seen:
                seen.add(key)
                found.append(Group(tuple(tops[donor_id] for donor_id in key), reason))
    return found[:MOST]


def _sharing(
    session: Session,
    columns: tuple[InstrumentedAttribute[str], ...],
    filled: ColumnElement[bool],
) -> Iterable[list[Donor]]:
    """Yield the records that are alike in some columns, those of one key together."""
    keys = (
        select(Donor.unit_id, *columns)
        .where(filled, Donor.erased_at.is_(None))
        .group_by(Donor.unit_id, *columns)
        .having(func.count() > 1, func.count().filter(Donor.merged_into_id.is_(None)) > 1)
        .order_by(func.max(Donor.id).desc())
        .limit(MOST)
    )
    for unit_id, *values in session.execute(keys).all():
        alike = and_(*(column == value for column, value in zip(columns, values, strict=True)))
        query = select(Donor).where(Donor.unit_id == unit_id, alike, Donor.erased_at.is_(None))
        yield list(session.scalars(query.order_by(Donor.id).limit(MOST)))


def _sorted(reasons: set[str]) -> tuple[str, ...]:
    return tuple(reason for reason in ORDER if reason in reasons)


ORDER: Final = (PHONE, EMAIL, ADDRESS, NAME)
KEYS: Final = (
    (PHONE, (Donor.phone_hash,), Donor.phone_hash != ""),
    (EMAIL, (Donor.email_hash,), Donor.email_hash != ""),
    (ADDRESS, (Donor.folded, Donor.address), Donor.address != ""),
)
