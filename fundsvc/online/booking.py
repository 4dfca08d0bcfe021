"""Book what is true of a payment at Stripe: the donation, its fee, refunds and disputes.

Each balance transaction is booked once, under its own id. What was booked is left out, so the same
facts can be told again and again, and more of them later.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books.models import Fund
from fundsvc.donations import returns
from fundsvc.donations.models import Donation
from fundsvc.donations.service import returned
from fundsvc.giving import becoming
from fundsvc.giving import service as giving
from fundsvc.giving.models import Pledge
from fundsvc.online.days import Dated, dated
from fundsvc.online.facts import Dispute, Move, Paid, Refund
from fundsvc.online.models import CardDispute, CardMovement, CardPayment, CardRefund, CardStray
from fundsvc.online.movements import DONG, SOURCE, AsideError, book_fee, in_dong, lock, worth
from fundsvc.units.models import Province, Unit
from ledger import card_recipes

SUCCEEDED: Final = "succeeded"
WON: Final = ("won", "warning_closed", "prevented")
FAILED: Final = ("failed", "canceled")
# What follows is stored, so it is not translated.
UNKNOWN: Final = "Không rõ khoản thanh toán này của lời hứa ủng hộ nào."
OTHER_CURRENCY: Final = "Khoản thanh toán không bằng đồng Việt Nam."
OTHER_AMOUNT: Final = "Stripe cho biết số tiền khác với số đã ghi sổ. Xin kiểm tra ngay."
STRAYED: Final = "Khoản này đã ghi vào tiền chờ xác định khi Stripe chuyển tiền; xin lập chứng từ."
PAID_ON: Final = "Thanh toán thẻ ngày {day:%d/%m/%Y}; tháng đó đã khóa sổ."
REFUNDED: Final = "Đã hoàn tiền qua thẻ"
_TELLS: Final = {
    "refund": "Hoàn tiền ủng hộ về thẻ",
    "refund-failed": "Hoàn tiền về thẻ không thành, tiền trở lại Stripe",
    "dispute": "Thanh toán thẻ bị khiếu nại",
    "dispute-won": "Khiếu nại thanh toán thẻ đã được giải quyết, tiền trở lại",
    "lost": "Khiếu nại thanh toán thẻ: tiền đã trả lại chủ thẻ",
}
_RECIPES: Final = {
    "refund": card_recipes.refund,
    "refund-failed": card_recipes.refund_failed,
    "dispute": card_recipes.dispute,
    "dispute-won": card_recipes.dispute_won,
}


class NotOursError(AsideError):
    """Money of which nothing is known here, or that no promise of ours asked for."""


@dataclass(frozen=True, slots=True)
class _Of:
    """A payment and what its entries say."""

    row: CardPayment
    facts: dict[str, Any]

    def on(self, session: Session, day: date, text: str) -> Dated:
        """Return when something of that day is booked, and what the entry says."""
        return dated(session, [self.row.unit_id], day, text)


def book_donation(session: Session, paid: Paid) -> CardPayment | None:
    """Record the donation of a payment that succeeded, with its receipt; None if it did not yet.

    Call it last in a transaction.

    Raises:
        AsideError: it is none of ours, or says something else than before.
        Refusal: the books cannot take it.
    """
    lock(session)
    row = session.scalar(select(CardPayment).where(CardPayment.payment_intent == paid.id))
    if row is not None:
        if (row.amount, row.charge) != (paid.amount, paid.charge):
            raise AsideError(OTHER_AMOUNT)
        return row
    pledge = giving.by_code(session, paid.pledge) if paid.pledge else None
    if pledge is None:
        raise NotOursError(UNKNOWN)
    if paid.currency != DONG:
        raise NotOursError(OTHER_CURRENCY)
    stray = select(CardStray.id).where(CardStray.movement == (paid.move.id if paid.move else ""))
    if session.scalar(stray) is not None:
        raise AsideError(STRAYED)
    if paid.state != SUCCEEDED:
        return None
    said = dated(session, [pledge.unit_id], paid.on, "")
    given = becoming.becomes(
        session,
        pledge,
        origin=f"card:{paid.id}",
        amount=paid.amount,
        received_on=said["on"],
        method="card",
        note=PAID_ON.format(day=paid.on) if said["description"] else "",
    )
    donation = session.get_one(Donation, given.donation_id)
    row = CardPayment(
        unit_id=donation.unit_id,
        fund_id=donation.fund_id,
        pledge_id=pledge.id,
        payment_intent=paid.id,
        charge=paid.charge,
        amount=paid.amount,
        paid_on=paid.on,
        donation_id=donation.id,
        noted_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


def book_rest(session: Session, paid: Paid) -> None:
    """Book the fee, the refunds and the disputes of a payment whose donation is recorded.

    Call it last in a transaction: if money went back, the receipt is made to state what is left.

    Raises:
        AsideError: something says else than before.
        Refusal: the books cannot take it.
    """
    lock(session)
    row = session.scalars(select(CardPayment).where(CardPayment.payment_intent == paid.id)).one()
    of = _Of(row, _facts(session, row))
    donation = session.get_one(Donation, row.donation_id)
    before = returned(session, row.donation_id)
    if paid.move is not None and not _known(session, paid.move, "payment", row.amount):
        _write(session, of, paid.move, "payment", row.amount, entry_id=donation.entry_id)
    # Stripe tells the newest first; one that failed makes room for those after it.
    for refund in reversed(paid.refunds):
        _refund(session, of, refund)
    for dispute in paid.disputes:
        _dispute(session, of, dispute)
    # The same facts told again leave the receipt alone: staff may have voided it since.
    if returned(session, row.donation_id) != before:
        pledge = session.get_one(Pledge, row.pledge_id)
        to = giving.email(pledge) or None
        returns.renew_receipt(
            session, row.donation_id, reason=REFUNDED, by=None, to=to, locale=pledge.locale
        )


def _refund(session: Session, of: _Of, refund: Refund) -> None:
    if refund.move is None and refund.back is None:
        return  # Nothing has moved yet; another event tells when it does.
    row = session.scalar(select(CardRefund).where(CardRefund.refund == refund.id))
    if row is None:
        row = CardRefund(
            unit_id=of.row.unit_id,
            payment_id=of.row.id,
            refund=refund.id,
            amount=refund.amount,
            made_on=refund.on,
            state="sent",
            noted_at=clock.now(),
        )
        session.add(row)
    for kind, move, amount in (
        ("refund", refund.move, -refund.amount),
        ("refund-failed", refund.back, refund.amount),
    ):
        if move is not None and not _known(session, move, kind, amount):
            entry_id = _write(session, of, move, kind, amount)
            on, donation_id = of.on(session, move.on, "")["on"], of.row.donation_id
            returns.give_back(session, donation_id, -amount, on=on, entry_id=entry_id, key=move.id)
    if refund.back is not None or refund.state in FAILED:
        row.state = "failed"
    session.flush()


def _dispute(session: Session, of: _Of, dispute: Dispute) -> None:
    row = session.scalar(select(CardDispute).where(CardDispute.dispute == dispute.id))
    if row is None:
        row = CardDispute(
            unit_id=of.row.unit_id,
            payment_id=of.row.id,
            dispute=dispute.id,
            amount=_disputed(session, of, dispute),
            reason=dispute.reason,
            opened_on=dispute.on,
            answer_by=dispute.answer_by,
            state="open",
            noted_at=clock.now(),
        )
        session.add(row)
    left = 0
    for move in dispute.moves:
        kind = "dispute" if move.amount < 0 else "dispute-won" if move.amount else "fee"
        size = _size(session, of, dispute, move)
        amount = {"dispute": -size, "dispute-won": size, "fee": 0}[kind]
        left -= amount
        if not _known(session, move, kind, amount):
            _write(session, of, move, kind, amount)
    if row.state == "open" and dispute.state in WON:
        row.state = "won"
    elif row.state == "open" and dispute.state == "lost":
        lost_entry_id = None
        if left > 0:
            last = max([dispute.on, *(move.on for move in dispute.moves)])
            said = of.on(session, last, _TELLS["lost"])
            on = said["on"]
            # What went back to the donor before is no income any more, and cannot be lost again.
            given = of.row.amount - returned(session, of.row.donation_id)
            lost = min(left, given)
            entry = card_recipes.dispute_lost(
                **{**of.facts, **said, "amount": lost}, beyond=left - lost
            )
            posted = books.post(session, entry, source=SOURCE, external_id=dispute.id)
            lost_entry_id = posted.id
            donation_id = of.row.donation_id
            if lost:
                returns.give_back(
                    session, donation_id, lost, on=on, entry_id=posted.id, key=dispute.id
                )
        row.state, row.lost_entry_id = "lost", lost_entry_id
    session.flush()


def _size(session: Session, of: _Of, dispute: Dispute, move: Move) -> int:
    """Return what a movement of a dispute is worth in đồng, without its sign."""
    if move.currency == DONG:
        return abs(move.amount)
    if dispute.currency == DONG:
        return dispute.amount
    return abs(_by_its_rate(session, of, move.amount, move.currency))


def _disputed(session: Session, of: _Of, dispute: Dispute) -> int:
    """Return what a dispute is about in đồng; in a currency without a rate, the whole payment."""
    if dispute.currency == DONG:
        return dispute.amount
    out = [_size(session, of, dispute, move) for move in dispute.moves if move.amount < 0]
    return sum(out) or of.row.amount


def _by_its_rate(session: Session, of: _Of, settled: int, currency: str) -> int:
    """Return what an amount is worth in đồng by the rate of its payment, else by the last one."""
    paid = session.scalar(
        select(CardMovement).where(
            CardMovement.payment_id == of.row.id,
            CardMovement.kind == "payment",
            CardMovement.currency == currency,
        )
    )
    if paid is None:
        return worth(session, settled, currency)
    return in_dong(settled, paid.amount, paid.settled)


def _known(session: Session, move: Move, kind: str, amount: int) -> bool:
    """Say whether a balance transaction is booked.

    Raises:
        AsideError: it was booked as something else.
    """
    found = session.scalar(select(CardMovement).where(CardMovement.movement == move.id))
    if found is None:
        return False
    said = (found.kind, found.amount, found.settled, found.settled_fee, found.currency)
    if said != (kind, amount, move.amount, move.fee, move.currency):
        raise AsideError(OTHER_AMOUNT)
    return True


def _write(
    session: Session, of: _Of, move: Move, kind: str, amount: int, *, entry_id: int | None = None
) -> int:
    """Book a balance transaction and its fee; return the entry of the first, 0 if there is none."""
    if kind in _RECIPES:
        said = {**of.facts, **of.on(session, move.on, _TELLS[kind]), "amount": abs(amount)}
        posted = books.post(session, _RECIPES[kind](**said), source=SOURCE, external_id=move.id)
        entry_id = posted.id
    if move.currency == DONG or not move.fee:
        fee = move.fee
    elif move.amount:
        fee = in_dong(move.fee, amount, move.amount)
    else:
        fee = worth(session, move.fee, move.currency)
    session.add(
        CardMovement(
            unit_id=of.row.unit_id,
            fund_id=of.row.fund_id,
            movement=move.id,
            kind=kind,
            moved_on=move.on,
            amount=amount,
            fee=fee,
            currency=move.currency,
            settled=move.amount,
            settled_fee=move.fee,
            rate=move.rate,
            payment_id=of.row.id,
            entry_id=entry_id,
            fee_entry_id=book_fee(session, of.facts, of.row.unit_id, move, fee),
        )
    )
    session.flush()
    return entry_id or 0


def _facts(session: Session, row: CardPayment) -> dict[str, Any]:
    """Return what all entries of a payment have in common."""
    donation = session.get_one(Donation, row.donation_id)
    province = session.get(Province, donation.province_id) if donation.province_id else None
    return {
        "unit": session.get_one(Unit, row.unit_id).code,
        "fund": session.get_one(Fund, row.fund_id).code,
        "province": province.key if province else None,
    }
