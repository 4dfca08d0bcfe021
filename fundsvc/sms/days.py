"""Keep the sums of booked messages by day in step with what is being booked."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from fundsvc.sms.models import SmsDay

_DAY: Table = SmsDay.__table__  # type: ignore[assignment]  # A mapped class has a Table.
_SUMS = ("messages", "gross")


def add_staged(session: Session, staged: Table, templates: Mapping[tuple[str, int], int]) -> None:
    """Add what is staged to be booked to the sums of its days.

    `templates` are those of the stage by operator and campaign: grouping by their numbers takes a
    third of the time that grouping by names does.
    """
    kinds = {number: kind for kind, number in templates.items()}
    groups = (staged.c.template, staged.c.date, staged.c.province_id)
    rows = session.execute(
        select(*groups, func.count(), func.sum(staged.c.amount))
        .where(staged.c.template.is_not(None))
        .group_by(*groups)
    )
    added: list[dict[str, Any]] = []
    for template, on, province_id, messages, gross in rows:
        operator, campaign_id = kinds[template]
        added.append(
            {
                "operator": operator,
                "campaign_id": campaign_id,
                "received_on": on,
                "province_id": province_id or 0,
                "messages": messages,
                "gross": int(gross),
            }
        )
    if added:
        engine = session.connection().dialect.name
        adding = (sqlite if engine == "sqlite" else postgresql).insert(_DAY)
        sums = {name: _DAY.c[name] + adding.excluded[name] for name in _SUMS}
        session.execute(
            adding.on_conflict_do_update(index_elements=list(_DAY.primary_key), set_=sums), added
        )
