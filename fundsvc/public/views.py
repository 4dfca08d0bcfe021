"""What strangers see: is this receipt valid?"""

import json
from dataclasses import dataclass
from datetime import datetime
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
from sqlalchemy import select

from fundsvc.db import read_session
from fundsvc.donations import annual
from fundsvc.donations.models import Donation
from fundsvc.errors import NotFound
from fundsvc.public.limits import Limiter
from fundsvc.receipts import document, service
from fundsvc.receipts.service import Verdict
from fundsvc.seals import listing, proofs
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
    if service.tidy_number(number).startswith(f"{annual.PREFIX}-"):
        paper = annual.verify(read_session(), number, code)
        if paper.facts is not None:
            donor = mask_name(paper.facts.donor_name)
            page = render_template(
                "public/verify_annual.html", verdict=paper, paper=paper.facts, donor=donor
            )
            return private(page), _STATUS[paper.state]
    verdict = service.verify(read_session(), number, code)
    page = render_template(
        "public/verify.html",
        verdict=verdict,
        shown=_shown(verdict),
        original=verdict.original,
        sealed=sealed_of(verdict),
        proof=request.args.get("proof", ""),
        number=service.tidy_number(number),
        code=document.in_fours(service.tidy_code(code)),
    )
    return private(page), _STATUS[verdict.state]


@bp.get("/v/<number>/proof.json")
@public
def proof(number: str) -> ResponseReturnValue:
    """Give the proof that the entry of a receipt lies under a seal, to whoever has its code."""
    if not current_app.extensions[_LIMITER].allows(request.remote_addr or ""):
        return busy()
    verdict = service.verify(read_session(), number, request.args.get("c", ""))
    sealed = sealed_of(verdict)
    if sealed is None or verdict.facts is None:
        raise NotFound
    body = json.dumps(proofs.proof(read_session(), sealed.entry_id), ensure_ascii=False)
    answer = private(Response(body, content_type="application/json"))
    name = f'attachment; filename="bang-chung-{verdict.facts.number}.json"'
    answer.headers["Content-Disposition"] = name
    return answer


@dataclass(frozen=True, slots=True)
class Sealed:
    """Under which seal the entry of a receipt lies."""

    entry_id: int
    number: int
    head: str
    sealed_at: datetime


def sealed_of(verdict: Verdict) -> Sealed | None:
    """Return the seal that covers the entry of a receipt's donation, None while there is none."""
    if verdict.donation_id is None:
        return None
    # Whoever holds the paper may ask, whatever units somebody signed in may see.
    session, donation = read_session(), Donation.__table__
    entry_id = session.scalar(
        select(donation.c.entry_id).where(donation.c.id == verdict.donation_id)
    )
    seal = listing.covering(session, entry_id) if entry_id else None
    if seal is None or not entry_id:
        return None
    return Sealed(entry_id, seal.number, seal.head, datetime.fromisoformat(seal.sealed_at))


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
