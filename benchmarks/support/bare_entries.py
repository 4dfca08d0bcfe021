"""The least that keeps one entry at a time as durably: prepared statements into bare tables."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

Step = Callable[[int], object]


@contextmanager
def bare_postgresql(url: str, name: str, spread: bool, _share: Any) -> Iterator[Step]:  # noqa: FBT001 - the ways share one shape
    """Give a writer on PostgreSQL: one statement for the entry and its postings."""
    import psycopg

    statement = """
        WITH posted AS (
            INSERT INTO entry (date, kind, description, unit_id, province_id, source, external_id,
                lines, posted_at, maker_id)
            VALUES (%s, 'donation', %s, %s, %s, %s, %s, 2, now(), 1)
            ON CONFLICT (source, external_id) DO NOTHING RETURNING id, date, unit_id
        )
        INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit,
            credit)
        SELECT id, line, 2, date, account_id, %s, unit_id, debit, credit
        FROM posted CROSS JOIN (VALUES (1, %s::bigint, %s::bigint, 0), (2, %s, 0, %s))
            AS given (line, account_id, debit, credit)
        RETURNING entry_id"""
    rng = random.Random(name)  # noqa: S311 - made-up data, no secret
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        units, provinces, facts = _numbers(cursor.execute, spread=spread)
        on, source = date(2026, 10, 30), f"bench-{time.time_ns()}-{name}"

        def step(number: int) -> object:
            values = (
                on,
                "Ủng hộ tại quầy",
                rng.choice(units),
                rng.choice(provinces),
                source,
                f"{number}",
                facts["fund"],
                facts["debit"],
                20_000,
                facts["credit"],
                20_000,
            )
            return cursor.execute(statement, values, prepare=True).fetchone()

        yield step


@contextmanager
def bare_sqlite(url: str, name: str, spread: bool, lock: Any) -> Iterator[Step]:  # noqa: FBT001 - the ways share one shape
    """Give a writer on SQLite, one of several threads: `lock` lets one write at a time."""
    import sqlite3

    entry = """
        INSERT INTO entry (date, kind, description, unit_id, province_id, source, external_id,
            lines, posted_at, maker_id)
        VALUES ('2026-10-30', 'donation', ?, ?, ?, ?, ?, 2, '2026-10-30T00:00:00.000000+00:00', 1)
        ON CONFLICT (source, external_id) DO NOTHING RETURNING id"""
    postings = """
        INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit,
            credit)
        VALUES (?, 1, 2, '2026-10-30', ?, ?, ?, 20000, 0),
            (?, 2, 2, '2026-10-30', ?, ?, ?, 0, 20000)"""
    rng = random.Random(name)  # noqa: S311 - as above
    source = f"bench-{time.time_ns()}-{name}"
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    cursor = connection.cursor()
    units, provinces, facts = _numbers(cursor.execute, spread=spread)
    fund, debit, credit = facts["fund"], facts["debit"], facts["credit"]

    def step(number: int) -> object:
        unit, province = rng.choice(units), rng.choice(provinces)
        values = ("Ủng hộ tại quầy", unit, province, source, f"{number}")
        with lock:  # One writer at a time; SQLite's own way of waiting is slower.
            cursor.execute("BEGIN IMMEDIATE")
            found = cursor.execute(entry, values).fetchone()
            key = found[0]
            cursor.execute(postings, (key, debit, fund, unit, key, credit, fund, unit))
            cursor.execute("COMMIT")
        return key

    yield step
    connection.close()


def _numbers(execute: Any, *, spread: bool) -> tuple[list[int], list[int | None], dict[str, int]]:
    """Look up what entries refer to."""
    units = [key for (key,) in execute("SELECT id FROM unit ORDER BY id").fetchall()]
    provinces = [key for (key,) in execute("SELECT id FROM province ORDER BY id").fetchall()]
    facts = {
        name: execute(f"SELECT id FROM {table} WHERE code = '{code}'").fetchone()[0]
        for name, table, code in (
            ("fund", "fund", "nghia-tinh"),
            ("debit", "account", "111"),
            ("credit", "account", "7114"),
            ("centre", "unit", "TW"),
        )
    }
    return (units, provinces, facts) if spread else ([facts["centre"]], [None], facts)
