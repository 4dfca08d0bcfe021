"""Forget a donor: one person asks, another one approves, and the books stay whole.

Name, contacts and the salt go, and with the salt what the seals of the books tell of the donor. A
receipt that was issued is an accounting document, which the law keeps for its term: its frozen
facts and its PDF stay, and whoever holds the paper can verify it.
"""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.donors.editing import LONGEST_REASON, hold_standing
from fundsvc.donors.merging import family
from fundsvc.donors.models import Donor, DonorErasure, DonorVersion
from fundsvc.donors.service import by_id
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason, Refusal
from fundsvc.staff.acting import hold_role
from fundsvc.text import clean

ASKERS: Final = ("treasurer", "unit-treasurer")
APPROVERS: Final = ("approver",)
ASKED, APPROVED, REFUSED, WITHDRAWN = "asked", "approved", "refused", "withdrawn"
NAME: Final = "(đã xóa dữ liệu)"
"""What stands in the place of a name; no person is called so."""


def ask(session: Session, donor_id: int, reason: str, *, by: int) -> DonorErasure:
    """Ask for a donor to be forgotten; asked again by the same person it is the same wish.

    Raises:
        NotFound: there is no such donor, or not for this person.
        Forbidden: the person may not ask.
        Refusal: no reason is given.
        Conflict: the donor was erased, is a part of another record, or somebody asked already.
    """
    hold_role(session, by, ASKERS, _("Chỉ kế toán đề nghị xóa dữ liệu được."))
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do xóa dữ liệu."), field="reason"))
    donor = _locked(session, donor_id)
    hold_standing(donor)
    waits = waiting_for(session, donor.id)
    if waits is not None:
        if (waits.asked_by, waits.reason) == (by, why):
            return waits
        raise Conflict(_("Đã có đề nghị xóa dữ liệu của người này, đang chờ duyệt."))
    wish = DonorErasure(
        unit_id=donor.unit_id,
        donor_id=donor.id,
        reason=why,
        asked_at=clock.now(),
        asked_by=by,
    )
    session.add(wish)
    session.flush()
    _note(session, "ask", wish, by)
    return wish


def approve(session: Session, erasure_id: int, *, by: int) -> list[int]:
    """Forget a donor in all records that were merged; return their ids.

    What other slices hold of the donor is theirs to forget (`fundsvc.dossier.erasure`).

    Raises:
        NotFound: there is no such wish, or not for this person.
        Forbidden: the person is no approver, or asked for it.
        Conflict: it was decided before, or the record became a part of another one.
    """
    wish = _waiting(session, erasure_id)
    _hold_other(session, wish, by)
    donor = _locked(session, wish.donor_id)
    hold_standing(donor)
    _decide(session, wish, APPROVED, by)
    records = family(session, donor)
    for record in records[1:]:
        _agree_too(session, wish, record)
    ids = [record.id for record in records]
    for record in records:
        _forget(record)
    session.flush()
    session.execute(delete(DonorVersion).where(DonorVersion.donor_id.in_(ids)))
    return ids


def refuse(session: Session, erasure_id: int, *, by: int) -> DonorErasure:
    """Say no to a wish; the donor stays written down.

    Raises:
        NotFound: there is no such wish, or not for this person.
        Forbidden: the person is no approver, or asked for it.
        Conflict: it was decided before.
    """
    wish = _waiting(session, erasure_id)
    _hold_other(session, wish, by)
    _decide(session, wish, REFUSED, by)
    return wish


def withdraw(session: Session, erasure_id: int, *, by: int) -> DonorErasure:
    """Take one's own wish back.

    Raises:
        NotFound: there is no such wish, or not for this person.
        Forbidden: somebody else asked for it.
        Conflict: it was decided before.
    """
    wish = _waiting(session, erasure_id)
    if wish.asked_by != by:
        raise Forbidden(Reason(_("Chỉ người đề nghị rút được đề nghị này."), field="by"))
    _decide(session, wish, WITHDRAWN, by)
    return wish


def waiting_for(session: Session, donor_id: int) -> DonorErasure | None:
    """Return the wish to forget a donor that waits for an approver, if there is one."""
    return session.scalar(
        select(DonorErasure).where(DonorErasure.donor_id == donor_id, DonorErasure.state == ASKED)
    )


def waiting(session: Session) -> list[DonorErasure]:
    """Return all wishes that wait for an approver, the oldest first."""
    query = select(DonorErasure).where(DonorErasure.state == ASKED).order_by(DonorErasure.id)
    return list(session.scalars(query))


def _waiting(session: Session, erasure_id: int) -> DonorErasure:
    query = select(DonorErasure).where(DonorErasure.id == erasure_id).with_for_update()
    wish = session.scalar(query.execution_options(populate_existing=True))
    if wish is None:
        raise NotFound(Reason(_("Không có đề nghị này."), field="erasure"))
    if wish.state != ASKED:
        raise Conflict(_("Đề nghị này đã được xử lý."))
    return wish


def _locked(session: Session, donor_id: int) -> Donor:
    by_id(session, donor_id)
    query = select(Donor).where(Donor.id == donor_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _hold_other(session: Session, wish: DonorErasure, by: int) -> None:
    hold_role(session, by, APPROVERS, _("Chỉ người duyệt xử lý được đề nghị xóa dữ liệu."))
    if wish.asked_by == by:
        why = _("Người đề nghị không tự duyệt được; cần một người duyệt khác.")
        raise Forbidden(Reason(why, field="by"))


def _decide(session: Session, wish: DonorErasure, state: str, by: int) -> None:
    wish.state, wish.decided_by, wish.decided_at = state, by, clock.now()
    # First the decision, then what it erases: the database looks for it.
    session.flush()
    _note(session, {APPROVED: "approve", REFUSED: "refuse"}.get(state, "withdraw"), wish, by)


def _agree_too(session: Session, wish: DonorErasure, record: Donor) -> None:
    """Let the decision hold for a record that was merged into the donor's."""
    own = waiting_for(session, record.id)
    if own is not None and own.asked_by != wish.decided_by:
        own.state, own.decided_by, own.decided_at = APPROVED, wish.decided_by, wish.decided_at
    else:
        if own is not None:
            own.state, own.decided_by, own.decided_at = WITHDRAWN, own.asked_by, wish.decided_at
            session.flush()
        session.add(
            DonorErasure(
                unit_id=record.unit_id,
                donor_id=record.id,
                reason=wish.reason,
                asked_at=wish.asked_at,
                asked_by=wish.asked_by,
                state=APPROVED,
                decided_at=wish.decided_at,
                decided_by=wish.decided_by,
            )
        )
    session.flush()


def _forget(donor: Donor) -> None:
    donor.name, donor.folded, donor.address = NAME, "", ""
    donor.phone_hash = donor.phone_sealed = donor.email_hash = donor.email_sealed = ""
    donor.salt = None
    donor.erased_at = clock.now()


def _note(session: Session, act: str, wish: DonorErasure, by: int) -> None:
    facts = {"erasure": wish.id}
    audit.record(session, f"donor.erasure.{act}", f"donor:{wish.donor_id}", facts, by=by)
