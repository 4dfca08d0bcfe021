"""Pages of one receipt: what it states, its PDF, marked copies, and voiding it."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select

from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.receipts import document, printing, service
from fundsvc.receipts.models import Receipt
from fundsvc.receipts.schemas import VoidForm
from fundsvc.staff.access import allow
from fundsvc.templating import Form, reasons_of

bp = Blueprint("receipts", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
VOIDERS = ("treasurer", "unit-treasurer")


@bp.get("/receipts/<number>")
@allow(*READERS)
def show(number: str) -> ResponseReturnValue:
    """Show a receipt."""
    return _page(number, Form({}))


@bp.get("/receipts/<number>.pdf")
@allow(*READERS)
def pdf(number: str) -> ResponseReturnValue:
    """Give the original, or a copy with its mark; a voided receipt always carries its mark."""
    copy = "copy" in request.args
    data = printing.pdf(number, copy=copy)
    name = f"{service.tidy_number(number)}{'-ban-sao' if copy else ''}.pdf"
    head = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(data, content_type=printing.MEDIA_TYPE, headers=head)


@bp.post("/receipts/<number>/void")
@allow(*VOIDERS)
def void(number: str) -> ResponseReturnValue:
    """Void a receipt with a reason."""
    try:
        form = VoidForm().load(request.form.to_dict())
        with transaction() as session:
            receipt = service.void(session, number, form["reason"], by=current_user.id)
            number = receipt.number
    except ValidationError as error:
        return _page(number, Form(request.form, reasons_of(error))), 422
    except Conflict as error:
        flash(" ".join(str(reason.text) for reason in error.reasons), "error")
        return redirect(url_for(".show", number=number), 303)
    except Refusal as error:
        if error.status != Refusal.status:
            raise
        return _page(number, Form(request.form, error.reasons)), error.status
    flash(_("Đã hủy biên nhận %(number)s.", number=number), "ok")
    return redirect(url_for(".show", number=number), 303)


def _page(number: str, form: Form) -> str:
    session = read_session()
    receipt = service.by_number(session, number)
    newer = None
    if receipt.replaced_by_id is not None:
        newer = session.scalar(select(Receipt.number).where(Receipt.id == receipt.replaced_by_id))
    return render_template(
        "receipts/show.html",
        receipt=service.facts_of(receipt),
        code=document.in_fours(receipt.code),
        donation_id=receipt.donation_id,
        voided_at=receipt.voided_at,
        void_reason=receipt.void_reason,
        replaced_by=newer,
        verify_address=printing.address(receipt),
        may_void=receipt.voided_at is None and any(current_user.has_role(role) for role in VOIDERS),
        form=form,
    )
