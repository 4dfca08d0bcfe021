"""Pages of SMS donations: upload a file, look at it, book it; campaigns and waiting messages."""

from collections.abc import Iterable
from contextlib import closing
from typing import IO, Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock, uploads
from fundsvc.books.models import Entry
from fundsvc.books.origins import Confidential, Origin, tell_confidential, tell_holder, tell_origin
from fundsvc.db import read_session, scope, transaction
from fundsvc.errors import Refusal, Unrecognised
from fundsvc.evidence import service as evidence
from fundsvc.inbox import service as inbox
from fundsvc.inbox.models import CONFLICT, PARKED
from fundsvc.jobs import service as jobs
from fundsvc.receipts.models import Receipt, ReceiptSms
from fundsvc.sms import campaigns, chart, layouts, lists, profiles, service, told
from fundsvc.sms.background import KIND, facts
from fundsvc.sms.beside import beside
from fundsvc.sms.file_views import PURPOSE, go_on, preview_page
from fundsvc.sms.models import SmsFile, SmsMessage
from fundsvc.sms.phone_views import OPENERS
from fundsvc.sms.resolver import UNKNOWN
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, Form, attend, moment
from fundsvc.uploads import Upload
from ledger.accounts import OPERATOR_NAMES

bp = Blueprint("sms", __name__)

READERS = ("treasurer", "approver", "auditor")
IMPORTERS = ("treasurer",)


def waiting_messages(session: Session) -> Iterable[Attention]:
    """Tell the home page how many messages nobody understood yet."""
    count = lists.waiting_counts(session)[UNKNOWN]
    href = url_for("sms.index", status=UNKNOWN)
    return [Attention(count, _("tin nhắn không rõ cú pháp"), href)]


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a message which it is; who sent it only as `0912***678`.

    While the donor holds a receipt for it, that must be voided first.
    """
    operator = entry.source.partition(":")[2]
    found = session.execute(
        select(SmsMessage, SmsFile.sha256)
        .outerjoin(SmsFile, SmsFile.id == SmsMessage.file_id)
        .where(SmsMessage.operator == operator, SmsMessage.request_id == entry.external_id)
    ).first()
    if found is None:
        return None
    message, sha256 = found
    label = _(
        "Tin nhắn “%(message)s” từ %(phone)s, %(operator)s, lúc %(at)s",
        message=message.message,
        phone=lists.shown_phones([message])[0],
        operator=told.operator(operator),
        at=moment(message.received_at),
    )
    opens = any(map(current_user.has_role, OPENERS))
    files = (sha256,) if sha256 and opens and has_file(session, sha256) else ()
    page = url_for("phones.message", operator=operator, id=message.request_id)
    receipt = session.scalar(
        select(Receipt.number)
        .join(ReceiptSms, ReceiptSms.receipt_id == Receipt.id)
        .where(
            ReceiptSms.operator == operator,
            ReceiptSms.request_id == message.request_id,
            ~ReceiptSms.voided,
        )
    )
    held = url_for("receipts.show", number=receipt) if receipt is not None else None
    return Origin(label, page, reverse_href=held, files=files)


def has_file(session: Session, sha256: str) -> bool:
    """Say whether a kept file is one of messages; it has those of all units, and their numbers."""
    if scope(session) is not None:
        return False
    return session.scalar(select(SmsFile.id).where(SmsFile.sha256 == sha256).limit(1)) is not None


def confidential_file(session: Session, sha256: str) -> Confidential | None:
    """Say of a file of messages who gets it: whoever may open the numbers that stand in it."""
    number = session.scalar(select(SmsFile.id).where(SmsFile.sha256 == sha256).limit(1))
    return None if number is None else Confidential(OPENERS, "sms.file", f"sms_file:{number}")


bp.record_once(lambda state: attend(state.app, waiting_messages))
bp.record_once(lambda state: tell_origin(state.app, "sms", origin_of))
bp.record_once(lambda state: tell_holder(state.app, has_file))
bp.record_once(lambda state: tell_confidential(state.app, confidential_file))


@bp.get("/imports/sms")
@allow(*IMPORTERS)
def upload() -> str:
    """Show the form that takes a file of messages."""
    return _upload_page(Form({}))


@bp.post("/imports/sms")
@allow(*IMPORTERS)
def take() -> ResponseReturnValue:
    """Keep a file of messages and go on to its preview, or ask first what its columns are."""
    chosen = {"format": request.form.get("format") or None}
    try:
        with closing(uploads.given()) as given:
            known = _knows(given.stream, chosen["format"])
            sha256 = evidence.keep_stream(given.stream, sealed=True)
            promised = Upload(sha256, uploads.shown_name(given), chosen)
    except Refusal as refusal:
        form = Form(request.form.to_dict(), uploads.beside_file(refusal, "format"))
        return _upload_page(form), refusal.status
    if not known:
        return redirect(url_for("sms_files.columns", token=promised.sign(PURPOSE)), 303)
    return go_on(promised)


@bp.get("/imports/sms/<token>")
@allow(*IMPORTERS)
def preview(token: str) -> ResponseReturnValue:
    """Show what a file says before anything is booked."""
    promised = Upload.read(token, PURPOSE)
    try:
        return preview_page(promised.name, facts(_import(promised, commit=False)))
    except Refusal as refusal:
        return _upload_page(Form({}, uploads.beside_file(refusal))), refusal.status


@bp.post("/imports/sms/<token>")
@allow(*IMPORTERS)
def commit(token: str) -> ResponseReturnValue:
    """Book a file that was looked at; sending it twice books it once."""
    promised = Upload.read(token, PURPOSE)
    report = _import(promised, commit=True)
    if not report.committed:
        return preview_page(promised.name, facts(report)), 422
    flash(told.outcome(report), "ok")
    return redirect(url_for("sms.index"), 303)


@bp.get("/sms")
@allow(*READERS)
def index() -> str:
    """Show the campaigns with what came in, and the messages that are not booked."""
    session = read_session()
    status = request.args.get("status", "")
    pushes = inbox.counts(session, service.KIND)
    return render_template(
        "sms/index.html",
        **_live(session),
        status=status,
        whole="status" in request.args or "before" in request.args,
        page=lists.waiting(session, status, request.args.get("before")),
        reason=told.reason,
        shelved=pushes[PARKED] + pushes[CONFLICT],
        beside=beside(current_app, session),
    )


@bp.get("/sms/live")
@allow(*READERS)
def live() -> str:
    """Give the counters by themselves, for the page that renews them every few seconds."""
    return render_template("sms/live.html", **_live(read_session()))


def _live(session: Session) -> dict[str, Any]:
    found, today = campaigns.list_campaigns(session), clock.today()
    wanted = request.args.get("campaign", "")
    of = request.args.get("operator", "")
    of = of if of in OPERATOR_NAMES else ""
    chosen = [one for one in found if f"{one.id}" == wanted] or chart.shown(found, today)
    days = [
        chart.draw(campaign, *span, lists.by_day(session, campaign.id, *span, of or None))
        for campaign in chosen
        for span in [chart.span(campaign, today)]
    ]
    return {
        "chosen": {"campaign": wanted, "operator": of},
        "campaigns": found,
        "operators": {
            (count.campaign_id, count.operator): count for count in lists.by_operator(session)
        },
        "counts": lists.waiting_counts(session),
        "days": days,
        "today": lists.of_day(session, today),
        "operator": told.operator,
        "operator_names": OPERATOR_NAMES,
    }


def _import(promised: Upload, *, commit: bool) -> service.SmsImportReport:
    with evidence.opened(promised.sha256) as stream, transaction() as session:
        return service.import_sms(
            session,
            stream,
            name=promised.name,
            format=promised.chosen.get("format"),
            commit=commit,
            by=current_user.id,
        )


def _knows(stream: IO[bytes], format_: str | None) -> bool:
    """Say whether a file's columns are known; False for a table in which they can be named."""
    try:
        layouts.find(stream, profiles.named(read_session(), format_))
    except Unrecognised:
        return False
    return True


def _upload_page(form: Form) -> str:
    session = read_session()
    return render_template(
        "sms/upload.html",
        form=form,
        campaigns=campaigns.list_campaigns(session),
        formats=[(name, name) for name in profiles.names(session)],
        jobs=jobs.recent(session, KIND, by=current_user.id),
    )
