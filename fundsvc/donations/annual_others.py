"""Papers of other records that list a donor's gifts, after records were merged or parted."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.audit.models import Act
from fundsvc.donations.models import AnnualReceipt

_PARTED = "donor.part"
"""As `donors.merging` notes it, with the record that was parted as its only fact."""


def replace_merged(session: Session, merged: Collection[int], paper: AnnualReceipt) -> None:
    """Let a paper replace those of records that were merged into its own, within its span."""
    if not merged:
        return
    old = session.scalars(
        select(AnnualReceipt)
        .where(
            AnnualReceipt.donor_id.in_(merged),
            AnnualReceipt.voided_at.is_(None),
            AnnualReceipt.from_on >= paper.from_on,
            AnnualReceipt.to_on <= paper.to_on,
        )
        .order_by(AnnualReceipt.id)
        .with_for_update()
    ).all()
    for one in old:
        one.voided_at, one.replaced_by_id = clock.now(), paper.id
    session.flush()


def void_parted(
    session: Session,
    family: Collection[int],
    lines: Iterable[list[Any]],
    first: date,
    last: date,
    *,
    by: int | None,
) -> None:
    """Void papers that list these gifts for a record that this one was parted from since.

    That record has its own paper issued anew when somebody asks for it.
    """
    noted = [{"parted": donor_id} for donor_id in family]
    acts = session.scalars(select(Act.subject).where(Act.kind == _PARTED, Act.facts.in_(noted)))
    kept = {int(subject.partition(":")[2]) for subject in acts}
    if not kept - set(family):
        return
    numbers = {line[2] for line in lines}
    papers = session.scalars(
        select(AnnualReceipt)
        .where(
            AnnualReceipt.donor_id.in_(kept - set(family)),
            AnnualReceipt.voided_at.is_(None),
            AnnualReceipt.from_on <= last,
            AnnualReceipt.to_on >= first,
        )
        .order_by(AnnualReceipt.id)
        .with_for_update()
    )
    for paper in papers:
        if numbers & {line[2] for line in paper.facts["lines"]}:
            paper.voided_at = clock.now()
            subject = f"annual-receipt:{paper.number}"
            audit.record(session, "annual-receipt.void", subject, {"parted": True}, by=by)
    session.flush()
