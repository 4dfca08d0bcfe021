"""What the form and the filters of payments hold."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import post_load

from fundsvc import clock
from fundsvc.errors import Refusal
from fundsvc.fields import Choice, Day, Dong, FormSchema, Key, Line, parse_span
from fundsvc.spending.listing import Filter
from fundsvc.spending.models import LINES
from fundsvc.spending.service import Spent
from fundsvc.text import parse_day

LONGEST_CODE, LONGEST_NAME, LONGEST_PURPOSE = 60, 200, 500
_AFTER = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})", re.ASCII)


class PaymentSchema(FormSchema):
    """A payment to record, with its key."""

    unit = Line(LONGEST_CODE)
    fund = Line(LONGEST_CODE)
    line = Choice(LINES)
    amount = Dong()
    paid_on = Day()
    paid_from = Line(LONGEST_CODE)
    payee = Line(LONGEST_NAME)
    purpose = Line(LONGEST_PURPOSE)
    province = Line(LONGEST_CODE, needed=False)
    key = Key()

    @post_load
    def to_spent(self, data: dict[str, Any], **_options: Any) -> tuple[Spent, str]:
        """Return the payment and its key."""
        key = data.pop("key")
        data["province"] = data["province"] or None
        return Spent(**data), key


class FilterForm(FormSchema):
    """The sentence above the list; `from` and `to` are words of Python, so they are read apart."""

    fund = Line(LONGEST_CODE, needed=False)
    unit = Line(LONGEST_CODE, needed=False)
    line = Choice(LINES, needed=False)


def read_filter(values: Mapping[str, str]) -> Filter:
    """Return the filter that an address tells; days left open make it whole years, or this one.

    Raises:
        ValidationError: a text or choice cannot be.
        Refusal: a date cannot be, or the dates are the wrong way round.
    """
    form = FilterForm().load(values)
    first, last = parse_span(values)
    year = clock.today().year
    return Filter(
        first=first or date(min(year, last.year) if last else year, 1, 1),
        last=last or date(max(year, first.year) if first else year, 12, 31),
        fund=form["fund"] or None,
        unit=form["unit"] or None,
        line=form["line"] or None,
    )


def after(raw: str | None) -> tuple[date, int] | None:
    """Return where a page begins: day and id of the last row before it, as `2026-07-27.12`."""
    found = _AFTER.fullmatch(raw or "")
    try:
        return (parse_day(found[1]), int(found[2])) if found else None
    except Refusal:
        return None
