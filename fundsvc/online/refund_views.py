"""The page of one card payment: what came and went, and refunds asked for and approved."""

from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc.db import read_session, transaction
from fundsvc.donations.service import returned
from fundsvc.errors import NotFound, Refusal
from fundsvc.online import refunds
from fundsvc.online.models import RefundRequest
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.text import parse_dong

bp = Blueprint("refunds", __name__)

READERS: Final = ("treasurer", "approver", "auditor")
ASKERS: Final = ("treasurer",)
APPROVERS: Final = ("approver",)


@bp.get("/card-payments/donations/<int:donation_id>")
@allow(*READERS)
def show(donation_id: int) -> str:
    """Show a card payment and its refunds."""
    return _page(donation_id, Form({}))


@bp.post("/card-payments/donations/<int:donation_id>/refunds")
@allow(*ASKERS)
def ask(donation_id: int) -> ResponseReturnValue:
    """Ask for a refund."""
    typed = request.form.to_dict()
    try:
        with transaction() as session:
            amount = parse_dong(typed.get("amount", ""))
            reason = typed.get("reason", "")
            refunds.ask(session, donation_id, amount, reason, by=current_user.id)
    except NotFound:
        raise
    except Refusal as error:
        return _page(donation_id, Form(typed, error.reasons)), error.status
    flash(_("Đã đề nghị hoàn tiền; chờ một người khác duyệt."), "ok")
    return redirect(url_for(".show", donation_id=donation_id), 303)


@bp.post("/card-payments/donations/<int:donation_id>/refunds/<int:request_id>")
@allow(*APPROVERS)
def decide(donation_id: int, request_id: int) -> ResponseReturnValue:
    """Approve or refuse a refund."""
    approve = request.form.get("act") == "approve"
    with transaction() as session:
        found = session.get(RefundRequest, request_id)
        row = refunds.payment_of(session, donation_id)
        if found is None or row is None or found.payment_id != row.id:
            raise NotFound
        refunds.decide(session, request_id, approve=approve, by=current_user.id)
    told = _("Đã duyệt; tiền được hoàn về thẻ trong ít phút.") if approve else _("Đã từ chối.")
    flash(told, "ok")
    return redirect(url_for(".show", donation_id=donation_id), 303)


def _page(donation_id: int, form: Form) -> str:
    session = read_session()
    session.rollback()
    row = refunds.payment_of(session, donation_id)
    if row is None:
        raise NotFound
    asked: list[dict[str, Any]] = [
        {
            "id": one.id,
            "asked_at": one.asked_at,
            "amount": one.amount,
            "reason": one.reason,
            "state": one.state,
            "told": one.told,
            "own": one.asked_by == current_user.id,
        }
        for one in refunds.requests(session, row)
    ]
    return render_template(
        "online/payment.html",
        donation_id=donation_id,
        amount=row.amount,
        paid_on=row.paid_on,
        payment=row.payment_intent,
        returned=returned(session, donation_id),
        left=refunds.left(session, row),
        requests=asked,
        form=form,
        may_ask=_has(ASKERS),
        may_decide=_has(APPROVERS),
    )


def _has(roles: tuple[str, ...]) -> bool:
    return any(current_user.has_role(role) for role in roles)
