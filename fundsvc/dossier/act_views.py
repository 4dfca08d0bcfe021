"""What is done with a donor's records: consents, merging and parting, handing out, forgetting."""

from typing import Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.donors import consents, doubles, editing, erasing, merging
from fundsvc.donors.service import by_id
from fundsvc.dossier import erasure, export, facts, listing, told
from fundsvc.dossier.schemas import ConsentForm, consent_facts, read_filter, read_id
from fundsvc.dossier.views import NAMED, READERS, WRITERS, holds, page_of
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.staff.access import allow
from fundsvc.templating import Attention, Form, attend, reasons_of

bp = Blueprint("dossier_acts", __name__)

APPROVERS: Final = ("approver",)
_FOUND: Final = 20


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/consents")
@allow(*WRITERS)
def consent(donor_id: int) -> ResponseReturnValue:
    """Note what a donor agreed to or took back."""
    typed = request.form.to_dict()
    try:
        said = consent_facts(ConsentForm().load(typed), told.words())
        with transaction() as session:
            consents.note_by_id(session, donor_id, said, by=current_user.id)
    except ValidationError as error:
        return page_of(donor_id, consent=Form(typed, reasons_of(error))), 422
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        return page_of(donor_id, consent=Form(typed, error.reasons)), error.status
    flash(_("Đã ghi ý kiến của người ủng hộ."), "ok")
    return redirect(url_for("dossier.show", donor_id=donor_id, _anchor="consents"), 303)


@bp.get("/donors/doubles")
@allow(*WRITERS)
def all_doubles() -> str:
    """Show records that may be one donor, with the reason."""
    session = read_session()
    rows = []
    for group in doubles.groups(session):
        sums = listing.given(session, group.donors)
        shown = [
            (donor, facts.phone_of(donor, whole=False), sums[donor.id]) for donor in group.donors
        ]
        rows.append((told.reasons()[group.reason], shown))
    return render_template("dossier/doubles.html", groups=rows)


@bp.get("/donors/<int(max=9223372036854775807):donor_id>/merge")
@allow(*WRITERS)
def choose(donor_id: int) -> ResponseReturnValue:
    """Show which records may be merged into this one."""
    return _choose(donor_id, Form(request.args.to_dict()))


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/merge")
@allow(*WRITERS)
def merge(donor_id: int) -> ResponseReturnValue:
    """Merge another record into this one."""
    other = read_id(request.form.get("other", ""))
    if other is None:
        missed = Reason(_("Chưa chọn hồ sơ để gộp."), field="other")
        return _choose(donor_id, Form({}, (missed,))), 422
    try:
        with transaction() as session:
            merging.merge(session, donor_id, other, by=current_user.id)
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        return _choose(donor_id, Form({}, error.reasons)), error.status
    flash(_("Đã gộp hồ sơ. Có thể tách lại bất cứ lúc nào."), "ok")
    return redirect(url_for("dossier.show", donor_id=donor_id, _anchor="records"), 303)


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/part")
@allow(*WRITERS)
def part(donor_id: int) -> ResponseReturnValue:
    """Let a merged record stand by itself again."""
    with transaction() as session:
        kept = merging.part(session, donor_id, by=current_user.id).id
    flash(_("Đã tách hồ sơ số %(id)s; mọi thứ trở lại như trước khi gộp.", id=donor_id), "ok")
    return redirect(url_for("dossier.show", donor_id=kept), 303)


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/export")
@allow(*WRITERS)
def hand_out(donor_id: int) -> ResponseReturnValue:
    """Give all that is known of a donor, to be handed to the donor; it is noted."""
    form = request.form.get("format", "")
    with transaction() as session:
        found = facts.gather(session, by_id(session, donor_id))
        data = export.hand_out(session, found, form, by=current_user.id)
    name = f"nguoi-ung-ho-{found.donor.id}-{clock.today():%Y%m%d}.{form}"
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, content_type=export.FORMATS[form], headers=head)


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/erasure")
@allow(*WRITERS)
def ask(donor_id: int) -> ResponseReturnValue:
    """Ask for a donor to be forgotten."""
    typed = request.form.to_dict()
    try:
        with transaction() as session:
            erasing.ask(session, donor_id, typed.get("reason", ""), by=current_user.id)
    except Refusal as error:
        if error.status == NotFound.status:
            raise
        return page_of(donor_id, erase=Form(typed, error.reasons)), error.status
    flash(_("Đã gửi đề nghị xóa dữ liệu; một người duyệt sẽ xử lý."), "ok")
    return redirect(url_for("dossier.show", donor_id=donor_id, _anchor="erasure"), 303)


@bp.get("/donors/erasures")
@allow(*READERS)
def erasures() -> str:
    """Show the wishes to be forgotten that wait for an approver."""
    session = read_session()
    masked = not holds(*NAMED)
    rows = []
    for wish in erasing.waiting(session):
        donor = by_id(session, wish.donor_id)
        name = facts.shown_name(donor, masked=masked)
        rows.append((wish, name, facts.name_of(session, wish.asked_by)))
    may_decide = holds(*APPROVERS)
    return render_template(
        "dossier/erasures.html", rows=rows, may_decide=may_decide, me=current_user.id
    )


@bp.post("/donors/erasures/<int(max=9223372036854775807):erasure_id>/approve")
@allow(*APPROVERS)
def approve(erasure_id: int) -> ResponseReturnValue:
    """Forget a donor as another person asked for."""
    with transaction() as session:
        donor_id = erasure.approve(session, erasure_id, by=current_user.id)[0]
    flash(_("Đã xóa dữ liệu cá nhân. Sổ sách và chứng từ giữ nguyên."), "ok")
    return redirect(url_for("dossier.show", donor_id=donor_id), 303)


@bp.post("/donors/erasures/<int(max=9223372036854775807):erasure_id>/refuse")
@allow(*APPROVERS)
def refuse(erasure_id: int) -> ResponseReturnValue:
    """Say no to a wish."""
    with transaction() as session:
        wish = erasing.refuse(session, erasure_id, by=current_user.id)
        donor_id = wish.donor_id
    flash(_("Đã từ chối; dữ liệu giữ nguyên."), "ok")
    return redirect(url_for("dossier.show", donor_id=donor_id), 303)


@bp.post("/donors/erasures/<int(max=9223372036854775807):erasure_id>/withdraw")
@allow(*WRITERS)
def withdraw(erasure_id: int) -> ResponseReturnValue:
    """Take one's own wish back."""
    with transaction() as session:
        wish = erasing.withdraw(session, erasure_id, by=current_user.id)
        donor_id = wish.donor_id
    flash(_("Đã rút đề nghị; dữ liệu giữ nguyên."), "ok")
    return redirect(url_for("dossier.show", donor_id=donor_id), 303)


def waiting(session: Session) -> list[Attention]:
    """Tell how many wishes to be forgotten wait for an approver."""
    found = erasing.waiting(session)
    text = _("đề nghị xóa dữ liệu người ủng hộ chờ duyệt")
    return [Attention(len(found), text, url_for("dossier_acts.erasures"))]


bp.record_once(lambda state: attend(state.app, waiting))


def _choose(donor_id: int, form: Form) -> str:
    session = read_session()
    donor = by_id(session, donor_id)
    editing.hold_standing(donor)
    own = {record.id for record in merging.family(session, donor)}
    likely = doubles.of_donor(session, donor)
    found: list[listing.Row] = []
    wanted = form.value("q")
    if wanted:
        try:
            rows = listing.page(session, read_filter({"q": wanted})).rows
        except ValidationError as error:
            form = Form(form.values, (*form.reasons, *reasons_of(error)))
        else:
            known = own | {double.donor.id for double in likely}
            found = [row for row in rows if row.donor.unit_id == donor.unit_id]
            found = [row for row in found if row.id not in known][:_FOUND]
    sums = listing.given(session, [donor, *(one.donor for one in likely)])
    reasons = told.reasons()
    return render_template(
        "dossier/merge.html",
        donor=donor,
        given=sums[donor.id],
        likely=[
            {
                "donor": one.donor,
                "phone": facts.phone_of(one.donor, whole=False),
                "given": sums[one.donor.id],
                "reasons": [reasons[why] for why in one.reasons],
            }
            for one in likely
        ],
        found=[
            {
                "donor": row.donor,
                "phone": facts.phone_of(row.donor, whole=False),
                "given": row.given,
                "reasons": [],
            }
            for row in found
        ],
        form=form,
    )
