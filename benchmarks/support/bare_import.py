"""The least that brings a file of messages into bare tables: staged, then INSERT ... SELECT."""

import csv
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.support.tables import strip_postgresql, strip_sqlite
from benchmarks.support.watch import Watch

TABLES = ("sms_message", "entry", "posting")
COUNTS = f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in TABLES)}"
RAW = "operator, request_id, msisdn, short_code, message, received_at, amount, status"
BOOKED = "status = '' AND message NOT LIKE 'TX%'"


def counted(row: Any) -> dict[str, float]:
    """Name the numbers of rows that `COUNTS` asks for."""
    return dict(zip(("rows", "entries", "postings"), row, strict=True))


def bare_postgresql(url: str, path: Path) -> dict[str, float]:
    """Import a file on PostgreSQL and tell what it cost and wrote."""
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        strip_postgresql(connection, TABLES)
        connection.commit()
        watch = Watch(connection.info.backend_pid)
        columns = ", ".join(f"{name} text" for name in RAW.split(", "))
        cursor.execute(f"CREATE TEMPORARY TABLE raw (n serial, {columns})")
        copying = f"COPY raw ({RAW}) FROM STDIN (FORMAT csv, HEADER, NULL '-')"
        with path.open("rb") as stream, cursor.copy(copying) as copy:
            while block := stream.read(1 << 18):
                copy.write(block)
        for statement in _inserts(
            moment="received_at::timestamptz",
            day="(received_at::timestamptz AT TIME ZONE 'Asia/Ho_Chi_Minh')::date",
            amount="coalesce(nullif(amount, '')::bigint, 20000)",
            now="now()",
        ):
            cursor.execute(statement)
        watch.before_commit()
        connection.commit()
        told = watch.told()
        cursor.execute(COUNTS)
        return told | counted(cursor.fetchone())


def bare_sqlite(url: str, path: Path) -> dict[str, float]:
    """Import a file on SQLite and tell what it cost and wrote."""
    from sqlalchemy import create_engine

    from fundsvc.db import equip

    engine = create_engine(url)
    equip(engine)
    with closing(engine.raw_connection()) as connection:
        database: Any = connection.driver_connection
        for table in TABLES:
            strip_sqlite(database, table)
        watch = Watch()
        columns = ", ".join(f"{name} TEXT" for name in RAW.split(", "))
        database.execute("BEGIN IMMEDIATE")
        database.execute(f"CREATE TEMPORARY TABLE raw (n INTEGER PRIMARY KEY, {columns})")
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            marks = ", ".join("?" * 8)
            database.executemany(f"INSERT INTO raw ({RAW}) VALUES ({marks})", rows)
        for statement in _inserts(
            moment="received_at",
            day="substr(received_at, 1, 10)",
            amount="CAST(coalesce(nullif(amount, ''), 20000) AS INTEGER)",
            now="'2026-09-01T00:00:00.000000+00:00'",
        ):
            database.execute(statement)
        watch.before_commit()
        database.execute("COMMIT")
        told = watch.told()
        return told | counted(database.execute(COUNTS).fetchone())


def _inserts(*, moment: str, day: str, amount: str, now: str) -> tuple[str, ...]:
    """Return the three statements that bring raw rows into the tables."""
    return (
        (
            "INSERT INTO sms_message (operator, request_id, phone_hash, phone_sealed, short_code,"
            " message, received_at, received_on, status, file_id, row, amount, stated, campaign_id)"
            f" SELECT operator, request_id, msisdn, msisdn, short_code, message, {moment}, {day},"
            f" CASE WHEN {BOOKED} THEN 'booked' ELSE 'failed' END, 1, n, {amount}, NULL, 1 FROM raw"
        ),
        (
            "INSERT INTO entry (id, date, kind, description, unit_id, source, external_id, lines,"
            f" posted_at) SELECT n, {day}, 'sms', 'Tin nhắn TS gửi 1400', 1, 'sms:' || operator,"
            f" request_id, 2, {now} FROM raw WHERE {BOOKED}"
        ),
        (
            "INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit,"
            f" credit) SELECT n, line, 2, {day}, CASE line WHEN 1 THEN 5 ELSE 15 END, 3, 1,"
            f" CASE line WHEN 1 THEN {amount} ELSE 0 END, CASE line WHEN 2 THEN {amount} ELSE 0 END"
            f" FROM raw CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2) AS side WHERE {BOOKED}"
        ),
    )
