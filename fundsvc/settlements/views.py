"""Pages of settlements: the list with what is owed, one with its three numbers and what to do."""

from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from fundsvc import clock
from fundsvc.db import read_session
from fundsvc.settlements import (
    ageing,
    bank,
    counting,
    differences,
    document,
    elsewhere,
    export,
    listing,
    owing,
    remedies,
    surplus,
    told,
)
from fundsvc.settlements.elsewhere import READERS
from fundsvc.staff.access import allow
from fundsvc.templating import Form

bp = Blueprint("settlements", __name__)
bp.record_once(lambda state: elsewhere.tell_all(state.app))

WRITERS = ("treasurer",)
CSV = "text/csv; charset=utf-8"
_LONGEST_START = 10


@bp.get("/sms/settlements")
@allow(*READERS)
def index() -> str:
    """List the settlements, and what each operator still owes by age."""
    session = read_session()
    days = counting.by_day(session)
    owed = ageing.ageing(session, days)
    rows = listing.every(session, days)
    return render_template(
        "settlements/index.html",
        open=[facts for facts in rows if facts.state != listing.DONE],
        finished=[facts for facts in rows if facts.state == listing.DONE],
        asked=listing.asked(session),
        owed=owed,
        sums=[sum(amounts) for amounts in zip(*(row.amounts for row in owed), strict=True)],
        told=told,
        today=clock.today(),
    )


@bp.get("/sms/settlements.csv")
@allow(*READERS)
def csv() -> Response:
    """Give the settlements as CSV."""
    session = read_session()
    rows = listing.every(session, counting.by_day(session))
    return _file("quyet-toan", export.settlements(rows))


@bp.get("/sms/settlements/ageing.csv")
@allow(*READERS)
def ageing_csv() -> Response:
    """Give what each operator owes by age as CSV."""
    session = read_session()
    rows = ageing.ageing(session, counting.by_day(session))
    return _file("phai-thu-nha-mang", export.owed(rows))


@bp.get("/sms/settlements/<int:settlement_id>")
@allow(*READERS)
def show(settlement_id: int) -> ResponseReturnValue:
    """Show one settlement: three numbers, their differences by message, what can be done."""
    return page_of(settlement_id, Form({}))


@bp.get("/sms/settlements/<int:settlement_id>.csv")
@allow(*READERS)
def differences_csv(settlement_id: int) -> Response:
    """Give all messages of all lists of differences as CSV."""
    session = read_session()
    row, _facts = listing.one(session, settlement_id)
    return _file(f"chenh-lech-{row.operator}", export.lines(differences.every(session, row)))


@bp.get("/sms/claims/<int:claim_id>.pdf")
@allow(*READERS)
def letter(claim_id: int) -> Response:
    """Give the letter of a claim."""
    name, data = document.letter_of(claim_id)
    head = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(data, content_type=document.MEDIA_TYPE, headers=head)


def page_of(settlement_id: int, form: Form) -> str:
    """Return the page of a settlement, with what was wrong in a form on it."""
    session = read_session()
    row, facts = listing.one(session, settlement_id)
    lists = differences.lists(session, row)
    detail = listing.detail(session, settlement_id)
    starts = {name: _start(name) for name in ("lines", "likely")}
    offered = bank.offers(session, row, starts["lines"], more=facts.unpaid <= 0)
    due = owing.due(session, row)
    less = counting.Count() if facts.has_list else facts.difference
    return render_template(
        "settlements/show.html",
        facts=facts,
        agreed=listing.agreed_fee(session, row),
        detail=detail,
        asked=[loss for loss in detail.losses if loss.state == "asked"],
        decided=[loss for loss in detail.losses if loss.state != "asked"],
        lists=lists,
        owed=differences.OWED,
        listed=differences.told(session, row),
        candidates=differences.candidates(session, row, less, starts["likely"]),
        likely_from=starts["likely"],
        offers=offered if due > 0 else bank.Offered([], 0),
        due=due,
        spare=min(due, surplus.available(session, row)),
        lines_from=starts["lines"],
        page_size=differences.CANDIDATES,
        told=told,
        form=form,
        may_write=any(current_user.has_role(role) for role in WRITERS),
        may_approve=any(current_user.has_role(role) for role in remedies.APPROVERS),
        me=current_user.id,
        today=clock.today(),
    )


def _start(name: str) -> int:
    """Return at which of a long list a page begins; what is no number is the first."""
    raw = request.args.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < _LONGEST_START else 0


def _file(name: str, lines: Iterator[str]) -> Response:
    head = {"Content-Disposition": f'attachment; filename="{name}-{clock.today():%Y%m%d}.csv"'}
    return Response("".join(lines), content_type=CSV, headers=head)
