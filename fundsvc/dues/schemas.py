"""What the forms and filters of dues hold."""

import re
from typing import Any

from marshmallow import post_load

from fundsvc import clock
from fundsvc.dues.service import FUNDS, Total
from fundsvc.fields import Choice, Day, Dong, FormSchema, Key, Line, Month, Ticked

LONGEST_CODE = 60
_YEAR = re.compile(r"199[0-9]|2[01][0-9]{2}", re.ASCII)


class TotalSchema(FormSchema):
    """A total to record, with its key and whether it is an additional one."""

    unit = Line(LONGEST_CODE)
    fund = Choice(FUNDS)
    month = Month()
    amount = Dong()
    paid_on = Day()
    paid_into = Line(LONGEST_CODE)
    additional = Ticked()
    key = Key()

    @post_load
    def to_total(self, data: dict[str, Any], **_options: Any) -> tuple[Total, str, bool]:
        """Return the total, its key, and whether it is an additional one."""
        key, additional = data.pop("key"), data.pop("additional")
        return Total(**data), key, additional


def chosen(fund: str | None, year: str | None) -> tuple[str, int]:
    """Return the fund and year a filter names; what makes no sense gives dues and this year."""
    known = fund if fund in FUNDS else FUNDS[0]
    found = _YEAR.fullmatch(year or "")
    return known, int(found[0]) if found else clock.today().year
