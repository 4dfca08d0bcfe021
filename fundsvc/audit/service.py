"""Write acts to the log, in the same transaction as what they tell of."""

from typing import Any

from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit.models import Act


def record(
    session: Session, kind: str, subject: str, facts: dict[str, Any], *, by: int | None
) -> None:
    """Note an act: its kind (`receipt.void`), what it concerns (`receipt:NT-2026-000001`)."""
    session.add(Act(at=clock.now(), kind=kind, subject=subject, facts=facts, actor_id=by))
