"""Forms of donations: the one at the counter, and the sentence that filters the list."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from marshmallow import ValidationError, validates_schema

from fundsvc.donations.listing import Filter, Mark
from fundsvc.donations.service import LONGEST_TEXT, DonationFacts
from fundsvc.donors.models import KINDS
from fundsvc.donors.service import (
    LONGEST_ADDRESS,
    LONGEST_CONTACT,
    LONGEST_NAME,
    DonorFacts,
)
from fundsvc.errors import Refusal
from fundsvc.fields import Choice, Day, Dong, FormSchema, Key, Line, Read, Ticked, parse_span
from fundsvc.outbox import addresses
from fundsvc.text import parse_day

LONGEST_CODE = 60
LARGEST_ID = 2**63 - 1


def _missed(field: Read, told: Any) -> Read:
    """Let a needed field say by name that it was not filled in, for the summary on top."""
    field.error_messages["required"] = told
    return field


class Email(Read):
    """An e-mail address; empty when it was left empty."""

    missing = ""

    def read(self, raw: str, name: str) -> str:
        """Return the address."""
        return addresses.parse(raw, name)


class DonationForm(FormSchema):
    """A donation at a counter."""

    amount = _missed(Dong(), lazy_gettext("Chưa ghi số tiền."))
    fund = _missed(Line(LONGEST_CODE), lazy_gettext("Chưa chọn quỹ."))
    unit = _missed(Line(LONGEST_CODE), lazy_gettext("Chưa chọn đơn vị nhận."))
    received_on = _missed(Day(), lazy_gettext("Chưa ghi ngày nhận."))
    donor = Line(LONGEST_NAME, needed=False)
    donor_kind = Choice(KINDS, needed=False)
    anonymous = Ticked()
    address = Line(LONGEST_ADDRESS, needed=False)
    phone = Line(LONGEST_CONTACT, needed=False)
    email = Email(needed=False)
    province = Line(LONGEST_CODE, needed=False)
    on_behalf_of = Line(LONGEST_TEXT, needed=False)
    in_memory_of = Line(LONGEST_TEXT, needed=False)
    earmark = Line(LONGEST_TEXT, needed=False)
    note = Line(LONGEST_TEXT, needed=False)
    receipt = Ticked()
    key = Key()

    @validates_schema(skip_on_field_errors=False)
    def check_donor(self, data: Mapping[str, Any], **_options: Any) -> None:
        """Want a name or the word that there is none; both together contradict each other."""
        if data.get("anonymous") and data.get("donor"):
            raise ValidationError(_("Đã chọn ẩn danh thì bỏ trống tên."), "donor")
        if not data.get("anonymous") and not data.get("donor"):
            raise ValidationError(_("Xin ghi tên người ủng hộ, hoặc chọn ẩn danh."), "donor")


def donation_facts(form: Mapping[str, Any]) -> DonationFacts:
    """Return the facts that a loaded form tells."""
    donor = None
    if not form["anonymous"]:
        donor = DonorFacts(
            name=form["donor"],
            kind=form["donor_kind"] or "person",
            address=form["address"],
            phone=form["phone"],
            email=form["email"],
        )
    return DonationFacts(
        unit=form["unit"],
        fund=form["fund"],
        amount=form["amount"],
        received_on=form["received_on"],
        donor=donor,
        province=form["province"] or None,
        earmark=form["earmark"],
        on_behalf_of=form["on_behalf_of"],
        in_memory_of=form["in_memory_of"],
        note=form["note"],
    )


class FilterForm(FormSchema):
    """The sentence above the list; `from` and `to` are words of Python, so they are read apart."""

    fund = Line(LONGEST_CODE, needed=False)
    unit = Line(LONGEST_CODE, needed=False)
    q = Line(LONGEST_NAME, needed=False)
    receipt = Choice(("with", "without"), needed=False)


def read_filter(values: Mapping[str, str]) -> Filter:
    """Return the filter that an address tells.

    Raises:
        ValidationError: a text or choice cannot be.
        Refusal: a date cannot be, or the dates are the wrong way round.
    """
    form = FilterForm().load(values)
    first, last = parse_span(values)
    return Filter(
        fund=form["fund"],
        unit=form["unit"],
        first=first,
        last=last,
        wanted=form["q"],
        receipt=form["receipt"] or "",
    )


def read_mark(raw: str) -> Mark | None:
    """Return the mark of a page, or None for the first page and for what is no mark."""
    day, _dot, number = raw.partition(".")
    if not (number.isascii() and number.isdigit() and int(number[:20]) <= LARGEST_ID):
        return None
    try:
        return Mark(parse_day(day), int(number[:20]))
    except Refusal:
        return None
