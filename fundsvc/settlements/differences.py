"""Differences as named lists of messages: by the operator's own list, or the likeliest without it.

With the operator's list every message that differs is known. Without one only the sums differ, and
the messages that can make them up are candidates: those of the differing amount, first of all the
second ones of a number within minutes, then those at the edges of the period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, case, cast, exists, extract, func, literal, null, or_, select
from sqlalchemy.orm import Session

from fundsvc.clock import VN
from fundsvc.columns import Big
from fundsvc.secrecy import open_phones
from fundsvc.settlements.counting import Count, taken_back
from fundsvc.settlements.models import OK, Settlement, SettlementMessage
from fundsvc.sms.lists import shown_phone
from fundsvc.sms.models import SmsMessage
from fundsvc.sms.resolver import BOOKED

MISSING_THERE: Final = "missing-there"
FAILED_THERE: Final = "failed-there"
AMOUNT: Final = "amount"
MISSING_HERE: Final = "missing-here"
LATE: Final = "late"
KINDS: Final = (MISSING_THERE, FAILED_THERE, AMOUNT, MISSING_HERE, LATE)
OWED: Final = (MISSING_THERE, FAILED_THERE, AMOUNT)
"""The lists whose money the operator still owes by our count."""
SHOWN: Final = 100
CANDIDATES: Final = 20
NEAR: Final = timedelta(minutes=10)
DOUBLE, FIRST, LAST, OTHER = "double", "first", "last", "other"

_NOTHING: Final = cast(null(), Big)


@dataclass(frozen=True, slots=True)
class Line:
    """A message of a list; `here` is its state with us, None when we do not have it."""

    request_id: str
    phone: str
    message: str
    received_at: datetime | None
    ours: int | None
    theirs: int | None
    here: str | None
    province_id: int | None


@dataclass(frozen=True, slots=True)
class NamedList:
    """Messages that differ in one way: how many, what they come to with us and there, the first."""

    kind: str
    messages: int
    ours: int
    theirs: int
    lines: tuple[Line, ...]

    @property
    def owed(self) -> int:
        """What the operator owes for them by our count, in đồng."""
        return self.ours - self.theirs if self.kind == AMOUNT else self.ours


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may be one of those that make up a difference, and why it is likely."""

    line: Line
    why: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """A page of messages that may make up a difference, and how many there are in all."""

    messages: list[Candidate]
    of: int


def told(session: Session, row: Settlement) -> Count | None:
    """Return what the operator's own list comes to, None when it sent none."""
    if row.detail_sha256 is None:
        return None
    messages, gross = session.execute(
        select(func.count(), func.coalesce(func.sum(SettlementMessage.amount), 0)).where(
            SettlementMessage.settlement_id == row.id, SettlementMessage.status == OK
        )
    ).one()
    return Count(int(messages or 0), int(gross or 0))


def lists(session: Session, row: Settlement, shown: int = SHOWN) -> list[NamedList]:
    """Return the lists that hold anything, each with its first messages."""
    if row.detail_sha256 is None:
        return []
    found = [_list(session, row, kind, shown) for kind in KINDS]
    return [one for one in found if one.messages]


def one_list(session: Session, row: Settlement, kind: str, shown: int) -> NamedList:
    """Return one list, empty when there is nothing of the kind."""
    if row.detail_sha256 is None or kind not in KINDS:
        return NamedList(kind, 0, 0, 0, ())
    return _list(session, row, kind, shown)


def holds(session: Session, row: Settlement, kind: str, request_id: str) -> bool:
    """Say whether one of our messages stands on a list."""
    query = _query(row, kind).where(SmsMessage.request_id == request_id)
    return session.execute(query.limit(1)).first() is not None


def every(session: Session, row: Settlement) -> Iterator[tuple[str, Line]]:
    """Yield all messages of all lists, with the kind of the list."""
    if row.detail_sha256 is None:
        return
    for kind in KINDS:
        query = _query(row, kind).order_by(*_order(kind)).execution_options(yield_per=1_000)
        for rows in session.execute(query).partitions():
            for line in _lines(rows):
                yield kind, line


def candidates(session: Session, row: Settlement, difference: Count, begin: int = 0) -> Candidates:
    """Return messages that can make up what the operator reports less than we counted.

    They come in pages, the likeliest first; this is the one from the `begin`th on.
    """
    if difference.messages >= 0:
        return Candidates([], 0)
    amount, rest = divmod(difference.gross, difference.messages)
    inside = _ours(row).where(_in_period(row))
    if not rest:
        inside = inside.where(SmsMessage.amount == amount)
    # Window functions see all messages of the period; only the likely ones come out.
    before = func.lag(SmsMessage.received_at).over(
        partition_by=(SmsMessage.phone_hash, SmsMessage.amount), order_by=SmsMessage.received_at
    )
    start = datetime.combine(row.period_from, time(), VN)
    end = datetime.combine(row.period_to + timedelta(days=1), time(), VN)
    part = inside.add_columns(before.label("before")).subquery()
    gap = extract("epoch", part.c.received_at) - extract("epoch", part.c.before)
    why = case(
        (gap <= NEAR.total_seconds(), DOUBLE),
        (part.c.received_at < start + NEAR, FIRST),
        (part.c.received_at >= end - NEAR, LAST),
        else_=OTHER,
    ).label("why")
    order = case((gap <= NEAR.total_seconds(), 0), (why != OTHER, 1), else_=2)
    query = select(part, why, func.count().over().label("of"))
    query = query.order_by(order, part.c.received_at, part.c.request_id)
    rows = session.execute(query.offset(begin).limit(CANDIDATES)).all()
    found = [Candidate(line, row.why) for line, row in zip(_lines(rows), rows, strict=True)]
    return Candidates(found, rows[0].of if rows else 0)


def _list(session: Session, row: Settlement, kind: str, shown: int) -> NamedList:
    query = _query(row, kind)
    part = query.subquery()
    messages, ours, theirs = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(part.c.ours), 0),
            func.coalesce(func.sum(part.c.theirs), 0),
        ).select_from(part)
    ).one()
    ordered = query.order_by(*_order(kind)).limit(shown)
    lines = _lines(session.execute(ordered).all()) if messages else []
    return NamedList(kind, int(messages), int(ours), int(theirs), tuple(lines))


def _order(kind: str) -> tuple[Any, ...]:
    """Return in what order a list stands: as the operator lists them, or as they came."""
    if kind == MISSING_HERE:
        return (SettlementMessage.row,)
    return SmsMessage.received_at, SmsMessage.request_id


def _query(row: Settlement, kind: str) -> Select[*tuple[Any, ...]]:
    """Return the messages of one list."""
    theirs = and_(
        SettlementMessage.settlement_id == row.id,
        SettlementMessage.request_id == SmsMessage.request_id,
    )
    listed = SettlementMessage.status == OK
    if kind == MISSING_HERE:
        ours = and_(
            SmsMessage.operator == row.operator,
            SmsMessage.request_id == SettlementMessage.request_id,
        )
        unbooked = or_(
            SmsMessage.request_id.is_(None),
            SmsMessage.status != BOOKED,
            SmsMessage.campaign_id != row.campaign_id,
            SmsMessage.request_id.in_(taken_back(row.operator)),
        )
        return (
            _columns(SettlementMessage.request_id, here=True)
            .select_from(SettlementMessage)
            .outerjoin(SmsMessage, ours)
            .where(SettlementMessage.settlement_id == row.id, listed, unbooked)
        )
    booked = _columns(SmsMessage.request_id).select_from(SmsMessage).where(*_booked(row))
    match kind:
        case "missing-there":
            joined = booked.outerjoin(SettlementMessage, theirs)
            absent = SettlementMessage.request_id.is_(None)
            return joined.where(_in_period(row), absent, ~_listed_elsewhere(row))
        case "failed-there":
            return booked.join(SettlementMessage, theirs).where(_in_period(row), ~listed)
        case "late":
            return booked.join(SettlementMessage, theirs).where(~_in_period(row), listed)
        case _:
            differs = SettlementMessage.amount != SmsMessage.amount
            return booked.join(SettlementMessage, theirs).where(listed, differs)


def _columns(request_id: Any, *, here: bool = False) -> Select[*tuple[Any, ...]]:
    state = case((SmsMessage.status != BOOKED, SmsMessage.status), else_=literal("reversed"))
    return select(
        request_id.label("request_id"),
        SmsMessage.phone_hash,
        SmsMessage.phone_sealed,
        SmsMessage.message,
        SmsMessage.received_at,
        (_NOTHING if here else SmsMessage.amount).label("ours"),
        SettlementMessage.amount.label("theirs"),
        (
            case((SmsMessage.request_id.is_(None), null()), else_=state)
            if here
            else literal(BOOKED)
        ).label("here"),
        SmsMessage.province_id,
    )


def _ours(row: Settlement) -> Select[*tuple[Any, ...]]:
    return select(
        SmsMessage.request_id,
        SmsMessage.phone_hash,
        SmsMessage.phone_sealed,
        SmsMessage.message,
        SmsMessage.received_at,
        SmsMessage.amount.label("ours"),
        _NOTHING.label("theirs"),
        literal(BOOKED).label("here"),
        SmsMessage.province_id,
    ).where(*_booked(row))


def _booked(row: Settlement) -> Sequence[Any]:
    """The messages that count for the settlement's operator and campaign, on any day."""
    return (
        SmsMessage.operator == row.operator,
        SmsMessage.campaign_id == row.campaign_id,
        SmsMessage.status == BOOKED,
        SmsMessage.request_id.not_in(taken_back(row.operator)),
    )


def _listed_elsewhere(row: Settlement) -> Any:
    """Whether the operator settles a message with those of other days: then it is not missing."""
    return exists(
        select(SettlementMessage.request_id)
        .join(Settlement, Settlement.id == SettlementMessage.settlement_id)
        .where(
            Settlement.operator == row.operator,
            Settlement.campaign_id == row.campaign_id,
            Settlement.id != row.id,
            SettlementMessage.request_id == SmsMessage.request_id,
            SettlementMessage.status == OK,
        )
        .correlate(SmsMessage)
    )


def _in_period(row: Settlement) -> Any:
    return SmsMessage.received_on.between(row.period_from, row.period_to)


def _lines(rows: Sequence[Any]) -> list[Line]:
    """Return messages as lists show them; all their numbers are opened at once."""
    phones = open_phones(
        [found.phone_hash or "" for found in rows], [found.phone_sealed or "" for found in rows]
    )
    return [
        Line(
            request_id=found.request_id,
            phone=shown_phone(phone) if phone else "",
            message=found.message or "",
            received_at=found.received_at,
            ours=found.ours,
            theirs=found.theirs,
            here=found.here,
            province_id=found.province_id,
        )
        for found, phone in zip(rows, phones, strict=True)
    ]
