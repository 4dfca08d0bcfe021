"""The two programs as they are started by anybody, and what they say of a file."""

import csv
import io
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from beancount import loader
from beancount.core import data, realization

from fundsvc.export.journal import Place

FORMATS = ("hledger", "beancount")
# hledger reads a file in the encoding of the place where it runs.
UNICODE = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
DECLARED = re.compile(r"^account (\S+)  ; account:(.+), fund:(.+), unit:(.+)$", re.MULTILINE)


@dataclass
class Figures:
    """What a program, or we ourselves, say of a book, in đồng; what is 0 is left out."""

    ends: dict[date, dict[Place, int]] = field(default_factory=dict)
    """Balances at the end of days."""
    provinces: dict[tuple[Place, str], int] = field(default_factory=dict)
    """Balances in the end, by province too."""
    turnover: dict[Place, tuple[int, int]] = field(default_factory=dict)
    """Debit and credit of the days asked for; a reversal is below 0 on its side."""


def check(kind: str, file: Path) -> subprocess.CompletedProcess[str]:
    """Have a program check a file: balance, assertions, names of accounts."""
    if kind == "hledger":
        return _run("hledger", "-f", str(file), "check", "--strict")
    return _run(str(Path(sys.executable).with_name("bean-check")), str(file))


def hledger(file: Path, *arguments: str) -> list[dict[str, str]]:
    """Return a report of hledger as rows."""
    told = _run("hledger", "-f", str(file), *arguments, "-O", "csv")
    assert told.returncode == 0, told.stderr
    return list(csv.DictReader(io.StringIO(told.stdout)))


def hledger_places(file: Path) -> dict[str, Place]:
    """Return what the names of accounts mean, by what their declarations say."""
    found = DECLARED.findall(file.read_text(encoding="utf-8"))
    return {path: Place(*codes) for path, *codes in found}


def hledger_ends(file: Path) -> dict[str, dict[Place, int]]:
    """Return hledger's own balances by month (`2024-09`)."""
    places = hledger_places(file)
    ends: defaultdict[str, dict[Place, int]] = defaultdict(dict)
    for row in hledger(file, "balance", "--monthly", "--historical", "--flat", "-N", "-E"):
        place = places[row.pop("account")]
        for month, amount in row.items():
            ends[month][place] = amount_of(amount)
    return {month: standing(found) for month, found in ends.items()}


def hledger_sums(file: Path, *query: str) -> dict[str, int]:
    """Return hledger's own balances by account, fund, unit or by what `--pivot` says."""
    rows = hledger(file, "balance", "--flat", "-N", *query)
    return {row["account"]: amount_of(row["balance"]) for row in rows}


def hledger_figures(file: Path, first: date) -> Figures:
    """Return what hledger reads in each posting, added up here."""
    places = hledger_places(file)
    found = _Adding(first)
    for row in hledger(file, "print"):
        if "kind:balance" in row["comment"]:
            continue
        tags = dict(tag.split(":", 1) for tag in row["posting-comment"].strip().split(", "))
        place = places[row["account"]]
        assert (place.fund, place.unit) == (tags["fund"], tags["unit"])
        on = date.fromisoformat(row["date"])
        found.add(on, place, tags["province"], int(row["amount"]), tags.get("side"))
    return found.figures()


def beancount_entries(file: Path) -> list[Any]:
    """Read a file as beancount does, which complains of nothing."""
    entries, errors, _options = loader.load_file(str(file))
    assert errors == []
    return list(entries)


def beancount_figures(file: Path, first: date) -> Figures:
    """Return what beancount reads, added up here, and by beancount itself."""
    entries = beancount_entries(file)
    places = {
        entry.account: Place(*(str(entry.meta[name]) for name in Place._fields))
        for entry in entries
        if isinstance(entry, data.Open)
    }
    found = _Adding(first)
    for entry in entries:
        if isinstance(entry, data.Transaction):
            for posting in entry.postings:
                facts: dict[str, str] = posting.meta or {}
                place = places[posting.account]
                assert (place.fund, place.unit) == (facts["fund"], facts["unit"])
                assert posting.units is not None
                amount = int(posting.units.number or 0)
                found.add(entry.date, place, facts["province"], amount, facts.get("side"))
    figures = found.figures()
    own = dict(_realized(entries, places))
    last = max(figures.ends, default=None)
    assert own == (figures.ends[last] if last else {})
    return figures


def _realized(entries: list[Any], places: dict[str, Place]) -> Iterator[tuple[Place, int]]:
    root = realization.realize(entries)  # type: ignore[no-untyped-call]
    for path, place in places.items():
        account = realization.get(root, path)  # type: ignore[no-untyped-call]
        # An account without accounts below it is false.
        amount = 0 if account is None else account.balance.get_currency_units("VND").number
        if amount:
            yield place, int(amount)


class _Adding:
    """Adds postings up: by the ends of the days on which something happened, and by province."""

    def __init__(self, first: date) -> None:
        self.first = first
        self.days: defaultdict[date, list[tuple[Place, int]]] = defaultdict(list)
        self.provinces: defaultdict[tuple[Place, str], int] = defaultdict(int)
        self.turnover: defaultdict[Place, tuple[int, int]] = defaultdict(lambda: (0, 0))

    def add(self, on: date, place: Place, province: str, amount: int, side: str | None) -> None:
        self.days[on].append((place, amount))
        self.provinces[place, province] += amount
        if on >= self.first:
            debit, credit = self.turnover[place]
            is_debit = side == "debit" if side else amount > 0
            self.turnover[place] = (
                (debit + amount, credit) if is_debit else (debit, credit - amount)
            )

    def figures(self) -> Figures:
        so_far: defaultdict[Place, int] = defaultdict(int)
        ends = {}
        for on in sorted(self.days):
            for place, amount in self.days[on]:
                so_far[place] += amount
            ends[on] = standing(so_far)
        provinces = {key: amount for key, amount in self.provinces.items() if amount}
        turnover = {place: sides for place, sides in self.turnover.items() if any(sides)}
        return Figures(ends, provinces, turnover)


def standing(balances: dict[Place, int]) -> dict[Place, int]:
    """Leave out what is 0."""
    return {place: amount for place, amount in balances.items() if amount}


def amount_of(cell: str) -> int:
    """Read an amount of hledger: `-1000 VND`, or `0`."""
    return int(cell.removesuffix(" VND"))


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, env=UNICODE, check=False)
