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

Beside them stand two programs of others, at the smallest size: `django-hordak` brings a transaction
with two legs for each booked message by `bulk_create` into its own tables on the same PostgreSQL;
`hledger import` appends the same messages to a journal file by CSV rules. Both book and nothing
else: they keep no messages, know none that came before (hledger by its date) and tell no faults.

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
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.bare_import import COUNTS, bare_postgresql, bare_sqlite, counted
from benchmarks.support.databases import ENGINES, Databases, databases
from benchmarks.support.messages import CAMPAIGNS, booked, write_file
from benchmarks.support.table import HEAD, Row, compared, limited, machine, print_rows
from benchmarks.support.watch import Watch

AIMS = {"postgresql": 0.85, "sqlite": 0.8}
STEADY, PEERS = 0.85, 15


# --- one run, in a process of its own --------------------------------------------------------


def run_one(kind: str, url: str, path: Path) -> dict[str, float]:
    """Do one import and tell seconds, processor seconds and peak memory."""
    runs: dict[str, Callable[[str, Path], dict[str, float]]] = {
        "ours": _ours,
        "bare": bare_postgresql if url.startswith("postgresql") else bare_sqlite,
    }
    told = runs[kind](url, path)
    return told | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _ours(url: str, path: Path) -> dict[str, float]:
    from sqlalchemy import text

    from fundsvc.app import create_app
    from fundsvc.config import Settings
    from fundsvc.db import transaction
    from fundsvc.sms import campaigns, service

    settings = Settings(
        database_url=url,
        secret_key="k" * 64,
        data_key="d" * 64,
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
            return told | counted(session.execute(text(COUNTS)).one())


# --- others ----------------------------------------------------------------------------------


def hordak_seconds(url: str, path: Path) -> float:
    """Let django-hordak book the messages of a file."""
    from benchmarks.peers import hordak
    from benchmarks.support.lines import Line

    types = {"138": "asset", "7111": "income"}
    entries = [
        [
            Line(datetime.fromisoformat(moment).date(), "Tin nhắn", f"{operator}:138", amount, 0),
            Line(datetime.fromisoformat(moment).date(), "Tin nhắn", "7111", 0, amount),
        ]
        for operator, moment, amount in booked(path)
    ]
    return hordak.load(url, types, entries)


def hledger_seconds(folder: Path, path: Path) -> float:
    """Let hledger import the messages of a file into an empty journal."""
    from benchmarks.peers import texts

    given, rules = folder / "messages.csv", folder / "messages.rules"
    with given.open("w", encoding="utf-8", newline="") as file:
        # In the order of days, as it wants to see them: it takes what is newer than the last one.
        rows = sorted((moment[:10], operator, amount) for operator, moment, amount in booked(path))
        csv.writer(file).writerows(rows)
    rules.write_text(
        "fields date, operator, amount\ncurrency VND\naccount1 138:%operator\naccount2 7111\n"
        "description Tin nhắn\n",
        encoding="utf-8",
    )
    journal = folder / "messages.journal"
    journal.write_text("commodity VND1000.\n", encoding="utf-8")
    (folder / ".latest.messages.csv").unlink(missing_ok=True)
    start = time.perf_counter()
    subprocess.run(texts.importing(journal, given, rules), check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    assert journal.read_text(encoding="utf-8").count("Tin nhắn") == len(rows)
    return seconds


# --- all runs --------------------------------------------------------------------------------


Runs = dict[str, list[dict[str, float]]]


def measure(found: Databases, path: Path, repeat: int, *, peers: bool) -> Runs:
    """Run all kinds in turn."""
    from benchmarks.peers import apart, hordak

    runs: Runs = {"bare": [], "ours": []}
    for _ in range(repeat):
        for kind in ("bare", "ours"):
            command = [sys.executable, __file__, "--one", kind, found.fresh(), str(path)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs[kind].append(json.loads(done.stdout))
    written = {(run["rows"], run["entries"], run["postings"]) for run in chain(*runs.values())}
    assert len(written) == 1, f"the runs did not write the same rows: {written}"
    rows = runs["ours"][0]["rows"]
    if peers and found.engine == "postgresql":
        url = found.blank("hordak")
        apart(hordak.prepare_empty, url)
        runs["django-hordak"] = [{"rows": rows, "seconds": apart(hordak_seconds, url, path)}]
    elif peers:
        runs["hledger import"] = [{"rows": rows, "seconds": hledger_seconds(found.folder, path)}]
    return runs


def rows_of(runs: Runs, where: str, aim: float) -> list[Row]:
    """Return the lines of the table for one engine and size."""
    rates = {kind: [run["rows"] / run["seconds"] for run in found] for kind, found in runs.items()}
    rows = [
        compared(
            "import of messages",
            where,
            kind,
            ours=rates["ours"],
            theirs=theirs,
            unit="/s",
            at_least=aim if kind == "bare" else PEERS,
        )
        for kind, theirs in rates.items()
        if kind != "ours"
    ]
    cpus = {kind: [run["cpu"] / run["rows"] for run in runs[kind]] for kind in ("ours", "bare")}
    rows.append(
        compared(
            "import of messages, processor time of a row",
            where,
            "bare",
            ours=cpus["ours"],
            theirs=cpus["bare"],
            unit="s",
        )
    )
    memory = [run["memory"] for run in runs["ours"]]
    rows.append(limited("import of messages, memory", where, ours=memory, unit=" MB", at_most=None))
    return rows


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=3, help="at most 2 above 500,000 messages")
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--on", choices=("memory", "disk"), default="memory")
    parser.add_argument("--no-peers", action="store_true", help="only bare and ours")
    parser.add_argument("--rows", type=Path, help="add the rows to this file, as JSON lines")
    parser.add_argument("--one", nargs=3, metavar=("KIND", "URL", "FILE"), help="one run, as JSON")
    arguments = parser.parse_args()
    if arguments.one:
        kind, url, path = arguments.one
        print(json.dumps(run_one(kind, url, Path(path))))
        return
    print(f"{machine()}\n\n{HEAD}")
    sizes = sorted(arguments.messages)
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        for engine in arguments.engine:
            _measure_engine(arguments, engine, {n: Path(name, f"{n}.csv") for n in sizes})


def _measure_engine(arguments: argparse.Namespace, engine: str, files: dict[int, Path]) -> None:
    medians = {}
    with databases(engine, on=arguments.on) as found:
        for count, path in files.items():
            if not path.exists():
                write_file(path, count)
            peers = count == min(files) and not arguments.no_peers
            repeat = min(arguments.repeat, 2) if count > 500_000 else arguments.repeat
            runs = measure(found, path, repeat, peers=peers)
            where = f"{engine}, {count:,} rows"
            print_rows(rows_of(runs, where, AIMS[engine]), arguments.rows)
            medians[count] = statistics.median(run["rows"] / run["seconds"] for run in runs["ours"])
    if len(medians) > 1:
        few, many = min(medians), max(medians)
        against = f"its own rate at {few:,}"
        row = compared(
            "import of messages",
            f"{engine}, {many:,} rows",
            against,
            ours=[medians[many]],
            theirs=[medians[few]],
            unit="/s",
            at_least=STEADY,
        )
        print_rows([row], arguments.rows)


if __name__ == "__main__":
    main()
