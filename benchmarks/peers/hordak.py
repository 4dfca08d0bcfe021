"""django-hordak 2.0: single transfers, bulk, balances and account pages by its public functions.

It knows accounts only, so each account stands once for every fund, unit and province. It knows no
VND either; amounts are booked in another currency, without decimals.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any

from benchmarks.peers.django_site import migrate, open_site
from benchmarks.support.lines import Line, account_types, journal

COUNTERS = 96
TYPES = {"asset": "AS", "liability": "LI", "equity": "EQ", "income": "IN", "expense": "EX"}
CURRENCY = "EUR"
GIFTS = "nghia-tinh:"
BATCH = 5_000


def _open(url: str) -> None:
    open_site(
        url,
        "mptt",
        "djmoney",
        "hordak",
        DEFAULT_CURRENCY=CURRENCY,
        HORDAK_INTERNAL_CURRENCY=CURRENCY,
        CURRENCIES=(CURRENCY,),
        HORDAK_DECIMAL_PLACES=0,
        HORDAK_MAX_DIGITS=18,
    )


def prepare(url: str) -> None:
    """Make its tables, and a cash and an income account for each of 96 counters."""
    _open(url)
    migrate()
    from django.db import connection, transaction
    from hordak.models import Account

    with transaction.atomic():
        for number in range(COUNTERS):
            Account.objects.create(name=f"111.{number}", type="AS", currencies=[CURRENCY])
            Account.objects.create(name=f"7114.{number}", type="IN", currencies=[CURRENCY])
    connection.close()


def single(url: str, rng: random.Random | None) -> Callable[[int], object]:
    """Return what books one donation; on the first accounts only when there is no `rng`."""
    _open(url)
    from hordak.models import Account
    from moneyed import Money

    accounts = {account.name: account for account in Account.objects.all()}
    amount, on = Money(20_000, CURRENCY), date(2026, 10, 30)

    def step(_number: int) -> object:
        counter = rng.randrange(COUNTERS) if rng else 0
        income, cash = accounts[f"7114.{counter}"], accounts[f"111.{counter}"]
        return income.transfer_to(cash, amount, date=on, description="Ủng hộ tại quầy")

    return step


def prepare_empty(url: str) -> None:
    """Make its tables only."""
    _open(url)
    migrate()


def load_from(url: str, ours: str) -> None:
    """Bring in all entries of our books."""
    import psycopg

    with psycopg.connect(ours) as database:
        load(url, account_types(database), journal(database))
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")


def load(url: str, types: dict[str, str], entries: Iterable[Sequence[Line]]) -> float:
    """Book entries by `bulk_create`, in one transaction; return the seconds that it took."""
    _open(url)
    from django.db import connection, transaction

    start = time.perf_counter()
    with transaction.atomic():
        _load(types, iter(entries))
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def _load(types: dict[str, str], entries: Iterator[Sequence[Line]]) -> None:
    from hordak.models import Account, Leg, Transaction
    from moneyed import Money

    accounts: dict[str, Any] = {}
    while part := list(islice(entries, BATCH)):
        for name in {line.name for entry in part for line in entry}.difference(accounts):
            kind = TYPES[types[name.split(":")[-1]]]
            accounts[name] = Account.objects.create(name=name, type=kind, currencies=[CURRENCY])
        made = Transaction.objects.bulk_create(
            Transaction(date=entry[0].on, description=entry[0].description) for entry in part
        )
        Leg.objects.bulk_create(
            Leg(
                transaction=transaction,
                account=accounts[line.name],
                debit=Money(line.debit, CURRENCY) if line.debit else None,
                credit=Money(line.credit, CURRENCY) if line.credit else None,
            )
            for transaction, entry in zip(made, part, strict=True)
            for line in entry
        )


def time_reports(
    url: str, last: date, any_day: date, before: date, account: str
) -> dict[str, float]:
    """Draw each report; return the seconds that each took."""
    _open(url)
    from hordak.models import Account

    def trial_balance() -> int:
        return len([found.balance for found in Account.objects.with_balances(as_of=any_day)])

    def fund_statement(place: str) -> int:
        chosen = Account.objects.filter(name__startswith=GIFTS, name__contains=place)
        opening = {found.id: found.balance for found in chosen.with_balances(as_of=before)}
        closing = {found.id: found.balance for found in chosen.with_balances(as_of=last)}
        return len({key: closing[key] - opening[key] for key in closing})

    def account_page() -> int:
        legs = Account.objects.get(name=account).legs.select_related("transaction")
        newest = legs.order_by("-transaction__date", "-id")
        return len(list(newest.with_account_balance_after()[:50]))

    reports: dict[str, Callable[[], int]] = {
        "fund statement, one province": lambda: fund_statement(":2025-44:"),
        "fund statement, 34 provinces": lambda: fund_statement(":"),
        "trial balance": trial_balance,
        "account page": account_page,
    }
    Account.objects.count()  # Connected, and the models are ready.
    return {name: _timed(draw) for name, draw in reports.items()}


def _timed(draw: Callable[[], int]) -> float:
    start = time.perf_counter()
    assert draw()
    return time.perf_counter() - start
