"""Merge records that are one donor, and part them again; no record and no donation changes by it.

A merged record only points to the one it is a part of. Whoever reads follows the pointer; whoever
parts them takes it away, and all is as it was.
"""

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.donors.models import Donor
from fundsvc.donors.service import by_id
from fundsvc.errors import Conflict, NotFound, Reason, Refusal


def merge(session: Session, kept_id: int, gone_id: int, *, by: int | None) -> Donor:
    """Make one record a part of another and return the latter; merged again it is the same.

    Raises:
        NotFound: one of them is not there, or not for this person.
        Refusal: they are one record, of two units, or one was erased.
        Conflict: one of them is a part of a third one.
    """
    if kept_id == gone_id:
        raise Refusal(Reason(_("Hai hồ sơ phải khác nhau."), field="other"))
    kept, gone = _locked(session, kept_id, gone_id)
    if gone.merged_into_id == kept.id:
        return kept
    if kept.unit_id != gone.unit_id:
        why = _("Mỗi đơn vị giữ hồ sơ riêng; chỉ gộp được hai hồ sơ của cùng một đơn vị.")
        raise Refusal(Reason(why, field="other"))
    if kept.erased_at or gone.erased_at:
        raise Refusal(Reason(_("Hồ sơ đã xóa dữ liệu không gộp được."), field="other"))
    if kept.merged_into_id or gone.merged_into_id:
        raise Conflict(_("Một trong hai hồ sơ đã được gộp vào hồ sơ khác."))
    gone.merged_into_id = kept.id
    session.flush()
    audit.record(session, "donor.merge", f"donor:{kept.id}", {"merged": gone.id}, by=by)
    return kept


def part(session: Session, gone_id: int, *, by: int | None) -> Donor:
    """Let a merged record stand by itself again, as it was; return the one it was a part of.

    Raises:
        NotFound: it is not there, or not for this person.
        Refusal: it was erased with the other one.
        Conflict: it is no part of another.
    """
    gone = _locked(session, gone_id)[0]
    if gone.merged_into_id is None:
        raise Conflict(_("Hồ sơ này không gộp vào hồ sơ nào."))
    if gone.erased_at:
        raise Refusal(_("Hồ sơ đã xóa dữ liệu không tách được."))
    kept = by_id(session, gone.merged_into_id)
    gone.merged_into_id = None
    session.flush()
    audit.record(session, "donor.part", f"donor:{kept.id}", {"parted": gone.id}, by=by)
    return kept


def root(session: Session, donor: Donor) -> Donor:
    """Return the record that a donor's record is a part of in the end, often itself."""
    while donor.merged_into_id is not None:
        donor = by_id(session, donor.merged_into_id)
    return donor


def family(session: Session, donor: Donor) -> list[Donor]:
    """Return all records of a donor: the one that stands first, then its parts."""
    top = root(session, donor)
    return [top, *parts(session, [top.id])]


def parts(session: Session, donor_ids: Collection[int]) -> list[Donor]:
    """Return the records that were merged into some, or into these in turn."""
    found: list[Donor] = []
    above = list(donor_ids)
    while above:
        query = select(Donor).where(Donor.merged_into_id.in_(above)).order_by(Donor.id)
        below = list(session.scalars(query))
        found += below
        above = [donor.id for donor in below]
    return found


def records(session: Session, donor_ids: Collection[int]) -> dict[int, Collection[int]]:
    """Return the ids of all records of some donors (`family`), by the id that was asked for.

    Of many donors it asks once, and once more for each step of a merging.
    """
    whole: dict[int, set[int]] = {donor_id: {donor_id} for donor_id in donor_ids}
    seen: set[int] = set()
    while new := set(whole) - seen:
        query = select(Donor.id, Donor.merged_into_id).where(
            Donor.merged_into_id.in_(new) | Donor.id.in_(new) & Donor.merged_into_id.is_not(None)
        )
        pairs = [(gone, kept) for gone, kept in session.execute(query) if kept is not None]
        for gone, kept in pairs:
            both = whole.get(gone, {gone}) | whole.get(kept, {kept})
            whole.update(dict.fromkeys(both, both))
        seen |= new
    return {donor_id: whole[donor_id] for donor_id in donor_ids}


def _locked(session: Session, *donor_ids: int) -> list[Donor]:
    """Return donors as they are now, in the order asked for; locked in the order of their ids."""
    query = (
        select(Donor)
        .where(Donor.id.in_(donor_ids))
        .order_by(Donor.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {donor.id: donor for donor in session.scalars(query)}
    if len(found) < len(donor_ids):
        raise NotFound
    return [found[donor_id] for donor_id in donor_ids]
