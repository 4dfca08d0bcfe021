"""Forms of donors: the filter, the record, what a donor agreed to, a reason."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext

from fundsvc.donors.consents import LONGEST_WORDS, ConsentFacts
from fundsvc.donors.editing import LONGEST_REASON
from fundsvc.donors.models import KINDS, PURPOSES, WAYS, Donor
from fundsvc.donors.service import (
    LONGEST_ADDRESS,
    LONGEST_CONTACT,
    LONGEST_NAME,
    DonorFacts,
)
from fundsvc.dossier.listing import Filter
from fundsvc.fields import Choice, Day, FormSchema, Line, Read, Ticked

LONGEST_CODE: Final = 60
LARGEST_ID: Final = 2**63 - 1


def _missed(field: Read, told: Any) -> Read:
    field.error_messages["required"] = told
    return field


class FilterForm(FormSchema):
    """The sentence above the list."""

    q = Line(LONGEST_NAME, needed=False)
    unit = Line(LONGEST_CODE, needed=False)


class DonorForm(FormSchema):
    """What is written down about a donor; contacts left empty stay as they are."""

    donor = _missed(Line(LONGEST_NAME), lazy_gettext("Chưa có tên người ủng hộ."))
    donor_kind = Choice(KINDS, needed=False)
    address = Line(LONGEST_ADDRESS, needed=False)
    phone = Line(LONGEST_CONTACT, needed=False)
    email = Line(LONGEST_CONTACT, needed=False)
    no_phone = Ticked()
    no_email = Ticked()
    reason = _missed(Line(LONGEST_REASON), lazy_gettext("Xin ghi lý do sửa hồ sơ."))


class ConsentForm(FormSchema):
    """What a donor said."""

    purpose = _missed(Choice(PURPOSES), lazy_gettext("Chưa chọn việc được hỏi."))
    given = _missed(Choice(("yes", "no")), lazy_gettext("Chưa chọn đồng ý hay không."))
    said_on = _missed(Day(), lazy_gettext("Chưa ghi ngày."))
    way = _missed(Choice(WAYS), lazy_gettext("Chưa chọn cách."))
    words = Line(LONGEST_WORDS, needed=False)


def read_filter(values: Mapping[str, str]) -> Filter:
    """Return the filter that an address tells.

    Raises:
        ValidationError: a text cannot be.
    """
    form = FilterForm().load(values)
    return Filter(wanted=form["q"], unit=form["unit"])


def read_id(raw: str) -> int | None:
    """Return the id that a text tells, or None for what is none."""
    if not (raw.isascii() and raw.isdigit()) or int(raw[:20]) > LARGEST_ID:
        return None
    return int(raw[:20])


def donor_facts(form: Mapping[str, Any], donor: Donor) -> DonorFacts:
    """Return the facts that a loaded form tells of a donor who is written down."""
    phone, email = form["phone"], form["email"]
    if not phone:
        phone = "" if form["no_phone"] else donor.phone
    if not email:
        email = "" if form["no_email"] else donor.email
    return DonorFacts(
        name=form["donor"],
        kind=form["donor_kind"] or donor.kind,
        address=form["address"],
        phone=phone,
        email=email,
    )


def consent_facts(form: Mapping[str, Any], words: Mapping[str, str]) -> ConsentFacts:
    """Return what a loaded form tells; the usual words of the purpose unless others were typed."""
    return ConsentFacts(
        purpose=form["purpose"],
        given=form["given"] == "yes",
        said_on=form["said_on"],
        way=form["way"],
        words=form["words"] or words[form["purpose"]],
    )
