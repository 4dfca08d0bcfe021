"""Keep staged messages: insert what is new, find what is known, book what had to wait.

All work is done by set statements over the stage of `books.bulk`; only this slice writes
`sms_message`, and only `books` writes the journal.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import (
    Column,
    ColumnElement,
    Insert,
    MetaData,
    Table,
    Text,
    and_,
    case,
    delete,
    exists,
    extract,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc.columns import Big, Moment
from fundsvc.imports import Refused
from fundsvc.sms.daily import Daily, Moved
from fundsvc.sms.models import SmsMessage
from fundsvc.sms.resolver import BOOKED, FAILED, UNKNOWN, Resolver

CLOCKS_APART = timedelta(minutes=10)
"""How far apart a push and a file may put the same message."""
_MESSAGE: Table = SmsMessage.__table__  # type: ignore[assignment]  # A mapped class has a Table.


def own_columns() -> list[Column[Any]]:
    """Return the columns that this slice adds to the stage, in the order they are encoded in."""
    return [
        Column("phone_hash", Text),
        Column("phone_sealed", Text),
        Column("short_code", Text),
        Column("message", Text),
        Column("received_at", Moment),
        Column("stated", Big),
        Column("outcome", Big),
    ]


@dataclass(slots=True)
class Kept:
    """What became of staged rows that were known, by outcome; all others were stored."""

    known: Counter[int] = field(default_factory=Counter)
    """Rows that earlier files brought."""
    repeated: Counter[int] = field(default_factory=Counter)
    """Rows that an earlier batch of this file brought."""
    rebooked: Counter[int] = field(default_factory=Counter)
    """Rows that earlier files brought in vain, and that a campaign now explains."""
    refused: Counter[int] = field(default_factory=Counter)
    """Rows that were known with another content."""
    moved: Moved = field(default_factory=Counter)
    """Rows over the limit of their campaign, phone and day, from which outcome to which."""
    disputed: list[str] = field(default_factory=list)
    """Messages (`operator:request_id`) that were pushed with another text than this file has."""


class Inbox:
    """Keeps the messages of one file, batch by batch."""

    def __init__(
        self,
        session: Session,
        staged: Table,
        resolver: Resolver,
        *,
        file_id: int,
        limits: Mapping[int, int],
    ) -> None:
        """Make the temporary table of outcomes; `limits` are those of `daily`, by campaign."""
        self._session = session
        self._staged = staged
        self._resolver = resolver
        self._file_id = file_id
        self._written = 0
        self._meets_known = False
        self._outcome = Table(
            "sms_outcome",
            MetaData(),
            Column("id", Big, primary_key=True, autoincrement=False),
            Column("operator", Text),
            Column("status", Text),
            Column("campaign_id", Big),
            Column("why", Text),
            prefixes=["TEMPORARY"],
        )
        self._outcome.create(session.connection(), checkfirst=False)
        self._daily = Daily(session, staged, self._outcome, resolver, limits)

    def close(self) -> None:
        """Drop the temporary table."""
        self._outcome.drop(self._session.connection(), checkfirst=False)

    def keep(self, rows: int, refused: Refused) -> Kept:
        """Store the staged messages; leave on the stage only what is to be booked.

        A file brings new messages as a rule, so known ones are looked for only when the insert
        meets one. SQLite passes over it. On PostgreSQL that costs every row as much again as the
        insert, so there the insert is made on trust and taken back; the next batches are searched
        beforehand until one brings nothing known.

        Args:
            rows: how many are staged.
            refused: where rows with another content than before are noted.
        """
        self._write_outcomes()
        moved = self._daily.hold()
        self._write_outcomes()
        kept = self._keep(rows, refused)
        kept.moved = moved
        return kept

    def _keep(self, rows: int, refused: Refused) -> Kept:
        if self._session.connection().dialect.name == "sqlite":
            new = sqlite.insert(_MESSAGE).on_conflict_do_nothing()
            met_known = self._insert(new) < rows
            return self._sort_out_known(refused) if met_known else Kept()
        if not self._meets_known:
            try:
                with self._session.begin_nested():
                    self._insert(insert(_MESSAGE))
                return Kept()
            except IntegrityError:
                self._meets_known = True
        kept = self._sort_out_known(refused)
        self._meets_known = bool(kept.known or kept.repeated)
        self._insert(insert(_MESSAGE), unless_rebooked=bool(kept.rebooked))
        return kept

    def _write_outcomes(self) -> None:
        new = self._resolver.outcomes[self._written :]
        if new:
            rows = [
                {
                    "id": number,
                    "operator": outcome.operator,
                    "status": outcome.status,
                    "campaign_id": outcome.campaign_id,
                    "why": outcome.why,
                }
                for number, outcome in enumerate(new, self._written)
            ]
            self._session.execute(insert(self._outcome), rows)
            self._written += len(new)

    def _insert(self, inserting: Insert, *, unless_rebooked: bool = False) -> int:
        staged, outcome = self._staged.c, self._outcome.c
        rows = select(
            outcome.operator,
            staged.external_id,
            staged.phone_hash,
            staged.phone_sealed,
            staged.short_code,
            func.coalesce(staged.message, ""),
            staged.received_at,
            staged.date,
            outcome.status,
            literal(self._file_id, Big),
            staged.n,
            staged.amount,
            staged.stated,
            outcome.why,
            outcome.campaign_id,
            staged.province_id,
        ).select_from(self._rows())
        if unless_rebooked:
            rows = rows.where(~exists().where(*self._same_identity()))
        columns = [
            "operator",
            "request_id",
            "phone_hash",
            "phone_sealed",
            "short_code",
            "message",
            "received_at",
            "received_on",
            "status",
            "file_id",
            "row",
            "amount",
            "stated",
            "why",
            "campaign_id",
            "province_id",
        ]
        done = self._session.execute(inserting.from_select(columns, rows))
        return int(done.rowcount)  # type: ignore[attr-defined]  # An insert tells its row count.

    def _rows(self) -> Any:
        return self._staged.join(self._outcome, self._outcome.c.id == self._staged.c.outcome)

    def _same_identity(self) -> tuple[ColumnElement[bool], ...]:
        return (
            _MESSAGE.c.operator == self._outcome.c.operator,
            _MESSAGE.c.request_id == self._staged.c.external_id,
        )

    def _same_content(self) -> ColumnElement[bool]:
        """Say when a known message is the same: in a file every field counts.

        A push and a file (or another push) tell of one message in different words: what a gateway
        pushes states no amount, and its clock is not the operator's. So where either side was
        pushed, identity and text decide; only the times may not be far apart, and both must say
        that the money was taken, or both that it was not.
        """
        staged = self._staged.c
        return or_(
            self._all_alike(),
            and_(
                or_(_MESSAGE.c.file_id < 0, literal(self._file_id) < 0),
                _MESSAGE.c.message == func.coalesce(staged.message, ""),
                self._apart() <= int(CLOCKS_APART.total_seconds()),
                self._paid_alike(),
            ),
        )

    def _apart(self) -> ColumnElement[Any]:
        """Return how many seconds the times of a known and a staged message lie apart."""
        times = _MESSAGE.c.received_at, self._staged.c.received_at
        if self._session.connection().dialect.name == "sqlite":
            kept, staged = (func.julianday(time) for time in times)
            return func.round(func.abs(kept - staged) * 86_400)
        return func.abs(extract("epoch", times[0] - times[1]))

    def _all_alike(self) -> ColumnElement[bool]:
        staged = self._staged.c
        return and_(
            _MESSAGE.c.phone_hash == staged.phone_hash,
            _MESSAGE.c.short_code == staged.short_code,
            _MESSAGE.c.message == func.coalesce(staged.message, ""),
            _MESSAGE.c.received_at == staged.received_at,
            _MESSAGE.c.stated.is_not_distinct_from(staged.stated),
            _MESSAGE.c.province_id.is_not_distinct_from(staged.province_id),
            self._paid_alike(),
        )

    def _paid_alike(self) -> ColumnElement[bool]:
        return (_MESSAGE.c.status == FAILED) == (self._outcome.c.status == FAILED)

    def _sort_out_known(self, refused: Refused) -> Kept:
        """Take known rows off the stage; refuse those with another content.

        A gateway's push is no proof against the operator's own file, so there the file is not
        refused: the message stays as it is booked, and a person is told.
        """
        staged, outcome = self._staged.c, self._outcome.c
        of_this_row = and_(_MESSAGE.c.file_id == self._file_id, _MESSAGE.c.row == staged.n)
        known = self._rows().join(_MESSAGE, and_(*self._same_identity(), ~of_this_row))
        same = self._same_content()
        kept = Kept()
        why = _("Nhà mạng đã gửi mã tin này trước đây với nội dung khác.")
        disputed = and_(_MESSAGE.c.file_id < 0, literal(self._file_id) >= 0)
        name = _MESSAGE.c.operator + literal(":") + _MESSAGE.c.request_id
        others = select(staged.n, staged.outcome, case((disputed, name)))
        others = others.select_from(known).where(~same).order_by(staged.n)
        for number, decided, pushed in self._session.execute(others).all():
            if pushed is not None:
                kept.known[decided] += 1
                kept.disputed.append(pushed)
                continue
            kept.refused[decided] += 1
            refused.add(number, "request_id", why)
        waiting = and_(
            _MESSAGE.c.status == UNKNOWN,
            outcome.status == BOOKED,
            _MESSAGE.c.file_id != self._file_id,
        )
        kind = case(
            (_MESSAGE.c.file_id == self._file_id, "repeated"),
            (waiting, "rebooked"),
            else_="known",
        )
        counted = (
            select(kind, staged.outcome, func.count())
            .select_from(known)
            .where(same)
            .group_by(kind, staged.outcome)
        )
        for name, number, count in self._session.execute(counted):
            getattr(kept, name)[number] += count
        done = select(staged.n).select_from(known).where(or_(~same, ~waiting))
        self._session.execute(delete(self._staged).where(staged.n.in_(done)))
        if kept.rebooked:
            self._rebook(waiting)
        return kept

    def _rebook(self, waiting: ColumnElement[bool]) -> None:
        """Let messages that waited for their campaign point to it; their rows stay staged.

        They are booked by the day and province that the message is kept with: entry, sums by day
        and message must agree, and a push and a file may differ in both.
        """
        staged, outcome = self._staged.c, self._outcome.c
        self._session.execute(
            update(self._staged)
            .where(*self._same_identity(), staged.outcome == outcome.id, waiting)
            .values(date=_MESSAGE.c.received_on, province_id=_MESSAGE.c.province_id)
        )
        self._session.execute(
            update(_MESSAGE)
            .where(*self._same_identity(), staged.outcome == outcome.id, waiting)
            .values(
                status=BOOKED,
                why=null(),
                amount=staged.amount,
                campaign_id=outcome.campaign_id,
            )
        )
