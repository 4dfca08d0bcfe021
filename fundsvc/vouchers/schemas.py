"""What the forms of vouchers hold: the head by kind, and lines, as many as were typed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext as _
from marshmallow import ValidationError

from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Day, Dong, FormSchema, Line
from fundsvc.templating import reasons_of
from fundsvc.text import clean, parse_dong
from fundsvc.vouchers.drafting import MOST_LINES, Draft, DraftLine
from fundsvc.vouchers.kinds import JOURNAL, TRANSFER
from fundsvc.vouchers.storing import LONGEST
from ledger.words import grouped

LONGEST_CODE: Final = 60
_PART = re.compile(r"(account|amount|debit|credit|fund|unit)-([1-9][0-9]{0,3})", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
_LINE_FIELD = "line_"
FEWEST = {JOURNAL: 2, TRANSFER: 0}
"""How many lines an empty form shows; a slip begins with one."""


class HeadSchema(FormSchema):
    """What every voucher has; a draft may lack much, so little is needed."""

    unit = Line(LONGEST_CODE)
    fund = Line(LONGEST_CODE)
    date = Day()
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
    to_unit = Line(LONGEST_CODE)
    to_fund = Line(LONGEST_CODE)
    to_till = Line(LONGEST_CODE, needed=False)
    resolution = Line(LONGEST["resolution"], needed=False)
    resolution_on = Day(needed=False)


@dataclass(frozen=True, slots=True)
class Typed:
    """A draft as it was typed, and where on the form each of its lines stands."""

    draft: Draft
    places: tuple[int, ...] = ()


def on_form(reasons: Iterable[Reason], typed: Typed | None) -> tuple[Reason, ...]:
    """Return reasons that speak of lines with the names that the form's fields have.

    `typed` is None when nothing could be read, and the reasons are the reader's own.
    """
    places = typed.places if typed else ()
    return tuple(_placed(reason, places) for reason in reasons)


def _placed(reason: Reason, places: tuple[int, ...]) -> Reason:
    field, row = reason.field or "", reason.row
    if not field.startswith(_LINE_FIELD) or row is None or not 0 < row <= len(places):
        return reason
    place = places[row - 1]
    return replace(reason, field=f"{field.removeprefix(_LINE_FIELD)}-{place}", row=place)


def read(values: Mapping[str, str], kind: str) -> Typed:
    """Read a whole form.

    Raises:
        Refusal: with every reason at once, each beside its field.
    """
    reasons: list[Reason] = []
    head: dict[str, Any] = {}
    schema = {JOURNAL: HeadSchema, TRANSFER: TransferSchema}.get(kind, SlipSchema)
    try:
        head = schema().load(values)
    except ValidationError as error:
        reasons += reasons_of(error)
    lines: tuple[DraftLine, ...] = ()
    places: tuple[int, ...] = ()
    if kind != TRANSFER:
        try:
            lines, places = _lines(values, kind)
        except Refusal as error:
            reasons += error.reasons
    if reasons:
        raise Refusal(*reasons)
    head["amount"] = head.get("amount") or 0
    return Typed(Draft(kind=kind, lines=lines, **head), places)


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


def _lines(values: Mapping[str, str], kind: str) -> tuple[tuple[DraftLine, ...], tuple[int, ...]]:
    """Read the lines that are not empty, and their places.

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
        raise Refusal(Reason(why, field="lines"))
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
    return tuple(lines.values()), tuple(lines)


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
