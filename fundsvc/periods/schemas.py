"""What the forms and filters of periods hold."""

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext
from marshmallow import post_load

from fundsvc import clock
from fundsvc.errors import NotFound, Refusal
from fundsvc.fields import Day, Dong, FormSchema, Line, Ticked, Year, parse_month
from fundsvc.periods.openings import Opening
from fundsvc.periods.reopening import LONGEST_REASON

LONGEST_CODE, LONGEST_MARK = 60, 64
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)


class FilterForm(FormSchema):
    """The sentence above the year: this year if nothing is said; `unit` may be empty."""

    year = Year(needed=False)
    unit = Line(LONGEST_CODE, needed=False)

    @post_load
    def fill(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Put in what was not said."""
        return data | {"year": data["year"] or clock.today().year}


class CloseForm(FormSchema):
    """Whether earlier months are closed too, and the mark of the list that was ticked as seen."""

    through = Ticked()
    seen = Ticked()
    mark = Line(LONGEST_MARK, needed=False)


class ReopenForm(FormSchema):
    """Why a month should be opened again."""

    reason = Line(LONGEST_REASON)
    reason.error_messages["required"] = lazy_gettext("Xin ghi lý do mở lại sổ.")


def month_of(raw: str) -> date:
    """Read the month of an address, as 2024-09.

    Raises:
        NotFound: it is none.
    """
    if not _MONTH.fullmatch(raw):
        raise NotFound
    try:
        return parse_month(raw)
    except Refusal as error:
        raise NotFound from error


class OpeningForm(FormSchema):
    """An opening balance to record."""

    unit = Line(LONGEST_CODE)
    fund = Line(LONGEST_CODE)
    account = Line(LONGEST_CODE)
    amount = Dong()
    date = Day()

    @post_load
    def to_opening(self, data: dict[str, Any], **_options: Any) -> Opening:
        """Return the opening balance."""
        return Opening(data["unit"], data["fund"], data["account"], data["amount"], on=data["date"])


class YearForm(FormSchema):
    """The year to carry forward, and of which unit; all that may be seen when it is left out."""

    year = Year()
    unit = Line(LONGEST_CODE, needed=False)
