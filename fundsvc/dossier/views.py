"""Pages of donors: the list, one donor, the form that corrects one; contacts shown on record."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.db import read_session, transaction
from fundsvc.donors import doubles, editing, erasing, merging
from fundsvc.donors.models import PURPOSES, Donor, DonorVersion
from fundsvc.donors.service import by_id
from fundsvc.dossier import export, facts, listing, told
from fundsvc.dossier.schemas import DonorForm, donor_facts, read_filter, read_id
from fundsvc.errors import Conflict, Refusal
from fundsvc.secrecy import UnreadableError
from fundsvc.staff.access import allow
from fundsvc.templating import Form, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units

bp = Blueprint("dossier", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS: Final = ("treasurer", "unit-treasurer")
NAMED: Final = ("treasurer", "approver", "unit-treasurer")
"""Who sees names; whoever only checks the books sees them masked."""
_FILTERS: Final = ("q", "unit")


@bp.get("/donors")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """Show the donors that a filter wants, by name."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in _FILTERS}
    common = {"units": _units(session), "may_merge": holds(*WRITERS)}
    try:
        wanted = read_filter(asked)
    except ValidationError as error:
        form = Form(asked, reasons_of(error))
        return render_template("dossier/index.html", form=form, rows=None, **common), 422
    found = listing.page(session, wanted, read_id(request.args.get("after", "")))
    query = urlencode({name: text for name, text in asked.items() if text})
    return render_template(
        "dossier/index.html",
        form=Form(asked),
        rows=[_listed(row) for row in found.rows],
        total=listing.count(session, wanted),
        filtered=bool(query),
        next=f"/donors?{query}&after={found.after}" if found.after else None,
        first=f"/donors?{query}" if request.args.get("after") else None,
        csv=f"/donors.csv?{query}",
        **common,
    )


@bp.get("/donors.csv")
@allow(*READERS)
def csv() -> ResponseReturnValue:
    """Give all donors that the filter wants as CSV."""
    session = read_session()
    asked = {name: request.args.get(name, "") for name in _FILTERS}
    try:
        wanted = read_filter(asked)
    except ValidationError as error:
        raise Refusal(*reasons_of(error)) from error
    text = "".join(export.lines(listing.every(session, wanted), masked=not holds(*NAMED)))
    name = f"nguoi-ung-ho-{clock.today():%Y%m%d}.csv"
    head = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, content_type="text/csv; charset=utf-8", headers=head)


@bp.get("/donors/<int(max=9223372036854775807):donor_id>")
@allow(*READERS)
def show(donor_id: int) -> ResponseReturnValue:
    """Show one donor; a record that was merged leads to the one it is a part of."""
    session = read_session()
    donor = by_id(session, donor_id)
    top = merging.root(session, donor)
    if top.id != donor_id:
        return redirect(url_for(".show", donor_id=top.id))
    return page_of(donor_id)


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/contact")
@allow(*WRITERS)
def contact(donor_id: int) -> ResponseReturnValue:
    """Show phone and e-mail in full, which is noted."""
    with transaction() as session:
        donor = by_id(session, donor_id)
        audit.record(session, "donor.contact", f"donor:{donor.id}", {}, by=current_user.id)
    return page_of(donor_id, whole=True)


@bp.get("/donors/<int(max=9223372036854775807):donor_id>/edit")
@allow(*WRITERS)
def edit(donor_id: int) -> ResponseReturnValue:
    """Show the form that corrects a donor."""
    donor = by_id(read_session(), donor_id)
    editing.hold_standing(donor)
    typed = {"donor": donor.name, "donor_kind": donor.kind, "address": donor.address}
    return _edit_page(donor, Form(typed))


@bp.post("/donors/<int(max=9223372036854775807):donor_id>/edit")
@allow(*WRITERS)
def change(donor_id: int) -> ResponseReturnValue:
    """Correct a donor, with a reason."""
    typed = request.form.to_dict()
    try:
        form: dict[str, Any] = DonorForm().load(typed)
        with transaction() as session:
            told_facts = donor_facts(form, by_id(session, donor_id))
            changed = editing.change(
                session, donor_id, told_facts, form["reason"], by=current_user.id
            )
    except UnreadableError:
        why = _("Không mở được số điện thoại hay e-mail bằng khóa dữ liệu hiện nay.")
        return _edit_page(by_id(read_session(), donor_id), _refused(typed, Refusal(why))), 422
    except (ValidationError, Refusal) as error:
        status = error.status if isinstance(error, Refusal) else 422
        if status not in {422, Conflict.status}:
            raise
        return _edit_page(by_id(read_session(), donor_id), _refused(typed, error)), status
    flash(_("Đã sửa hồ sơ.") if changed else _("Không có gì thay đổi."), "ok")
    return redirect(url_for(".show", donor_id=donor_id), 303)


def page_of(
    donor_id: int, *, consent: Form | None = None, erase: Form | None = None, whole: bool = False
) -> str:
    """Draw the page of a donor, with what was typed into one of its forms."""
    session = read_session()
    found = facts.gather(session, by_id(session, donor_id))
    masked = not holds(*NAMED)
    standing = found.donor.erased_at is None
    wish = erasing.waiting_for(session, found.donor.id)
    return render_template(
        "dossier/show.html",
        dossier=found,
        name=facts.shown_name(found.donor, masked=masked),
        masked=masked,
        records=[_record(record, masked=masked, whole=whole) for record in found.records],
        versions=[
            (row, facts.name_of(session, row.changed_by), _record(row, masked=masked))
            for row in found.versions
        ],
        acts=[(act, told.act(act), who) for act, who in facts.acts(session, found)],
        doubles=doubles.of_donor(session, found.donor) if standing else [],
        purposes=PURPOSES,
        told=told,
        wish=wish,
        asker=facts.name_of(session, wish.asked_by) if wish else "",
        may_write=holds(*WRITERS) and standing,
        may_unmask=holds(*WRITERS) and standing and not whole,
        consent=consent or Form({"said_on": clock.today().isoformat()}),
        erase=erase or Form({}),
        whole=whole,
    )


def holds(*roles: str) -> bool:
    """Say whether whoever is signed in has one of some roles."""
    return any(current_user.has_role(role) for role in roles)


def _listed(row: listing.Row) -> dict[str, Any]:
    masked = not holds(*NAMED)
    return {
        "id": row.id,
        "name": facts.shown_name(row.donor, masked=masked),
        "kind": told.kinds()[row.donor.kind],
        "address": "" if masked else row.donor.address,
        "phone": facts.phone_of(row.donor, whole=False),
        "unit": short_unit(row.unit),
        "given": row.given,
    }


def _record(record: Donor | DonorVersion, *, masked: bool, whole: bool = False) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": facts.shown_name(record, masked=masked),
        "kind": told.kinds()[record.kind],
        "address": "***" if masked and record.address else record.address,
        "phone": facts.phone_of(record, whole=whole),
        "email": facts.email_of(record, whole=whole),
    }


def _edit_page(donor: Donor, form: Form) -> str:
    return render_template(
        "dossier/edit.html",
        donor_id=donor.id,
        name=donor.name,
        phone=facts.phone_of(donor, whole=False),
        email=facts.email_of(donor, whole=False),
        kinds=list(told.kinds().items()),
        form=form,
    )


def _refused(typed: Mapping[str, str], error: ValidationError | Refusal) -> Form:
    return Form(typed, error.reasons if isinstance(error, Refusal) else reasons_of(error))


def _units(session: Session) -> list[tuple[str, str]]:
    return [(unit.code, short_unit(unit.name)) for unit in units.all_units(session)]
