"""What is done to a settlement from its page: accept, money, loss, claim, reversal."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.fields import FormSchema
from fundsvc.settlements import offsetting, remedies, schemas, service
from fundsvc.settlements.views import WRITERS, page_of
from fundsvc.staff.access import allow
from fundsvc.templating import Form, reasons_of
from fundsvc.templating.filters import dong

bp = Blueprint("settlement_acts", __name__)

DECIDERS = ("treasurer", "approver")


@bp.post("/sms/settlements/<int:settlement_id>/accept")
@allow(*WRITERS)
def accept(settlement_id: int) -> ResponseReturnValue:
    """Accept the operator's report and book its fee."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        service.accept(session, settlement_id, by=current_user.id)
        return _("Đã chấp nhận quyết toán và ghi sổ phí của nhà mạng.")

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/money/<int:line_id>")
@allow(*WRITERS)
def money(settlement_id: int, line_id: int) -> ResponseReturnValue:
    """Confirm that a line of the bank is this settlement's money."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        more = service.confirm_money(session, settlement_id, line_id, by=current_user.id)
        if not more:
            return _("Đã ghi sổ tiền nhà mạng thanh toán.")
        return _(
            "Đã ghi sổ tiền nhà mạng thanh toán. Tiền về thừa %(more)s so với số phải thu: ghi Có"
            " 3388 Phải trả khác, chờ nhà mạng trả lời.",
            more=dong(more),
        )

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/offset")
@allow(*WRITERS)
def offset(settlement_id: int) -> ResponseReturnValue:
    """Pay what is still owed out of what the operator paid too much before."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        amount = offsetting.offset(session, settlement_id, by=current_user.id)
        return _("Đã cấn trừ %(sum)s tiền nhà mạng trả thừa.", sum=dong(amount))

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/acts/<int:act>/reverse")
@allow(*WRITERS)
def undo(settlement_id: int, act: int) -> ResponseReturnValue:
    """Take back what an act booked."""

    def undoing(session: Session, form: dict[str, Any]) -> str:
        reason = form["reason"]
        service.undo(session, settlement_id, act, reason=reason, by=current_user.id)
        return _("Đã ghi đảo.")

    return _done(settlement_id, schemas.UndoForm, undoing)


@bp.post("/sms/settlements/<int:settlement_id>/losses")
@allow(*WRITERS)
def ask_loss(settlement_id: int) -> ResponseReturnValue:
    """Ask another person to approve that a part is given up."""

    def act(session: Session, form: dict[str, Any]) -> str:
        remedies.ask_loss(session, settlement_id, **form, by=current_user.id)
        return _("Đã trình đề nghị xóa nợ; chờ người khác duyệt.")

    return _done(settlement_id, schemas.LossForm, act)


@bp.post(
    "/sms/settlements/<int:settlement_id>/losses/<int:loss_id>/<any(approve, refuse):decision>"
)
@allow(*DECIDERS)
def decide_loss(settlement_id: int, loss_id: int, decision: str) -> ResponseReturnValue:
    """Approve or refuse to give a part up."""
    approve = decision == "approve"

    def act(session: Session, _form: dict[str, Any]) -> str:
        remedies.decide_loss(session, loss_id, approve=approve, by=current_user.id)
        return _("Đã duyệt và ghi sổ.") if approve else _("Đã không duyệt; không ghi gì vào sổ.")

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/claims")
@allow(*WRITERS)
def claim(settlement_id: int) -> ResponseReturnValue:
    """Claim a part by letter."""

    def act(session: Session, form: dict[str, Any]) -> str:
        remedies.make_claim(session, settlement_id, **form, by=current_user.id)
        return _("Đã lập công văn đề nghị thanh toán.")

    return _done(settlement_id, schemas.ClaimForm, act)


@bp.post("/sms/settlements/<int:settlement_id>/claims/<int:claim_id>/close")
@allow(*WRITERS)
def close_claim(settlement_id: int, claim_id: int) -> ResponseReturnValue:
    """Note what came of a claim."""

    def act(session: Session, form: dict[str, Any]) -> str:
        on = form.pop("closed_on")
        remedies.close_claim(session, claim_id, **form, on=on, by=current_user.id)
        return _("Đã ghi kết quả của công văn.")

    return _done(settlement_id, schemas.AnswerForm, act)


@bp.post("/sms/settlements/<int:settlement_id>/messages/reverse")
@allow(*WRITERS)
def reverse_message(settlement_id: int) -> ResponseReturnValue:
    """Take back the entry of a message that was not to be counted."""

    def act(session: Session, form: dict[str, Any]) -> str:
        remedies.reverse_message(session, settlement_id, **form, by=current_user.id)
        return _("Đã ghi đảo tin nhắn này.")

    return _done(settlement_id, schemas.MessageForm, act)


def _done(
    settlement_id: int,
    schema: type[FormSchema],
    act: Callable[[Session, dict[str, Any]], str],
) -> ResponseReturnValue:
    """Do an act and go back to the settlement, or show it with what is wrong."""
    typed = request.form.to_dict()
    try:
        form = schema().load(typed)
        with transaction() as session:
            said = act(session, form)
    except ValidationError as error:
        return page_of(settlement_id, Form(typed, reasons_of(error))), 422
    except Refusal as error:
        if error.status == 404:  # noqa: PLR2004 - Not Found
            raise
        return page_of(settlement_id, Form(typed, error.reasons)), error.status
    flash(said, "ok")
    return redirect(url_for("settlements.show", settlement_id=settlement_id), 303)
