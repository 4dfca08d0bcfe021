"""Hold messages to how many of one phone a campaign takes a day; the others are kept unbooked.

The limit counts messages, not what they are worth: `TS 5` is one as `TS` is. Whether units or đồng
should count instead is for the association to say; it is not known from the portal's rules. The day
is the message's own, also when it is booked later by a file that puts it on another.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Table, and_, bindparam, case, exists, func, null, select, update
from sqlalchemy.orm import Session, aliased

from fundsvc.sms.grammar import Why
from fundsvc.sms.models import SmsMessage
from fundsvc.sms.resolver import BOOKED, UNKNOWN, Resolver

Moved = Counter[tuple[int, int]]
"""How many staged rows went from one outcome to another, by the numbers of both."""


class Daily:
    """Knows the campaigns with such a limit, and looks at each batch before it is kept."""

    def __init__(
        self,
        session: Session,
        staged: Table,
        outcome: Table,
        resolver: Resolver,
        limits: Mapping[int, int],
    ) -> None:
        """Take the stage, its table of outcomes, and the limits by campaign."""
        self._session, self._staged, self._outcome = session, staged, outcome
        self._resolver, self._limits = resolver, limits

    def hold(self) -> Moved:
        """Let the first messages of a phone and day be booked, and park those over the limit."""
        moved: Moved = Counter()
        if not self._limits:
            return moved
        changes = []
        for n, number in self._session.execute(self._over()):
            outcome = self._resolver.outcomes[number]
            parked = replace(
                outcome, status=UNKNOWN, amount=None, campaign_id=None, why=Why.OVER_DAILY
            )
            to = self._resolver.number(parked)
            moved[number, to] += 1
            changes.append({"at": n, "to": to})
        if changes:
            parking = (
                update(self._staged)
                .where(self._staged.c.n == bindparam("at"))
                .values(outcome=bindparam("to"), template=null(), amount=null())
            )
            self._session.execute(parking, changes)
        return moved

    def _over(self) -> Any:
        staged, outcome = self._staged.c, self._outcome.c
        message = SmsMessage
        booked_before = exists().where(
            message.operator == outcome.operator,
            message.request_id == staged.external_id,
            message.status == BOOKED,
        )
        # One that waited for its campaign is booked by the day it was kept with.
        kept = aliased(SmsMessage)
        waited = (
            select(kept.received_on)
            .where(
                kept.operator == outcome.operator,
                kept.request_id == staged.external_id,
                kept.status == UNKNOWN,
            )
            .correlate(self._staged, self._outcome)
            .scalar_subquery()
        )
        day = func.coalesce(waited, staged.date)
        others = (
            select(func.count())
            .where(
                message.phone_hash == staged.phone_hash,
                message.campaign_id == outcome.campaign_id,
                message.received_on == day,
                message.status == BOOKED,
            )
            .scalar_subquery()
        )
        place = func.row_number().over(
            partition_by=(outcome.campaign_id, staged.phone_hash, day),
            order_by=(staged.received_at, staged.n),
        )
        counted = (
            select(
                staged.n,
                staged.outcome,
                (place + others - case(self._limits, value=outcome.campaign_id)).label("over"),
            )
            .select_from(self._staged.join(self._outcome, outcome.id == staged.outcome))
            .where(and_(outcome.campaign_id.in_(self._limits), ~booked_before))
            .subquery()
        )
        return select(counted.c.n, counted.c.outcome).where(counted.c.over > 0).order_by("n")
