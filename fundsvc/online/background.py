"""What the worker does of card payments: events each second, payouts each minute, a pull a day."""

import logging
import time
from collections.abc import Callable
from typing import Final

from fundsvc.db import read_session
from fundsvc.inbox import porch
from fundsvc.inbox import service as inbox

_log = logging.getLogger(__name__)
REST: Final = 60.0
"""Seconds before Stripe is asked again that did not answer."""
MINUTE: Final = 60.0
HOUR: Final = 3_600.0
DAY: Final = 86_400.0
_due: Final = {"events": 0.0, "lines": 0.0, "pull": 0.0}
"""When each is due next, by the clock of this process; at its beginning all are."""


def run(stop: Callable[[], bool]) -> None:
    """Do what is due; while Stripe does not answer, what waits goes on waiting."""
    from fundsvc.online import gateway  # noqa: PLC0415 - the library takes long to load

    now = time.monotonic()
    if not gateway.ready() or now < _due["events"]:
        return
    try:
        _run(stop, now)
    except gateway.DownError as error:
        _log.warning("Stripe does not answer (%s); what waits goes on waiting", error)
        _due["events"] = now + REST


def _run(stop: Callable[[], bool], now: float) -> None:
    from fundsvc.online import handling, refunds  # noqa: PLC0415 - as above

    if now >= _due["pull"]:
        _due["pull"] = now + (DAY if _pulled() else HOUR)
    porch.bring_in()
    session = read_session()
    session.rollback()
    waits = inbox.waits(session, handling.KIND)
    session.rollback()
    if waits:
        handling.handle(stop)
    if waits or now >= _due["lines"]:
        handling.match_all()
        _due["lines"] = now + MINUTE
    # Last: a key that may not refund holds up nothing else.
    refunds.send_approved()


def _pulled() -> bool:
    """Pull; if that fails, what webhooks brought is handled all the same."""
    from fundsvc.online import handling  # noqa: PLC0415 - as above

    try:
        handling.pull()
    except Exception:  # noqa: BLE001 - told to the log, and tried again
        _log.exception("Stripe's events could not be pulled")
        return False
    return True
