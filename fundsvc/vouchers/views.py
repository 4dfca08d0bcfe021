"""Pages of vouchers: the list with its sums, one with what may be done with it, its paper."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Entry
from fundsvc.books.origins import Origin, tell_origin
from fundsvc.books.reversal_form import sent
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, Form, attend, dong, number, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units
from fundsvc.vouchers import (
    choices,
    export,
    files,
    filters,
    listing,
    paper,
    printing,
    schemas,
    service,
    templates,
    workflow,
)
from fundsvc.vouchers.kinds import APPROVED, DRAFT, KINDS, POSTED, STATES, SUBMITTED
from fundsvc.vouchers.models import Voucher
from fundsvc.vouchers.purposes import purposes

bp = Blueprint("vouchers", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")
DECIDERS = ("treasurer", "approver", "unit-treasurer")


def waiting(session: Session) -> Iterator[Attention]:
    """Tell which vouchers wait for whom."""
    roles = current_user.role_names
    if roles & workflow.APPROVERS:
        yield Attention(
            listing.waiting(session), _("chứng từ chờ duyệt"), f"/vouchers?state={SUBMITTED}"
        )
    if roles & workflow.MAKERS:
        yield Attention(
            listing.drafts_of(session, current_user.id),
            _("chứng từ nháp chưa trình duyệt"),
            f"/vouchers?state={DRAFT}&mine=1",
        )
        yield Attention(
            len(templates.due(session, clock.today())),
            _("chứng từ hằng tháng đến kỳ lập"),
            "/voucher-templates",
        )


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a voucher what it is, and by what it is proved."""
    row = session.scalar(select(Voucher).where(Voucher.entry_id == entry.id))
    if row is None:
        return None
    page = f"/vouchers/{row.id}"
    label = f"{KINDS[row.kind].name} {row.number}"
    return Origin(label, page, reverse_href=page, files=files.hashes(session, row.id))


bp.record_once(lambda state: attend(state.app, waiting))
bp.record_once(lambda state: tell_origin(state.app, service.SOURCE, origin_of))


@bp.get("/vouchers")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """List vouchers, newest first, with the sums of all that match."""
    session = read_session()
    asked = filters.asked(request.args)
    try:
        wanted = filters.read(asked, current_user.id)
    except (ValidationError, Refusal) as error:
        reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
        form = Form(asked, reasons)
        return render_template("vouchers/index.html", form=form, page=None, **_choices()), 422
    page = listing.page(session, wanted, filters.after(request.args.get("after")))
    query = urlencode({name: value for name, value in asked.items() if value})
    following = None
    if page.next is not None:
        on, row = page.next
        following = f"/vouchers?{query}&after={on.isoformat()}.{row}"
    return render_template(
        "vouchers/index.html",
        page=page,
        sums="; ".join(_told(part) for part in page.sums) or _("Không có khoản nào được tính"),
        form=Form(asked),
        following=following,
        first=f"/vouchers?{query}" if "after" in request.args else None,
        csv=f"/vouchers.csv?{query}",
        **_choices(),
    )


@bp.get("/vouchers.csv")
@allow(*READERS)
def csv() -> ResponseReturnValue:
    """Give all vouchers that the filter wants as CSV."""
    try:
        wanted = filters.read(filters.asked(request.args), current_user.id)
    except ValidationError as error:
        raise Refusal(*reasons_of(error)) from error
    rows = listing.every(read_session(), wanted)
    name = f"chung-tu-{clock.today():%Y%m%d}.csv"
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    text = "".join(export.lines(rows))
    return Response(text, content_type="text/csv; charset=utf-8", headers=head)


@bp.get("/vouchers/<int:voucher_id>")
@allow(*READERS)
def show(voucher_id: int) -> ResponseReturnValue:
    """Show one voucher with what this person may do with it."""
    return page_of(voucher_id, Form({}))


@bp.get("/vouchers/<int:voucher_id>.pdf")
@allow(*READERS)
def pdf(voucher_id: int) -> ResponseReturnValue:
    """Give the paper of a voucher; what is not in the books carries its mark."""
    name, data = printing.pdf(voucher_id)
    head = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(data, content_type=printing.MEDIA_TYPE, headers=head)


@bp.post("/vouchers/<int:voucher_id>/submit")
@allow(*WRITERS)
def submit(voucher_id: int) -> ResponseReturnValue:
    """Send a draft for approval."""

    def act(session: Session) -> str:
        service.submit(session, voucher_id, _version(), by=current_user.id)
        return _("Đã trình duyệt; chờ người khác duyệt.")

    return _done(voucher_id, act)


@bp.post("/vouchers/<int:voucher_id>/approve")
@allow(*DECIDERS)
def approve(voucher_id: int) -> ResponseReturnValue:
    """Approve what another person made, and book it at once if that is asked."""

    def act(session: Session) -> str:
        book = "post" in request.form
        posted = service.approve(session, voucher_id, _version(), by=current_user.id, post=book)
        if posted is None:
            return _("Đã duyệt; chưa ghi sổ.")
        return _("Đã duyệt và ghi sổ, số %(number)s.", number=posted.number)

    return _done(voucher_id, act)


@bp.post("/vouchers/<int:voucher_id>/post")
@allow(*DECIDERS)
def post(voucher_id: int) -> ResponseReturnValue:
    """Book an approved voucher."""

    def act(session: Session) -> str:
        posted = service.post(session, voucher_id, _version(), by=current_user.id)
        return _("Đã ghi sổ, số %(number)s.", number=posted.number)

    return _done(voucher_id, act)


@bp.post("/vouchers/<int:voucher_id>/return")
@allow(*DECIDERS)
def return_(voucher_id: int) -> ResponseReturnValue:
    """Send a voucher back to its maker, with a reason."""

    def act(session: Session) -> str:
        why = request.form.get("reason", "")
        service.return_(session, voucher_id, _version(), why, by=current_user.id)
        return _("Đã trả lại về nháp.")

    return _done(voucher_id, act)


@bp.post("/vouchers/<int:voucher_id>/discard")
@allow(*WRITERS)
def discard(voucher_id: int) -> ResponseReturnValue:
    """Put a draft aside for good."""

    def act(session: Session) -> str:
        service.discard(session, voucher_id, _version(), by=current_user.id)
        return _("Đã bỏ nháp này; nó không vào sổ và không có số.")

    return _done(voucher_id, act)


@bp.post("/vouchers/<int:voucher_id>/reverse")
@allow(*WRITERS)
def reverse(voucher_id: int) -> ResponseReturnValue:
    """Take a posted voucher back, with a reason."""
    wrong = sent(partial(service.reverse, voucher_id=voucher_id))
    if wrong is not None:
        return page_of(voucher_id, wrong), 422
    return redirect(f"/vouchers/{voucher_id}", 303)


def page_of(voucher_id: int, form: Form) -> str:
    """Draw the page of a voucher, with what a form on it was refused for."""
    session = read_session()
    session.rollback()  # What is in the database now, whatever was refused a moment ago.
    facts = listing.one(session, voucher_id)
    if facts is None:
        raise NotFound
    mine = facts.is_maker(current_user.id)
    acts = workflow.open_acts(
        facts.row.state,
        is_maker=mine,
        roles=current_user.role_names,
        undone=facts.undone is not None,
    )
    return render_template(
        "vouchers/show.html",
        facts=facts,
        row=facts.row,
        may=acts,
        waits_for_another=mine and facts.row.state == SUBMITTED,
        path=[str(STATES[state]) for state in (DRAFT, SUBMITTED, APPROVED, "posted")],
        step=[DRAFT, SUBMITTED, APPROVED, "posted", "discarded"].index(facts.row.state) + 1,
        debit=sum(line.debit for line in facts.lines),
        credit=sum(line.credit for line in facts.lines),
        agrees=facts.row.state != POSTED or paper.agrees(session, voucher_id),
        purposes=purposes(current_app, session, voucher_id),
        form=form,
    )


def _done(voucher_id: int, act: Callable[[Session], str]) -> ResponseReturnValue:
    """Do an act and come back to the voucher; a refusal stands on its page, with its reasons."""
    try:
        with transaction() as session:
            told = act(session)
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        return page_of(voucher_id, Form(request.form.to_dict(), error.reasons)), error.status
    flash(told, "ok")
    return redirect(f"/vouchers/{voucher_id}", 303)


def _told(part: listing.Sum) -> str:
    return _(
        "%(kind)s: %(sum)s (%(count)s)",
        kind=part.kind_name,
        sum=dong(part.amount),
        count=number(part.count),
    )


def _version() -> int:
    return schemas.version(request.form)


def _choices() -> dict[str, Any]:
    session = read_session()
    return {
        "units": [(unit.code, short_unit(unit.name)) for unit in units.all_units(session)],
        "funds": choices.fund_names(session),
        "kinds": [(kind.code, str(kind.name)) for kind in KINDS.values()],
        "states": [(state, str(name)) for state, name in STATES.items()],
    }
