#!/usr/bin/env python3
"""Measure the posting of entries one by one, each durable before the next begins.

usage: benchmarks/single_entries.py [--engine sqlite ...] [--on disk] [--seconds 2] [--repeat 3]

`ours` is `fundsvc.books.service.post` of a cash donation in its own `transaction()`: recipe, rule,
codes, scope and every guard of the database, into books that hold entries already. `bare` is the
least that is as durable: the driver, one prepared statement for the entry and its postings
(SQLite: one for the entry, one for both postings, and one transaction around them) into copies of
the grown tables with the same indexes, but no foreign keys, checks and triggers.
`django-hordak` is `Account.transfer_to`, `django-ledger` is `commit_txs` with the journal entry
posted, each in an `atomic()` of its own and on the same PostgreSQL.

Writers on PostgreSQL are processes; on SQLite, where the service is one process, they are its
threads. `spread` draws unit and province of each entry, `one account` books all on the same two
accounts of the same unit. The kinds alternate; each run starts anew and does not count its first
moments.
"""

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.bare_entries import Step, bare_postgresql, bare_sqlite
from benchmarks.support.databases import ENGINES, Databases, databases
from benchmarks.support.table import HEAD, Row, compared, machine, print_rows

WRITERS = (1, 8)
SPREADS = ("spread", "one account")
AIMS = {"bare": {"postgresql": 0.8, "sqlite": 0.75}, "django-hordak": 3.5, "django-ledger": 22.0}
WARM = 0.4


# --- one run, in a process of its own --------------------------------------------------------


def run_one(kind: str, url: str, writers: int, spread: str, seconds: float) -> dict[str, float]:
    """Let writers post for some seconds; tell entries per second and how long one takes."""
    if url.startswith("sqlite"):
        return _told(_in_threads(kind, url, writers, spread, seconds), seconds)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(writers)
    with context.Pool(writers, initializer=_take, initargs=(ready,)) as pool:
        work = [(kind, url, f"{number}", spread, seconds) for number in range(writers)]
        found = pool.starmap(_write, work, chunksize=1)
    return _told(found, seconds)


def _told(durations: list[list[float]], seconds: float) -> dict[str, float]:
    every = sorted(duration for found in durations for duration in found)
    return {
        "rate": len(every) / seconds,
        "median": every[len(every) // 2],
        "p99": every[len(every) * 99 // 100],
    }


_ready: Barrier | threading.Barrier


def _take(ready: Barrier) -> None:
    global _ready  # noqa: PLW0603 - a process of the pool gets it once
    _ready = ready


def _in_threads(
    kind: str, url: str, writers: int, spread: str, seconds: float
) -> list[list[float]]:
    global _ready  # noqa: PLW0603 - as above
    _ready = threading.Barrier(writers)
    found: list[list[float]] = []
    with _shared(kind, url) as share:
        threads = [
            threading.Thread(
                target=lambda name: found.append(_write(kind, url, name, spread, seconds, share)),
                args=(f"{number}",),
            )
            for number in range(writers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == writers
    return found


@contextmanager
def _shared(kind: str, url: str) -> Iterator[Any]:
    """Give what the threads of one process share."""
    if kind == "bare":
        yield threading.Lock()
        return
    from benchmarks.support.service import service

    with service(url, web=True) as app:
        yield app


def _write(
    kind: str, url: str, name: str, spread: str, seconds: float, share: Any = None
) -> list[float]:
    """Be one writer; return how long each entry took."""
    writers: dict[str, Callable[..., Any]] = {
        "ours": _ours,
        "bare": bare_sqlite if url.startswith("sqlite") else bare_postgresql,
        "django-hordak": _hordak,
        "django-ledger": _ledger,
    }
    with writers[kind](url, name, spread == "spread", share) as step:
        _ready.wait()
        number, start = 0, time.perf_counter()
        while time.perf_counter() - start < WARM:
            step(number := number + 1)
        _ready.wait()
        durations: list[float] = []
        now = start = time.perf_counter()
        while now - start < seconds:
            step(number := number + 1)
            before, now = now, time.perf_counter()
            durations.append(now - before)
        return durations


@contextmanager
def _ours(url: str, name: str, spread: bool, share: Any) -> Iterator[Step]:  # noqa: FBT001 - the ways share one shape
    from benchmarks.support.books import GIFTS
    from benchmarks.support.service import service
    from fundsvc.books import keys
    from fundsvc.books.service import post
    from fundsvc.db import transaction
    from ledger.recipes import cash_donation

    rng = random.Random(name)  # noqa: S311 - made-up data, no secret
    on, source = date(2026, 10, 30), f"bench-{time.time_ns()}-{name}"

    with share.app_context() if share else service(url, web=True):
        with transaction() as session:
            known = keys.read(session)
            units = sorted(known.units) if spread else ["TW"]
            provinces = sorted(known.provinces) if spread else [None]

        def step(number: int) -> object:
            entry = cash_donation(
                on=on,
                unit=rng.choice(units),
                fund=GIFTS,
                amount=20_000,
                description="Ủng hộ tại quầy",
                province=rng.choice(provinces),
            )
            with transaction() as session:
                return post(session, entry, source=source, external_id=f"{number}", maker_id=1)

        yield step


@contextmanager
def _hordak(url: str, name: str, spread: bool, _share: Any) -> Iterator[Step]:  # noqa: FBT001 - the ways share one shape
    from benchmarks.peers import hordak

    yield hordak.single(url, random.Random(name) if spread else None)  # noqa: S311 - as above


@contextmanager
def _ledger(url: str, name: str, spread: bool, _share: Any) -> Iterator[Step]:  # noqa: FBT001 - the ways share one shape
    from benchmarks.peers import django_ledger

    yield django_ledger.single(url, random.Random(name) if spread else None)  # noqa: S311 - as above


# --- all runs --------------------------------------------------------------------------------


def prepare(found: Databases, entries: int, peers: list[str]) -> dict[str, str]:
    """Make the databases that all runs write to; return their URLs by kind."""
    from benchmarks.peers import apart
    from benchmarks.support import books, tables
    from benchmarks.support.service import service

    with service(found.fresh("grown")):
        books.write(entries)
    urls = {"ours": found.copy("grown", "ours"), "bare": found.copy("grown", "bare")}
    tables.strip(urls["bare"], keep_rows=True)
    if "django-hordak" in peers:
        from benchmarks.peers import hordak

        urls["django-hordak"] = found.blank("hordak")
        apart(hordak.prepare, urls["django-hordak"])
    if "django-ledger" in peers:
        from benchmarks.peers import django_ledger

        urls["django-ledger"] = found.blank("ledger")
        apart(django_ledger.prepare, urls["django-ledger"])
    found.settle()
    return urls


def measure(arguments: argparse.Namespace, engine: str) -> None:
    """Run all kinds in turn and print a line of the table for each comparison."""
    peers = arguments.peers if engine == "postgresql" else []
    with databases(engine, on=arguments.on) as found:
        urls = prepare(found, arguments.entries, peers)
        for spread in SPREADS:
            for writers in WRITERS:
                rates = _alternate(arguments, urls, writers, spread)
                where = f"{engine}, {spread}, {writers} writer{'s' * (writers > 1)}"
                if arguments.on == "disk":
                    where += ", on disk"
                print_rows(_rows(rates, engine, where), arguments.rows)


def _alternate(
    arguments: argparse.Namespace, urls: dict[str, str], writers: int, spread: str
) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {kind: [] for kind in urls}
    for _ in range(arguments.repeat):
        for kind, url in urls.items():
            command = [sys.executable, __file__, "--one", kind, url, f"{writers}", spread]
            command += ["--seconds", f"{arguments.seconds}"]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rates[kind].append(json.loads(done.stdout)["rate"])
    return rates


def _rows(rates: dict[str, list[float]], engine: str, where: str) -> list[Row]:
    rows = []
    for kind, theirs in rates.items():
        if kind == "ours":
            continue
        aim: Any = AIMS[kind]
        rows.append(
            compared(
                "entries one by one",
                where,
                kind,
                ours=rates["ours"],
                theirs=theirs,
                unit="/s",
                at_least=aim[engine] if isinstance(aim, dict) else aim,
            )
        )
    return rows


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--on", choices=("memory", "disk"), default="memory")
    parser.add_argument("--entries", type=int, default=100_000, help="that are in the books before")
    parser.add_argument("--seconds", type=float, default=1.2, help="of each run")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=("django-hordak", "django-ledger"),
        default=["django-hordak", "django-ledger"],
    )
    parser.add_argument("--rows", type=Path, help="add the rows to this file, as JSON lines")
    parser.add_argument(
        "--one", nargs=4, metavar=("KIND", "URL", "WRITERS", "SPREAD"), help="one run, as JSON"
    )
    arguments = parser.parse_args()
    if arguments.one:
        kind, url, writers, spread = arguments.one
        print(json.dumps(run_one(kind, url, int(writers), spread, arguments.seconds)))
        return
    print(f"{machine()}\n\n{HEAD}")
    for engine in arguments.engine:
        measure(arguments, engine)


if __name__ == "__main__":
    main()
