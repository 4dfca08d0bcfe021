"""What the forms of vouchers hold: the head by kind, and lines, as many as were typed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from marshmallow import ValidationError

from fundsvc import clock
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Day, Dong, FormSchema, Line
from fundsvc.templating import reasons_of
from fundsvc.text import clean, parse_dong
from fundsvc.vouchers.drafting import MOST_LINES, Draft, DraftLine
from fundsvc.vouchers.kinds import JOURNAL, TRANSFER
from fundsvc.vouchers.lacking import LINES
from fundsvc.vouchers.storing import LONGEST
from ledger.words import grouped

LONGEST_CODE: Final = 60
_PART = re.compile(r"(account|amount|debit|credit|fund|unit)-([1-9][0-9]{0,3})", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
_LINE_FIELD = "line_"
_HEAD = ("date", "unit", "fund")
_ON_SLIP = (*_HEAD, "till", "party", "party_address", "description", LINES, "amount")
_ON_TRANSFER = (
    *_HEAD, "to_unit", "to_fund", "amount", "resolution", "resolution_on", "till", "to_till",
    "description",
)  # fmt: skip
"""The fields in the order of the form, for the reasons above it; others come last."""
FEWEST = {JOURNAL: 2, TRANSFER: 0}
"""How many lines an empty form shows; a slip begins with one."""


class HeadSchema(FormSchema):
    """What every voucher has; a draft may lack much, so little is needed."""

    unit = Line(LONGEST_CODE, lack=lazy_gettext("Chọn đơn vị."))
    fund = Line(LONGEST_CODE, lack=lazy_gettext("Chọn quỹ."))
    date = Day(lack=lazy_gettext("Thiếu ngày chứng từ."))
    description = Line(LONGEST["description"], needed=False)
    enclosed = Line(LONGEST["enclosed"], needed=False)
    province = Line(LONGEST_CODE, needed=False)


class SlipSchema(HeadSchema):
    """A voucher of money that comes in or goes out."""

    till = Line(LONGEST_CODE, needed=False)
    party = Line(LONGEST["party"], needed=False)
    party_address = Line(LONGEST["party_address"], needed=False)


class TransferSchema(HeadSchema):
    """A transfer between funds or units, by resolution."""

    amount = Dong(needed=False)
    till = Line(LONGEST_CODE, needed=False)
    to_unit = Line(LONGEST_CODE, lack=lazy_gettext("Chọn đơn vị nhận."))
    to_fund = Line(LONGEST_CODE, lack=lazy_gettext("Chọn quỹ nhận."))
    to_till = Line(LONGEST_CODE, needed=False)
    resolution = Line(LONGEST["resolution"], needed=False)
    resolution_on = Day(needed=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """A draft as it was typed, and where on the form each of its lines stands.

    With `reasons` it is no draft to keep: it has what could be read, so that all the rest that is
    wrong with it can be told together with them.
    """

    draft: Draft
    places: tuple[int, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def whole(self) -> Draft:
        """Return the draft.

        Raises:
            Refusal: something of it could not be read.
        """
        if self.reasons:
            raise Refusal(*self.reasons)
        return self.draft


def on_form(reasons: Iterable[Reason], typed: Typed) -> tuple[Reason, ...]:
    """Return reasons as the form has its fields: by their names, in their order."""
    fields = _ON_TRANSFER if typed.draft.kind == TRANSFER else _ON_SLIP

    def order(reason: Reason) -> tuple[int, int]:
        field = LINES if _PART.fullmatch(reason.field or "") else reason.field
        return fields.index(field) if field in fields else len(fields), reason.row or 0

    return tuple(sorted((_placed(reason, typed.places) for reason in reasons), key=order))


def _placed(reason: Reason, places: tuple[int, ...]) -> Reason:
    field, row = reason.field or "", reason.row
    if not field.startswith(_LINE_FIELD) or row is None or not 0 < row <= len(places):
        return reason
    place = places[row - 1]
    return replace(reason, field=f"{field.removeprefix(_LINE_FIELD)}-{place}", row=place)


def read(values: Mapping[str, str], kind: str) -> Typed:
    """Read a form, as far as it can be read, with every reason beside its field."""
    reasons: list[Reason] = []
    schema = {JOURNAL: HeadSchema, TRANSFER: TransferSchema}.get(kind, SlipSchema)
    head: dict[str, Any] = {"unit": "", "fund": "", "date": clock.today(), "description": ""}
    try:
        head |= schema().load(values)
    except ValidationError as error:
        head |= error.valid_data if isinstance(error.valid_data, dict) else {}
        reasons += reasons_of(error)
    lines: dict[int, DraftLine] = {}
    if kind != TRANSFER:
        try:
            lines = _lines(values, kind)
        except Refusal as error:
            reasons += error.reasons
    head["amount"] = head.get("amount") or 0
    draft = Draft(kind=kind, lines=tuple(lines.values()), **head)
    return Typed(draft, tuple(lines), tuple(reasons))


def version(values: Mapping[str, str]) -> int:
    """Return the version that a form was opened on; what is no number fits none."""
    raw = values.get("version", "")
    return int(raw) if _VERSION.fullmatch(raw) else -1


def places(values: Mapping[str, str], kind: str) -> int:
    """Return how many lines a form shows: those that were typed, or a kind's fewest."""
    found = [int(part[2]) for name in values if (part := _PART.fullmatch(name))]
    return max([FEWEST.get(kind, 1), *(place for place in found if place <= MOST_LINES)])


def typed(draft: Draft) -> dict[str, str]:
    """Return a draft as a form holds it."""
    values = {
        "unit": draft.unit,
        "fund": draft.fund,
        "date": draft.date.isoformat(),
        "description": draft.description,
        "enclosed": draft.enclosed,
        "province": draft.province,
        "till": draft.till,
        "party": draft.party,
        "party_address": draft.party_address,
        "amount": _amount(draft.amount),
        "to_unit": draft.to_unit,
        "to_fund": draft.to_fund,
        "to_till": draft.to_till,
        "resolution": draft.resolution,
        "resolution_on": draft.resolution_on.isoformat() if draft.resolution_on else None,
    }
    for place, line in enumerate(draft.lines, start=1):
        own = draft.kind == JOURNAL
        values |= {
            f"account-{place}": line.account,
            f"amount-{place}": _amount(line.amount),
            f"debit-{place}": _amount(line.debit),
            f"credit-{place}": _amount(line.credit),
            f"fund-{place}": line.fund if own and line.fund != draft.fund else None,
            f"unit-{place}": line.unit if own and line.unit != draft.unit else None,
        }
    return {name: value for name, value in values.items() if value}


def _lines(values: Mapping[str, str], kind: str) -> dict[int, DraftLine]:
    """Read the lines that are not empty, by their places.

    Raises:
        Refusal: one lacks its account or amount, or holds what is neither; there are too many.
    """
    found: dict[int, dict[str, str]] = {}
    for name, value in values.items():
        part = _PART.fullmatch(name)
        if part and value.strip():
            found.setdefault(int(part[2]), {})[part[1]] = value
    if any(place > MOST_LINES for place in found):
        why = _("Chứng từ có tối đa %(most)d dòng.", most=MOST_LINES)
        raise Refusal(Reason(why, field=LINES))
    reasons: list[Reason] = []
    lines: dict[int, DraftLine] = {}
    sides = ("debit", "credit") if kind == JOURNAL else ("amount",)
    for place, parts in sorted(found.items()):
        if not any(parts.get(name) for name in ("account", *sides)):
            continue  # A fund or unit alone was only preset.
        try:
            lines[place] = _line(parts, place, sides)
        except Refusal as error:
            reasons += error.reasons
    if reasons:
        raise Refusal(*reasons)
    return lines


def _line(parts: Mapping[str, str], place: int, sides: tuple[str, ...]) -> DraftLine:
    reasons: list[Reason] = []
    read_: dict[str, Any] = {}
    if not parts.get("account"):
        reasons.append(Reason(_("Chọn tài khoản cho dòng này."), place, f"account-{place}"))
    if not any(parts.get(side) for side in sides):
        why = _("Ghi số tiền cho dòng này.")
        reasons.append(Reason(why, place, f"{sides[0]}-{place}"))
    for name, raw in parts.items():
        field = f"{name}-{place}"
        try:
            if name in sides:
                read_[name] = parse_dong(raw, field)
            elif name == "account" or ("debit" in sides and name in {"fund", "unit"}):
                read_[name] = clean(raw, LONGEST_CODE, field)
        except Refusal as error:
            reasons += (replace(reason, row=place) for reason in error.reasons)
    if reasons:
        raise Refusal(*reasons)
    return DraftLine(**read_)


def _amount(amount: int) -> str:
    return grouped(amount) if amount else ""
