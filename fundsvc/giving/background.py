"""What the worker does of promises: once a day those lapse that nobody paid for long."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.giving import service

DAY: Final = 86_400.0
LAPSE_AFTER: Final = timedelta(days=60)
_due: Final = {"lapse": 0.0}
"""When it is due next, by the clock of this process; at its beginning it is."""


def run(_stop: Callable[[], bool]) -> None:
    """Do what is due."""
    now = time.monotonic()
    if now < _due["lapse"]:
        return
    with transaction() as session:
        service.lapse(session, clock.now() - LAPSE_AFTER)
    _due["lapse"] = now + DAY
