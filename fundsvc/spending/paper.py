"""What a payment says, sealed with its entry: to whom, what for, where from, who recorded it."""

from typing import Final

from fundsvc.books import papers
from fundsvc.spending.models import Payment

PAPER: Final = papers.Paper(
    "fundsvc-payment-1",
    Payment,
    (
        "key", "unit_id", "fund_id", "line", "amount", "paid_on", "paid_from", "province_id",
        "payee", "purpose", "recorded_at", "recorded_by",
    ),
)  # fmt: skip
