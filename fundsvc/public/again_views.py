"""A receipt once more, for whoever has a code of it and the e-mail or phone it was given with."""

from typing import Any, Final

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer

from fundsvc.db import read_session, set_scope
from fundsvc.errors import NotFound, Reason
from fundsvc.public import again
from fundsvc.public.limits import Limiter
from fundsvc.public.views import busy, private
from fundsvc.receipts import printing
from fundsvc.staff.access import public
from fundsvc.templating import Form

bp = Blueprint("again", __name__)

_LIMITER: Final = "fundsvc.public.again"
_OPEN_SECONDS: Final = 30 * 60


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its counters: by address, and by the contact that is tried."""
    by_address, by_contact = Limiter(burst=10, per_minute=6), Limiter(burst=10, per_minute=1)
    state.app.extensions[_LIMITER] = (by_address, by_contact)


@bp.post("/receipts/again")
@public
def find() -> ResponseReturnValue:
    """Show the receipt if code and contact belong together."""
    secret, contact = request.form.get("code", ""), request.form.get("contact", "")
    by_address, by_contact = current_app.extensions[_LIMITER]
    tried = contact.strip().casefold()[:100]
    if not (by_address.allows(request.remote_addr or "") and by_contact.allows(tried)):
        return busy()
    found = again.find(read_session(), secret, contact)
    if found is None:
        why = _("Mã và thư điện tử hoặc số điện thoại không khớp. Xin xem lại rồi nhập lại.")
        form = Form({"code": secret, "contact": contact}, (Reason(why, field="code"),))
        page = render_template("public/givers.html", form=Form({}), again=form, groups=None)
        return private(page), 422
    number, code = found
    proof = _signer().dumps(number)
    return redirect(url_for("public.verify", number=number, c=code, proof=proof), 303)


@bp.get("/receipts/again.pdf")
@public
def pdf() -> ResponseReturnValue:
    """Give the document of a receipt that was found a moment ago."""
    number = proved(request.args.get("proof", ""))
    if number is None:
        raise NotFound
    # It was proved whose the receipt is; what units somebody signed in may see does not matter.
    set_scope(read_session(), None)
    answer = Response(printing.pdf(number), content_type=printing.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return private(answer)


def proved(proof: str) -> str | None:
    """Return the number of the receipt that was proved to be the asker's, None if none was."""
    try:
        return str(_signer().loads(proof, max_age=_OPEN_SECONDS))
    except BadSignature:
        return None


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="receipt-again")
