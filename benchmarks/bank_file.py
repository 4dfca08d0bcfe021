#!/usr/bin/env python3
"""Read and book a bank file of many lines, and tell how long each step takes.

usage: benchmarks/bank_file.py [--lines 200000] [--engine sqlite ...]

The file has the lines of the published statement over and over, each with a number of its own. It
is looked at, booked in two halves that overlap, looked at again (nothing may be new), and the page
of the account is listed. Memory is the most that this process had.
"""

import argparse
import csv
import io
import resource
import sys
import tempfile
import time
from itertools import cycle, islice
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


def rows_of(lines: int) -> list[list[str]]:
    """Return header and lines of a large file."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    number, balance = head.index("DocNo"), head.index("Balance")
    found = [head]
    for n, row in enumerate(islice(cycle(rows), lines)):
        new = list(row)
        new[number], new[balance] = f"{row[number]}.{n // len(rows)}", ""
        found.append(new)
    return found


def measure(engine: str, url: str, instance: Path, lines: int) -> None:
    """Look, book, look again and list, and check each outcome."""
    from fundsvc.app import create_app
    from fundsvc.config import load
    from fundsvc.db import read_session, transaction
    from fundsvc.reconciliation import lists, service
    from fundsvc.reconciliation.accounts import add_bank_account

    given = {"FUNDSVC_DATABASE_URL": url, "FUNDSVC_INSTANCE_DIR": str(instance)}
    rows = rows_of(lines)
    head, body = rows[0], rows[1:]
    whole = _file([head, *body])
    halves = [_file([head, *body[: lines * 6 // 10]]), _file([head, *body[lines * 4 // 10 :]])]
    with create_app(load(given), web=False).test_request_context():
        with transaction() as session:
            add_bank_account(
                session,
                code="BIG",
                bank="Vietcombank",
                number="0011004455",
                fund="nghia-tinh",
                unit="TW",
                by=None,
            )

        def run(data: bytes, *, commit: bool) -> tuple[int, float]:
            start = time.monotonic()
            statement = service.read(
                read_session(), data, name="lon.csv", account_code="BIG", commit=commit
            )
            if commit:
                with transaction() as session:
                    report = service.import_bank(session, statement, by=None)
            else:
                report = service.import_bank(read_session(), statement, by=None)
            assert not report.refused_count
            return report.new, time.monotonic() - start

        new = 0
        for data, commit, said in (
            (whole, False, "looked at"),
            (halves[0], True, "booked the first 60 %"),
            (halves[1], True, "booked the last 60 %"),
            (whole, False, "looked at again"),
        ):
            new, took = run(data, commit=commit)
            print(f"{engine}: {said}: {new:,} new in {took:.1f} s", flush=True)
        assert new == 0
        start = time.monotonic()
        page = lists.lines(read_session(), lists.account(read_session(), "BIG"))
        took = time.monotonic() - start
        expected = [
            sum(_dong(row[head.index(name)]) for row in body) for name in ("Credit", "Debit")
        ]
        assert [page.count, page.sum_in, page.sum_out] == [lines, *expected]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"{engine}: page of {lines:,} lines in {took * 1000:.0f} ms; {memory} MB", flush=True)


def _file(rows: list[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def _dong(raw: str) -> int:
    return int(raw.replace(".", "") or 0)


if __name__ == "__main__":
    main()
