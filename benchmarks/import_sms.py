#!/usr/bin/env python3
"""Measure the import of SMS messages against a bare staging import of the same file.

usage: benchmarks/import_sms.py [--messages 100000 1000000] [--repeat 3] [--engine sqlite ...]

`ours` is `fundsvc.sms.service.import_sms` from the file to the commit: the file is kept with its
SHA-256, every cell is checked, each refused row would be told with its reason, what is known is
found, and every guard of the database is on. `bare` is the least that brings the same rows into
the same tables: the file unchanged into a temporary table (PostgreSQL by COPY, SQLite by
executemany over csv.reader), then one INSERT ... SELECT each for messages, entries and postings,
into copies of the tables with the same columns, primary keys and indexes, but without foreign keys,
checks and triggers. Both are durable: PostgreSQL with fsync, SQLite with synchronous=FULL.

Each run has a process and a database of its own; the two alternate. Shown are medians with the
spread (least to most) of the rate, the ratio of the medians, and the peak memory of the process.
`cpu` is the processor time per row of the process and its database together, which a busy machine
disturbs less than the clock.

FUNDSVC_BENCH_POSTGRES may name a server (URL of a user who may create databases); otherwise one is
started as the tests do, but durable.
"""

import argparse
import csv
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

VN = timezone(timedelta(hours=7))
CAMPAIGNS = b"""short_code,keyword,grammar,unit_value,fund,unit,starts,ends
1400,TS,units,20000,nghia-tinh,TW,2026-07-01,2026-08-31
1405,TRUONGSON,single,18000,nghia-tinh,TW,2026-07-01,2026-08-31
1409,NTTS,thousands,1000,nghia-tinh,TW,2026-07-01,2026-08-31
"""
OPERATORS = ("viettel", "mobifone", "vinaphone", "vietnamobile")
ENGINES = ("postgresql", "sqlite")
SERVER_OPTIONS = (
    "-c listen_addresses='' -c shared_buffers=512MB -c max_wal_size=8GB -c checkpoint_timeout=1h"
)
TABLES = ("sms_message", "entry", "posting")


def write_file(path: Path, count: int) -> None:
    """Write messages as operators send them; one in a hundred failed, one in 500 is a slip."""
    rng = random.Random(count)  # noqa: S311 - made-up data, no secret
    start = datetime(2026, 7, 1, tzinfo=VN)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = "operator request_id msisdn short_code message received_at amount status"
        writer.writerow(names.split())
        for n in range(count):
            operator = rng.choices(OPERATORS, (46, 29, 21, 4))[0]
            code, text, amount = _message(rng)
            if rng.random() < 0.002:
                text, amount = f"TX {text}", ""
            writer.writerow(
                (
                    operator,
                    f"{operator[:2].upper()}{n:011d}",
                    f"849{rng.randrange(10**8):08d}",
                    code,
                    text,
                    (start + timedelta(seconds=rng.randrange(60 * 86_400))).isoformat(),
                    amount if operator == "viettel" else "",
                    "failed" if rng.random() < 0.01 else "",
                )
            )


def _message(rng: random.Random) -> tuple[str, str, str]:
    code = rng.choices(("1400", "1405", "1409"), (6, 3, 1))[0]
    if code == "1405":
        text = rng.choice(("TRUONGSON", "truongson", "Truongson"))
        return code, text + rng.choice(("", "", " xin ung ho", " ủng hộ các bác")), "18000"
    if code == "1400":
        n = rng.choices((1, 2, 3, 5, 10, 50, 100), (50, 20, 10, 10, 7, 2, 1))[0]
        text = rng.choice(("TS", "ts", "Ts")) + rng.choice(("", " ", "  ")) + str(n)
        return code, text + rng.choice(("", "", " kinh tang")), str(n * 20_000)
    n = rng.choice((10, 20, 50, 100, 500, 2000))
    return code, f"NTTS {n}{rng.choice('kK')}", str(n * 1000)


# --- one run, in a process of its own --------------------------------------------------------


def run_one(kind: str, url: str, path: Path) -> dict[str, float]:
    """Do one import and tell seconds, processor seconds and peak memory."""
    runs: dict[str, Callable[[str, Path], dict[str, float]]] = {
        "ours": _ours,
        "bare": _bare_postgresql if url.startswith("postgresql") else _bare_sqlite,
    }
    told = runs[kind](url, path)
    return told | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


class Watch:
    """Counts seconds, and processor seconds of this process and one database backend."""

    def __init__(self, backend: int | None = None) -> None:
        self.backend = backend
        self.cpu = 0.0
        self.cpu = self._processor()
        self.start = time.perf_counter()

    def _processor(self) -> float:
        spent = time.process_time() + (_processor_of(self.backend) if self.backend else 0.0)
        return spent - self.cpu

    def before_commit(self) -> None:
        """Take the processor seconds while the backend is still there."""
        self.cpu = self._processor()

    def told(self) -> dict[str, float]:
        """Return what has passed."""
        return {"seconds": time.perf_counter() - self.start, "cpu": self.cpu}


def _processor_of(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except OSError:
        return 0.0


def _ours(url: str, path: Path) -> dict[str, float]:
    from sqlalchemy import text

    from fundsvc.app import create_app
    from fundsvc.config import Settings
    from fundsvc.db import transaction
    from fundsvc.sms import campaigns, service

    settings = Settings(
        database_url=url,
        secret_key="k" * 64,
        base_url="http://localhost",
        instance_dir=path.parent / f"instance-{os.getpid()}",
    )
    with create_app(settings, web=False).app_context():
        with transaction() as session:
            campaigns.import_campaigns(session, CAMPAIGNS, by=None)
        with path.open("rb") as stream, transaction() as session:
            asking = text("SELECT pg_backend_pid()")
            watch = Watch(session.scalar(asking) if url.startswith("postgresql") else None)
            report = service.import_sms(session, stream, name=path.name, commit=True, by=None)
            watch.before_commit()
        told = watch.told()
        assert report.committed
        with transaction() as session:
            return told | _counted(session.execute(text(COUNTS)).one())


COUNTS = f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in TABLES)}"


def _counted(row: Any) -> dict[str, float]:
    return dict(zip(("rows", "entries", "postings"), row, strict=True))


RAW = "operator, request_id, msisdn, short_code, message, received_at, amount, status"
BOOKED = "status = '' AND message NOT LIKE 'TX%'"


def _bare_postgresql(url: str, path: Path) -> dict[str, float]:
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} RENAME TO guarded_{table}")
            cursor.execute(
                f"CREATE TABLE {table} (LIKE guarded_{table} INCLUDING DEFAULTS INCLUDING INDEXES)"
            )
        connection.commit()
        watch = Watch(connection.info.backend_pid)
        columns = ", ".join(f"{name} text" for name in RAW.split(", "))
        cursor.execute(f"CREATE TEMPORARY TABLE raw (n serial, {columns})")
        copying = f"COPY raw ({RAW}) FROM STDIN (FORMAT csv, HEADER, NULL '-')"
        with path.open("rb") as stream, cursor.copy(copying) as copy:
            while block := stream.read(1 << 18):
                copy.write(block)
        for statement in _bare_inserts(
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
        return told | _counted(cursor.fetchone())


def _bare_sqlite(url: str, path: Path) -> dict[str, float]:
    from sqlalchemy import create_engine

    from fundsvc.db import equip

    engine = create_engine(url)
    equip(engine)
    with closing(engine.raw_connection()) as connection:
        database: Any = connection.driver_connection
        for table in TABLES:
            _copy_sqlite_table(database, table)
        watch = Watch()
        columns = ", ".join(f"{name} TEXT" for name in RAW.split(", "))
        database.execute("BEGIN IMMEDIATE")
        database.execute(f"CREATE TEMPORARY TABLE raw (n INTEGER PRIMARY KEY, {columns})")
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            marks = ", ".join("?" * 8)
            database.executemany(f"INSERT INTO raw ({RAW}) VALUES ({marks})", rows)
        for statement in _bare_inserts(
            moment="received_at",
            day="substr(received_at, 1, 10)",
            amount="CAST(coalesce(nullif(amount, ''), 20000) AS INTEGER)",
            now="'2026-09-01T00:00:00.000000+00:00'",
        ):
            database.execute(statement)
        watch.before_commit()
        database.execute("COMMIT")
        told = watch.told()
        return told | _counted(database.execute(COUNTS).fetchone())


def _copy_sqlite_table(database: Any, table: str) -> None:
    """Put a bare copy in a table's place: columns, primary key and indexes."""
    columns = list(database.execute(f"PRAGMA table_info({table})"))
    key = [name for _at, (_n, name, *_rest, place) in enumerate(columns) if place]
    indexes = database.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOT NULL",
        (table,),
    ).fetchall()
    unique = [
        [row[2] for row in database.execute(f"PRAGMA index_info({index[1]})")]
        for index in database.execute(f"PRAGMA index_list({table})")
        if index[3] == "u"
    ]
    database.execute("PRAGMA foreign_keys = OFF")
    database.execute("PRAGMA legacy_alter_table = ON")
    database.execute(f"ALTER TABLE {table} RENAME TO guarded_{table}")
    for (sql,) in indexes:
        name = sql.split(" ON ")[0].split()[-1]
        database.execute(f"DROP INDEX {name}")
    parts = [
        f'"{name}" {kind}{" NOT NULL" if required else ""}{" PRIMARY KEY" if key == [name] else ""}'
        for _n, name, kind, required, *_rest in columns
    ]
    parts += [f"PRIMARY KEY ({', '.join(key)})"] if len(key) > 1 else []
    parts += [f"UNIQUE ({', '.join(names)})" for names in unique]
    database.execute(f"CREATE TABLE {table} ({', '.join(parts)}) STRICT")
    for (sql,) in indexes:
        database.execute(sql)


def _bare_inserts(*, moment: str, day: str, amount: str, now: str) -> tuple[str, ...]:
    """Return the three statements that bring raw rows into the tables."""
    return (
        (
            "INSERT INTO sms_message (operator, request_id, msisdn, short_code, message,"
            " received_at, received_on, status, file_id, row, amount, stated, campaign_id)"
            f" SELECT operator, request_id, msisdn, short_code, message, {moment}, {day},"
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


# --- all runs --------------------------------------------------------------------------------


@contextmanager
def databases(engine: str, folder: Path) -> Iterator[Callable[[], str]]:
    """Give what makes the URL of a fresh, migrated database."""
    from tests.support import postgres
    from tests.support.databases import migrate

    if engine == "sqlite":
        template = folder / "template.sqlite"
        migrate(f"sqlite:///{template}")

        def copy() -> str:
            for used in folder.glob("run.sqlite*"):
                used.unlink()
            shutil.copyfile(template, folder / "run.sqlite")
            return f"sqlite:///{folder / 'run.sqlite'}"

        yield copy
        return
    import psycopg
    from sqlalchemy import make_url

    given = os.environ.get("FUNDSVC_BENCH_POSTGRES")
    postgres.SERVER_OPTIONS = SERVER_OPTIONS
    server = None if given else postgres.start()
    url = given or (server.url() if server else "")

    def named(name: str) -> str:
        return make_url(url).set(database=name).render_as_string(hide_password=False)

    def create() -> str:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP DATABASE IF EXISTS fundsvc_bench WITH (FORCE)")
            connection.execute("CREATE DATABASE fundsvc_bench ENCODING 'UTF8' TEMPLATE template0")
        migrate(named("fundsvc_bench"))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        return named("fundsvc_bench")

    try:
        yield create
    finally:
        if server:
            server.stop()


def measure(engine: str, count: int, repeat: int, folder: Path) -> None:
    """Run both kinds in turn and print a line of the table for each."""
    path = folder / f"{count}.csv"
    if not path.exists():
        write_file(path, count)
    found: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    with databases(engine, folder) as fresh:
        for _ in range(repeat):
            for kind, runs in found.items():
                command = [sys.executable, __file__, "--one", kind, fresh(), str(path)]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                runs.append(json.loads(done.stdout))
    written = {(run["rows"], run["entries"], run["postings"]) for run in chain(*found.values())}
    assert len(written) == 1, f"the runs did not write the same rows: {written}"
    rates = {
        kind: sorted(run["rows"] / run["seconds"] for run in runs) for kind, runs in found.items()
    }
    cpus = {
        kind: statistics.median(run["cpu"] / run["rows"] for run in runs)
        for kind, runs in found.items()
    }
    for kind, runs in found.items():
        rate = statistics.median(rates[kind])
        print(
            f"| {engine} | {count:,} | {kind} | {rate:,.0f}"
            f" | {rates[kind][0]:,.0f} to {rates[kind][-1]:,.0f}"
            f" | {rate / statistics.median(rates['bare']):.2f}"
            f" | {cpus[kind] * 1e6:.1f} µs | {cpus['bare'] / cpus[kind]:.2f}"
            f" | {max(run['memory'] for run in runs):.0f} MB |",
            flush=True,
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--one", nargs=3, metavar=("KIND", "URL", "FILE"), help="one run, as JSON")
    arguments = parser.parse_args()
    if arguments.one:
        kind, url, path = arguments.one
        print(json.dumps(run_one(kind, url, Path(path))))
        return
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} processors, load {load}, Python {sys.version.split()[0]}\n")
    print("| engine | rows | import | rows/s | spread | ratio | cpu/row | cpu ratio | memory |")
    print("| --- | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        for engine in arguments.engine:
            for count in arguments.messages:
                measure(engine, count, arguments.repeat, Path(name))


if __name__ == "__main__":
    main()
