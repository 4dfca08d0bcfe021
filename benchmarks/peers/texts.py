"""ledger, hledger, beancount: the journal as a text file, and the commands that report on it."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from benchmarks.support.lines import Line

ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}


def write_hledger(path: Path, entries: Iterable[Sequence[Line]]) -> None:
    """Write a journal for hledger; version 1.25 wants the dot of `commodity 1000. VND`."""
    _write_journal(path, "commodity 1000. VND", entries)


def write_ledger(path: Path, entries: Iterable[Sequence[Line]]) -> None:
    """Write a journal for ledger, the program that hledger takes its format from."""
    _write_journal(path, "commodity VND", entries)


def _write_journal(path: Path, head: str, entries: Iterable[Sequence[Line]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(f"{head}\n")
        for entry in entries:
            file.write(f"\n{entry[0].on} {entry[0].description}\n")
            file.writelines(f"    {line.name}  {line.debit - line.credit} VND\n" for line in entry)


def write_beancount(path: Path, types: dict[str, str], entries: Iterable[Sequence[Line]]) -> None:
    """Write a file for beancount, whose account names begin with their kind and a capital."""
    names: dict[str, str] = {}
    with path.open("w", encoding="utf-8") as file:
        file.write('option "operating_currency" "VND"\n')
        for entry in entries:
            for line in entry:
                if line.name not in names:
                    names[line.name] = beancount_name(line.name, types)
                    file.write(f"2024-01-01 open {names[line.name]} VND\n")
            file.write(f'\n{entry[0].on} * "{entry[0].description}"\n')
            file.writelines(
                f"  {names[line.name]}  {line.debit - line.credit} VND\n" for line in entry
            )


def forget(path: Path) -> None:
    """Remove what bean-query keeps of a file that it has read."""
    for kept in path.parent.glob(f".{path.name}.*cache"):
        kept.unlink()


def beancount_name(name: str, types: dict[str, str]) -> str:
    """Return `Income:Nghia-tinh:TW:P2025-44:A7113` for `nghia-tinh:TW:2025-44:7113`."""
    fund, unit, province, account = name.split(":")
    root = ROOTS[types[account]]
    code = account.replace(".", "-")
    return f"{root}:{fund.capitalize()}:{unit}:P{province}:A{code}"


def hledger_commands(
    path: Path, first: date, last: date, any_day: date, account: str
) -> dict[str, list[str]]:
    """Return the command for each report; its days end before the last one."""
    base = ["hledger", "-f", str(path)]
    days = ["-b", first.isoformat(), "-e", _after(last)]
    return {
        "trial balance": [*base, "balance", "-e", _after(any_day), "--flat", "-O", "csv"],
        "fund statement, 34 provinces": [*base, "balance", "^nghia-tinh:", *days, "-O", "csv"],
        "fund statement, one province": [*base, "balance", ":2025-44:", *days, "-O", "csv"],
        "account page": [*base, "aregister", f"^{account}$", "-O", "csv"],
    }


def ledger_commands(path: Path, first: date, last: date, any_day: date) -> dict[str, list[str]]:
    """Return the command for each report; as for hledger, days end before the last one."""
    base = ["ledger", "-f", str(path), "--flat", "balance"]
    days = ["-b", first.isoformat(), "-e", _after(last)]
    return {
        "trial balance": [*base, "-e", _after(any_day)],
        "fund statement, 34 provinces": [*base, "^nghia-tinh:", *days],
        "fund statement, one province": [*base, ":2025-44:", *days],
    }


def beancount_commands(
    path: Path, first: date, last: date, any_day: date, account: str, types: dict[str, str]
) -> dict[str, list[str]]:
    """Return the command for each report; `forget` makes bean-query read the file anew."""
    base = [shutil.which("bean-query", path=Path(sys.executable).parent) or "bean-query"]
    base += ["--no-errors", str(path)]
    days = f"date >= {first} AND date <= {last}"
    summed = "SELECT account, sum(position) WHERE {} GROUP BY account"
    name = beancount_name(account, types)
    return {
        "trial balance": [*base, summed.format(f"date <= {any_day}")],
        "fund statement, 34 provinces": [*base, summed.format(f"account ~ 'Nghia' AND {days}")],
        "fund statement, one province": [*base, summed.format(f"account ~ 'P2025-44' AND {days}")],
        "account page": [*base, f"SELECT date, position, balance WHERE account = '{name}'"],
    }


def _after(day: date) -> str:
    return (day + timedelta(days=1)).isoformat()


def importing(journal: Path, csv: Path, rules: Path) -> list[str]:
    """Return the command by which hledger takes in a CSV file of messages."""
    return ["hledger", "-f", str(journal), "import", str(csv), "--rules-file", str(rules)]
