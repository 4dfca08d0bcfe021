"""Issue receipts with gapless numbers, void them with a reason, find and verify them."""

import hmac
import re
import secrets
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import series
from fundsvc.books.models import Fund
from fundsvc.books.sealing import last_seal
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.outbox import service as outbox
from fundsvc.receipts.document import ReceiptFacts, words
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.text import clean
from fundsvc.units.models import Unit

LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters of a verification code: 32 of them, none that looks like another when printed."""
CODE_LENGTH: Final = 16
"""Sixteen letters of 32 are 80 bits: nobody finds one by trying."""
LONGEST_REASON: Final = 300
_LONGEST_NUMBER: Final = 40
_STRANGE: Final = re.compile("[^A-Z0-9-]")
_TYPED: Final = str.maketrans("", "", " -.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a receipt is wanted for, as the slice that knows it tells it.

    That is one donation, or messages of one phone from `first_on` to `received_on`.
    """

    donation_id: int | None = None
    messages: tuple[tuple[str, str], ...] = ()
    unit_id: int
    fund_id: int
    amount: int
    received_on: date
    method: str
    donor_name: str = ""
    donor_kind: str = "person"
    donor_address: str = ""
    on_behalf_of: str = ""
    in_memory_of: str = ""
    earmark: str = ""
    province: str = ""
    phone: str = ""
    first_on: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stranger with number and code is told.

    `state` is `valid`, `voided` or `unknown`; facts and `replaced_by` only with the right code.
    """

    state: str
    facts: ReceiptFacts | None = None
    replaced_by: str | None = None
    # SHA-256 of the stored original, and the donation whose entry lies under a seal.
    original: str | None = None
    donation_id: int | None = None


UNKNOWN: Final = Verdict("unknown")


def issue(
    session: Session, order: Order, *, by: int | None, issuer: str = "", first: bool = False
) -> Receipt:
    """Issue the receipt of a donation or of messages: the next number of its fund and this year.

    Call it last in a transaction: from here to the commit others wait for their number. The caller
    holds a lock on the donation or the messages, so that two cannot issue for them at once; the
    database refuses a second valid one in any case.

    Args:
        session: the open transaction.
        order: the facts of what was given.
        by: the staff user who issues.
        issuer: that person's name, printed under the signature.
        first: what it is for is known to this transaction alone, so it had none before.

    Raises:
        Conflict: the donation, or one of the messages, has a valid receipt.
    """
    replaced = None if first else _replaced(session, order)
    facts = _facts(session, order, issuer, replaced)
    prefix = session.get_one(Fund, order.fund_id).prefix
    year = facts.issued_on.year
    serial = series.next_number(session, book_of(prefix), year)
    facts = replace(facts, number=f"{prefix}-{year}-{serial:06}")
    receipt = Receipt(
        number=facts.number,
        series=prefix,
        year=year,
        serial=serial,
        unit_id=order.unit_id,
        donation_id=order.donation_id,
        facts=facts.as_json(),
        code="".join(secrets.choice(LETTERS) for _letter in range(CODE_LENGTH)),
        issued_at=clock.now(),
        issued_by=by,
    )
    session.add(receipt)
    session.flush()
    session.add_all(
        ReceiptSms(receipt_id=receipt.id, operator=operator, request_id=request_id)
        for operator, request_id in order.messages
    )
    session.flush()
    if replaced is not None:
        replaced.replaced_by_id = receipt.id
        session.flush()
    return receipt


def _replaced(session: Session, order: Order) -> Receipt | None:
    """Hold that there is no valid receipt yet; return the voided one that this one replaces."""
    if order.donation_id is None:
        taken = (
            select(Receipt.number)
            .join(ReceiptSms, ReceiptSms.receipt_id == Receipt.id)
            .where(
                tuple_(ReceiptSms.operator, ReceiptSms.request_id).in_(order.messages),
                ~ReceiptSms.voided,
            )
        )
        for number in session.scalars(taken.limit(1)):
            why = _("Có tin nhắn đã được cấp biên nhận số %(number)s.", number=number)
            raise Conflict(why)
        return None
    earlier = of_donation(session, order.donation_id)
    for receipt in earlier:
        if receipt.voided_at is None:
            why = _("Khoản ủng hộ này đã có biên nhận số %(number)s.", number=receipt.number)
            raise Conflict(why)
    return earlier[-1] if earlier else None


def book_of(prefix: str) -> str:
    """Return the name of the book of numbers that a series of receipts draws from."""
    return f"receipt:{prefix}"


def letter_key(number: str) -> str:
    """Return the key of the letter that takes a receipt to its donor."""
    return f"receipt:{number}"


def void(session: Session, number: str, reason: str, *, by: int | None) -> Receipt:
    """Void a receipt; it keeps its number, and what it was for may get another receipt.

    A letter that still waits to take it to the donor is not sent any more.

    Raises:
        NotFound: there is no such receipt, or not for this person.
        Refusal: no reason is given.
        Conflict: it is void already.
    """
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do hủy biên nhận."), field="reason"))
    receipt = by_number(session, number, lock=True)
    if receipt.voided_at is not None:
        raise Conflict(_("Biên nhận %(number)s đã hủy trước đây.", number=receipt.number))
    receipt.voided_at, receipt.void_reason, receipt.voided_by = clock.now(), why, by
    session.flush()
    session.execute(
        update(ReceiptSms).where(ReceiptSms.receipt_id == receipt.id).values(voided=True)
    )
    outbox.drop(session, letter_key(receipt.number), _("Không gửi nữa: biên nhận đã hủy."))
    audit.record(session, "receipt.void", f"receipt:{receipt.number}", {"reason": why}, by=by)
    session.flush()
    return receipt


def by_number(session: Session, number: str, *, lock: bool = False) -> Receipt:
    """Return a receipt by its number, letter case and outer blanks aside.

    Raises:
        NotFound: there is none, or not for this person; the two look the same.
    """
    query = select(Receipt).where(Receipt.number == tidy_number(number))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound(Reason(_("Không có biên nhận này."), field="number"))
    return found


def of_donation(session: Session, donation_id: int) -> list[Receipt]:
    """Return the receipts a donation ever had, oldest first; at most the last one is valid."""
    query = select(Receipt).where(Receipt.donation_id == donation_id).order_by(Receipt.id)
    return list(session.scalars(query))


def facts_of(receipt: Receipt) -> ReceiptFacts:
    """Return what a receipt states, with the day it was voided, if it was."""
    voided = receipt.voided_at.astimezone(clock.VN).date() if receipt.voided_at else None
    return ReceiptFacts.from_json(receipt.facts, voided_on=voided)


def verify(session: Session, number: str, code: str) -> Verdict:
    """Tell a stranger whether a receipt is valid; a wrong code looks like an unknown number.

    Both cases take the same query and the same comparison, so that neither the answer nor its time
    tells which numbers exist. The unit scope does not apply: whoever holds the paper may ask.
    """
    receipt, newer = Receipt.__table__, Receipt.__table__.alias("newer")
    row = session.execute(
        select(receipt.c.id, receipt.c.code).where(receipt.c.number == tidy_number(number))
    ).first()
    held = row.code if row else "-" * CODE_LENGTH
    if not hmac.compare_digest(tidy_code(code).encode(), held.encode()) or row is None:
        return UNKNOWN
    found = session.execute(
        select(
            receipt.c.facts,
            receipt.c.voided_at,
            newer.c.number,
            receipt.c.pdf_sha256,
            receipt.c.donation_id,
        )
        .select_from(receipt.outerjoin(newer, newer.c.id == receipt.c.replaced_by_id))
        .where(receipt.c.id == row.id)
    ).one()
    voided = found.voided_at.astimezone(clock.VN).date() if found.voided_at else None
    facts = ReceiptFacts.from_json(found.facts, voided_on=voided)
    state = "voided" if voided else "valid"
    return Verdict(state, facts, found.number, found.pdf_sha256, found.donation_id)


def tidy_number(number: str) -> str:
    """Return a number as it is kept, from what people type."""
    return _STRANGE.sub("?", number.strip()[:_LONGEST_NUMBER].upper())


def tidy_code(code: str) -> str:
    """Return a code as it is kept, from what people type: without dashes and blanks."""
    return _STRANGE.sub("?", code[: 4 * CODE_LENGTH].translate(_TYPED).upper())


def _facts(session: Session, order: Order, issuer: str, replaced: Receipt | None) -> ReceiptFacts:
    """Gather what the receipt will state, all but its number."""
    unit = session.get_one(Unit, order.unit_id)
    parent = session.get(Unit, unit.parent_id) if unit.parent_id else None
    fund = session.get_one(Fund, order.fund_id)
    sealed = last_seal(session)
    return ReceiptFacts(
        number="",
        unit_code=unit.code,
        unit_name=unit.name,
        unit_address=unit.address,
        parent_name=parent.name if parent else "",
        fund_code=fund.code,
        fund_name=fund.name,
        donor_name=order.donor_name,
        donor_kind=order.donor_kind,
        donor_address=order.donor_address,
        on_behalf_of=order.on_behalf_of,
        in_memory_of=order.in_memory_of,
        earmark=order.earmark,
        province=order.province,
        method=order.method,
        amount=order.amount,
        amount_words=words(order.amount),
        received_on=order.received_on,
        issued_on=clock.today(),
        issued_by=issuer,
        phone=order.phone,
        messages=len(order.messages),
        first_on=order.first_on,
        replaces=replaced.number if replaced else "",
        seal=sealed.number,
        head=sealed.head,
    )
