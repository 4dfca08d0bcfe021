"""What strangers see: is this receipt valid?"""

from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue

from fundsvc.db import read_session
from fundsvc.public.limits import Limiter
from fundsvc.receipts import document, service
from fundsvc.receipts.service import Verdict
from fundsvc.staff.access import public
from fundsvc.text import mask_name

bp = Blueprint("public", __name__)

_LIMITER = "fundsvc.public.limiter"
_TOO_MANY = 429
_STATUS = {"valid": 200, "voided": 200, "unknown": 404}


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its own counter."""
    state.app.extensions[_LIMITER] = Limiter()


@bp.get("/v")
@public
def ask() -> ResponseReturnValue:
    """Show the form to type a number and a code into, or go where it leads."""
    number, code = request.args.get("number", ""), request.args.get("c", "")
    if number:
        tidy = service.tidy_number(number)
        if "/" not in tidy and tidy not in {"", ".", ".."}:
            return redirect(url_for(".verify", number=tidy, c=service.tidy_code(code)), 303)
    return private(render_template("public/verify.html", verdict=None, number=number, code=code))


@bp.get("/v/<number>")
@public
def verify(number: str) -> ResponseReturnValue:
    """Tell whether a receipt is valid, voided or unknown."""
    if not current_app.extensions[_LIMITER].allows(request.remote_addr or ""):
        return busy()
    code = request.args.get("c", "")
    if not code:
        # Somebody typed the address without the code: ask for it, and say nothing of the number.
        page = render_template("public/verify.html", verdict=None, number=number, code="")
        return private(page)
    verdict = service.verify(read_session(), number, code)
    page = render_template(
        "public/verify.html",
        verdict=verdict,
        shown=_shown(verdict),
        number=service.tidy_number(number),
        code=document.in_fours(service.tidy_code(code)),
    )
    return private(page), _STATUS[verdict.state]


def _shown(verdict: Verdict) -> dict[str, Any] | None:
    """Return what a stranger may see of a receipt; names are masked."""
    facts = verdict.facts
    if facts is None:
        return None
    return {
        "number": facts.number,
        "amount": facts.amount,
        "amount_words": facts.amount_words,
        "fund": facts.fund_name,
        "unit": facts.unit_name,
        "donor": facts.phone or mask_name(facts.donor_name),
        "messages": facts.messages,
        "first_on": facts.first_on,
        "received_on": facts.received_on,
        "issued_on": facts.issued_on,
        "voided_on": facts.voided_on,
        "replaced_by": verdict.replaced_by,
    }


def busy() -> ResponseReturnValue:
    """Ask whoever comes too often to wait."""
    answer = private(render_template("public/busy.html"))
    answer.headers["Retry-After"] = "60"
    return answer, _TOO_MANY


def private(page: str | Response) -> Response:
    """Return a page that is neither cached nor passed on: it, or its address, tells of somebody."""
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
