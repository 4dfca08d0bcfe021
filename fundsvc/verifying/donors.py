"""Who gave stays provable: a donor loses the salt, and a donation its donor, only by an erasure.

Without the salt nobody can tell whom an entry was sealed with, so to take it away would be the
quietest way to put another name in the place of a donor's.
"""

from collections.abc import Iterator
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books.models import EntryDonor
from fundsvc.books.verify import Fault
from fundsvc.donations.models import Donation
from fundsvc.donors.erasing import APPROVED, NAME
from fundsvc.donors.models import Donor, DonorErasure
from ledger.words import grouped

RULE: Final = "donor-proof"


def faults(session: Session) -> Iterator[Fault]:
    """Yield donors and donations that can no longer be proved, and false merges of records."""
    yield from _unproved(session)
    yield from _erased(session)
    yield from _uncommitted(session)
    yield from _merged(session)


def _unproved(session: Session) -> Iterator[Fault]:
    """Donors whose entries are sealed with them, and who lost the salt without being erased."""
    sealed = exists().where(Donation.donor_id == Donor.id, EntryDonor.entry_id == Donation.entry_id)
    query = select(Donor.id, Donor.name).where(
        Donor.salt.is_(None), Donor.erased_at.is_(None), sealed
    )
    for number, name in session.execute(query.order_by(Donor.id)):
        why = _(
            "Người ủng hộ số %(id)s (%(name)s) bị bỏ khóa chứng minh tên mà không có việc xóa dữ"
            " liệu nào được duyệt.",
            id=number,
            name=name,
        )
        yield Fault(RULE, f"donor:{number}", why)


def _erased(session: Session) -> Iterator[Fault]:
    """Donors who count as erased, though nobody approved it or something of them is left."""
    approved = exists().where(DonorErasure.donor_id == Donor.id, DonorErasure.state == APPROVED)
    left = or_(
        Donor.name != NAME,
        Donor.salt.is_not(None),
        *(
            column != ""
            for column in (
                Donor.folded,
                Donor.address,
                Donor.phone_hash,
                Donor.phone_sealed,
                Donor.email_hash,
                Donor.email_sealed,
            )
        ),
    )
    query = select(Donor.id, approved).where(
        or_(
            and_(Donor.erased_at.is_not(None), or_(~approved, left)),
            and_(Donor.erased_at.is_(None), approved),
        )
    )
    for number, agreed in session.execute(query.order_by(Donor.id)):
        why = (
            _("Người ủng hộ số %(id)s đã được duyệt xóa dữ liệu mà tên hoặc liên lạc vẫn còn.",
              id=number)
            if agreed
            else _("Người ủng hộ số %(id)s bị xóa dữ liệu mà không có đề nghị nào được duyệt.",
                   id=number)
        )  # fmt: skip
        yield Fault(RULE, f"donor:{number}", why)


def _uncommitted(session: Session) -> Iterator[Fault]:
    """Donations that lost the donor their entry was sealed with, or have one it was not.

    Donations from before there were commitments have none.
    """
    # Vouchers and payments are committed to as well; only those of donations tell since when.
    first = (
        select(func.min(EntryDonor.entry_id))
        .join(Donation, Donation.entry_id == EntryDonor.entry_id)
        .correlate(None)
        .scalar_subquery()
    )
    query = (
        select(Donation.id, Donation.amount, Donation.received_on, Donation.donor_id)
        .outerjoin(EntryDonor, EntryDonor.entry_id == Donation.entry_id)
        .where(
            or_(
                and_(Donation.donor_id.is_(None), EntryDonor.entry_id.is_not(None)),
                and_(
                    Donation.donor_id.is_not(None),
                    EntryDonor.entry_id.is_(None),
                    Donation.entry_id > first,
                ),
            )
        )
        .order_by(Donation.id)
    )
    for number, amount, day, donor_id in session.execute(query):
        named = {"id": number, "amount": grouped(amount), "day": f"{day:%d/%m/%Y}"}
        why = (
            _("Khoản ủng hộ %(id)s (%(amount)s đ, %(day)s) mất người ủng hộ mà bút toán của nó đã"
              " ghi nhận.", **named)
            if donor_id is None
            else _("Khoản ủng hộ %(id)s (%(amount)s đ, %(day)s) mang tên một người mà bút toán"
                   " của nó không ghi nhận.", **named)
        )  # fmt: skip
        yield Fault(RULE, f"donation:{number}", why)


def _merged(session: Session) -> Iterator[Fault]:
    """Records that are a part of another one, or are not, otherwise than the log tells."""
    told: dict[int, int] = {}
    acts = select(Act.kind, Act.subject, Act.facts).where(
        Act.kind.in_(("donor.merge", "donor.part"))
    )
    for kind, subject, facts in session.execute(acts.order_by(Act.id)):
        if kind == "donor.merge":
            told[facts.get("merged", 0)] = int(subject.removeprefix("donor:"))
        else:
            told.pop(facts.get("parted", 0), None)
    query = select(Donor.id, Donor.merged_into_id).where(Donor.merged_into_id.is_not(None))
    held = {gone: kept for gone, kept in session.execute(query) if kept is not None}
    for number in sorted(held.keys() | told.keys()):
        if held.get(number) != told.get(number):
            why = _("Hồ sơ người ủng hộ số %(id)s được gộp hoặc tách khác với nhật ký.", id=number)
            yield Fault("donor-merged", f"donor:{number}", why)
