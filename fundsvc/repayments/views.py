"""The page of what goes back of a donation: its vouchers, and the form that drafts another."""

import secrets

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.origins import Origin
from fundsvc.books.reversing import undone
from fundsvc.books.tills import tills
from fundsvc.db import read_session, transaction
from fundsvc.donations.models import Donation
from fundsvc.donations.service import returned
from fundsvc.donors import service as donors
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.repayments import service
from fundsvc.repayments.models import DonationRefund
from fundsvc.repayments.schemas import RefundForm
from fundsvc.staff.access import allow
from fundsvc.templating import Form, reasons_of
from fundsvc.templating.filters import day, dong
from fundsvc.vouchers.kinds import KINDS, STATES
from fundsvc.vouchers.purposes import tell_purpose

bp = Blueprint("repayments", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")


def purpose_of(session: Session, voucher_id: int) -> Origin | None:
    """Lead from a voucher to the refunds of its donation."""
    refund = session.get(DonationRefund, voucher_id)
    if refund is None:
        return None
    donation = session.get_one(Donation, refund.donation_id)
    label = _(
        "hoàn %(sum)s của khoản ủng hộ số %(number)s ngày %(day)s",
        sum=dong(refund.amount),
        number=donation.id,
        day=day(donation.received_on),
    )
    return Origin(label, f"/donations/{donation.id}/refunds")


bp.record_once(lambda state: tell_purpose(state.app, purpose_of))


@bp.get("/donations/<int:donation_id>/refunds")
@allow(*READERS)
def show(donation_id: int) -> str:
    """Show what went back of a donation, what waits, and what is left."""
    return _page(donation_id, Form({}))


@bp.post("/donations/<int:donation_id>/refunds")
@allow(*WRITERS)
def ask(donation_id: int) -> ResponseReturnValue:
    """Draft the voucher of a refund and go to it; sent twice it is one voucher."""
    typed = request.form.to_dict()
    try:
        asked, key = RefundForm().load(typed)
        with transaction() as session:
            number = service.ask(session, donation_id, asked, key=key, by=current_user.id)
    except ValidationError as error:
        return _page(donation_id, Form(typed, reasons_of(error))), 422
    except NotFound as error:
        # What was chosen is not there; of a donation that is not there is no page either.
        return _page(donation_id, Form(typed, error.reasons)), 422
    except Conflict as error:
        # The form was sent before with other facts; a new key lets a second refund be asked for.
        fresh = {**typed, "key": secrets.token_urlsafe(18)}
        return _page(donation_id, Form(fresh, error.reasons)), error.status
    except Refusal as error:
        return _page(donation_id, Form(typed, error.reasons)), error.status
    flash(_("Đã lập phiếu hoàn tiền; xin xem lại rồi trình duyệt."), "ok")
    return redirect(f"/vouchers/{number}", 303)


def _page(donation_id: int, form: Form) -> str:
    session = read_session()
    session.rollback()
    donation = session.scalar(select(Donation).where(Donation.id == donation_id))
    if donation is None or donation.method == "card":
        raise NotFound
    rows = [
        {
            "href": f"/vouchers/{voucher.id}",
            "name": voucher.number or KINDS[voucher.kind].name,
            "date": voucher.date,
            "amount": row.amount,
            "reason": row.reason,
            "state": voucher.state,
            "state_name": STATES[voucher.state],
        }
        for row, voucher in service.of_donation(session, donation.id)
    ]
    stands = undone(session, donation.entry_id) is None
    wrong = {reason.field for reason in form.reasons}
    key = "" if "key" in wrong and not form.value("key") else form.value("key")
    return render_template(
        "repayments/show.html",
        donation_id=donation.id,
        amount=donation.amount,
        received_on=donation.received_on,
        returned=returned(session, donation.id),
        left=service.left(session, donation) if stands else 0,
        rows=rows,
        tills=_tills(session, donation),
        party=_party(session, donation),
        may_ask=stands and any(current_user.has_role(role) for role in WRITERS),
        key=key or secrets.token_urlsafe(18),
        form=form,
    )


def _tills(session: Session, donation: Donation) -> list[tuple[str, str]]:
    """Return the cash box, and the bank accounts of the donation's own fund and unit."""
    own = (donation.unit_id, donation.fund_id)
    return [
        (till.code, till.name)
        for till in tills(session)
        if till.unit_id is None or (till.unit_id, till.fund_id) == own
    ]


def _party(session: Session, donation: Donation) -> str:
    """Return the donor's name as the one who will take the money, if it is known."""
    donor = donors.by_id(session, donation.donor_id) if donation.donor_id else None
    return donor.name if donor is not None and donor.erased_at is None else ""
