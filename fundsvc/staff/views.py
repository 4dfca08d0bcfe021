"""Pages about the person signed in, and the administrator's pages about staff."""

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.staff import schemas, service
from fundsvc.staff.access import allow
from fundsvc.staff.models import ROLES
from fundsvc.templating import Form

bp = Blueprint("staff", __name__)

SEE_OTHER = 303


@bp.get("/settings")
@allow(*ROLES)
def settings() -> ResponseReturnValue:
    """Show what the person may do, and the links to password and second factor."""
    return render_template(
        "staff/settings.html",
        username=current_user.username,
        roles=[name for role, name in schemas.role_choices() if role in current_user.role_names],
        units=list(current_user.units.values()),
        second_factor=current_user.tf_totp_secret is not None,
        recovery_codes=len(current_user.mf_recovery_codes or []),
    )


@bp.get("/staff")
@allow("admin")
def index() -> ResponseReturnValue:
    """List everybody."""
    return render_template(
        "staff/index.html",
        people=service.everybody(read_session()),
        role_names=dict(schemas.role_choices()),
    )


@bp.get("/staff/new")
@allow("admin")
def new() -> ResponseReturnValue:
    """Show the form for a new person."""
    return _new_form(Form({}), (), ())


@bp.post("/staff/new")
@allow("admin")
def add() -> ResponseReturnValue:
    """Add a person."""
    typed = request.form
    standing = schemas.standing(typed)
    username = typed.get("username", "")
    try:
        with transaction() as session:
            service.add(session, username, typed.get("password", ""), standing, by=current_user.id)
    except Refusal as refusal:
        form = Form(typed.to_dict(), refusal.reasons)
        return _new_form(form, standing.roles, standing.units), refusal.status
    flash(_("Đã thêm người dùng %(name)s.", name=username), "ok")
    return redirect("/staff", SEE_OTHER)


@bp.get("/staff/<username>")
@allow("admin")
def show(username: str) -> ResponseReturnValue:
    """Show the form of one person."""
    person = service.one(read_session(), username)
    form = Form({"name": person.name, "email": person.email})
    return _person_form(person, form, person.roles, person.units)


@bp.post("/staff/<username>")
@allow("admin")
def change(username: str) -> ResponseReturnValue:
    """Change name, e-mail, roles and units."""
    standing = schemas.standing(request.form)
    try:
        with transaction() as session:
            service.change(session, username, standing, by=current_user.id)
    except Refusal as refusal:
        person = service.one(read_session(), username)
        form = Form(request.form.to_dict(), refusal.reasons)
        return _person_form(person, form, standing.roles, standing.units), refusal.status
    flash(_("Đã lưu thay đổi của %(name)s.", name=username), "ok")
    return redirect("/staff", SEE_OTHER)


@bp.post("/staff/<username>/active")
@allow("admin")
def set_active(username: str) -> ResponseReturnValue:
    """Let a person sign in, or not any more."""
    active = request.form.get("active") == "1"
    with transaction() as session:
        service.set_active(session, username, active=active, by=current_user.id)
    told = _("%(name)s đăng nhập được trở lại.") if active else _("%(name)s không còn vào được.")
    flash(told % {"name": username}, "ok")
    return redirect("/staff", SEE_OTHER)


@bp.post("/staff/<username>/password")
@allow("admin")
def set_password(username: str) -> ResponseReturnValue:
    """Give a person a new password, for one who has forgotten theirs."""
    try:
        with transaction() as session:
            service.set_password(
                session, username, request.form.get("password", ""), by=current_user.id
            )
    except Refusal as refusal:
        person = service.one(read_session(), username)
        form = Form({"name": person.name, "email": person.email}, refusal.reasons)
        return _person_form(person, form, person.roles, person.units), refusal.status
    flash(_("Đã đặt mật khẩu mới cho %(name)s.", name=username), "ok")
    return redirect("/staff", SEE_OTHER)


@bp.post("/staff/<username>/second-factor")
@allow("admin")
def drop_second_factor(username: str) -> ResponseReturnValue:
    """Take the second factor of a lost telephone away."""
    with transaction() as session:
        service.drop_second_factor(session, username, by=current_user.id)
    flash(_("Đã tắt xác thực hai bước của %(name)s.", name=username), "ok")
    return redirect("/staff", SEE_OTHER)


def _new_form(form: Form, roles: tuple[str, ...], units: tuple[str, ...]) -> str:
    return render_template(
        "staff/new.html",
        form=form,
        roles=roles,
        units=units,
        role_choices=schemas.role_choices(),
        unit_choices=service.unit_choices(read_session()),
    )


def _person_form(
    person: service.StaffFacts, form: Form, roles: tuple[str, ...], units: tuple[str, ...]
) -> str:
    return render_template(
        "staff/person.html",
        person=person,
        form=form,
        roles=roles,
        units=units,
        role_choices=schemas.role_choices(),
        unit_choices=service.unit_choices(read_session()),
    )
