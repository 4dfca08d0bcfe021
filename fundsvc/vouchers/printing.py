"""From a voucher to its paper: names as the books have them, in Vietnamese whatever the page is."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund
from fundsvc.books.sealing import covering
from fundsvc.clock import VN
from fundsvc.db import read_session
from fundsvc.errors import NotFound
from fundsvc.units.models import Unit
from fundsvc.vouchers import document, listing, paper
from fundsvc.vouchers.document import Printed, PrintedLine
from fundsvc.vouchers.facts import VoucherFacts
from fundsvc.vouchers.kinds import POSTED

MEDIA_TYPE = "application/pdf"


def pdf(voucher_id: int) -> tuple[str, bytes]:
    """Return a voucher's file name and its document as PDF; no transaction may be open.

    Raises:
        NotFound: there is no such voucher, or not for this person.
        PdfError: it cannot be printed exactly.
    """
    session = read_session()
    facts = listing.one(session, voucher_id)
    if facts is None:
        raise NotFound
    printed = of(session, facts)
    session.rollback()  # Printing takes a while and needs nothing more of the database.
    return f"{printed.number or f'nhap-{voucher_id}'}.pdf", document.render(printed)


def of(session: Session, facts: VoucherFacts) -> Printed:
    """Return what a voucher states on paper."""
    row, draft = facts.row, facts.draft
    funds = _names(session, Fund)
    accounts = _names(session, Account)
    posted = row.state == POSTED
    agrees = not posted or paper.agrees(session, row.id)
    # What was changed behind the books' back must not seem to be what they sealed.
    seal = covering(session, row.entry_id) if row.entry_id and agrees else None
    return Printed(
        kind=row.kind,
        state=row.state,
        number=row.number or "",
        day=row.date,
        unit_name=row.unit_name,
        unit_address=facts.unit_address,
        parent_name=_parent(session, row.unit),
        fund_name=funds[row.fund],
        place=facts.till_name or "",
        party=row.party,
        party_address=draft.party_address,
        description=row.description,
        enclosed=draft.enclosed,
        province=facts.province_name or "",
        amount=row.amount,
        lines=tuple(
            PrintedLine(
                account=line.account,
                account_name=accounts[line.account],
                fund_name=funds[line.fund],
                unit_name=line.unit_name,
                debit=line.debit,
                credit=line.credit,
            )
            for line in facts.lines
        ),
        resolution=draft.resolution or "",
        resolution_on=draft.resolution_on,
        to_unit_name=facts.to_unit_name or "",
        to_fund_name=funds.get(draft.to_fund or "", ""),
        to_place=facts.to_till_name or "",
        maker=row.maker,
        approver=facts.approver or "",
        approved_on=_day(facts.approved_at),
        posted_on=_day(facts.posted_at) if posted else None,
        reversed_on=facts.undone.on if facts.undone else None,
        reversal_reason=facts.undone.reason if facts.undone else "",
        sealed=seal.number if seal else None,
        head=seal.head if seal else "",
        agrees=agrees,
    )


def _names(session: Session, model: type[Fund] | type[Account]) -> Mapping[str, str]:
    return {row.code: row.name for row in session.execute(select(model.code, model.name))}


def _parent(session: Session, code: str) -> str:
    parent = select(Unit.parent_id).where(Unit.code == code).scalar_subquery()
    return session.scalar(select(Unit.name).where(Unit.id == parent)) or ""


def _day(moment: datetime | None) -> date | None:
    return moment.astimezone(VN).date() if moment else None
