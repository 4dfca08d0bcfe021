"""Settlements as pages show them: three numbers side by side, their differences, what is open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, Fund
from fundsvc.books.reversing import is_undone
from fundsvc.errors import NotFound
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.settlements import counting, surplus
from fundsvc.settlements.counting import Count, Days
from fundsvc.settlements.models import (
    Claim,
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementPayment,
)
from fundsvc.sms import fees
from fundsvc.sms.models import Campaign
from fundsvc.templating import in_language
from fundsvc.units.models import Unit

_WHOLE: Final = 10_000
"""Rates are hundredths of a percent."""
DONE, DIFFERS, TO_ACCEPT, TO_PAY, OPEN = "done", "differs", "to-accept", "to-pay", "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementFacts:
    """A settlement with all its sums, in đồng.

    `booked_fee`, `received` and `lost` are what was booked and not taken back; `surplus` is what
    the bank received beyond what was owed.
    """

    id: int
    operator: str
    campaign_id: int
    short_code: str
    keyword: str
    unit_value: int
    fund_name: str
    unit_name: str
    period_from: date
    period_to: date
    counted: Count
    reported: Count
    fee: int
    net: int
    paid_on: date
    bank_reference: str
    accepted_at: datetime | None
    booked_fee: int
    received: int
    lost: int
    surplus: int
    has_list: bool

    @property
    def difference(self) -> Count:
        """What the operator reports more than we counted."""
        return self.reported - self.counted

    @property
    def banked(self) -> int:
        """What of the bank's lines and of set-off surpluses came for it, too much included."""
        return self.received + self.surplus

    @property
    def unpaid(self) -> int:
        """What of the reported net the bank has not received; below zero when it got more."""
        return self.net - self.received

    @property
    def remaining(self) -> int:
        """What the operator still owes by our count."""
        return self.counted.gross - self.booked_fee - self.received - self.lost

    @property
    def differs(self) -> bool:
        """Whether a difference stands of which not all was given up."""
        more = self.difference.gross
        if more:
            return more > 0 or more + self.lost < 0
        return bool(self.difference.messages) and not self.lost

    @property
    def state(self) -> str:
        """What is to be done: nothing, clear a difference, accept, wait for money, look again."""
        if self.accepted_at and not self.remaining:
            return DONE
        if self.differs:
            return DIFFERS
        if self.accepted_at is None:
            return TO_ACCEPT
        return TO_PAY if self.received < self.net else OPEN

    @property
    def settled(self) -> int:
        """All that was booked off the receivable."""
        return self.booked_fee + self.received + self.lost

    def as_json(self) -> dict[str, Any]:
        """Return the settlement as `settlement list --json` prints it."""
        return {
            "id": self.id,
            "operator": self.operator,
            "short_code": self.short_code,
            "keyword": self.keyword,
            "period_from": self.period_from.isoformat(),
            "period_to": self.period_to.isoformat(),
            "counted": self.counted.as_json(),
            "reported": self.reported.as_json() | {"fee": self.fee, "net": self.net},
            "difference": self.difference.as_json(),
            "received": self.banked,
            "surplus": self.surplus,
            "remaining": self.remaining,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class MoneyFacts:
    """A confirmed line of the bank; or a surplus of the operator set off, which has no account."""

    act: int
    booked_on: date
    account: str
    memo: str
    amount: int
    surplus: int


@dataclass(frozen=True, slots=True)
class Detail:
    """What a settlement's page shows beside its sums."""

    money: tuple[MoneyFacts, ...]
    losses: tuple[SettlementLoss, ...]
    claims: tuple[Claim, ...]
    fee_act: int | None


def every(session: Session, days: Days) -> list[SettlementFacts]:
    """Return the settlements, those of the latest days first; `days` is what was counted."""
    rows = session.execute(
        _query().order_by(
            Settlement.period_to.desc(),
            Settlement.operator,
            Campaign.short_code,
            Campaign.keyword,
            Settlement.id,
        )
    ).all()
    sums = _sums(session) if rows else {}
    return [_facts(row, _within(days, row.Settlement), sums) for row in rows]


def one(session: Session, settlement_id: int) -> tuple[Settlement, SettlementFacts]:
    """Return a settlement, its row and its facts.

    Raises:
        NotFound: there is none, or not for this person.
    """
    row = session.execute(_query().where(Settlement.id == settlement_id)).first()
    if row is None:
        raise NotFound
    found = row.Settlement
    asked = counting.Asked(found.operator, found.campaign_id, found.period_from, found.period_to)
    return found, _facts(row, counting.counted(session, asked), _sums(session, found.id))


def agreed_fee(session: Session, row: Settlement) -> int | None:
    """Return what the operator may keep of its gross by the campaign's rate, in đồng.

    None when no rate was agreed, or when it changed within the period: then a person has to tell.
    """
    first, last = (
        fees.rate_on(session, row.campaign_id, row.operator, day)
        for day in (row.period_from, row.period_to)
    )
    if first is None or first != last:
        return None
    return (row.gross * first + _WHOLE // 2) // _WHOLE


def detail(session: Session, settlement_id: int) -> Detail:
    """Return the money, losses and claims of a settlement, the oldest first."""
    money = session.execute(
        select(SettlementPayment.act, BankLine, BankAccount.code)
        .join(BankLine, BankLine.id == SettlementPayment.bank_line_id)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(SettlementPayment.settlement_id == settlement_id)
        .order_by(BankLine.booked_on, BankLine.id)
    )
    row = session.get_one(Settlement, settlement_id)

    def confirmed(found: Any) -> MoneyFacts:
        act, line, code = found
        more = (surplus.of_act(session, row, act) or (0, 0))[1]
        return MoneyFacts(act, line.booked_on, code, line.memo, line.credit, more)

    losses = select(SettlementLoss).filter_by(settlement_id=settlement_id)
    claims = select(Claim).filter_by(settlement_id=settlement_id)
    fee = select(func.max(SettlementEntry.act)).where(
        SettlementEntry.settlement_id == settlement_id,
        SettlementEntry.kind == "fee",
        ~is_undone(SettlementEntry.entry_id),
    )
    return Detail(
        money=(*map(confirmed, money), *_offsets(session, settlement_id)),
        losses=tuple(session.scalars(losses.order_by(SettlementLoss.id))),
        claims=tuple(session.scalars(claims.order_by(Claim.id))),
        fee_act=session.scalar(fee),
    )


def asked(session: Session) -> frozenset[int]:
    """Return the settlements of which somebody asked to give something up, undecided."""
    found = select(SettlementLoss.settlement_id).filter_by(state="asked")
    return frozenset(session.scalars(found))


def _offsets(session: Session, settlement_id: int) -> list[MoneyFacts]:
    """Return the operator's surpluses that were set off for a settlement."""
    query = (
        select(
            SettlementEntry.act,
            func.min(SettlementEntry.booked_on),
            func.sum(SettlementEntry.amount),
        )
        .join(Entry, Entry.id == SettlementEntry.entry_id)
        .where(
            SettlementEntry.settlement_id == settlement_id,
            Entry.kind == surplus.OFFSET,
            ~is_undone(SettlementEntry.entry_id),
        )
        .group_by(SettlementEntry.act)
        .order_by(SettlementEntry.act)
    )
    return [
        MoneyFacts(act, on, "", "", int(amount), 0) for act, on, amount in session.execute(query)
    ]


def settled(session: Session) -> Iterable[tuple[Settlement, int]]:
    """Return each settlement with all that was booked off its receivable."""
    sums = _sums(session)
    return [
        (row, sum(sums.get((row.id, kind), 0) for kind in ("fee", "money", "loss")))
        for row in session.scalars(select(Settlement).order_by(Settlement.period_from))
    ]


def _query() -> Any:
    return (
        select(Settlement, Campaign, Fund, Unit.name.label("unit_name"))
        .join(Campaign, Campaign.id == Settlement.campaign_id)
        .join(Fund, Fund.id == Campaign.fund_id)
        .join(Unit, Unit.id == Campaign.unit_id)
    )


def _sums(session: Session, settlement_id: int | None = None) -> dict[tuple[int, str], int]:
    """Return what was booked and not taken back, by settlement and kind."""
    query = (
        select(
            SettlementEntry.settlement_id, SettlementEntry.kind, func.sum(SettlementEntry.amount)
        )
        .where(~is_undone(SettlementEntry.entry_id))
        .group_by(SettlementEntry.settlement_id, SettlementEntry.kind)
    )
    if settlement_id is not None:
        query = query.where(SettlementEntry.settlement_id == settlement_id)
    found = {(number, kind): int(amount) for number, kind, amount in session.execute(query)}
    more = surplus.standing(session)
    return found | {(number, "surplus"): amount for number, amount in more.items()}


def _within(days: Days, row: Settlement) -> Count:
    found = days.get((row.operator, row.campaign_id), {})
    inside = (count for day, count in found.items() if row.period_from <= day <= row.period_to)
    return sum(inside, Count())


def _facts(found: Any, counted: Count, sums: dict[tuple[int, str], int]) -> SettlementFacts:
    row, campaign, fund = found.Settlement, found.Campaign, found.Fund
    return SettlementFacts(
        id=row.id,
        operator=row.operator,
        campaign_id=row.campaign_id,
        short_code=campaign.short_code,
        keyword=campaign.keyword,
        unit_value=campaign.unit_value,
        fund_name=in_language(fund.name, fund.name_en),
        unit_name=found.unit_name,
        period_from=row.period_from,
        period_to=row.period_to,
        counted=counted,
        reported=Count(row.messages, row.gross),
        fee=row.fee,
        net=row.net,
        paid_on=row.paid_on,
        bank_reference=row.bank_reference,
        accepted_at=row.accepted_at,
        booked_fee=sums.get((row.id, "fee"), 0),
        received=sums.get((row.id, "money"), 0),
        lost=sums.get((row.id, "loss"), 0),
        surplus=sums.get((row.id, "surplus"), 0),
        has_list=row.detail_sha256 is not None,
    )
