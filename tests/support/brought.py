"""Money that a till has from a day on, as its opening balance, any number of times."""

from datetime import date

from fundsvc.audit import service as audit
from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.periods.openings import SOURCE, Opening
from ledger import recipes


def bring(
    amount: int,
    on: date,
    *,
    unit: str = "TW",
    account: str = "111",
    fund: str = "nghia-tinh",
) -> None:
    """Book an opening balance and note it, without asking whether the till has one."""
    opening = Opening(unit, fund, account, amount, on)
    with transaction() as session:
        entry = recipes.opening_balance(
            on=on, unit=unit, fund=fund, amount=amount, description="Số dư", account=account
        )
        name = f"{unit}:{fund}:{account}:{on}:{amount}"
        number = books.post(session, entry, source=SOURCE, external_id=name).id
        audit.record(session, "opening.record", f"opening:{number}", opening.as_json(), by=None)
