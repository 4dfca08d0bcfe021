"""One entry: what it says, who made it, where it comes from, and what takes it back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import objections
from fundsvc.books.models import Account, Entry, EntryEvidence, Posting
from fundsvc.books.reversing import Reversed, take_back, undone
from fundsvc.books.totals import CARRY_FORWARD
from fundsvc.errors import NotFound, Refusal
from fundsvc.evidence.models import StoredFile
from fundsvc.staff.models import StaffUser
from fundsvc.statements.postings import ENTRY
from fundsvc.statements.reference import load
from fundsvc.units import service as units

REVERSAL: Final = "reversal"
KINDS: Final = {
    "opening": lazy_gettext("Số dư đầu khi mở sổ"),
    "sms": lazy_gettext("Tin nhắn ủng hộ"),
    "bank-in": lazy_gettext("Tiền vào ngân hàng"),
    "bank-out": lazy_gettext("Tiền ra ngân hàng"),
    "bank-fee": lazy_gettext("Phí ngân hàng"),
    "bank-identified": lazy_gettext("Tiền chờ xác định đã rõ"),
    "bank-transfer": lazy_gettext("Chuyển giữa các tài khoản ngân hàng"),
    "bank-moved": lazy_gettext("Tiền của đơn vị khác trong tài khoản chung"),
    "bank-double": lazy_gettext("Dòng sao kê đã ghi sổ bằng tay"),
    "operator-fee": lazy_gettext("Phí của nhà mạng"),
    "operator-money": lazy_gettext("Nhà mạng thanh toán"),
    "operator-surplus": lazy_gettext("Nhà mạng trả thừa"),
    "operator-offset": lazy_gettext("Cấn trừ tiền nhà mạng trả thừa"),
    "operator-loss": lazy_gettext("Phải thu nhà mạng không thu được"),
    "donation": lazy_gettext("Khoản ủng hộ"),
    "card-fee": lazy_gettext("Phí thanh toán thẻ"),
    "card-refund": lazy_gettext("Hoàn tiền về thẻ"),
    "card-dispute": lazy_gettext("Khiếu nại giao dịch thẻ"),
    "card-payout": lazy_gettext("Stripe chuyển tiền về ngân hàng"),
    "card-arrival": lazy_gettext("Tiền Stripe đã về ngân hàng"),
    "dues": lazy_gettext("Hội phí thường xuyên"),
    "base": lazy_gettext("Đóng góp chân quỹ"),
    "interest": lazy_gettext("Lãi tiền gửi"),
    "payment": lazy_gettext("Khoản chi"),
    "transfer": lazy_gettext("Chuyển quỹ"),
    "cash-in": lazy_gettext("Phiếu thu"),
    "cash-out": lazy_gettext("Phiếu chi"),
    "journal": lazy_gettext("Chứng từ ghi sổ"),
    REVERSAL: lazy_gettext("Ghi đảo (số âm)"),
    CARRY_FORWARD: lazy_gettext("Kết chuyển cuối năm"),
}
"""What the page calls kinds of entries; another kind is called by its own word."""


@dataclass(frozen=True, slots=True)
class LineFact:
    """A posting as the page shows it, in đồng."""

    account: str
    account_name: str
    fund: str
    fund_name: str
    unit: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Other:
    """The entry that takes this one back, or that this one takes back."""

    id: int
    on: date
    description: str


@dataclass(frozen=True, slots=True)
class FileFact:
    """A kept file that proves an entry."""

    sha256: str
    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """An entry as far as the session may see it.

    `own` says that it was made in the books of a unit in scope; of another's entry only the
    postings in scope are seen, and neither its makers nor its origin. `whole` says that all its
    postings are seen.
    """

    id: int
    on: date
    kind: str
    kind_name: str
    description: str
    unit_name: str | None
    province_name: str | None
    voucher: str | None
    maker: str | None
    approver: str | None
    posted_at: datetime
    lines: tuple[LineFact, ...]
    own: bool
    whole: bool
    reversal: Other | None
    original: Other | None

    @property
    def total(self) -> int:
        """What the debit side comes to; the credit side comes to the same."""
        return sum(line.debit for line in self.lines)

    @property
    def reversible(self) -> bool:
        """Whether it can be taken back at all, and nobody has done so."""
        fixed = self.kind in {REVERSAL, CARRY_FORWARD}
        return self.own and self.whole and not fixed and self.reversal is None


def entry_facts(session: Session, entry_id: int, language: str = "vi") -> EntryFacts:
    """Return what this person may see of an entry.

    Raises:
        NotFound: there is none, or it touches no unit that this person may see.
    """
    lines = _lines(session, entry_id, language)
    own = session.scalar(select(Entry.id).where(Entry.id == entry_id)) is not None
    if not (own or lines):
        raise NotFound
    row = session.execute(select(ENTRY).where(ENTRY.c.id == entry_id)).one()
    reference = load(session, language)
    unit = reference.units.get(row.unit_id)
    province_id = row.province_id
    if province_id is None and unit is not None:
        province_id = unit.province_id
    province = reference.provinces.get(province_id) if province_id is not None else None
    names = _people(session, {row.maker_id, row.approver_id}) if own else {}
    return EntryFacts(
        id=row.id,
        on=row.date,
        kind=row.kind,
        kind_name=str(KINDS.get(row.kind, row.kind)),
        description=row.description,
        unit_name=unit.name if unit else None,
        province_name=province.name if province else None,
        voucher=row.voucher,
        maker=names.get(row.maker_id),
        approver=names.get(row.approver_id),
        posted_at=row.posted_at,
        lines=lines,
        own=own,
        whole=len(lines) == row.lines,
        reversal=_other(session, ENTRY.c.reverses_id == entry_id),
        original=_other(session, ENTRY.c.id == row.reverses_id) if row.reverses_id else None,
    )


def files_of(session: Session, entry_id: int, told: Collection[str]) -> tuple[FileFact, ...]:
    """Return the evidence of an entry in scope: sealed with it, or known to its origin."""
    sealed = session.scalars(
        select(EntryEvidence.sha256)
        .join(Entry, Entry.id == EntryEvidence.entry_id)
        .where(Entry.id == entry_id)
    )
    rows = session.scalars(
        select(StoredFile)
        .where(StoredFile.sha256.in_({*sealed, *told}))
        .order_by(StoredFile.name, StoredFile.sha256)
    )
    return tuple(FileFact(row.sha256, row.name, row.size) for row in rows)


def stored(session: Session, sha256: str) -> StoredFile | None:
    """Return what is known of a kept file."""
    return session.get(StoredFile, sha256)


def reverse_entry(
    session: Session, entry_id: int, *, on: date | None, reason: str, by: int | None
) -> Reversed:
    """Take an entry back by negative amounts, with a reason.

    Raises:
        NotFound: there is none, or it is not wholly within this person's units.
        Refusal: it is itself a reversal or carries a year forward; or see
            `fundsvc.books.reversing.take_back`.
        Conflict: it was reversed before with another reason or day.
    """
    row = session.scalar(select(Entry).where(Entry.id == entry_id))
    if row is None:
        raise NotFound
    touched = set(session.scalars(select(Posting.unit_id).where(Posting.entry_id == entry_id)))
    if undone(session, entry_id) is None:
        # Slices lock what may object before they lock units; so does this.
        objections.hold(session, row, f"entry:{entry_id}")
    # By their numbers, as everybody locks units, so that no two wait for each other.
    for unit_id in sorted({row.unit_id, *touched}):
        units.lock(session, unit_id)
    seen = session.scalars(select(Posting.line).where(Posting.entry_id == entry_id)).all()
    if len(seen) != row.lines:
        # A part of it lies in books that this person may not write.
        raise NotFound
    if row.kind in {REVERSAL, CARRY_FORWARD}:
        raise Refusal(
            _("Bút toán ghi đảo không thể ghi đảo lần nữa.")
            if row.kind == REVERSAL
            else _("Bút toán kết chuyển cuối năm không ghi đảo ở đây.")
        )
    return take_back(session, entry_id, subject=f"entry:{entry_id}", on=on, reason=reason, by=by)


def _lines(session: Session, entry_id: int, language: str) -> tuple[LineFact, ...]:
    english = language == "en"
    reference = load(session, language)
    funds = {number: (code, name) for code, (number, name) in reference.funds.items()}
    rows = session.execute(
        select(
            Account.code,
            Account.name,
            Account.name_en,
            Posting.fund_id,
            Posting.unit_id,
            Posting.debit,
            Posting.credit,
        )
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == entry_id)
        .order_by(Posting.line)
    )
    return tuple(
        LineFact(
            account=row.code,
            account_name=(english and row.name_en) or row.name,
            fund=funds[row.fund_id][0],
            fund_name=funds[row.fund_id][1],
            unit=reference.units[row.unit_id].code,
            debit=row.debit,
            credit=row.credit,
        )
        for row in rows
    )


def _people(session: Session, ids: Collection[int | None]) -> dict[int | None, str]:
    rows = session.execute(select(StaffUser.id, StaffUser.name).where(StaffUser.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _other(session: Session, condition: Any) -> Other | None:
    columns = (ENTRY.c.id, ENTRY.c.date, ENTRY.c.description)
    row = session.execute(select(*columns).where(condition)).first()
    return Other(*row) if row else None
