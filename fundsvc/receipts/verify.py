"""What must hold of receipts, recomputed: numbers without gaps, frozen facts, kept originals."""

from collections.abc import Iterator
from functools import cache

from flask_babel import gettext as _
from sqlalchemy import Select, and_, column, func, literal, or_, select, table
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Entry, Posting, Series
from fundsvc.books.verify import Fault
from fundsvc.errors import NotFound
from fundsvc.evidence import service as evidence
from fundsvc.evidence.service import DamagedFileError
from fundsvc.outbox.models import Letter
from fundsvc.receipts.mailing import key_of
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.receipts.service import book_of
from ledger.words import grouped

# These live on floors above; a receipt needs no more of them than these columns.
_DONATION = table("donation", column("id"), column("amount"), column("entry_id"))
_RETURN = table("donation_return", column("donation_id"), column("amount"))
_MESSAGE = table("sms_message", column("operator"), column("request_id"), column("amount"))
MOST_NAMED = 20


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault of receipts, series by series, then receipt by receipt."""
    yield from _numbers(session)
    yield from _amounts(session)
    yield from _messages(session)
    yield from _taken_back(session)
    yield from _originals(session)
    yield from _letters(session)


def _numbers(session: Session) -> Iterator[Fault]:
    """Series whose numbers are not 1…n, or whose counter says another last number."""
    counters = {(row.book, row.year): row.last for row in session.scalars(select(Series))}
    query = select(Receipt.series, Receipt.year, func.count(), func.max(Receipt.serial)).group_by(
        Receipt.series, Receipt.year
    )
    for series, year, count, top in session.execute(query):
        place = f"receipts:{series}-{year}"
        if count != top:
            missing = _missing(session, series, year, top)
            why = _("Dãy số %(series)s-%(year)s thiếu các số %(missing)s.",
                    series=series, year=year, missing=missing)  # fmt: skip
            yield Fault("receipt-numbers", place, why)
        last = counters.pop((book_of(series), year), None)
        if last != top:
            why = _("Bộ đếm của dãy số %(series)s-%(year)s là %(last)s, số lớn nhất là %(top)s.",
                    series=series, year=year, last=last, top=top)  # fmt: skip
            yield Fault("receipt-counter", place, why)
    for (book, year), last in counters.items():
        if book.startswith(book_of("")):
            series = book.removeprefix(book_of(""))
            why = _("Dãy số %(series)s-%(year)s đã cấp %(last)s số mà không còn biên nhận nào.",
                    series=series, year=year, last=last)  # fmt: skip
            yield Fault("receipt-counter", f"receipts:{series}-{year}", why)
    misnamed = select(Receipt.number, Receipt.series, Receipt.year, Receipt.serial, Receipt.facts)
    for number, series, year, serial, facts in session.execute(misnamed):
        if not number == facts["number"] == f"{series}-{year}-{serial:06}":
            why = _("Biên nhận %(number)s mang số khác trong nội dung.", number=number)
            yield Fault("receipt-number", f"receipt:{number}", why)


def _missing(session: Session, series: str, year: int, top: int) -> str:
    query = select(Receipt.serial).where(Receipt.series == series, Receipt.year == year)
    there = set(session.scalars(query))
    gone = [serial for serial in range(1, top + 1) if serial not in there]
    more = "…" if len(gone) > MOST_NAMED else ""
    return ", ".join(str(serial) for serial in gone[:MOST_NAMED]) + more


def _amounts(session: Session) -> Iterator[Fault]:
    """Receipts that state another amount than their donation, or than what was booked for it.

    What went back to the donor is no longer on the valid one; a voided one may state what was left
    at its time.
    """
    booked = (
        select(func.sum(Posting.debit))
        .where(Posting.entry_id == _DONATION.c.entry_id)
        .correlate(_DONATION)
        .scalar_subquery()
    )
    gone, times = (
        select(figure)
        .where(_RETURN.c.donation_id == _DONATION.c.id)
        .correlate(_DONATION)
        .scalar_subquery()
        for figure in (func.coalesce(func.sum(_RETURN.c.amount), 0), func.count())
    )
    query = (
        select(
            Receipt.number,
            Receipt.facts,
            Receipt.voided_at,
            _DONATION.c.amount,
            booked,
            gone,
            times,
        )
        .outerjoin(_DONATION, _DONATION.c.id == Receipt.donation_id)
        .where(Receipt.donation_id.is_not(None))
        .order_by(Receipt.id)
    )
    for number, facts, voided_at, amount, total, back, count in session.execute(query):
        stated = facts["amount"]
        before = voided_at and count and 0 < stated <= (amount or 0)
        if amount != total or not (before or stated == (amount or 0) - int(back)):
            why = _(
                "Biên nhận %(number)s ghi %(stated)s đ, khoản ủng hộ %(amount)s đ,"
                " sổ sách %(booked)s đ.",
                number=number,
                stated=grouped(stated),
                amount=grouped(int(amount or 0)),
                booked=grouped(int(total or 0)),
            )
            yield Fault("receipt-amount", f"receipt:{number}", why)


def _messages(session: Session) -> Iterator[Fault]:
    """Receipts of messages that state another number or sum than their messages come to."""
    query = (
        select(
            Receipt.number,
            Receipt.facts,
            Receipt.voided_at,
            func.count(ReceiptSms.request_id),
            func.sum(_MESSAGE.c.amount),
            func.count().filter(ReceiptSms.voided),
        )
        .outerjoin(ReceiptSms, ReceiptSms.receipt_id == Receipt.id)
        .outerjoin(
            _MESSAGE,
            and_(
                _MESSAGE.c.operator == ReceiptSms.operator,
                _MESSAGE.c.request_id == ReceiptSms.request_id,
            ),
        )
        .where(Receipt.donation_id.is_(None))
        .group_by(Receipt.id, Receipt.number, Receipt.facts, Receipt.voided_at)
        .order_by(Receipt.id)
    )
    for number, facts, voided_at, count, amount, freed in session.execute(query):
        told = facts.get("messages"), facts["amount"], count if voided_at else 0
        if told != (count, amount, freed) or not count:
            why = _("Biên nhận %(number)s không khớp với các tin nhắn của nó.", number=number)
            yield Fault("receipt-messages", f"receipt:{number}", why)


@cache
def _of_what_was_reversed() -> Select[str]:
    """Select valid receipts of donations or messages whose entry was reversed; made once."""
    donation, message, reversal = aliased(Entry), aliased(Entry), aliased(Entry)
    return (
        select(Receipt.number)
        .outerjoin(_DONATION, _DONATION.c.id == Receipt.donation_id)
        .outerjoin(donation, donation.reverses_id == _DONATION.c.entry_id)
        .outerjoin(ReceiptSms, ReceiptSms.receipt_id == Receipt.id)
        .outerjoin(
            message,
            and_(
                message.source == literal("sms:") + ReceiptSms.operator,
                message.external_id == ReceiptSms.request_id,
            ),
        )
        .outerjoin(reversal, reversal.reverses_id == message.id)
        .where(Receipt.voided_at.is_(None), or_(donation.id.is_not(None), reversal.id.is_not(None)))
        .order_by(Receipt.id)
    )


def _taken_back(session: Session) -> Iterator[Fault]:
    for number in dict.fromkeys(session.scalars(_of_what_was_reversed())):
        why = _("Biên nhận %(number)s còn hiệu lực mà khoản ủng hộ đã ghi đảo.", number=number)
        yield Fault("receipt-reversed", f"receipt:{number}", why)


def _originals(session: Session) -> Iterator[Fault]:
    """Stored originals that are gone, or are not what was stored."""
    query = (
        select(Receipt.number, Receipt.pdf_sha256)
        .where(Receipt.pdf_sha256.is_not(None))
        .order_by(Receipt.id)
    )
    for number, sha256 in session.execute(query):
        try:
            evidence.read(sha256 or "")
        except NotFound:
            why = _("Bản gốc PDF của biên nhận %(number)s không còn.", number=number)
        except DamagedFileError:
            why = _("Bản gốc PDF của biên nhận %(number)s đã bị thay đổi.", number=number)
        else:
            continue
        yield Fault("receipt-original", f"receipt:{number}", why)


def _letters(session: Session) -> Iterator[Fault]:
    """Letters that take a receipt to somebody which is not there."""
    number = func.substr(Letter.key, len(key_of("")) + 1)
    query = (
        select(Letter.key, number)
        .outerjoin(Receipt, Receipt.number == number)
        .where(Letter.kind == "receipt", Receipt.id.is_(None))
        .order_by(Letter.id)
    )
    for key, told in session.execute(query):
        why = _("Thư gửi biên nhận %(number)s mà không có biên nhận này.", number=told)
        yield Fault("letter", f"letter:{key}", why)
