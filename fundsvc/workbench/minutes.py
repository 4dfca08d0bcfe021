"""The record of a reconciliation as PDF: drawn from what was frozen, stored once by its SHA-256."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask_babel import gettext as _
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select

from fundsvc import db, pdf
from fundsvc.clock import VN
from fundsvc.errors import NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation.models import BankAccount
from fundsvc.staff.models import StaffUser
from fundsvc.units.models import Unit
from fundsvc.workbench.models import BankSignoff
from fundsvc.workbench.signoff import FROZEN, REOPENED
from ledger.words import amount_in_words, grouped

TEMPLATES: Final = Path(__file__).resolve().parent.parent.parent / "templates" / "documents"
MEDIA_TYPE: Final = "application/pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """What a record states; amounts are whole đồng."""

    unit_name: str
    parent_name: str
    bank: str
    number: str
    account: str
    month: date
    last: date
    bank_balance: int
    book_balance: int
    facts: dict[str, Any]
    submitted_by: str
    submitted_on: date
    approved_by: str
    approved_on: date


def pdf_of(signoff_id: int) -> tuple[str, bytes]:
    """Return the file name and the record, printed and stored the first time it is asked for.

    Raises:
        NotFound: there is none, or not for this person.
        Refusal: it was not approved.
        PdfError: it cannot be printed exactly.
        DamagedFileError: the stored one is not what was stored.
    """
    row_sha256, minutes = _read(signoff_id)
    name = name_of(minutes.account, minutes.month)
    if row_sha256 is not None:
        return name, evidence.read(row_sha256)
    data = pdf.render(html(minutes), "minutes")
    evidence.keep(data)
    with db.transaction() as session:
        query = select(BankSignoff).where(BankSignoff.id == signoff_id).with_for_update()
        row = session.scalars(query.execution_options(populate_existing=True)).one()
        if row.pdf_sha256 is None:
            row.pdf_sha256 = evidence.record(
                session, data, name=name, media_type=MEDIA_TYPE, by=None
            )
        kept = row.pdf_sha256
    return name, evidence.read(kept)


def name_of(code: str, month: date) -> str:
    """Return the file name of the record of an account's month."""
    return f"bien-ban-doi-soat-{code}-{month:%Y-%m}.pdf"


def html(minutes: Minutes) -> str:
    """Return the record as HTML."""
    spelt = f"{amount_in_words(abs(minutes.bank_balance))} đồng"
    words = ("Âm " if minutes.bank_balance < 0 else "") + spelt
    drawn: str = _template().render(it=minutes, words=words[0].upper() + words[1:])
    return drawn


def _read(signoff_id: int) -> tuple[str | None, Minutes]:
    """Read what printing needs, and let go of the database."""
    session = db.read_session()
    found = session.execute(
        select(BankSignoff, BankAccount, Unit)
        .join(BankAccount, BankAccount.id == BankSignoff.bank_account_id)
        .join(Unit, Unit.id == BankSignoff.unit_id)
        .where(BankSignoff.id == signoff_id)
    ).first()
    if found is None:
        raise NotFound
    row, account, unit = found
    if row.state not in {*FROZEN, REOPENED} or row.decided_at is None:
        raise Refusal(_("Biên bản chỉ in được sau khi đã duyệt."))
    signers = select(StaffUser.id, StaffUser.name).where(
        StaffUser.id.in_([row.submitted_by, row.decided_by])
    )
    names = {row.id: row.name for row in session.execute(signers)}
    parent = session.scalar(select(Unit.name).where(Unit.id == unit.parent_id))
    minutes = Minutes(
        unit_name=unit.name,
        parent_name=parent or "",
        bank=account.bank,
        number=account.number,
        account=account.code,
        month=row.month,
        last=date.fromisoformat(row.facts["last"]),
        bank_balance=row.bank_balance,
        book_balance=row.book_balance,
        facts=row.facts,
        submitted_by=names.get(row.submitted_by, ""),
        submitted_on=row.submitted_at.astimezone(VN).date(),
        approved_by=names.get(row.decided_by or 0, ""),
        approved_on=row.decided_at.astimezone(VN).date(),
    )
    sha256 = row.pdf_sha256
    session.rollback()
    return sha256, minutes


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["grouped"] = grouped
    return environment.get_template("minutes.html")
