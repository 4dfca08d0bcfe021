"""The form of a page of giving."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from marshmallow import ValidationError, validates_schema

from fundsvc.donors.service import LONGEST_CONTACT, LONGEST_NAME
from fundsvc.errors import Refusal
from fundsvc.fields import FormSchema, Key, Line, Ticked
from fundsvc.giving.promises import LEAST, LONGEST_TEXT, Promise
from fundsvc.text import parse_dong

OTHER: Final = "other"
LONGEST_AMOUNT: Final = 60
LONGEST_CODE: Final = 20


class GiveForm(FormSchema):
    """How much, how to be named, where the receipt goes, how it is paid."""

    choice = Line(LONGEST_AMOUNT, needed=False)
    amount = Line(LONGEST_AMOUNT, needed=False)
    name = Line(LONGEST_NAME, needed=False)
    anonymous = Ticked()
    may_be_named = Ticked()
    on_behalf_of = Line(LONGEST_TEXT, needed=False)
    in_memory_of = Line(LONGEST_TEXT, needed=False)
    province = Line(LONGEST_CODE, needed=False)
    email = Line(LONGEST_CONTACT, needed=False)
    phone = Line(LONGEST_CONTACT, needed=False)
    method = Line(LONGEST_CODE, needed=False)
    key = Key()

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_options: Any) -> None:
        """Want an amount by one of its ways, and a name or the word that there is none."""
        told = _faults(data)
        if told:
            raise ValidationError(told)


_FORM: Final = GiveForm()
"""Made once: what its fields are takes longer to work out than a form to read."""


def load(typed: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what a form says, as the schema loads it.

    A form that can be taken is read by the schema's fields alone, which takes a fifth of the time;
    what stands against another one the schema tells.

    Raises:
        ValidationError: something cannot be; with a reason for all of it.
    """
    form: dict[str, Any] = {}
    try:
        for name, field in _FORM.fields.items():
            text = typed.get(name, "")
            form[name] = field.read(text, name) if text.strip() else field.load_default  # type: ignore[attr-defined]  # All are fields of ours.
        spoilt = not form["key"] or bool(_faults(form))
    except Refusal:
        spoilt = True
    return _FORM.load(typed) if spoilt else form


def promise_of(form: Mapping[str, Any], locale: str) -> Promise:
    """Return the promise that a loaded form tells."""
    return Promise(
        amount=_amount(form),
        method=form["method"] or "bank",
        name=form["name"],
        on_behalf_of=form["on_behalf_of"],
        in_memory_of=form["in_memory_of"],
        province=form["province"] or None,
        may_be_named=form["may_be_named"],
        email=form["email"],
        phone=form["phone"],
        locale=locale,
    )


def _faults(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what is wrong between the fields, by the field that should change."""
    told: dict[str, list[str]] = {}
    if "amount" in data and "choice" in data:
        try:
            _amount(data)
        except Refusal as refusal:
            told["amount"] = [str(reason.text) for reason in refusal.reasons]
    if "name" in data and bool(data.get("name")) == bool(data.get("anonymous")):
        told["name"] = [
            _("Đã chọn ẩn danh thì bỏ trống tên.")
            if data["name"]
            else _("Xin ghi tên, hoặc chọn ủng hộ ẩn danh.")
        ]
    return told


def _amount(form: Mapping[str, Any]) -> int:
    """Return the amount of the button that was chosen, or the one that was typed.

    Raises:
        Refusal: it is none, or another one was chosen than typed: nobody knows which is meant.
    """
    chosen, typed = form["choice"], form["amount"]
    if chosen in {"", OTHER}:
        return parse_dong(typed, least=LEAST)
    amount = parse_dong(chosen, least=LEAST)
    if typed and parse_dong(typed, least=LEAST) != amount:
        raise Refusal(_("Xin chọn một mức hoặc ghi số tiền khác, không cả hai."))
    return amount
