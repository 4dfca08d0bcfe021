"""What the database refuses of pages and promises, whoever asks."""

from contextlib import nullcontext

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import transaction
from fundsvc.giving import becoming
from fundsvc.giving.models import Pledge
from fundsvc.reconciliation.accounts import add_bank_account
from tests.support import gifts
from tests.support.giving import DAY, bank_money, promised, published

pytestmark = pytest.mark.usefixtures("clock", "given")


@pytest.fixture
def given(app: Flask) -> None:
    """One promise that money came for, and one that waits."""
    del app
    published()
    made = promised("k1")
    promised("k2", name="", may_be_named=False)
    with transaction() as session:
        add_bank_account(
            session, code="DUES", bank="BIDV", number="99887766", fund="dues", unit="TW", by=None
        )
        bank_money(session, 500_000)
        found = session.get_one(Pledge, made.id)
        becoming.becomes(session, found, origin="bank-line:1", amount=500_000, received_on=DAY)


@pytest.mark.parametrize(
    ("guard", "statement"),
    [
        ("campaign_page_kept|never taken away", "DELETE FROM campaign_page"),
        ("page is drafted", "UPDATE campaign_page SET state = 'draft'"),
        ("fund and unit stay", "UPDATE campaign_page SET slug = 'noi-khac'"),
        ("fund and unit stay", "UPDATE campaign_page SET published_by = 7"),
        (
            "account",
            """UPDATE campaign_page SET bank_account_id =
            (SELECT id FROM bank_account WHERE code = 'DUES')""",
        ),
        ("never taken away|pledge_kept", "DELETE FROM pledge"),
        ("goes its way|cannot go", "UPDATE pledge SET state = 'open', donation_id = NULL"),
        ("stays as it was", "UPDATE pledge SET amount = amount + 1"),
        ("stays as it was", "UPDATE pledge SET code = 'TSAAAAAAAAA' WHERE key = 'k2'"),
        ("stays as it was", "UPDATE pledge SET name = 'Ai khác'"),
        ("stays as it was", "UPDATE pledge SET email_sealed = NULL WHERE key = 'k1'"),
        ("append-only", "UPDATE pledge_donation SET origin = 'x'"),
        ("append-only", "DELETE FROM pledge_donation"),
        (
            "published page",
            """INSERT INTO pledge (page_id, unit_id, key, token, code, digest, amount, method,
            locale, made_at, name, on_behalf_of, in_memory_of, may_be_named, state, told)
            SELECT page_id, unit_id, 'k9', token || '9', 'TSX', digest, amount, method, locale,
            made_at, name, on_behalf_of, in_memory_of, may_be_named, 'lapsed', told
            FROM pledge WHERE key = 'k1'""",
        ),
    ],
)
def test_the_database_refuses(guard: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match=guard), transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "other",
    [
        {"page_id": "1 + (SELECT max(id) FROM campaign_page)"},
        {"amount": "donation.amount - 1"},
        {"may_be_named": "NOT pledge.may_be_named"},
        {"pledge_id": "1 + (SELECT max(id) FROM pledge)"},
        {},
    ],
)
def test_guard_pledge_donation_fits(other: dict[str, str]) -> None:
    """What a promise became says of page, amount and consent what promise and donation say."""
    gifts.give(method="bank")
    facts = {
        "donation_id": "donation.id",
        "pledge_id": "pledge.id",
        "page_id": "pledge.page_id",
        "amount": "donation.amount",
        "may_be_named": "pledge.may_be_named",
        "origin": "'bank-line:2'",
        "made_at": "pledge.made_at",
        **other,
    }
    names, values = ", ".join(facts), ", ".join(facts.values())
    statement = f"""INSERT INTO pledge_donation ({names}) SELECT {values} FROM pledge, donation
        WHERE pledge.key = 'k1' AND donation.key NOT LIKE 'pledge:%'"""
    refused = pytest.raises(DBAPIError, match=r"pledge_donation_fits|say otherwise")
    with refused if other else nullcontext(), transaction() as session:
        session.execute(text(statement))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", ["campaign_page", "pledge", "pledge_donation"])
def test_nothing_is_replaced(table: str) -> None:
    with pytest.raises(DBAPIError, match="guard"), transaction() as session:
        session.execute(text(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))
