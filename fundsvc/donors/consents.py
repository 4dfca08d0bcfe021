"""What donors agreed to and took back; what was said last holds."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.donors import merging
from fundsvc.donors.merging import family
from fundsvc.donors.models import PURPOSES, WAYS, Donor, DonorConsent
from fundsvc.donors.service import by_id
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.text import clean

LONGEST_WORDS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentFacts:
    """What a donor said: to which purpose, yes or no, on which day, how, to which words."""

    purpose: str
    given: bool
    said_on: date
    way: str
    words: str


def note(session: Session, donor: Donor, facts: ConsentFacts, *, by: int | None) -> DonorConsent:
    """Note what a donor said; said again in the same words on the same day it is noted once.

    Raises:
        Refusal: purpose or way are unknown, the day is to come, or the words are missing.
        Conflict: the donor was erased.
    """
    if donor.erased_at is not None:
        raise Conflict(_("Hồ sơ này đã xóa dữ liệu cá nhân."))
    reasons = []
    if facts.purpose not in PURPOSES:
        reasons.append(Reason(_("Không có mục đích này."), field="purpose"))
    if facts.way not in WAYS:
        reasons.append(Reason(_("Không có cách này."), field="way"))
    if facts.said_on > clock.today():
        reasons.append(Reason(_("Ngày này nằm trong tương lai."), field="said_on"))
    words = clean(facts.words, LONGEST_WORDS, "words")
    if not words:
        reasons.append(Reason(_("Xin ghi lời đã cho người ủng hộ xem hoặc nghe."), field="words"))
    if reasons:
        raise Refusal(*reasons)
    last = standing(session, [donor.id]).get(facts.purpose)
    if last and (last.given, last.said_on, last.way, last.words) == (
        facts.given,
        facts.said_on,
        facts.way,
        words,
    ):
        return last
    row = DonorConsent(
        unit_id=donor.unit_id,
        donor_id=donor.id,
        purpose=facts.purpose,
        given=facts.given,
        said_on=facts.said_on,
        way=facts.way,
        words=words,
        noted_at=clock.now(),
        noted_by=by,
    )
    session.add(row)
    session.flush()
    told = {"purpose": facts.purpose, "given": facts.given, "on": facts.said_on.isoformat()}
    audit.record(session, "donor.consent", f"donor:{donor.id}", told, by=by)
    return row


def note_by_id(
    session: Session, donor_id: int, facts: ConsentFacts, *, by: int | None
) -> DonorConsent:
    """Note what the donor of an id said (see `note`).

    Raises:
        NotFound: there is no such donor, or not for this person.
    """
    return note(session, by_id(session, donor_id), facts, by=by)


def history(session: Session, donor_ids: Collection[int]) -> list[DonorConsent]:
    """Return all that was said in some records of a donor, the newest first."""
    query = select(DonorConsent).where(DonorConsent.donor_id.in_(donor_ids))
    return list(
        session.scalars(query.order_by(DonorConsent.said_on.desc(), DonorConsent.id.desc()))
    )


def standing(session: Session, donor_ids: Collection[int]) -> dict[str, DonorConsent]:
    """Return what holds now, by purpose; a purpose nobody spoke of is not there."""
    found: dict[str, DonorConsent] = {}
    for row in history(session, donor_ids):
        found.setdefault(row.purpose, row)
    return found


def of_donor(session: Session, donor: Donor, purpose: str) -> DonorConsent | None:
    """Return what holds now of a donor, whichever of the donor's records heard it."""
    records = [record.id for record in family(session, donor)]
    return standing(session, records).get(purpose)


def refusing(session: Session, donor_ids: Collection[int], purpose: str) -> set[int]:
    """Return those of some records whose donors said no last, in any record that is theirs."""
    known = merging.records(session, donor_ids)
    every = {record for records in known.values() for record in records}
    said = session.execute(
        select(DonorConsent.donor_id, DonorConsent.given)
        .where(DonorConsent.donor_id.in_(every), DonorConsent.purpose == purpose)
        .order_by(DonorConsent.said_on.desc(), DonorConsent.id.desc())
    ).all()
    last = {
        donor_id: next((given for record, given in said if record in records), None)
        for donor_id, records in known.items()
    }
    return {donor_id for donor_id, given in last.items() if given is False}
