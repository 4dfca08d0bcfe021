"""Refund donations by card: one person asks, another approves, then Stripe is asked.

What Stripe then tells books the refund and renews the receipt, as for one made in its dashboard.
"""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.donations.service import returned
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.online import gateway
from fundsvc.online.models import CardDispute, CardPayment, RefundRequest
from fundsvc.online.movements import lock
from fundsvc.text import clean

LONGEST_REASON: Final = 300
OPEN: Final = ("asked", "approved")


def payment_of(session: Session, donation_id: int) -> CardPayment | None:
    """Return the card payment that a donation came of."""
    return session.scalar(select(CardPayment).where(CardPayment.donation_id == donation_id))


def left(session: Session, row: CardPayment) -> int:
    """Return what of a payment can still be asked for: not refunded, and not asked for."""
    asked = session.scalar(
        select(func.coalesce(func.sum(RefundRequest.amount), 0)).where(
            RefundRequest.payment_id == row.id, RefundRequest.state.in_(OPEN)
        )
    )
    return row.amount - returned(session, row.donation_id) - int(asked or 0)


def requests(session: Session, row: CardPayment) -> list[RefundRequest]:
    """Return what was asked for a payment, the newest first."""
    query = select(RefundRequest).where(RefundRequest.payment_id == row.id)
    return list(session.scalars(query.order_by(RefundRequest.id.desc())))


def ask(session: Session, donation_id: int, amount: int, reason: str, *, by: int) -> RefundRequest:
    """Ask for a refund.

    Raises:
        NotFound: the donation did not come by card, or is not for this person.
        Refusal: it is more than is left, there is no reason, or the payment is disputed.
    """
    lock(session)
    row = payment_of(session, donation_id)
    if row is None:
        raise NotFound
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do hoàn tiền."), field="reason"))
    if not 0 < amount <= left(session, row):
        raise Refusal(Reason(_("Không hoàn lại được nhiều hơn số còn lại."), field="amount"))
    disputed = select(CardDispute.id).where(
        CardDispute.payment_id == row.id, CardDispute.state == "open"
    )
    if session.scalar(disputed) is not None:
        raise Refusal(_("Khoản này đang bị khiếu nại; chờ quyết định của ngân hàng chủ thẻ."))
    made = RefundRequest(
        unit_id=row.unit_id,
        payment_id=row.id,
        amount=amount,
        reason=why,
        state="asked",
        asked_by=by,
        asked_at=clock.now(),
    )
    session.add(made)
    session.flush()
    audit.record(session, "refund.ask", f"refund_request:{made.id}", {"amount": amount}, by=by)
    return made


def decide(session: Session, request_id: int, *, approve: bool, by: int) -> RefundRequest:
    """Approve or refuse a refund; nobody approves what they asked for.

    Raises:
        NotFound: there is no such request, or not for this person.
        Conflict: it was decided.
        Refusal: the same person asked.
    """
    query = select(RefundRequest).where(RefundRequest.id == request_id).with_for_update()
    found = session.scalar(query)
    if found is None:
        raise NotFound
    if found.state != "asked":
        raise Conflict(_("Đề nghị này đã được quyết định."))
    if approve and found.asked_by == by:
        raise Refusal(_("Người đề nghị không tự duyệt được; cần một người khác."))
    found.state, found.decided_by = "approved" if approve else "refused", by
    found.decided_at = clock.now()
    session.flush()
    kind = "refund.approve" if approve else "refund.refuse"
    audit.record(session, kind, f"refund_request:{found.id}", {}, by=by)
    return found


def send_approved() -> int:
    """Ask Stripe for the refunds that were approved; asked twice, Stripe makes one.

    Raises:
        DownError: Stripe does not answer; what is left waits.
    """
    session = read_session()
    session.rollback()
    query = select(RefundRequest.id, RefundRequest.amount, CardPayment.payment_intent)
    query = query.join(CardPayment, CardPayment.id == RefundRequest.payment_id)
    waiting = session.execute(
        query.where(RefundRequest.state == "approved").order_by(RefundRequest.id)
    ).all()
    session.rollback()
    for number, amount, payment in waiting:
        refund, told = None, ""
        try:
            refund = gateway.refund(payment, amount, str(number))
        except (gateway.RefusedError, gateway.NotThereError) as error:
            told = str(error)[:LONGEST_REASON]
        with transaction() as writing:
            found = writing.get_one(RefundRequest, number, with_for_update=True)
            if found.state == "approved":
                found.state = "sent" if refund else "failed"
                found.refund, found.told = refund, told
    return len(waiting)
