"""Pages of settlements: the list with what is owed, one with its three numbers and what to do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Entry
from fundsvc.books.origins import (
    Confidential,
    Origin,
    tell_confidential,
    tell_holder,
    tell_origin,
)
from fundsvc.db import read_session, scope, transaction
from fundsvc.errors import Refusal
from fundsvc.fields import FormSchema
from fundsvc.reconciliation import views as reconciliation
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import (
    ageing,
    bank,
    counting,
    differences,
    document,
    export,
    listing,
    offsetting,
    owing,
    remedies,
    schemas,
    service,
    surplus,
    told,
)
from fundsvc.settlements.models import (
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementPayment,
)
from fundsvc.sms.beside import put_beside
from fundsvc.sms.phone_views import OPENERS
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, Form, attend, reasons_of
from fundsvc.templating.filters import dong

bp = Blueprint("settlements", __name__)

READERS = ("treasurer", "approver", "auditor")
WRITERS = ("treasurer",)
DECIDERS = ("treasurer", "approver")
CSV = "text/csv; charset=utf-8"
BESIDE = 12
_LONGEST_START = 10


def waiting(session: Session) -> Iterable[Attention]:
    """Tell what needs a person: losses to approve, differences, money long overdue."""
    roles = current_user.role_names
    if not roles & set(READERS):
        return
    if roles & remedies.APPROVERS:
        asked = select(func.count()).select_from(SettlementLoss).filter_by(state="asked")
        count = session.scalar(asked) or 0
        yield Attention(count, _("đề nghị xóa nợ nhà mạng chờ duyệt"), _where_asked(session))
    days = counting.by_day(session)
    found = listing.every(session, days)
    differing = [facts for facts in found if facts.state == listing.DIFFERS]
    yield Attention(
        len(differing), _("quyết toán nhà mạng có chênh lệch"), url_for("settlements.index")
    )
    overdue = [owed.amounts[ageing.OVERDUE] for owed in ageing.ageing(session, days)]
    owed = [amount for amount in overdue if amount > 0]
    href = f"{url_for('settlements.index')}#owed"
    yield Attention(len(owed), _("khoản nhà mạng nợ trên 90 ngày"), href, amount=sum(owed))


def _where_asked(session: Session) -> str:
    """Return where losses wait to be approved: on the one page if there is one, or the list."""
    found = listing.asked(session)
    if len(found) == 1:
        return url_for("settlements.show", settlement_id=min(found), _anchor="asked")
    return url_for("settlements.index")


def open_ones(session: Session) -> str:
    """Return the settlements that are not done, for the page of messages."""
    rows = listing.every(session, counting.by_day(session))
    return render_template(
        "settlements/beside.html",
        # Those that differ first: of the others most wait for the operators.
        open=sorted(
            (facts for facts in rows if facts.state != listing.DONE),
            key=lambda facts: facts.state != listing.DIFFERS,
        ),
        shown=BESIDE,
        any=bool(rows),
        asked=listing.asked(session),
        told=told,
    )


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a settlement which it is; it is taken back there."""
    if entry.source == surplus.SOURCE:
        number = int(entry.external_id.partition(".")[0])
        found = session.scalar(select(Settlement).where(Settlement.id == number))
    else:
        found = session.scalar(
            select(Settlement)
            .join(SettlementEntry, SettlementEntry.settlement_id == Settlement.id)
            .where(SettlementEntry.entry_id == entry.id)
        )
    if found is None:
        return None
    page = url_for("settlements.show", settlement_id=found.id)
    label = _(
        "Quyết toán %(operator)s, từ %(first)s đến %(last)s",
        operator=told.operator(found.operator),
        first=f"{found.period_from:%d/%m/%Y}",
        last=f"{found.period_to:%d/%m/%Y}",
    )
    return Origin(label, page, reverse_href=page, files=(found.sha256,))


def origin_of_line(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a bank line which it is; as a settlement's money it is undone there."""
    found = reconciliation.origin_of(session, entry)
    settlement_id = session.scalar(
        select(SettlementPayment.settlement_id)
        .join(BankLine, BankLine.id == SettlementPayment.bank_line_id)
        .where(BankLine.entry_id == entry.id)
    )
    if found is None or settlement_id is None:
        return found
    return replace(found, reverse_href=url_for("settlements.show", settlement_id=settlement_id))


def has_file(session: Session, sha256: str) -> bool:
    """Say whether a kept file is one of settlements; it has those of all units."""
    if scope(session) is not None:
        return False
    either = (Settlement.sha256 == sha256) | (Settlement.detail_sha256 == sha256)
    return session.scalar(select(Settlement.id).where(either).limit(1)) is not None


def confidential_file(session: Session, sha256: str) -> Confidential | None:
    """Say who gets an operator's files: who may open numbers, as they stand in its lists.

    A file of settlements hangs as evidence on the entries of each unit in it, and tells the sums
    of all of them.
    """
    either = (Settlement.sha256 == sha256) | (Settlement.detail_sha256 == sha256)
    found = session.scalars(select(Settlement).where(either).order_by(Settlement.id)).first()
    if found is None:
        return None
    act = "sms.file" if found.detail_sha256 == sha256 else "settlement.file"
    return Confidential(OPENERS, act, f"settlement:{found.id}")


bp.record_once(lambda state: attend(state.app, waiting))
bp.record_once(lambda state: put_beside(state.app, open_ones))
bp.record_once(lambda state: tell_origin(state.app, service.SOURCE, origin_of))
bp.record_once(lambda state: tell_origin(state.app, surplus.SOURCE, origin_of))
# Reconciliation tells of bank lines; here, above it, settlements add what they know of them.
bp.record_once(lambda state: tell_origin(state.app, "bank", origin_of_line))
bp.record_once(lambda state: tell_holder(state.app, has_file))
bp.record_once(lambda state: tell_confidential(state.app, confidential_file))


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


@bp.post("/sms/settlements/<int:settlement_id>/accept")
@allow(*WRITERS)
def accept(settlement_id: int) -> ResponseReturnValue:
    """Accept the operator's report and book its fee."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        service.accept(session, settlement_id, by=current_user.id)
        return _("Đã chấp nhận quyết toán và ghi sổ phí của nhà mạng.")

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/money/<int:line_id>")
@allow(*WRITERS)
def money(settlement_id: int, line_id: int) -> ResponseReturnValue:
    """Confirm that a line of the bank is this settlement's money."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        more = service.confirm_money(session, settlement_id, line_id, by=current_user.id)
        if not more:
            return _("Đã ghi sổ tiền nhà mạng thanh toán.")
        return _(
            "Đã ghi sổ tiền nhà mạng thanh toán. Tiền về thừa %(more)s so với số phải thu: ghi Có"
            " 3388 Phải trả khác, chờ nhà mạng trả lời.",
            more=dong(more),
        )

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/offset")
@allow(*WRITERS)
def offset(settlement_id: int) -> ResponseReturnValue:
    """Pay what is still owed out of what the operator paid too much before."""

    def act(session: Session, _form: dict[str, Any]) -> str:
        amount = offsetting.offset(session, settlement_id, by=current_user.id)
        return _("Đã cấn trừ %(sum)s tiền nhà mạng trả thừa.", sum=dong(amount))

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/acts/<int:act>/reverse")
@allow(*WRITERS)
def undo(settlement_id: int, act: int) -> ResponseReturnValue:
    """Take back what an act booked."""

    def undoing(session: Session, form: dict[str, Any]) -> str:
        reason = form["reason"]
        service.undo(session, settlement_id, act, reason=reason, by=current_user.id)
        return _("Đã ghi đảo.")

    return _done(settlement_id, schemas.UndoForm, undoing)


@bp.post("/sms/settlements/<int:settlement_id>/losses")
@allow(*WRITERS)
def ask_loss(settlement_id: int) -> ResponseReturnValue:
    """Ask another person to approve that a part is given up."""

    def act(session: Session, form: dict[str, Any]) -> str:
        remedies.ask_loss(session, settlement_id, **form, by=current_user.id)
        return _("Đã trình đề nghị xóa nợ; chờ người khác duyệt.")

    return _done(settlement_id, schemas.LossForm, act)


@bp.post(
    "/sms/settlements/<int:settlement_id>/losses/<int:loss_id>/<any(approve, refuse):decision>"
)
@allow(*DECIDERS)
def decide_loss(settlement_id: int, loss_id: int, decision: str) -> ResponseReturnValue:
    """Approve or refuse to give a part up."""
    approve = decision == "approve"

    def act(session: Session, _form: dict[str, Any]) -> str:
        remedies.decide_loss(session, loss_id, approve=approve, by=current_user.id)
        return _("Đã duyệt và ghi sổ.") if approve else _("Đã không duyệt; không ghi gì vào sổ.")

    return _done(settlement_id, FormSchema, act)


@bp.post("/sms/settlements/<int:settlement_id>/claims")
@allow(*WRITERS)
def claim(settlement_id: int) -> ResponseReturnValue:
    """Claim a part by letter."""

    def act(session: Session, form: dict[str, Any]) -> str:
        remedies.make_claim(session, settlement_id, **form, by=current_user.id)
        return _("Đã lập công văn đề nghị thanh toán.")

    return _done(settlement_id, schemas.ClaimForm, act)


@bp.post("/sms/settlements/<int:settlement_id>/claims/<int:claim_id>/close")
@allow(*WRITERS)
def close_claim(settlement_id: int, claim_id: int) -> ResponseReturnValue:
    """Note what came of a claim."""

    def act(session: Session, form: dict[str, Any]) -> str:
        on = form.pop("closed_on")
        remedies.close_claim(session, claim_id, **form, on=on, by=current_user.id)
        return _("Đã ghi kết quả của công văn.")

    return _done(settlement_id, schemas.AnswerForm, act)


@bp.get("/sms/claims/<int:claim_id>.pdf")
@allow(*READERS)
def letter(claim_id: int) -> Response:
    """Give the letter of a claim."""
    name, data = document.letter_of(claim_id)
    head = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(data, content_type=document.MEDIA_TYPE, headers=head)


@bp.post("/sms/settlements/<int:settlement_id>/messages/reverse")
@allow(*WRITERS)
def reverse_message(settlement_id: int) -> ResponseReturnValue:
    """Take back the entry of a message that was not to be counted."""

    def act(session: Session, form: dict[str, Any]) -> str:
        remedies.reverse_message(session, settlement_id, **form, by=current_user.id)
        return _("Đã ghi đảo tin nhắn này.")

    return _done(settlement_id, schemas.MessageForm, act)


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


def _done(
    settlement_id: int,
    schema: type[FormSchema],
    act: Callable[[Session, dict[str, Any]], str],
) -> ResponseReturnValue:
    """Do an act and go back to the settlement, or show it with what is wrong."""
    typed = request.form.to_dict()
    try:
        form = schema().load(typed)
        with transaction() as session:
            said = act(session, form)
    except ValidationError as error:
        return page_of(settlement_id, Form(typed, reasons_of(error))), 422
    except Refusal as error:
        if error.status == 404:  # noqa: PLR2004 - Not Found
            raise
        return page_of(settlement_id, Form(typed, error.reasons)), error.status
    flash(said, "ok")
    return redirect(url_for(".show", settlement_id=settlement_id), 303)


def _file(name: str, lines: Iterator[str]) -> Response:
    head = {"Content-Disposition": f'attachment; filename="{name}-{clock.today():%Y%m%d}.csv"'}
    return Response("".join(lines), content_type=CSV, headers=head)
