"""What the forms and filters of dues hold."""

import re
from typing import Any

from flask_babel import gettext as _
from marshmallow import post_load

from fundsvc import clock
from fundsvc.dues.service import FUNDS, Total
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Choice, Day, Dong, FormSchema, Key, Line, Month, Read, Ticked

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


class Year(Read):
    """A year of the calendar."""

    def read(self, raw: str, name: str) -> int:
        """Return the year."""
        if not _YEAR.fullmatch(raw):
            raise Refusal(Reason(_("Năm phải viết dạng 2026."), field=name))
        return int(raw)


class FilterForm(FormSchema):
    """The sentence above the year: dues of this year if nothing is said; `unit` may be empty."""

    fund = Choice(FUNDS, needed=False)
    year = Year(needed=False)
    unit = Line(LONGEST_CODE, needed=False)

    @post_load
    def fill(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Put in what was not said."""
        year = data["year"] or clock.today().year
        return data | {"fund": data["fund"] or FUNDS[0], "year": year}
