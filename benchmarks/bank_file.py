#!/usr/bin/env python3
"""Read and book a bank file of many lines, and tell how long each step takes.

usage: benchmarks/bank_file.py [--lines 200000] [--engine sqlite ...]

The file has the lines of the published statement over and over, each with a number of its own. It
is looked at, booked as a whole, booked in two halves that overlap into another account, looked at
again (nothing may be new), and the page of that account is listed, before the worker has sealed
what was booked and after it. Memory is the most that this process had, and how much of that came
with the file.
"""

import argparse
import csv
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.databases import ENGINES, databases
from benchmarks.support.table import machine

SAMPLE = ROOT / "tests" / "data" / "bank" / "vietcombank-2024-09.csv"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    arguments = parser.parse_args()
    print(machine())
    for engine in arguments.engine:
        with (
            tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name,
            databases(engine, on="memory") as found,
        ):
            measure(engine, found.fresh(), Path(name), arguments.lines)


class File:
    """A large file, written row by row so that the memory of this process is the product's."""

    def __init__(self, folder: Path, name: str, lines: int, first: int = 0) -> None:
        """Write lines of the whole from one on."""
        with SAMPLE.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        number, balance = head.index("DocNo"), head.index("Balance")
        self.path = folder / name
        self.sums = [0, 0]
        with self.path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(head)
            for n in range(first, first + lines):
                new = list(rows[n % len(rows)])
                new[number], new[balance] = f"{new[number]}.{n // len(rows)}", ""
                writer.writerow(new)
                for place, column in enumerate(("Credit", "Debit")):
                    self.sums[place] += _dong(new[head.index(column)])


def measure(engine: str, url: str, instance: Path, lines: int) -> None:
    """Look, book, look again and list, and check each outcome."""
    from fundsvc.app import create_app
    from fundsvc.config import load
    from fundsvc.db import read_session, transaction
    from fundsvc.reconciliation import lists, service
    from fundsvc.reconciliation.accounts import add_bank_account
    from fundsvc.reconciliation.source import Source
    from fundsvc.seals.service import seal_new

    given = {"FUNDSVC_DATABASE_URL": url, "FUNDSVC_INSTANCE_DIR": str(instance)}
    part = lines * 6 // 10
    whole = File(instance, "whole.csv", lines)
    halves = [
        File(instance, "first.csv", part),
        File(instance, "last.csv", part, lines - part),
    ]
    with create_app(load(given), web=False).test_request_context():
        with transaction() as session:
            for code, number in (("BIG", "0011004455"), ("ALL", "0011004456")):
                add_bank_account(
                    session,
                    code=code,
                    bank="Vietcombank",
                    number=number,
                    fund="nghia-tinh",
                    unit="TW",
                    by=None,
                )
        before = _memory()

        def run(file: File, code: str, *, commit: bool) -> tuple[int, float]:
            start = time.monotonic()
            with file.path.open("rb") as opened:
                statement = service.read(
                    read_session(), Source(opened), name="lon.csv", account_code=code, commit=commit
                )
            if commit:
                with transaction() as session:
                    report = service.import_bank(session, statement, by=None)
            else:
                report = service.import_bank(read_session(), statement, by=None)
            assert not report.refused_count
            return report.new, time.monotonic() - start

        new = 0
        for file, code, commit, said in (
            (whole, "ALL", False, "looked at"),
            (whole, "ALL", True, "booked as a whole"),
            (halves[0], "BIG", True, "booked the first 60 %"),
            (halves[1], "BIG", True, "booked the last 60 %"),
            (whole, "BIG", False, "looked at again"),
        ):
            new, took = run(file, code, commit=commit)
            more = _memory() - before
            print(f"{engine}: {said}: {new:,} new in {took:.1f} s; +{more} MB", flush=True)
        assert new == 0
        for tail in ("not sealed yet", "sealed"):
            times = []
            for _again in range(3):
                start = time.monotonic()
                page = lists.lines(read_session(), lists.account(read_session(), "BIG"))
                times.append(f"{(time.monotonic() - start) * 1000:.0f}")
                assert [page.count, page.sum_in, page.sum_out] == [lines, *whole.sums]
            told = f"{engine}: page of {lines:,} lines, {tail}: {', '.join(times)} ms"
            print(f"{told}; {_memory()} MB", flush=True)
            read_session().rollback()
            seal_new()


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _dong(raw: str) -> int:
    return int(raw.replace(".", "") or 0)


if __name__ == "__main__":
    main()
