"""What the forms and filters of dues hold."""

from typing import Any

from marshmallow import post_load

from fundsvc import clock
from fundsvc.dues.service import FUNDS, Total
from fundsvc.fields import Choice, Day, Dong, FormSchema, Key, Line, Month, Ticked, Year

LONGEST_CODE = 60


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
