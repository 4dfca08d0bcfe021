"""What those who gave by message see: their messages, and one receipt for several of them."""

from itertools import groupby
from typing import Any, Final

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.public.limits import Limiter
from fundsvc.public.views import busy, private
from fundsvc.receipts import printing, service
from fundsvc.secrecy import phone_hash
from fundsvc.sms import donors, phones
from fundsvc.staff.access import public
from fundsvc.templating import Form

bp = Blueprint("givers", __name__)

_LIMITER: Final = "fundsvc.public.givers"
_OPEN_SECONDS: Final = 30 * 60


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its counters: references can be guessed, so they are slow."""
    by_address, by_number = Limiter(burst=10, per_minute=6), Limiter(burst=10, per_minute=1)
    state.app.extensions[_LIMITER] = (by_address, by_number)


@bp.get("/receipts")
@public
def ask() -> Response:
    """Show the form to type a phone number and a reference into."""
    return private(render_template("public/givers.html", form=Form({}), groups=None))


@bp.post("/receipts")
@public
def show() -> ResponseReturnValue:
    """Show what the number gave, if the reference or the code is right."""
    typed = request.form.to_dict()
    phone, secret = typed.get("phone", ""), typed.get("secret", "")
    by_address, by_number = current_app.extensions[_LIMITER]
    if not (by_address.allows(request.remote_addr or "") and by_number.allows(_short(phone))):
        return busy()
    with transaction() as session:
        hashed = phones.prove(session, phone, secret)
    if hashed is None:
        # The secret is not given back: it may be a code that is read out over somebody's shoulder.
        why = _("Số điện thoại và mã không khớp. Xin xem lại mã trong tin nhắn trả lời.")
        form = Form({"phone": phone}, (Reason(why, field="secret"),))
        return private(render_template("public/givers.html", form=form, groups=None)), 422
    return private(_list(hashed, Form({})))


@bp.post("/receipts/issue")
@public
def issue() -> ResponseReturnValue:
    """Issue one receipt for the chosen messages and go to where it is verified."""
    try:
        hashed = str(_signer().loads(request.form.get("proof", ""), max_age=_OPEN_SECONDS))
    except BadSignature:
        why = _("Đã quá 30 phút. Xin nhập lại số điện thoại và mã.")
        form = Form({}, (Reason(why),))
        return private(render_template("public/givers.html", form=form, groups=None)), 422
    chosen = [text.partition("~")[::2] for text in request.form.getlist("message")]
    try:
        with transaction() as session:
            receipt = donors.issue_receipt(session, hashed, chosen)
            number, code = receipt.number, receipt.code
    except Refusal as refusal:
        return private(_list(hashed, Form({}, refusal.reasons))), refusal.status
    return redirect(url_for("public.verify", number=number, c=code), 303)


@bp.get("/v/<number>.pdf")
@public
def pdf(number: str) -> ResponseReturnValue:
    """Give the document of a receipt of messages to whoever has its code."""
    by_address, _by_number = current_app.extensions[_LIMITER]
    if not by_address.allows(request.remote_addr or ""):
        return busy()
    verdict = service.verify(read_session(), number, request.args.get("c", ""))
    if verdict.facts is None or not verdict.facts.messages:
        raise NotFound
    data = printing.pdf(verdict.facts.number)
    name = f'inline; filename="{verdict.facts.number}.pdf"'
    answer = Response(data, content_type=printing.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = name
    return private(answer)


def _list(hashed: str, form: Form) -> str:
    """Return the page of a number's messages, those of each fund and unit by themselves."""
    session = read_session()
    found = sorted(donors.gifts(session, hashed), key=_purse)
    return render_template(
        "public/givers.html",
        form=form,
        groups=[list(group) for _key, group in groupby(found, key=_purse)],
        phone=donors.shown_phone(session, hashed),
        proof=_signer().dumps(hashed),
    )


def _purse(gift: donors.Gift) -> tuple[int, int]:
    return gift.fund_id, gift.unit_id


def _short(phone: str) -> str:
    """Return what tries for one number are counted by, however it is written."""
    return phone_hash(phone[: phones.LONGEST].translate(phones.BETWEEN))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="receipts-by-phone")
