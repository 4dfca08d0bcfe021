"""The form that asks for money of a donation to go back."""

from typing import Any

from marshmallow import post_load

from fundsvc.fields import Dong, FormSchema, Key, Line
from fundsvc.repayments.service import LONGEST_REASON, Asked

LONGEST_CODE, LONGEST_NAME = 60, 200


class RefundForm(FormSchema):
    """A refund to ask for, with its key."""

    amount = Dong()
    reason = Line(LONGEST_REASON)
    till = Line(LONGEST_CODE)
    party = Line(LONGEST_NAME, needed=False)
    key = Key()

    @post_load
    def to_asked(self, data: dict[str, Any], **_options: Any) -> tuple[Asked, str]:
        """Return what is asked for and the key."""
        key = data.pop("key")
        return Asked(**data), key
