"""Forms of receipts."""

from fundsvc.fields import FormSchema, Line
from fundsvc.receipts.service import LONGEST_REASON


class VoidForm(FormSchema):
    """Why a receipt is voided."""

    reason = Line(LONGEST_REASON)
