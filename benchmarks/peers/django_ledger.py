"""django-ledger 0.8: single entries by `commit_txs`, posted at once."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.peers.django_site import migrate, open_site

COUNTERS = 96


def _open(url: str) -> None:
    open_site(
        url,
        "django.contrib.messages",
        "django.contrib.sessions",
        "django_ledger",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        LOGIN_URL="/",
        DJANGO_LEDGER_USE_DEPRECATED_BEHAVIOR=False,
        SILENCED_SYSTEM_CHECKS=["models.W042"],
    )


def prepare(url: str) -> None:
    """Make its tables, an entity with a ledger, and two accounts for each of 96 counters."""
    _open(url)
    migrate()
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django_ledger.io import roles
    from django_ledger.models import EntityModel

    user = get_user_model().objects.create_user("bench")
    entity = EntityModel.create_entity(
        name="bench", use_accrual_method=True, admin=user, fy_start_month=1
    )
    entity.create_chart_of_accounts(assign_as_default=True, commit=True)
    for number in range(COUNTERS):
        for code, role, side in (
            (f"1{number:03d}", roles.ASSET_CA_CASH, "debit"),
            (f"4{number:03d}", roles.INCOME_OPERATIONAL, "credit"),
        ):
            entity.create_account(code=code, role=role, name=code, balance_type=side, active=True)
    entity.create_ledger("bench", posted=True)
    connection.close()


def single(url: str, rng: random.Random | None) -> Callable[[int], object]:
    """Return what books one donation; on the first accounts only when there is no `rng`."""
    _open(url)
    from django_ledger.models import AccountModel, LedgerModel

    ledger: Any = LedgerModel.objects.select_related("entity").get(name="bench")
    accounts = {account.code: account for account in AccountModel.objects.all()}
    on = datetime(2026, 10, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))

    def step(_number: int) -> object:
        counter = rng.randrange(COUNTERS) if rng else 0
        return ledger.commit_txs(
            je_timestamp=on,
            je_desc="Ủng hộ tại quầy",
            je_posted=True,
            je_txs=[
                {
                    "account": accounts[f"{code}{counter:03d}"],
                    "amount": 20_000,
                    "tx_type": side,
                    "description": "",
                }
                for code, side in ((1, "debit"), (4, "credit"))
            ],
        )

    return step
