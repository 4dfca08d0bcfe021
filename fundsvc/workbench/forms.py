"""What the forms of the screen say a line is: each form read into a choice, with all reasons."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask_babel import gettext as _

from fundsvc.donors.service import DonorFacts
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Choice as OneOf
from fundsvc.fields import FormSchema, Key, Line, Month, parse_number
from fundsvc.spending.models import LINES
from fundsvc.text import parse_dong
from fundsvc.workbench import choices

LONGEST: Final = 300
LONGEST_CODE: Final = 60
PARTS: Final = 6
POSTED, SPENT, GIVEN = "account:", "line:", "given"


class KeySchema(FormSchema):
    """The key of any of the forms."""

    key = Key()


class GivenSchema(FormSchema):
    """A donation; who gave may be left empty."""

    donor = Line(200, needed=False)
    donor_kind = OneOf(("person", "organisation"), needed=False)
    phone = Line(100, needed=False)
    province = Line(LONGEST_CODE, needed=False)
    earmark = Line(LONGEST, needed=False)
    on_behalf_of = Line(LONGEST, needed=False)
    in_memory_of = Line(LONGEST, needed=False)


class CollectedSchema(FormSchema):
    """Dues or base fund of a unit for a month."""

    unit = Line(LONGEST_CODE)
    month = Month()


class SpentSchema(FormSchema):
    """Money that was spent."""

    line = OneOf(LINES)
    payee = Line(200)
    purpose = Line(LONGEST)
    province = Line(LONGEST_CODE, needed=False)


class PostedSchema(FormSchema):
    """Another account of the chart."""

    account = Line(LONGEST_CODE)
    description = Line(LONGEST)


class HeldSchema(FormSchema):
    """Why a line waits."""

    note = Line(LONGEST)


class OtherSchema(FormSchema):
    """The other side of a transfer."""

    other = Line(20)


def read(what: str, typed: Mapping[str, str]) -> choices.Choice:
    """Return what a form says a line is.

    Raises:
        ValidationError: with what is wrong with each field.
        Refusal: there is no such form, or the parts of a split cannot be.
    """
    readers: dict[str, Callable[[Mapping[str, str]], choices.Choice]] = {
        "given": _given,
        "collected": _collected,
        "spent": _spent,
        "posted": _posted,
        "held": lambda typed: choices.Held(HeldSchema().load(typed)["note"]),
        "mirrored": _mirrored,
        "split": _split,
    }
    reader = readers.get(what)
    if reader is None:
        raise Refusal(Reason(_("Không có lựa chọn này."), field="what"))
    return reader(typed)


def _given(typed: Mapping[str, str]) -> choices.Given:
    facts: dict[str, Any] = GivenSchema().load(typed)
    name, kind, phone = (facts.pop(field) for field in ("donor", "donor_kind", "phone"))
    donor = DonorFacts(name=name, kind=kind or "person", phone=phone) if name else None
    facts["province"] = facts["province"] or None
    return choices.Given(donor=donor, **facts)


def _collected(typed: Mapping[str, str]) -> choices.Collected:
    facts = CollectedSchema().load(typed)
    return choices.Collected(facts["unit"], f"{facts['month']:%Y-%m}")


def _spent(typed: Mapping[str, str]) -> choices.Spent:
    facts = SpentSchema().load(typed)
    return choices.Spent(**(facts | {"province": facts["province"] or None}))


def _posted(typed: Mapping[str, str]) -> choices.Posted:
    return choices.Posted(**PostedSchema().load(typed))


def _mirrored(typed: Mapping[str, str]) -> choices.Mirrored:
    other = OtherSchema().load(typed)["other"]
    try:
        return choices.Mirrored(parse_number(other))
    except ValueError:
        raise Refusal(Reason(_("Không có dòng sao kê kia."), field="other")) from None


def _split(typed: Mapping[str, str]) -> choices.Split:
    """Read the rows of a split that have an amount, with a reason for each that cannot be."""
    parts: list[tuple[int, choices.Part]] = []
    reasons: list[Reason] = []
    for n in range(1, PARTS + 1):
        amount, what, who, words = (
            typed.get(f"{name}-{n}", "").strip() for name in ("amount", "what", "who", "words")
        )
        if not amount:
            continue
        try:
            parts.append((parse_dong(amount, f"amount-{n}"), _part(what, who, words, n)))
        except Refusal as refusal:
            reasons += refusal.reasons
    if reasons:
        raise Refusal(*reasons)
    return choices.Split(tuple(parts))


def _part(what: str, who: str, words: str, n: int) -> choices.Part:
    if what == GIVEN:
        donor = DonorFacts(name=who[:200]) if who else None
        return choices.Given(donor=donor, earmark=words[:LONGEST])
    if what.startswith(SPENT):
        return choices.Spent(what.removeprefix(SPENT), who[:200], words[:LONGEST])
    if what.startswith(POSTED):
        return choices.Posted(what.removeprefix(POSTED), words[:LONGEST])
    raise Refusal(Reason(_("Chọn phần này là gì."), field=f"what-{n}"))
