"""What a posted voucher says on paper, sealed with its entry and yet no part of the books.

The books hold no names, so that people can be forgotten. Where the leaf of a donation commits to
its donor, that of a voucher commits to the paper: who paid or was paid, on what resolution, who
signed and when, and all else that is printed. The commitment is keyed by the voucher's own salt;
without it nothing in the books or in a proof tells of the paper.

The form, version 1: the fields of `SAID` in their order, written as in `ledger.seals`; units, funds
and provinces by their codes, people by their numbers, days as `2024-09-10`, moments in UTC with
microseconds. The lines are not among them: those of the entry are in the leaf themselves. Whoever
adds a field makes a version 2 and goes on reading version 1.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import String, and_, cast, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry, EntryDonor
from fundsvc.books.models import Posting as Posted
from fundsvc.books.verify import Fault
from fundsvc.vouchers import storing
from fundsvc.vouchers.drafting import completed, postings
from fundsvc.vouchers.kinds import KINDS, POSTED
from fundsvc.vouchers.models import Voucher, VoucherLine
from ledger.entries import Posting
from ledger.errors import LedgerError
from ledger.seals import commitment

FORM: Final = "fundsvc-voucher-1"
SAID: Final = (
    "number", "kind", "date", "unit_id", "fund_id", "amount", "till", "province_id",
    "party", "party_address", "description", "enclosed", "resolution", "resolution_on",
    "to_unit_id", "to_fund_id", "to_till", "maker_id", "made_at", "submitted_by", "submitted_at",
    "approver_id", "approved_at", "posted_by", "posted_at",
)  # fmt: skip
_DAYS: Final = ("date", "resolution_on")
_MOMENTS: Final = ("made_at", "submitted_at", "approved_at", "posted_at")
_BATCH: Final = 1_000
# The bare tables, which no scope of units narrows.
_VOUCHERS: Final[Any] = Voucher.__table__
_LINES: Final[Any] = VoucherLine.__table__
_ENTRIES: Final[Any] = Entry.__table__
_POSTINGS: Final[Any] = Posted.__table__
_READ: Final = (
    *(_VOUCHERS.c[name] for name in SAID),
    _VOUCHERS.c.id,
    _VOUCHERS.c.salt,
    EntryDonor.commitment,
)
_LINE: Final = ("line", "account_id", "fund_id", "unit_id", "debit", "credit")
SOURCE: Final = "voucher"
"""The source of the entries of vouchers."""
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


def new_salt() -> str:
    """Return a salt for one voucher; whoever does not know it cannot try names."""
    return secrets.token_hex(16)


def bind(session: Session, row: Voucher) -> None:
    """Bind the entry of this transaction to the paper of its voucher, which was just posted."""
    if row.entry_id is None or row.salt is None:
        msg = "a posted voucher has an entry and a salt"
        raise RuntimeError(msg)
    said = attrgetter(*SAID)(row)
    books.bind(session, row.entry_id, Reader(session).commitment(row.salt, said))


class Reader:
    """Reads what vouchers say on paper; what ids stand for is looked up once."""

    def __init__(self, session: Session) -> None:
        """Take a session for reading."""
        codes = storing.Codes.read(session)
        coded = {
            "unit_id": codes.units,
            "to_unit_id": codes.units,
            "fund_id": codes.funds,
            "to_fund_id": codes.funds,
            "province_id": codes.provinces,
        }
        told: dict[str, Callable[[Any], str]] = {
            name: lambda number, known=known: known.get(number, f"?{number}")  # type: ignore[misc]
            for name, known in coded.items()
        }
        told |= dict.fromkeys(_DAYS, _day) | dict.fromkeys(_MOMENTS, _moment)
        # Only some fields need to be told in other words than the row's; most rows are read thus.
        self._told = [(SAID.index(name), tell) for name, tell in told.items()]

    def commitment(self, salt: str, said: Iterable[Any]) -> str:
        """Return the commitment to what a voucher says, its columns in order, under its salt."""
        facts = list(said)
        for place, tell in self._told:
            if facts[place] is not None:
                facts[place] = tell(facts[place])
        return commitment(salt, *facts, form=FORM)


def faults(session: Session) -> Iterator[Fault]:
    """Yield posted vouchers whose paper says something else than what was sealed with the entry.

    One that was posted before papers were sealed has neither salt nor commitment, and can be
    neither proved nor refuted.
    """
    reader = Reader(session)
    query = (
        select(*_READ)
        .outerjoin(EntryDonor, EntryDonor.entry_id == _VOUCHERS.c.entry_id)
        .where(_VOUCHERS.c.state == POSTED)
        .order_by(_VOUCHERS.c.id)
    )
    for row in session.execute(query.execution_options(yield_per=_BATCH)):
        why = _fault(reader, row)
        if why is not None:
            yield Fault("voucher-paper", f"voucher:{row.id}", why)


def agrees(session: Session, voucher_id: int) -> bool:
    """Say whether a posted voucher still says what was sealed of it, and what its entry says.

    All of it is looked at, also lines of units that the session may not see.
    """
    alike = and_(*(booked.is_not_distinct_from(meant) for booked, meant in BOOKED))
    query = (
        select(*_READ, _VOUCHERS.c.entry_id, alike.label("alike"))
        .outerjoin(_ENTRIES, _ENTRIES.c.id == _VOUCHERS.c.entry_id)
        .outerjoin(EntryDonor, EntryDonor.entry_id == _VOUCHERS.c.entry_id)
        .where(_VOUCHERS.c.id == voucher_id)
    )
    row = session.execute(query).one()
    if not row.alike or _fault(Reader(session), row) is not None:
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


def _fault(reader: Reader, row: Any) -> str | None:
    if row.salt is None and row.commitment is None:
        return None
    number = row.number or ""
    if row.commitment is None:
        return _(
            "Chứng từ %(number)s: bút toán không còn mã ràng buộc nội dung chứng từ.",
            number=number,
        )
    if row.salt is None:
        return _(
            "Chứng từ %(number)s: mất khóa để đối chiếu nội dung chứng từ với bút toán.",
            number=number,
        )
    # By their places: a hundred thousand rows take twice as long when asked by names.
    if reader.commitment(row.salt, row[: len(SAID)]) == row.commitment:
        return None
    return _("Chứng từ %(number)s: nội dung trên chứng từ khác với nội dung khi ghi sổ.",
             number=number)  # fmt: skip


def _moment(value: datetime) -> str:
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


# Vouchers of one day are many.
_day: Final = lru_cache(maxsize=1_024)(date.isoformat)
