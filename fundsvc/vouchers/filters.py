"""The sentence above the list of vouchers, read from an address."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from fundsvc.errors import Refusal
from fundsvc.fields import Choice, FormSchema, Line, parse_span
from fundsvc.text import EARLIEST_YEAR, LATEST_YEAR, parse_day
from fundsvc.vouchers.kinds import KINDS, STATES
from fundsvc.vouchers.listing import Filter
from fundsvc.vouchers.schemas import LONGEST_CODE

NAMES: Final = ("kind", "state", "fund", "unit", "number", "mine", "from", "to")
_AFTER = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})", re.ASCII)


class FilterForm(FormSchema):
    """What one may choose; `from` and `to` are words of Python, so they are read apart."""

    kind = Choice(KINDS, needed=False)
    state = Choice(STATES, needed=False)
    fund = Line(LONGEST_CODE, needed=False)
    unit = Line(LONGEST_CODE, needed=False)
    number = Line(LONGEST_CODE, needed=False)


def asked(values: Mapping[str, str]) -> dict[str, str]:
    """Return what an address asks for, by the names of the filter's fields."""
    return {name: values.get(name, "") for name in NAMES}


def read(values: Mapping[str, str], person: int) -> Filter:
    """Return the filter that an address tells; days left open bound nothing.

    Raises:
        ValidationError: a text or choice cannot be.
        Refusal: a date cannot be, or the dates are the wrong way round.
    """
    form = FilterForm().load(values)
    first, last = parse_span(values)
    return Filter(
        first=first or date(EARLIEST_YEAR, 1, 1),
        last=last or date(LATEST_YEAR, 12, 31),
        kind=form["kind"] or None,
        state=form["state"] or None,
        fund=form["fund"] or None,
        unit=form["unit"] or None,
        number=form["number"].upper() or None,
        maker=person if values.get("mine") else None,
    )


def after(raw: str | None) -> tuple[date, int] | None:
    """Return where a page begins: day and id of the last row before it, as `2026-07-27.12`."""
    found = _AFTER.fullmatch(raw or "")
    try:
        return (parse_day(found[1]), int(found[2])) if found else None
    except Refusal:
        return None
