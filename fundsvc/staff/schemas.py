"""The forms of the staff pages."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask_babel import lazy_gettext as _

from fundsvc.errors import Reason
from fundsvc.staff.models import ROLES
from fundsvc.staff.service import Standing
from fundsvc.templating import Form

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

ROLE_NAMES: Mapping[str, Any] = {
    "treasurer": _("Thủ quỹ / kế toán"),
    "approver": _("Người duyệt (kế toán trưởng)"),
    "unit-treasurer": _("Thủ quỹ đơn vị"),
    "auditor": _("Kiểm toán (ban kiểm tra)"),
    "admin": _("Quản trị"),
}


def standing(typed: "MultiDict[str, str]") -> Standing:
    """Read name, e-mail, roles and units; the service says what is wrong with them."""
    return Standing(
        name=typed.get("name", ""),
        email=typed.get("email", ""),
        roles=tuple(dict.fromkeys(typed.getlist("roles"))),
        units=tuple(dict.fromkeys(filter(None, typed.getlist("units")))),
    )


def role_choices() -> list[tuple[str, str]]:
    """Return the roles with their names."""
    return [(role, str(ROLE_NAMES[role])) for role in ROLES]


def typed_form(form: Any) -> Form:
    """Return a form of Flask-Security as the macros of all pages want it.

    Messages that belong to no field come first; one text is shown once.
    """
    reasons = dict.fromkeys(Reason(str(text)) for text in form.form_errors)
    for field in form:
        reasons |= dict.fromkeys(Reason(str(text), field=field.name) for text in field.errors)
    values = {field.name: str(field.data or "") for field in form if "password" not in field.name}
    return Form(values, tuple(reasons))
