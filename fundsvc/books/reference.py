"""What every set of books begins with: the chart of accounts and the three funds."""

from sqlalchemy import Connection, insert, select

from fundsvc.books.models import Account, Fund
from ledger.accounts import DEFAULT_CHART

FUNDS = (
    ("base", "Chân quỹ", "Base fund", "CQ", "perpetual"),
    ("dues", "Hội phí thường xuyên", "Regular dues", "HP", "none"),
    ("nghia-tinh", "Quỹ Nghĩa tình Trường Sơn", "Nghĩa tình Fund", "NT", "purpose"),
)


def load(connection: Connection) -> None:
    """Add what is missing; what is there, and what a treasurer added, stays as it is."""
    accounts = set(connection.scalars(select(Account.code)))
    for account in DEFAULT_CHART:
        if account.code not in accounts:
            connection.execute(
                insert(Account).values(
                    code=account.code,
                    name=account.name,
                    name_en=account.name_en,
                    type=account.type.value,
                    line=account.line,
                )
            )
    funds = set(connection.scalars(select(Fund.code)))
    for code, name, name_en, prefix, restriction in FUNDS:
        if code not in funds:
            connection.execute(
                insert(Fund).values(
                    code=code, name=name, name_en=name_en, prefix=prefix, restriction=restriction
                )
            )
