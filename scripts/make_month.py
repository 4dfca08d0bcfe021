#!/usr/bin/env python3
"""Make a month of a bank's lines whose truth is known, for matching to be scored by.

usage: scripts/make_month.py [--seed N] [--lines N] FOLDER

Writes promises.csv, settlements.csv, payouts.csv, VCB1.csv, VCB2.csv (the bank's statements) and
truth.json, which says what every line is. Nothing in it is about real people. Among the coded
lines some have a slip of typing, some two codes, some a code of another fund: those nobody may
match without looking.
"""

import argparse
import csv
import json
import random
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fundsvc.giving import codes
from ledger.words import grouped

FIRST = date(2026, 9, 1)
OWN = {"VCB1": "0011004455", "VCB2": "0099887766"}
HEADER = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails"
FAMILY = ("NGUYEN", "TRAN", "LE", "PHAM", "HOANG", "VU", "DANG", "BUI", "DO", "NGO")
MIDDLE = ("VAN", "THI", "DUC", "MINH", "NGOC", "QUANG", "THANH", "HUU")
GIVEN = ("AN", "BINH", "CHI", "DUNG", "GIANG", "HA", "HUNG", "LAN", "LONG", "MAI", "NAM", "SON")
AMOUNTS = (50_000, 100_000, 100_000, 100_000, 200_000, 200_000, 300_000, 500_000, 1_000_000)
OPERATORS = ("mobifone", "viettel", "vinaphone")
GIFT, SLIP, TWO, OTHER_FUND, UNCODED, STRANGE = (
    "gift", "slip", "two-codes", "other-fund", "uncoded", "strange-code",
)  # fmt: skip
CODED = (GIFT, SLIP, TWO, OTHER_FUND)
"""The kinds of lines on which somebody wrote a code of a promise."""


@dataclass(frozen=True)
class Line:
    """A line of the bank with its truth: the kind, and what names the other side (code, payout)."""

    account: str
    day: date
    doc: str
    memo: str
    amount: int
    kind: str
    ref: str = ""


@dataclass
class Month:
    """A month: the bank's lines with their truth, and what other sides know."""

    lines: list[Line] = field(default_factory=list)
    promises: list[dict[str, Any]] = field(default_factory=list)
    settlements: list[dict[str, Any]] = field(default_factory=list)
    payouts: list[dict[str, Any]] = field(default_factory=list)

    def statement(self, account: str) -> str:
        """Return a bank account's statement as Vietcombank writes it, by day."""
        rows = sorted((line for line in self.lines if line.account == account), key=_order)
        out = [HEADER]
        for line in rows:
            sides = ("", grouped(line.amount)) if line.amount > 0 else (grouped(-line.amount), "")
            out.append(f"1,{line.day:%d/%m/%Y},{line.doc},{','.join(sides)},,{line.memo}")
        return "\r\n".join((*out, ""))


def _order(line: Line) -> tuple[date, str]:
    return line.day, line.doc


class Maker:
    """Makes a month from a seed: the same seed and size make the same month."""

    def __init__(self, seed: int, lines: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a month made to be made again
        self.wanted = lines
        self.month = Month()
        self.count = 0

    def make(self) -> Month:
        """Return the month."""
        self.others()
        while self.count < self.wanted:
            self.gift()
        return self.month

    def add(self, memo: str, amount: int, kind: str, ref: str = "", **facts: Any) -> None:
        """Add a line."""
        self.count += 1
        day = facts.get("day") or FIRST + timedelta(days=self.random.randrange(29))
        account = facts.get("account", "VCB1")
        self.month.lines.append(
            Line(account, day, f"5213.{self.count:06}", memo, amount, kind, ref)
        )

    def name(self) -> str:
        """Return somebody's name."""
        return " ".join(map(self.random.choice, (FAMILY, MIDDLE, GIVEN)))

    def promise(self, amount: int, name: str, page: str = "nha-tinh-nghia") -> str:
        """Note a promise and return its code."""
        code = codes.with_check("".join(self.random.choices(codes.LETTERS, k=codes.DRAWN)))
        row = {"code": code, "amount": amount, "name": name, "page": page}
        self.month.promises.append(row)
        return code

    def spoken(self, code: str) -> str:
        """Return a code as people and banks write it: spaced, small, wrapped, in other words."""
        at = self.random.randrange(3, 9)
        return self.random.choice(
            (
                code,
                code,
                f"{code[:at]} {code[at:]}",
                " ".join((code[:2], code[2:6], code[6:])),
                code.lower(),
                f"{code[:at]}-{code[at:]}",
                f"UNGHO{code}",
            )
        )

    def slipped(self, code: str) -> str:
        """Return a code with one letter wrong, missing, too many, or two that changed places."""
        while True:
            at, letter = self.random.randrange(2, 11), self.random.choice(codes.LETTERS)
            wrong = self.random.choice(
                (
                    code[:at] + letter + code[at + 1 :],
                    code[:at] + code[at + 1 :],
                    code[:at] + letter + code[at:],
                    code[: at - 1] + code[at : at + 1] + code[at - 1] + code[at + 1 :],
                )
            )
            if not codes.find(f"{wrong} ung ho"):
                return wrong

    def gift(self) -> None:
        """Add what one giver does: coded, coded wrongly, twice, or without any code."""
        chance, name = self.random.random(), self.name()
        amount = self.random.choice(AMOUNTS)
        ending = self.random.choice((f" {name} ung ho", ".CT tu 0123 toi 0011", " chuyen tien", ""))
        if chance < 0.70:
            day = FIRST + timedelta(days=self.random.randrange(29))
            # Twins: the same amount on the same day, and both in the bank's same words but a code.
            for _twin in range(self.random.choice((1, 1, 1, 2))):
                code = self.promise(amount, name)
                self.add(f"MBVCB.{self.spoken(code)}{ending}", amount, GIFT, code, day=day)
        elif chance < 0.73:
            code = self.promise(2 * amount, name)
            for _part in range(2):
                self.add(f"{self.spoken(code)}{ending}", amount, GIFT, code)
        elif chance < 0.75:
            code = self.promise(amount, name)
            self.add(f"{self.slipped(code)} {name}", amount, SLIP, code)
        elif chance < 0.753:
            one, other = self.promise(amount, name), self.promise(amount, name)
            self.add(f"{one} {other}", 2 * amount, TWO, one)
        elif chance < 0.756:
            code = self.promise(amount, name, "chan-quy")
            self.add(f"{code} {name}", amount, OTHER_FUND, code)
        elif chance < 0.77:
            letters = "".join(self.random.choices(codes.LETTERS, k=codes.DRAWN))
            self.add(f"{codes.with_check(letters)} hoc phi", amount, STRANGE)
        elif chance < 0.80:
            self.promise(amount, name)  # A promise that nobody pays by its code.
            self.add("chuyen tien", amount, UNCODED)
        else:
            self.add(f"{name} ung ho", amount, UNCODED, name)

    def others(self) -> None:
        """Add settlements, payouts, transfers between our accounts, interest and fees."""
        for n, operator in enumerate(OPERATORS):
            gross, day = 30_000_000 + n * 7_000_000, FIRST + timedelta(days=12 + n)
            reference = f"DS{operator[:3].upper()}1400{n}7"
            fee = gross // 100
            self.month.settlements.append(
                {
                    "operator": operator, "period_from": "2026-07-01", "period_to": "2026-08-31",
                    "short_code": "1400", "keyword": "TS", "messages": gross // 20_000,
                    "gross": gross, "fee": fee, "net": gross - fee,
                    "paid_on": day.isoformat(), "bank_reference": reference,
                }
            )  # fmt: skip
            memo = f"CT DI {reference[:5]} {reference[5:]} thang 7-8"
            self.add(memo, gross - fee, "settlement", reference, day=day)
        for n in range(4):
            amount, sent = 4_321_000 + n * 111_000, FIRST + timedelta(days=3 + 7 * n)
            payout = f"po_{n:06}"
            row = {"payout": payout, "amount": amount, "sent_on": sent.isoformat()}
            self.month.payouts.append(row)
            arrived = sent + timedelta(days=2)
            self.add("STRIPE PAYMENTS UK", amount, "payout", payout, day=arrived)
        for n in range(3):
            amount, day = 20_000_000 + n * 5_000_000, FIRST + timedelta(days=9 + n)
            self.add(f"Chuyen noi bo sang {OWN['VCB2']}", -amount, "mirror", str(n), day=day)
            memo = f"Nhan tu {OWN['VCB1']}"
            self.add(memo, amount, "mirror", str(n), day=day, account="VCB2")
        self.add("TRA LAI TIEN GUI", 12_345, "interest")
        for _n in range(3):
            self.add("Phi quan ly tai khoan", -11_000, "fee")


def make(seed: int, lines: int) -> Month:
    """Return a month of so many lines, or a few more."""
    return Maker(seed, lines).make()


def main() -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=2_000)
    asked = parser.parse_args()
    month = make(asked.seed, asked.lines)
    asked.folder.mkdir(parents=True, exist_ok=True)
    for name in ("promises", "settlements", "payouts"):
        rows = getattr(month, name)
        with (asked.folder / f"{name}.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    for account in OWN:
        (asked.folder / f"{account}.csv").write_text(month.statement(account))
    truth = [asdict(line) | {"day": line.day.isoformat()} for line in month.lines]
    (asked.folder / "truth.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1))
    print(f"{len(month.lines)} lines, {len(month.promises)} promises: {asked.folder}")


if __name__ == "__main__":
    main()
