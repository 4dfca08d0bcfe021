"""Lists of messages: what campaigns came to per operator, and the messages that wait."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.orm import Session

from fundsvc.secrecy import open_phones
from fundsvc.sms.models import Campaign, SmsDay, SmsMessage, SmsTotal
from fundsvc.sms.resolver import BOOKED, FAILED, UNKNOWN
from fundsvc.text import mask_phone

PAGE = 50
_COUNTRY, _TRUNK = "84", "0"
_MARK = re.compile(r"([0-9T:.+-]{25,32})~([a-z]{1,20})~([!-~]{1,100})", re.ASCII)


@dataclass(frozen=True, slots=True)
class OperatorCount:
    """What the booked messages of one operator come to for one campaign (gross in đồng)."""

    campaign_id: int
    operator: str
    messages: int
    gross: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """What the booked messages of one day come to (gross in đồng)."""

    on: date
    messages: int
    gross: int


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """A message that is not booked, as pages show it: the phone number is masked."""

    operator: str
    request_id: str
    phone: str
    short_code: str
    message: str
    received_at: datetime
    stated: int | None
    failed: bool
    why: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of waiting messages, and the mark at which the next one begins."""

    messages: tuple[WaitingMessage, ...]
    before: str | None


def by_operator(session: Session) -> list[OperatorCount]:
    """Return messages and gross for each campaign in scope and operator."""
    rows = session.execute(
        select(
            SmsDay.campaign_id,
            SmsDay.operator,
            func.sum(SmsDay.messages),
            func.sum(SmsDay.gross),
        )
        .join(Campaign, Campaign.id == SmsDay.campaign_id)
        .group_by(SmsDay.campaign_id, SmsDay.operator)
        .order_by(SmsDay.campaign_id, SmsDay.operator)
    )
    return [
        OperatorCount(campaign_id, operator, int(messages), int(gross))
        for campaign_id, operator, messages, gross in rows
    ]


def by_day(
    session: Session, campaign_id: int, first: date, last: date, operator: str | None = None
) -> list[DayCount]:
    """Return messages and gross of each day that had any, in order; of all operators, or of one."""
    of_one = [SmsDay.operator == operator] if operator else []
    rows = session.execute(
        select(SmsDay.received_on, func.sum(SmsDay.messages), func.sum(SmsDay.gross))
        .join(Campaign, Campaign.id == SmsDay.campaign_id)
        .where(SmsDay.campaign_id == campaign_id, SmsDay.received_on.between(first, last), *of_one)
        .group_by(SmsDay.received_on)
        .order_by(SmsDay.received_on)
    )
    return [DayCount(on, int(messages), int(gross)) for on, messages, gross in rows]


def of_day(session: Session, on: date) -> DayCount:
    """Return messages and gross of one day, of all campaigns in scope."""
    messages, gross = session.execute(
        select(func.sum(SmsDay.messages), func.sum(SmsDay.gross))
        .join(Campaign, Campaign.id == SmsDay.campaign_id)
        .where(SmsDay.received_on == on)
    ).one()
    return DayCount(on, int(messages or 0), int(gross or 0))


def waiting_counts(session: Session) -> dict[str, int]:
    """Return how many messages failed and how many nobody understood."""
    rows = session.execute(
        select(SmsTotal.status, func.sum(SmsTotal.messages))
        .where(SmsTotal.status != BOOKED)
        .group_by(SmsTotal.status)
    )
    return {FAILED: 0, UNKNOWN: 0} | {status: int(count) for status, count in rows}


def waiting(session: Session, status: str | None = None, before: str | None = None) -> Page:
    """Return a page of messages that are not booked, newest first.

    Args:
        session: the session.
        status: only `failed` or only `unknown` ones; anything else means both.
        before: the mark of the page above; one that cannot be read means the first page.
    """
    query = select(SmsMessage).where(SmsMessage.status != BOOKED)
    if status in {FAILED, UNKNOWN}:
        query = query.where(SmsMessage.status == status)
    order = (SmsMessage.received_at, SmsMessage.operator, SmsMessage.request_id)
    mark = _read_mark(before or "")
    if mark:
        at, operator, request_id = mark
        query = query.where(SmsMessage.received_at <= at).where(
            or_(SmsMessage.received_at < at, tuple_(*order[1:]) < tuple_(operator, request_id))
        )
    rows = session.scalars(
        query.order_by(*(column.desc() for column in order)).limit(PAGE + 1)
    ).all()
    shown = tuple(map(_facts, rows[:PAGE], shown_phones(rows[:PAGE])))
    return Page(shown, _mark(shown[-1]) if len(rows) > PAGE else None)


def shown_phone(msisdn: str) -> str:
    """Return a phone number as people know it, its middle hidden: `0912***678`."""
    return mask_phone(home_number(msisdn))


def home_number(msisdn: str) -> str:
    """Return a phone number as people dial it in Vietnam."""
    return _TRUNK + msisdn.removeprefix(_COUNTRY) if msisdn.startswith(_COUNTRY) else msisdn


def shown_phones(messages: Sequence[SmsMessage]) -> list[str]:
    """Return the numbers of messages as people know them, their middles hidden."""
    opened = open_phones(
        [message.phone_hash for message in messages],
        [message.phone_sealed for message in messages],
    )
    return [shown_phone(phone or "") for phone in opened]


def _facts(row: SmsMessage, phone: str) -> WaitingMessage:
    return WaitingMessage(
        operator=row.operator,
        request_id=row.request_id,
        phone=phone,
        short_code=row.short_code,
        message=row.message,
        received_at=row.received_at,
        stated=row.stated,
        failed=row.status == FAILED,
        why=row.why,
    )


def _mark(last: WaitingMessage) -> str:
    return f"{last.received_at.isoformat()}~{last.operator}~{last.request_id}"


def _read_mark(raw: str) -> tuple[Any, str, str] | None:
    found = _MARK.fullmatch(raw)
    if not found:
        return None
    try:
        at = datetime.fromisoformat(found[1])
    except ValueError:
        return None
    return (at, found[2], found[3]) if at.tzinfo else None
