"""What the form and the filters of payments hold."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import post_load

from fundsvc import clock
from fundsvc.errors import Refusal
from fundsvc.fields import Choice, Day, Dong, FormSchema, Key, Line
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


def chosen(args: Mapping[str, str]) -> Filter:
    """Return what a filter wants; what makes no sense is left out, the span is this year."""
    year = clock.today().year
    first = _day(args.get("from"), date(year, 1, 1))
    last = _day(args.get("to"), date(year, 12, 31))
    line = args.get("line")
    return Filter(
        first=first,
        last=last,
        fund=args.get("fund") or None,
        unit=args.get("unit") or None,
        line=line if line in LINES else None,
    )


def after(raw: str | None) -> tuple[date, int] | None:
    """Return where a page begins: day and id of the last row before it, as `2026-07-27.12`."""
    found = _AFTER.fullmatch(raw or "")
    return (_day(found[1], clock.today()), int(found[2])) if found else None


def _day(raw: str | None, otherwise: date) -> date:
    try:
        return parse_day(raw or "")
    except Refusal:
        return otherwise
