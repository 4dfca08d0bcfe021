"""Pages of one message and its number, and of codes for those who call."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.sms import lists, phones, told
from fundsvc.staff.access import allow
from fundsvc.templating import Form

bp = Blueprint("phones", __name__)

READERS = ("treasurer", "approver", "auditor")
OPENERS = ("treasurer",)


@bp.get("/sms/message")
@allow(*READERS)
def message() -> str:
    """Show one message; the middle of its number is hidden."""
    return _message(request.args.get("operator", ""), request.args.get("id", ""))


@bp.post("/sms/message")
@allow(*OPENERS)
def open_number() -> str:
    """Show the whole number of one message, which is noted."""
    operator, request_id = request.form.get("operator", ""), request.form.get("id", "")
    with transaction() as session:
        phone = phones.open_number(session, operator, request_id, by=current_user.id)
    return _message(operator, request_id, _home(phone))


@bp.get("/sms/codes")
@allow(*OPENERS)
def codes() -> str:
    """Show the form that gives a code to somebody on the phone."""
    return render_template("sms/codes.html", form=Form({}), given=None)


@bp.post("/sms/codes")
@allow(*OPENERS)
def give_code() -> ResponseReturnValue:
    """Make a code and show it, this once."""
    typed = request.form.to_dict()
    try:
        with transaction() as session:
            given = phones.give_code(session, typed.get("phone", ""), by=current_user.id)
    except Refusal as refusal:
        form = Form(typed, refusal.reasons)
        return render_template("sms/codes.html", form=form, given=None), refusal.status
    return render_template(
        "sms/codes.html",
        form=Form({}),
        given=given,
        code=f"{given.code[:3]} {given.code[3:]}",
        phone=typed["phone"],
        page=url_for("givers.ask", _external=True),
    )


def _message(operator: str, request_id: str, phone: str | None = None) -> str:
    session = read_session()
    found = phones.message(session, operator, request_id)
    return render_template(
        "sms/message.html",
        message=found,
        phone=phone or lists.shown_phones([found])[0],
        opened=phone is not None,
        entry=phones.entry_of(session, found),
        operator=told.operator(operator),
        why=told.reason(found.why) if found.why else _("không thu được tiền"),
        may_open_number=any(current_user.has_role(role) for role in OPENERS),
    )


def _home(phone: str) -> str:
    """Return a whole number as people dial it: 0912 345 678."""
    home = lists.home_number(phone)
    return f"{home[:4]} {home[4:7]} {home[7:]}".strip()
