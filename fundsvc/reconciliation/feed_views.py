"""The interface of a bank's own feed: lines in, what became of them, balances; and its document.

A feed is a gateway of the form `feed` that is named as its account, in small letters. What it sends
goes through the same door and inbox as any gateway's, and is booked by the same room.
"""

import json
from importlib.resources import files
from typing import Any, Final

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import read_session, set_scope
from fundsvc.errors import NotFound
from fundsvc.inbox import gateways
from fundsvc.inbox.door import LARGEST, Door
from fundsvc.inbox.pushes import BadSignatureError, UnreadableError
from fundsvc.reconciliation import lists
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.gateways import feed, forms
from fundsvc.reconciliation.models import BankLine, BankNotice
from fundsvc.reconciliation.notices import KIND
from fundsvc.staff.access import public

bp = Blueprint("bank_feed", __name__)

PROBLEM: Final = "application/problem+json"
FORM: Final = "feed"
_DOOR: Final = "fundsvc.reconciliation.feed-door"
_UNSIGNED, _NOT_FOUND, _OTHER, _TOO_LARGE = 401, 404, 422, 413


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its own door."""
    state.app.extensions[_DOOR] = Door(KIND, forms)


@bp.post("/api/v1/bank-accounts/<code>/lines")
@public
def take(code: str) -> ResponseReturnValue:
    """Keep the lines that a feed tells of, and answer once that is on disk."""
    found = _known(code)
    if isinstance(found, Response):
        return found
    if (request.content_length or LARGEST + 1) > LARGEST:
        return problem("too-large", _TOO_LARGE, "A body has at most 64,000 bytes and a length.")
    _session, account = found
    try:
        told = forms()[FORM].notices(request.get_data(cache=True))
    except UnreadableError:
        told = []  # The door says in its own words what cannot be read.
    if any(_digits(line.account_number) != _digits(account.number) for line in told):
        return problem("another-account", _OTHER, "account_number is not this account's.")
    door: Door = current_app.extensions[_DOOR]
    return door.receive(account.code.lower())


@bp.get("/api/v1/bank-accounts/<code>")
@public
def show(code: str) -> ResponseReturnValue:
    """Tell what the books say of an account."""
    found = _known(code, counted=True)
    if isinstance(found, Response):
        return found
    _session, account = found
    return {
        "code": account.code,
        "fund": account.fund,
        "unit": account.unit,
        "balance": account.balance,
        "lines": account.lines,
        "last": account.last.isoformat() if account.last else None,
    }


@bp.get("/api/v1/bank-accounts/<code>/lines/<external_id>")
@public
def line(code: str, external_id: str) -> ResponseReturnValue:
    """Tell what became of a line: booked with its entry, or not yet."""
    found = _known(code)
    if isinstance(found, Response):
        return found
    session, account = found
    row = session.execute(
        select(BankLine.booked_on, BankLine.credit - BankLine.debit, BankLine.entry_id)
        .join(BankNotice, BankNotice.bank_line_id == BankLine.id)
        .where(BankNotice.gateway == account.code.lower(), BankNotice.external_id == external_id)
    ).first()
    if row is None:
        return {"id": external_id, "state": "waiting"}
    on, amount, entry = row
    booked = {"booked_on": on.isoformat(), "amount": int(amount), "entry": entry}
    return {"id": external_id, "state": "booked", **booked}


@bp.get("/api/openapi.json")
@public
def document() -> ResponseReturnValue:
    """Give the document of this interface."""
    told = files("fundsvc.reconciliation").joinpath("openapi.json").read_text(encoding="utf-8")
    return Response(told, content_type="application/json")


def problem(title: str, status: int, detail: str = "") -> Response:
    """Answer with what is wrong, as RFC 9457 has it."""
    facts = {"type": "about:blank", "title": title, "status": status}
    if detail:
        facts["detail"] = detail
    return Response(json.dumps(facts), status, content_type=PROBLEM)


def _known(code: str, *, counted: bool = False) -> tuple[Session, AccountFacts] | Response:
    """Return the account of a feed whose token the request carries.

    A feed that is not there and a wrong token look the same. `counted` as in `lists.accounts`.
    """
    session = read_session()
    name = code.lower()
    sender = gateways.known(session, KIND).get(name)
    secrets = sender.secrets if sender is not None and sender.form == FORM else ()
    try:
        feed.FORM.hold_token(request.headers.get("Authorization", ""), secrets)
    except BadSignatureError:
        answer = problem("unsigned", _UNSIGNED, "No such feed, or not its token.")
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    # The token is the feed's leave for its one account, whatever a session says.
    set_scope(session, None)
    try:
        return session, lists.account(session, code, counted=counted)
    except NotFound:
        return problem("unknown account", _NOT_FOUND)


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
