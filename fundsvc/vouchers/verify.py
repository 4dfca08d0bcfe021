"""What must hold of vouchers: numbers without gaps, and entries that say what the vouchers say."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import Select, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books.models import Account, Entry, EntryEvidence, Posting, Series
from fundsvc.books.reversing import is_undone
from fundsvc.books.verify import Fault
from fundsvc.units.models import Unit
from fundsvc.vouchers import numbers, paper, storing
from fundsvc.vouchers.kinds import POSTED, TRANSFER
from fundsvc.vouchers.models import Voucher, VoucherFile, VoucherLine
from fundsvc.vouchers.service import SOURCE
from fundsvc.vouchers.workflow import HANDS
from ledger import entries as ledger
from ledger.accounts import DUE_FROM, DUE_TO, AccountType
from ledger.errors import LedgerError

MOST_NAMED: Final = 20
BATCH: Final = 500

_UNDER_THE_RULE: Final = Voucher.salt.is_not(None)
"""Vouchers posted since nobody may approve what they had a hand in, nor book equity by hand: since
then each has a salt. What was lawful when it was posted is no fault."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault of vouchers: series by series, then what disagrees with the books."""
    yield from _counters(session)
    yield from _misnamed(session)
    yield from _entries(session)
    yield from _lines(session)
    yield from _by_hand(session)
    yield from _four_eyes(session)
    yield from _evidence(session)
    yield from _heads(session)
    yield from paper.faults(session)


def _counters(session: Session) -> Iterator[Fault]:
    """Series whose numbers are not 1…n, or whose counter says another last number."""
    counters = {
        (row.book, row.year): row.last
        for row in session.scalars(select(Series).where(Series.book.startswith("voucher:")))
    }
    query = (
        select(Voucher.series, Voucher.year, func.count(), func.max(Voucher.serial))
        .where(Voucher.state == POSTED)
        .group_by(Voucher.series, Voucher.year)
        .order_by(Voucher.series, Voucher.year)
    )
    for series, year, count, top in session.execute(query):
        if series is None or year is None or top is None:
            continue  # Such a voucher is named below.
        place = f"{series}-{year}"
        if count != top:
            missing = _missing(session, series, year, top)
            why = _("Quyển chứng từ %(series)s năm %(year)s thiếu các số %(missing)s.",
                    series=series, year=year, missing=missing)  # fmt: skip
            yield Fault("voucher-numbers", place, why)
        last = counters.pop((series, year), None)
        if last != top:
            why = _("Bộ đếm của quyển %(series)s năm %(year)s là %(last)s, số lớn nhất là %(top)s.",
                    series=series, year=year, last=last, top=top)  # fmt: skip
            yield Fault("voucher-counter", place, why)
    for (series, year), last in counters.items():
        why = _("Quyển %(series)s năm %(year)s đã cấp %(last)s số mà không còn chứng từ nào.",
                series=series, year=year, last=last)  # fmt: skip
        yield Fault("voucher-counter", f"{series}-{year}", why)


def _missing(session: Session, series: str, year: int, top: int) -> str:
    query = select(Voucher.serial).where(Voucher.series == series, Voucher.year == year)
    there = set(session.scalars(query))
    gone = [serial for serial in range(1, top + 1) if serial not in there]
    more = "…" if len(gone) > MOST_NAMED else ""
    return ", ".join(str(serial) for serial in gone[:MOST_NAMED]) + more


def _misnamed(session: Session) -> Iterator[Fault]:
    """Vouchers whose number is not that of their kind, unit, year and place."""
    query = (
        select(Voucher, Unit)
        .join(Unit, Unit.id == Voucher.unit_id)
        .where(Voucher.state == POSTED)
        .order_by(Voucher.id)
    )
    for row, unit in session.execute(query.execution_options(yield_per=BATCH)):
        text = numbers.text_of(row.kind, unit, row.date.year, row.serial or 0)
        book = numbers.book_of(row.kind, unit.code)
        if (row.number, row.series, row.year) != (text, book, row.date.year):
            why = _("Chứng từ %(number)s mang số không đúng loại, đơn vị, năm hoặc thứ tự.",
                    number=row.number or "")  # fmt: skip
            yield Fault("voucher-number", f"voucher:{row.id}", why)


def _entries(session: Session) -> Iterator[Fault]:
    """Vouchers without their entry, entries that say otherwise, and entries without a voucher."""
    query = (
        select(Voucher.id, Voucher.number)
        .outerjoin(Entry, Entry.id == Voucher.entry_id)
        .where(
            Voucher.state == POSTED,
            or_(*(booked.is_distinct_from(meant) for booked, meant in paper.BOOKED)),
        )
        .order_by(Voucher.id)
    )
    yield from _told(
        session,
        query,
        "voucher-entry",
        _("bút toán không có, hoặc khác ngày, loại, nội dung, đơn vị, tỉnh, người ký"),
    )
    lonely = (
        select(Entry.id)
        .outerjoin(Voucher, and_(Voucher.entry_id == Entry.id, Voucher.state == POSTED))
        .where(Entry.source == SOURCE, Voucher.id.is_(None))
        .order_by(Entry.id)
    )
    for entry_id in session.scalars(lonely):
        why = _("Bút toán %(id)s không có chứng từ đứng sau.", id=entry_id)
        yield Fault("voucher-entry", f"entry:{entry_id}", why)


def _lines(session: Session) -> Iterator[Fault]:
    """Vouchers whose lines are not those of their entry."""
    same = and_(
        Posting.entry_id == Voucher.entry_id,
        Posting.line == VoucherLine.line,
        Posting.account_id == VoucherLine.account_id,
        Posting.fund_id == VoucherLine.fund_id,
        Posting.unit_id == VoucherLine.unit_id,
        Posting.debit == VoucherLine.debit,
        Posting.credit == VoucherLine.credit,
    )
    unlike = (
        select(Voucher.id)
        .join(VoucherLine, VoucherLine.voucher_id == Voucher.id)
        .outerjoin(Posting, same)
        .where(Voucher.state == POSTED, Posting.line.is_(None))
    )
    count = (
        select(func.count())
        .select_from(VoucherLine)
        .where(VoucherLine.voucher_id == Voucher.id)
        .correlate(Voucher)
        .scalar_subquery()
    )
    fewer = (
        select(Voucher.id)
        .join(Entry, Entry.id == Voucher.entry_id)
        .where(Voucher.state == POSTED, Entry.lines != count)
    )
    query = (
        select(Voucher.id, Voucher.number)
        .where(or_(Voucher.id.in_(unlike), Voucher.id.in_(fewer)))
        .order_by(Voucher.id)
    )
    yield from _told(session, query, "voucher-lines", _("định khoản khác với bút toán"))


def _by_hand(session: Session) -> Iterator[Fault]:
    """Vouchers that stand and book what no voucher may: see `fundsvc.vouchers.byhand`."""
    wrong = (
        select(VoucherLine.voucher_id)
        .join(Account, Account.id == VoucherLine.account_id)
        .where(
            VoucherLine.voucher_id == Voucher.id,
            or_(
                Account.type == AccountType.EQUITY.value,
                and_(Account.code.startswith(DUE_FROM), VoucherLine.debit > 0),
                and_(Account.code.startswith(DUE_TO), VoucherLine.credit > 0),
            ),
        )
    )
    query = (
        select(Voucher.id, Voucher.number)
        .join(Entry, Entry.id == Voucher.entry_id)
        .where(
            Voucher.state == POSTED,
            Voucher.kind != TRANSFER,
            _UNDER_THE_RULE,
            wrong.exists(),
            ~is_undone(Entry.id),
        )
        .order_by(Voucher.id)
    )
    why = _(
        "ghi tay nguồn vốn, hoặc làm phát sinh nợ giữa các quỹ, đơn vị mà không có Giấy chuyển"
        " quỹ; hãy ghi đảo, rồi lập Giấy chuyển quỹ kèm số nghị quyết nếu cần"
    )
    yield from _told(session, query, "voucher-by-hand", why)


def _four_eyes(session: Session) -> Iterator[Fault]:
    """Vouchers that stand and were approved by somebody who had a hand in a version of them."""
    hand = select(Act.id).where(
        Act.subject == "voucher:" + cast(Voucher.id, String),
        Act.kind.in_([f"voucher.{act}" for act in HANDS]),
        Act.actor_id == Voucher.approver_id,
    )
    query = (
        select(Voucher.id, Voucher.number)
        .join(Entry, Entry.id == Voucher.entry_id)
        .where(Voucher.state == POSTED, _UNDER_THE_RULE, hand.exists(), ~is_undone(Entry.id))
        .order_by(Voucher.id)
    )
    why = _("người duyệt đã tự lập, sửa hoặc trình một bản của chứng từ")
    yield from _told(session, query, "voucher-four-eyes", why)


def _evidence(session: Session) -> Iterator[Fault]:
    """Vouchers whose files are not the evidence of their entry."""
    sealed = and_(
        EntryEvidence.entry_id == Voucher.entry_id, EntryEvidence.sha256 == VoucherFile.sha256
    )
    unsealed = (
        select(Voucher.id)
        .join(VoucherFile, VoucherFile.voucher_id == Voucher.id)
        .outerjoin(EntryEvidence, sealed)
        .where(Voucher.state == POSTED, EntryEvidence.sha256.is_(None))
    )
    lost = (
        select(Voucher.id)
        .join(EntryEvidence, EntryEvidence.entry_id == Voucher.entry_id)
        .outerjoin(
            VoucherFile,
            and_(VoucherFile.voucher_id == Voucher.id, VoucherFile.sha256 == EntryEvidence.sha256),
        )
        .where(Voucher.state == POSTED, VoucherFile.sha256.is_(None))
    )
    query = (
        select(Voucher.id, Voucher.number)
        .where(or_(Voucher.id.in_(unsealed), Voucher.id.in_(lost)))
        .order_by(Voucher.id)
    )
    why = _("tệp đính kèm khác với chứng từ gốc của bút toán")
    yield from _told(session, query, "voucher-evidence", why)


def _heads(session: Session) -> Iterator[Fault]:
    """Posted vouchers whose head (amount, till, fund, receiver) is not what their lines say."""
    last = 0
    query = select(Voucher).where(Voucher.state == POSTED).order_by(Voucher.id).limit(BATCH)
    while rows := session.scalars(query.where(Voucher.id > last)).all():
        yield from _unlike_lines(session, rows)
        last = rows[-1].id


def _unlike_lines(session: Session, rows: Sequence[Voucher]) -> Iterator[Fault]:
    found = _whole_lines(session, [row.id for row in rows])
    for row in rows:
        if not paper.follows(session, row, found.get(row.id, ())):
            why = _("Chứng từ %(number)s: số tiền, quỹ hoặc nơi để tiền khác với định khoản.",
                    number=row.number or "")  # fmt: skip
            yield Fault("voucher-head", f"voucher:{row.id}", why)


def _whole_lines(session: Session, ids: list[int]) -> dict[int, tuple[ledger.Posting, ...]]:
    """Return the lines of vouchers; one with a line that cannot be has none."""
    try:
        return storing.lines_of(session, ids)
    except (LedgerError, KeyError):
        if len(ids) == 1:
            return {}
        return {key: value for each in ids for key, value in _whole_lines(session, [each]).items()}


def _told(
    session: Session, query: Select[*tuple[Any, ...]], rule: str, what: str
) -> Iterator[Fault]:
    for voucher_id, number in session.execute(query):
        why = _("Chứng từ %(number)s: %(what)s.", number=number or "", what=what)
        yield Fault(rule, f"voucher:{voucher_id}", why)
