"""What a posted voucher says on paper: sealed with its entry, and held against the books.

Who paid or was paid, on what resolution, who signed and when, and all else that is printed is
committed to as `fundsvc.books.papers` says. The lines are not: those of the entry are in the leaf
themselves.
"""

from collections.abc import Iterator
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import String, and_, cast, select
from sqlalchemy.orm import Session

from fundsvc.books import papers
from fundsvc.books.models import Entry, EntryDonor
from fundsvc.books.models import Posting as Posted
from fundsvc.books.verify import Fault
from fundsvc.vouchers import storing
from fundsvc.vouchers.drafting import completed, postings
from fundsvc.vouchers.kinds import KINDS, POSTED
from fundsvc.vouchers.models import Voucher, VoucherLine
from ledger.entries import Posting
from ledger.errors import LedgerError

SOURCE: Final = "voucher"
"""The source of the entries of vouchers."""
PAPER: Final = papers.Paper(
    "fundsvc-voucher-1",
    Voucher,
    (
        "number", "kind", "date", "unit_id", "fund_id", "amount", "till", "province_id",
        "party", "party_address", "description", "enclosed", "resolution", "resolution_on",
        "to_unit_id", "to_fund_id", "to_till", "maker_id", "made_at", "submitted_by",
        "submitted_at", "approver_id", "approved_at", "posted_by", "posted_at",
    ),
)  # fmt: skip
# The bare tables, which no scope of units narrows.
_VOUCHERS: Final[Any] = Voucher.__table__
_LINES: Final[Any] = VoucherLine.__table__
_ENTRIES: Final[Any] = Entry.__table__
_POSTINGS: Final[Any] = Posted.__table__
_LINE: Final = ("line", "account_id", "fund_id", "unit_id", "debit", "credit")
BOOKED: Final[tuple[tuple[Any, Any], ...]] = (
    (_ENTRIES.c.voucher, _VOUCHERS.c.number),
    (_ENTRIES.c.date, _VOUCHERS.c.date),
    (_ENTRIES.c.kind, _VOUCHERS.c.kind),
    (_ENTRIES.c.description, _VOUCHERS.c.description),
    (_ENTRIES.c.unit_id, _VOUCHERS.c.unit_id),
    (_ENTRIES.c.province_id, _VOUCHERS.c.province_id),
    (_ENTRIES.c.maker_id, _VOUCHERS.c.maker_id),
    (_ENTRIES.c.approver_id, _VOUCHERS.c.approver_id),
    (_ENTRIES.c.source, SOURCE),
    (_ENTRIES.c.external_id, cast(_VOUCHERS.c.id, String)),
)
"""What an entry says of its voucher in words of its own: each column, and what it must be."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield posted vouchers whose paper says something else than what was sealed with the entry."""
    yield from papers.faults(session, PAPER, "voucher-paper", _called, _VOUCHERS.c.state == POSTED)


def agrees(session: Session, voucher_id: int) -> bool:
    """Say whether a posted voucher still says what was sealed of it, and what its entry says.

    All of it is looked at, also lines of units that the session may not see.
    """
    alike = and_(*(booked.is_not_distinct_from(meant) for booked, meant in BOOKED))
    query = (
        select(*PAPER.columns, _VOUCHERS.c.entry_id, alike.label("alike"))
        .outerjoin(_ENTRIES, _ENTRIES.c.id == _VOUCHERS.c.entry_id)
        .outerjoin(EntryDonor, PAPER.committed)
        .where(_VOUCHERS.c.id == voucher_id)
    )
    row = session.execute(query).one()
    if not row.alike or papers.Reader(session, PAPER).fault(row, _called) is not None:
        return False
    meant, booked = (
        session.execute(
            select(*(table.c[name] for name in _LINE)).where(key == number).order_by(table.c.line)
        ).all()
        for table, key, number in (
            (_LINES, _LINES.c.voucher_id, row.id),
            (_POSTINGS, _POSTINGS.c.entry_id, row.entry_id),
        )
    )
    try:
        lines = storing.lines_of(session, [row.id]).get(row.id, ())
    except (LedgerError, KeyError):  # A line that cannot be, or of an account that is not there.
        return False
    return meant == booked and follows(session, row, lines)


def follows(session: Session, row: Any, lines: tuple[Posting, ...]) -> bool:
    """Say whether the head of a voucher (amount, tills, funds, receiver) is what its lines say."""
    try:
        draft = storing.draft_of(session, row, lines)
        whole = completed(draft)
        parts = whole.shared if KINDS[row.kind].money else whole.amount
        return postings(draft) == lines and row.amount == whole.amount == parts
    except (LedgerError, KeyError):
        return False


def _called(row: Any) -> str:
    return _("Chứng từ %(number)s", number=row.number or "")
