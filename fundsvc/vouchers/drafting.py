"""A voucher as it is written down, as plain values, and the lines it will be booked by."""

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from fundsvc.vouchers.kinds import CASH_IN, JOURNAL, KINDS, TRANSFER
from ledger import recipes
from ledger.accounts import CASH
from ledger.entries import Posting

MOST_LINES: Final = 200
"""How many lines a voucher may have; a journal entry itself could have 1,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """A line as it is typed: on a cash or bank voucher an account and its amount, else Nợ or Có.

    Fund and unit are the voucher's own unless they are named (journal vouchers only).
    """

    account: str
    amount: int = 0
    debit: int = 0
    credit: int = 0
    fund: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a person writes on a voucher; amounts are whole đồng.

    `amount` 0 means the sum of the lines. `till` is where the money lies (`111`, or `112.CODE`);
    a transfer without tills is owed until it is settled. `province` is where the money comes from
    or goes, as `2025:44`.
    """

    unit: str
    kind: str
    date: dt.date
    fund: str
    description: str
    amount: int = 0
    party: str = ""
    party_address: str = ""
    enclosed: str = ""
    province: str | None = None
    till: str | None = None
    lines: tuple[DraftLine, ...] = ()
    resolution: str | None = None
    resolution_on: dt.date | None = None
    to_fund: str | None = None
    to_unit: str | None = None
    to_till: str | None = None

    @property
    def total(self) -> int:
        """The voucher's amount: what is written, else the sum of its lines (of their Nợ side)."""
        if self.kind == JOURNAL:
            return sum(line.debit for line in self.lines)
        return self.amount or self.shared

    @property
    def shared(self) -> int:
        """The sum of the lines' amounts."""
        return sum(line.amount for line in self.lines)


def completed(draft: Draft) -> Draft:
    """Return a draft with what goes without saying, and without what its kind does not have."""
    kind = KINDS[draft.kind]
    transfer = draft.kind == TRANSFER
    till = draft.till or None
    if kind.till == CASH:
        till = CASH
    elif draft.kind == JOURNAL:
        till = None
    return replace(
        draft,
        amount=draft.total,
        till=till,
        province=draft.province or None,
        lines=() if transfer else tuple(_own(line, draft) for line in draft.lines),
        resolution=draft.resolution or None,
        to_fund=(draft.to_fund or draft.fund) if transfer else None,
        to_unit=(draft.to_unit or draft.unit) if transfer else None,
        to_till=(draft.to_till or None) if transfer else None,
    )


def _own(line: DraftLine, draft: Draft) -> DraftLine:
    """Keep of a line what its voucher's kind has."""
    if draft.kind == JOURNAL:
        return replace(line, amount=0, fund=line.fund or draft.fund, unit=line.unit or draft.unit)
    return DraftLine(account=line.account, amount=line.amount)


def postings(draft: Draft) -> tuple[Posting, ...]:
    """Return the lines that a completed draft will be booked by; they need not balance yet.

    Raises:
        LedgerError: an amount is not above 0, or a line stands on both sides or on none.
    """
    if draft.kind == TRANSFER:
        if not draft.amount:
            return ()
        return recipes.transfer(
            amount=draft.amount,
            fund=draft.fund,
            unit=draft.unit,
            to_fund=draft.to_fund or draft.fund,
            to_unit=draft.to_unit or draft.unit,
            till=draft.till,
            to_till=draft.to_till,
        )
    if draft.kind == JOURNAL:
        return tuple(
            Posting(
                line.account,
                line.fund or draft.fund,
                line.unit or draft.unit,
                line.debit,
                line.credit,
            )
            for line in draft.lines
        )
    if not draft.lines:
        return ()
    book = recipes.money_in if KINDS[draft.kind].money == "in" else recipes.money_out
    shares = [(line.account, line.amount) for line in draft.lines]
    return book(till=draft.till or CASH, fund=draft.fund, unit=draft.unit, shares=shares)


def differences(lines: Iterable[Posting]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return debit and credit of every fund and unit in which they differ."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        sides = sums[line.fund, line.unit]
        sides[0] += line.debit
        sides[1] += line.credit
    return {key: (debit, credit) for key, (debit, credit) in sums.items() if debit != credit}


def as_json(draft: Draft) -> dict[str, Any]:
    """Return a draft as facts that JSON can hold."""
    facts = asdict(draft)
    for name in ("date", "resolution_on"):
        if facts[name] is not None:
            facts[name] = facts[name].isoformat()
    facts["lines"] = list(facts["lines"])
    return facts


def from_json(facts: Mapping[str, Any]) -> Draft:
    """Return the draft that `as_json` wrote."""
    days = {
        name: dt.date.fromisoformat(facts[name]) if facts.get(name) else None
        for name in ("date", "resolution_on")
    }
    lines = tuple(DraftLine(**line) for line in facts["lines"])
    return Draft(**{**facts, **days, "lines": lines})


def on_day(month: dt.date, day: int) -> dt.date:
    """Return a day of a month; one that the month does not have is its last."""
    return month.replace(day=min(day, calendar.monthrange(month.year, month.month)[1]))


def blank(kind: str = CASH_IN, *, unit: str, fund: str, on: dt.date) -> Draft:
    """Return an empty draft of a kind, for an empty form."""
    return completed(Draft(unit=unit, kind=kind, date=on, fund=fund, description=""))
