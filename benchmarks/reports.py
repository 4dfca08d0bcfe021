#!/usr/bin/env python3
"""Measure reports from books of 10,000, 100,000 and 1,000,000 entries, and those of others.

usage: benchmarks/reports.py [--engine sqlite ...] [--entries 10000 1000000] [--rounds 3]

Drawn are the statement of a fund over a quarter (of all 34 provinces, and of one), the trial
balance at a day within a month, and the newest 50 lines of the busiest account with the balance
after each. The books (`benchmarks/support/books.py`) are sealed but for the last few hundred
entries, as they are in service.

`in the database` is the time of the statements of the call that touch the books, sent once more by
the driver and read to the end, as they are once a process has drawn the report before.
`all in` is the whole library call with its objects. `command` is the program from its start to its
end, on SQLite, cold.

Peers draw the same from the same entries: django-hordak with its own functions on the same
PostgreSQL at one size (`--peers-at`), ledger, hledger and bean-query as commands on a file of their
own at the largest. Rounds alternate; each is a process of its own.
"""

import argparse
import compileall
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.databases import ENGINES, Databases, databases
from benchmarks.support.table import HEAD, compared, limited, machine, print_rows

FIRST, LAST, ANY_DAY = date(2026, 4, 1), date(2026, 6, 30), date(2026, 6, 17)
ACCOUNT = "7111"
PROVINCE = "2025:44"
TAIL = 300
CALLS = 40
REPORTS = ("fund statement, one province", "fund statement, 34 provinces", "trial balance",
           "account page")  # fmt: skip
# Seconds in the database at the largest size, and how much it may grow from the smallest.
LIMITS = dict(zip(REPORTS, (0.0005, 0.002, 0.0025, 0.0015), strict=True))
GROWTH = 1.5
# The aim is that of the whole statement. One province is compared without one: a 250th of what
# django-hordak takes at 100,000 entries is what an empty question takes (docs/benchmarks.md).
HORDAK = dict(zip(REPORTS, (None, 250, 200, 200), strict=True))
COMMAND = 0.5
BEAN_QUERY = "bean-query"
COMMANDS = {"ledger": 18, "hledger": 100, BEAN_QUERY: 250}
MILLION = 1_000_000
BOOKS = ("posting", "entry", "rollup_", "seal")


# --- one round, in a process of its own ------------------------------------------------------


def run_one(url: str) -> dict[str, Any]:
    """Draw each report some times; tell the medians in the database and all in."""
    from benchmarks.support.service import service
    from fundsvc.db import db

    with service(url, web=True):
        return {name: _measured(db.engine, draw) for name, draw in _reports(db.session()).items()}


def _reports(session: Any) -> dict[str, Callable[[], object]]:
    from fundsvc.statements import general_ledger, trial_balance
    from fundsvc.statements.book_options import BookOptions, Turn
    from fundsvc.statements.options import Options
    from fundsvc.statements.service import fund_statement

    year = date(2026, 1, 1)
    all_places = Options(fund="nghia-tinh", first=FIRST, last=LAST)
    one_place = Options(fund="nghia-tinh", first=FIRST, last=LAST, province=PROVINCE)
    balance = BookOptions(first=year, last=ANY_DAY)
    account = BookOptions(first=year, last=date(2026, 12, 31), account=ACCOUNT)

    def account_page() -> object:
        whole = general_ledger.ledger(session, account)
        page = general_ledger.page(session, whole, Turn())
        assert len(page.lines) == 50
        return page

    return dict(
        zip(
            REPORTS,
            (
                lambda: fund_statement(session, one_place),
                lambda: fund_statement(session, all_places),
                lambda: trial_balance.trial_balance(session, balance),
                account_page,
            ),
            strict=True,
        )
    )


def _measured(engine: Any, draw: Callable[[], object]) -> dict[str, float]:
    from fundsvc.db import db
    from tests.support.heard import heard

    draw()  # A process knows the names from then on, and which entry was sealed last.
    with heard(engine) as statements:
        draw()
    found = [_timed(draw) for _ in range(CALLS)]
    raw: Any = db.session().connection().connection.driver_connection
    touching = [
        (text, values)
        for text, values in statements
        if any(f" {name}" in text or f"\n{name}" in text for name in BOOKS)
    ]

    def ask() -> None:
        cursor = raw.cursor()
        for text, values in touching:
            cursor.execute(text, values)
            cursor.fetchall()

    for _ in range(6):  # The driver prepares a statement that comes often, as in service.
        ask()
    asked = [_timed(ask) for _ in range(CALLS)]
    db.session().rollback()
    return {
        "all": statistics.median(found),
        "database": statistics.median(asked),
        "statements": len(touching),
    }


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


# --- all rounds ------------------------------------------------------------------------------


def build(found: Databases, count: int) -> str:
    """Make sealed books of a size; return their URL."""
    from benchmarks.support import books
    from benchmarks.support.service import service

    url = found.fresh(f"of_{count}")
    with service(url):
        books.write(count, tail=TAIL)
    if found.engine == "postgresql":
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")  # As the server does by itself, a minute later.
    found.settle()
    return url


def measure(arguments: argparse.Namespace, engine: str) -> None:
    """Build the books of an engine, draw the reports in turn, print the lines of the table."""
    sizes = sorted(arguments.entries)
    with databases(engine) as found:
        urls = {count: build(found, count) for count in sizes}
        rounds: dict[int, list[dict[str, Any]]] = {count: [] for count in sizes}
        for _ in range(arguments.rounds):
            for count, url in urls.items():
                command = [sys.executable, __file__, "--one", url]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                rounds[count].append(json.loads(done.stdout))
        for count in sizes:
            _print_size(arguments, engine, count, rounds[count], largest=count == sizes[-1])
        if len(sizes) > 1:
            _print_growth(arguments, engine, rounds[sizes[0]], rounds[sizes[-1]])
        at = arguments.peers_at
        if engine == "postgresql" and at in urls:
            _beside_hordak(arguments, found, urls[at], rounds[at])
        if engine == "sqlite":
            _commands(arguments, urls)


def _print_size(
    arguments: argparse.Namespace,
    engine: str,
    count: int,
    found: list[dict[str, Any]],
    *,
    largest: bool,
) -> None:
    rows = []
    for name in REPORTS:
        for part, title in (("database", "in the database"), ("all", "all in")):
            limit = LIMITS[name] if largest and part == "database" else None
            figures = [one[name][part] for one in found]
            where = f"{engine}, {count:,} entries, {title}"
            rows.append(limited(name, where, ours=figures, unit="s", at_most=limit))
    print_rows(rows, arguments.rows)


def _print_growth(
    arguments: argparse.Namespace,
    engine: str,
    small: list[dict[str, Any]],
    large: list[dict[str, Any]],
) -> None:
    rows = []
    for name in REPORTS:
        pairs = zip(large, small, strict=True)
        growth = [more[name]["database"] / less[name]["database"] for more, less in pairs]
        where = f"{engine}, growth from the smallest to the largest"
        rows.append(limited(name, where, ours=growth, unit=" ×", at_most=GROWTH))
    print_rows(rows, arguments.rows)


# --- peers -----------------------------------------------------------------------------------


def _beside_hordak(
    arguments: argparse.Namespace, found: Databases, url: str, ours: list[dict[str, Any]]
) -> None:
    from benchmarks.peers import apart, hordak

    theirs_at = found.blank("hordak")
    apart(hordak.prepare_empty, theirs_at)
    apart(hordak.load_from, theirs_at, url)
    opening = FIRST - timedelta(days=1)
    account = f"nghia-tinh:TW:none:{ACCOUNT}"
    found.settle()
    theirs = [
        apart(hordak.time_reports, theirs_at, LAST, ANY_DAY, opening, account)
        for _ in range(arguments.peer_rounds)
    ]
    where = f"postgresql, {arguments.peers_at:,} entries, all in"
    print_rows(
        [
            compared(
                name,
                where,
                "django-hordak",
                ours=[one[name]["all"] for one in ours[: len(theirs)]],
                theirs=[one[name] for one in theirs],
                unit="s",
                at_least=HORDAK[name],
            )
            for name in REPORTS
        ],
        arguments.rows,
    )


def _commands(arguments: argparse.Namespace, urls: dict[int, str]) -> None:
    """Run the statement and the trial balance as commands, cold, ours and theirs."""
    for package in ("ledger", "fundsvc"):  # As `make install` leaves them, and pip its packages.
        compileall.compile_dir(ROOT / package, quiet=1)
    largest = max(urls)
    for count in sorted(urls):
        found = {
            name: [_ran(command, urls[count]) for _ in range(5)]
            for name, command in _our_commands().items()
        }
        limit = COMMAND if count == largest else None
        where = f"sqlite, {count:,} entries, command, cold"
        rows = [
            limited(name, where, ours=figures, unit="s", at_most=limit)
            for name, figures in found.items()
        ]
        print_rows(rows, arguments.rows)
        if count == largest and arguments.peers_at:
            _beside_texts(arguments, urls[count], found, where)


def _our_commands() -> dict[str, list[str]]:
    program = [sys.executable, "-m", "fundsvc.cli", "statement"]
    quarter = ["--from", FIRST.isoformat(), "--to", LAST.isoformat()]
    fund = [*program, "fund", "--fund", "nghia-tinh", *quarter]
    whole = ["--from", "2026-01-01", "--to", ANY_DAY.isoformat()]
    return {
        "fund statement, one province": [*fund, "--province", PROVINCE],
        "fund statement, 34 provinces": fund,
        "trial balance": [*program, "trial-balance", *whole, "--format", "csv"],
    }


def _ran(command: list[str], url: str = "") -> float:
    """Run a command to its end; return how long it took."""
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as instance:
        start = time.perf_counter()
        subprocess.run(
            command,
            check=True,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            env=os.environ | {"FUNDSVC_DATABASE_URL": url, "FUNDSVC_INSTANCE_DIR": instance},
        )
        return time.perf_counter() - start


def _beside_texts(
    arguments: argparse.Namespace, url: str, ours: dict[str, list[float]], where: str
) -> None:
    """Let ledger, hledger and bean-query report on a text file of the same journal.

    bean-query keeps what it read beside the file; cold is without that, as nothing is kept for us.
    """
    from benchmarks.peers import texts
    from benchmarks.support import lines

    account = f"nghia-tinh:TW:none:{ACCOUNT}"
    with (
        tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name,
        closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database,
    ):
        old, journal, beans = (
            Path(name, f"books.{end}") for end in ("ledger", "journal", "beancount")
        )
        types = lines.account_types(database)
        texts.write_ledger(old, lines.journal(database))
        texts.write_hledger(journal, lines.journal(database))
        texts.write_beancount(beans, types, lines.journal(database))
        of_beans = texts.beancount_commands(beans, FIRST, LAST, ANY_DAY, account, types)
        commands = {
            "ledger": texts.ledger_commands(old, FIRST, LAST, ANY_DAY),
            "hledger": texts.hledger_commands(journal, FIRST, LAST, ANY_DAY, account),
            BEAN_QUERY: of_beans,
            f"{BEAN_QUERY}, file read before": of_beans,
        }
        for program, by_report in commands.items():
            for report in ours:
                theirs = []
                for _ in range(arguments.peer_rounds):
                    if program == BEAN_QUERY:
                        texts.forget(beans)
                    theirs.append(_ran(by_report[report]))
                aimed = report == "trial balance" and max(arguments.entries) >= MILLION
                aim = COMMANDS.get(program) if aimed else None
                pairs = ours[report][: len(theirs)]
                row = compared(
                    report, where, program, ours=pairs, theirs=theirs, unit="s", at_least=aim
                )
                print_rows([row], arguments.rows)  # As they come, for some take minutes.


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--entries", type=int, nargs="+", default=[10_000, 100_000, MILLION])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers-at", type=int, default=100_000, help="entries; 0: no peers")
    parser.add_argument("--peer-rounds", type=int, default=2)
    parser.add_argument("--rows", type=Path, help="add the rows to this file, as JSON lines")
    parser.add_argument("--one", metavar="URL", help="one round, as JSON")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(run_one(arguments.one)))
        return
    print(f"{machine()}\n\n{HEAD}")
    for engine in arguments.engine:
        measure(arguments, engine)


if __name__ == "__main__":
    main()
