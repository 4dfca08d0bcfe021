"""What we counted: booked messages by operator, campaign, day and province, without reversed ones.

Imports keep the sums of each day; a message whose entry was taken back no longer counts. Those are
few, so they are found from the reversals and subtracted, and a page costs the same for a thousand
messages and for a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Entry
from fundsvc.columns import Big
from fundsvc.settlements.models import Settlement
from fundsvc.sms.models import SmsDay, SmsMessage
from fundsvc.sms.resolver import BOOKED

_ORIGINAL, _REVERSAL = aliased(Entry), aliased(Entry)

SOURCE = "sms:"
Days = dict[tuple[str, int], dict[date, "Count"]]
"""Counts of days by operator and campaign."""


@dataclass(frozen=True, slots=True)
class Count:
    """A number of messages and what they come to, in đồng."""

    messages: int = 0
    gross: int = 0

    def __add__(self, other: "Count") -> "Count":
        """Return both together."""
        return Count(self.messages + other.messages, self.gross + other.gross)

    def __sub__(self, other: "Count") -> "Count":
        """Return what one has more than the other."""
        return Count(self.messages - other.messages, self.gross - other.gross)

    def as_json(self) -> dict[str, int]:
        """Return the count as interface documents print it."""
        return {"messages": self.messages, "gross": self.gross}


@dataclass(frozen=True, slots=True)
class Asked:
    """Messages of an operator to a campaign on some days."""

    operator: str
    campaign_id: int
    first: date
    last: date


def asked_of(row: Settlement) -> Asked:
    """Return which messages a settlement is about."""
    return Asked(row.operator, row.campaign_id, row.period_from, row.period_to)


def counted(session: Session, asked: Asked) -> Count:
    """Return how many messages are booked, and what they come to."""
    rows = _sums(session, (), asked)
    return Count(*rows[0]) if rows else Count()


def by_province(session: Session, asked: Asked) -> dict[int | None, int]:
    """Return what the messages of each province come to; None for those that tell none."""
    rows = _sums(session, ("province_id",), asked)
    return {province or None: gross for province, _messages, gross in rows if gross > 0}


def by_day(session: Session) -> Days:
    """Return the counts of all days."""
    found: Days = {}
    for operator, campaign_id, day, messages, gross in _sums(
        session, ("operator", "campaign_id", "received_on"), None
    ):
        found.setdefault((operator, campaign_id), {})[day] = Count(messages, gross)
    return found


def taken_back(operator: str) -> Select[str]:
    """Return the ids of an operator's messages whose entries were reversed."""
    return (
        select(_ORIGINAL.external_id)
        .join(_REVERSAL, _REVERSAL.reverses_id == _ORIGINAL.id)
        .where(_REVERSAL.reverses_id.is_not(None), _ORIGINAL.source == f"{SOURCE}{operator}")
    )


def _sums(session: Session, by: Sequence[str], asked: Asked | None) -> list[tuple[Any, ...]]:
    kept = select(
        *(_key(SmsDay, name) for name in by),
        SmsDay.messages.label("messages"),
        SmsDay.gross.label("gross"),
    ).where(*_where(SmsDay, asked))
    gone = (
        select(
            *(_key(SmsMessage, name) for name in by),
            literal(-1, Big).label("messages"),
            (-SmsMessage.amount).label("gross"),
        )
        .select_from(_REVERSAL)
        .join(_ORIGINAL, _ORIGINAL.id == _REVERSAL.reverses_id)
        .join(
            SmsMessage,
            and_(
                _ORIGINAL.source.startswith(SOURCE),
                SmsMessage.operator == func.substr(_ORIGINAL.source, len(SOURCE) + 1),
                SmsMessage.request_id == _ORIGINAL.external_id,
            ),
        )
        .where(
            _REVERSAL.reverses_id.is_not(None),
            SmsMessage.status == BOOKED,
            *_where(SmsMessage, asked),
        )
    )
    both = union_all(kept, gone).subquery()
    keys = [both.c[name] for name in by]
    query = select(*keys, func.sum(both.c.messages), func.sum(both.c.gross)).group_by(*keys)
    return [(*row[:-2], int(row[-2] or 0), int(row[-1] or 0)) for row in session.execute(query)]


def _key(model: type[SmsDay] | type[SmsMessage], name: str) -> ColumnElement[Any]:
    """Return a column to group by; sums by day name no province as 0."""
    column = getattr(model, name)
    if name == "province_id":
        column = func.coalesce(column, 0)
    return column.label(name)  # type: ignore[no-any-return]  # A mapped column.


def _where(
    model: type[SmsDay] | type[SmsMessage], asked: Asked | None
) -> tuple[ColumnElement[bool], ...]:
    if asked is None:
        return ()
    return (
        model.operator == asked.operator,
        model.campaign_id == asked.campaign_id,
        model.received_on.between(asked.first, asked.last),
    )
