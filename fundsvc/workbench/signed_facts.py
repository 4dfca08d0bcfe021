"""What can be read today of what stood when the reconciliation of a month was submitted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from fundsvc.audit.models import Act
from fundsvc.books.models import Entry, Posting
from fundsvc.books.reversing import is_undone
from fundsvc.donations.models import Donation
from fundsvc.errors import NotFound
from fundsvc.evidence import service as evidence
from fundsvc.evidence.service import DamagedFileError
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankGift, BankLine
from fundsvc.settlements.models import SettlementPayment
from fundsvc.workbench.models import BankSignoff

SUBMIT, APPROVE, REOPEN = "bank-month.submit", "bank-month.approve", "bank-month.reopen.confirm"
ACTS: Final = (SUBMIT, APPROVE, REOPEN)


@dataclass(frozen=True, slots=True)
class HeldOnce:
    """That a line was held back, from when until when; `taken` is when something else took it."""

    line_id: int
    on: date
    memo: str
    amount: int
    why: str
    since: datetime
    until: datetime | None
    taken: datetime | None

    def stood(self, at: datetime, *, surely: bool) -> bool:
        """Say whether it waited at a moment, surely or perhaps: at its ends nobody can tell."""
        ends = [end for end in (self.until, self.taken) if end is not None]
        if surely:
            return self.since < at and all(end > at for end in ends)
        return self.since <= at and all(end >= at for end in ends)

    def as_facts(self) -> tuple[str, str, int, str]:
        """Return it as the record lists it."""
        return self.on.isoformat(), self.memo, self.amount, self.why


@dataclass(frozen=True, slots=True)
class Lines:
    """How many lines there are, and what came in and went out by them."""

    count: int = 0
    money_in: int = 0
    money_out: int = 0


@dataclass(slots=True)
class Today:
    """What the books and the bank's lines say today of accounts that were signed."""

    session: Session
    accounts: dict[int, BankAccount]
    acts: dict[tuple[str, int], Act]
    _held: dict[int, list[HeldOnce]] = field(default_factory=dict)
    _days: dict[int, dict[date, Lines]] = field(default_factory=dict)
    _books: dict[int, dict[date, int]] = field(default_factory=dict)
    _waiting: dict[int, list[tuple[int, date, int]]] = field(default_factory=dict)
    _files: dict[str, bool | None] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session) -> "Today":
        """Read what is the same for all months."""
        accounts = {row.id: row for row in session.scalars(select(BankAccount))}
        acts = {}
        for act in session.scalars(select(Act).where(Act.kind.in_(ACTS)).order_by(Act.id)):
            acts[act.kind, act.facts.get("signoff", 0)] = act
        return cls(session, accounts, acts)

    def lines(self, account_id: int, first: date, last: date) -> Lines:
        """Return the lines of some days of an account."""
        if account_id not in self._days:
            self._days[account_id] = dict(_by_day(self.session, account_id))
        found = [one for day, one in self._days[account_id].items() if first <= day <= last]
        return Lines(
            sum(one.count for one in found),
            sum(one.money_in for one in found),
            sum(one.money_out for one in found),
        )

    def book(self, account_id: int, last: date) -> int:
        """Return what the postings themselves leave on an account's ledger account."""
        if account_id not in self._books:
            query = (
                select(Posting.date, func.sum(Posting.debit - Posting.credit))
                .where(Posting.account_id == self.accounts[account_id].account_id)
                .group_by(Posting.date)
            )
            self._books[account_id] = {
                day: int(moved) for day, moved in self.session.execute(query)
            }
        return sum(moved for day, moved in self._books[account_id].items() if day <= last)

    def waiting(self, account_id: int, last: date) -> Iterator[tuple[int, int]]:
        """Return the lines until a day that wait today, each with its amount."""
        if account_id not in self._waiting:
            signed = select(func.max(BankSignoff.month)).where(
                BankSignoff.bank_account_id == account_id
            )
            until = self.session.scalar(signed) or last
            query = select(BankLine.id, BankLine.booked_on, BankLine.credit - BankLine.debit).where(
                BankLine.bank_account_id == account_id,
                BankLine.booked_on < _next_month(until),
                decided.waiting(),
            )
            self._waiting[account_id] = [
                (number, on, int(amount)) for number, on, amount in self.session.execute(query)
            ]
        return ((number, amount) for number, on, amount in self._waiting[account_id] if on <= last)

    def held(self, account_id: int, last: date) -> list[HeldOnce]:
        """Return what was ever held back of the lines until a day."""
        if account_id not in self._held:
            self._held[account_id] = list(_held(self.session, account_id))
        return [one for one in self._held[account_id] if one.on <= last]

    def file(self, sha256: str) -> bool | None:
        """Say whether a kept file is still what was kept; None when it is gone."""
        if sha256 not in self._files:
            try:
                with evidence.opened(sha256):
                    self._files[sha256] = True
            except NotFound:
                self._files[sha256] = None
            except DamagedFileError:
                self._files[sha256] = False
        return self._files[sha256]


def per_line(found: Iterable[HeldOnce]) -> dict[int, HeldOnce]:
    """Return each line once."""
    return {one.line_id: one for one in found}


def listed(found: Iterable[HeldOnce]) -> Counter[tuple[str, str, int, str]]:
    """Return held lines as the record lists them."""
    return Counter(one.as_facts() for one in found)


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _by_day(session: Session, account_id: int) -> Iterator[tuple[date, Lines]]:
    query = (
        select(
            BankLine.booked_on,
            func.count(),
            func.sum(BankLine.credit),
            func.sum(BankLine.debit),
        )
        .where(BankLine.bank_account_id == account_id)
        .group_by(BankLine.booked_on)
    )
    for day, count, money_in, money_out in session.execute(query):
        yield day, Lines(count, int(money_in), int(money_out))


def _held(session: Session, account_id: int) -> Iterator[HeldOnce]:
    """Yield what was ever held back of an account, and when something else took the line."""
    reversal = aliased(Entry)
    query = (
        select(
            BankLine,
            BankDecision,
            SettlementPayment.confirmed_at,
            CardPayout.matched_at,
            Donation.recorded_at,
            reversal.posted_at,
        )
        .join(BankDecision, BankDecision.bank_line_id == BankLine.id)
        .outerjoin(SettlementPayment, SettlementPayment.bank_line_id == BankLine.id)
        .outerjoin(CardPayout, CardPayout.bank_line_id == BankLine.id)
        .outerjoin(BankGift, BankGift.bank_line_id == BankLine.id)
        .outerjoin(
            Donation, and_(Donation.id == BankGift.donation_id, ~is_undone(Donation.entry_id))
        )
        .outerjoin(reversal, reversal.reverses_id == BankLine.entry_id)
        .where(BankLine.bank_account_id == account_id, BankDecision.kind == decided.HELD)
    )
    for line, row, *taken in session.execute(query):
        yield HeldOnce(
            line_id=line.id,
            on=line.booked_on,
            memo=line.memo,
            amount=line.credit - line.debit,
            why=row.note,
            since=row.decided_at,
            until=row.undone_at,
            taken=min((at for at in taken if at is not None), default=None),
        )
