#!/usr/bin/env python3
"""Run all benchmarks, one after the other, and print one table of what they found.

usage: benchmarks/all.py [--quick] [--write]

Each benchmark says by --help what it measures and takes options of its own; here they run with
their defaults. Close other programs first: figures from a busy machine say little. With --write the
table also takes the place of the one in docs/benchmarks.md.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.table import HEAD, machine, read_rows
from fundsvc import clock

DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
RUNS = {
    "single_entries.py": ["--repeat", "1", "--seconds", "0.5", "--entries", "10000"],
    "import_sms.py": ["--messages", "20000", "--repeat", "1"],
    "push.py": ["--repeat", "1", "--seconds", "1"],
    "giving.py": ["--seconds", "1"],
    "reports.py": ["--entries", "10000", "30000", "--peers-at", "10000", "--rounds", "1",
                   "--peer-rounds", "1"],
}  # fmt: skip


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that all run")
    parser.add_argument("--write", action="store_true", help="put the table into the document")
    arguments = parser.parse_args()
    start, before = time.monotonic(), machine()
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        kept = Path(name, "rows")
        for script, small in RUNS.items():
            print(f"\n--- {script}\n", flush=True)
            command = [sys.executable, f"{ROOT}/benchmarks/{script}", "--rows", str(kept)]
            subprocess.run([*command, *(small if arguments.quick else [])], check=True)
        rows = read_rows(kept)
    missed = sum(row.met is False for row in rows)
    aims = sum(row.met is not None for row in rows)
    minutes = (time.monotonic() - start) / 60
    told = "\n".join(
        (
            f"{before}, {clock.today()}; {minutes:.0f} minutes.",
            "",
            HEAD,
            *map(str, rows),
            "",
            f"{aims - missed} of {aims} aims are met.",
        )
    )
    print(f"\n--- all\n\n{told}")
    if arguments.write:
        above, _begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
        _table, _end, below = rest.partition(END)
        written = f"{above}{BEGIN}\n{told}\n{END}{below}"
        DOCUMENT.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
