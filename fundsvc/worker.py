"""Background work: seal what was booked, every minute or as soon as much has gathered."""

import logging
import os
import signal
import time
from collections.abc import Callable
from typing import Final

import click

INTERVAL: Final = 60.0
"""Seconds between seals when little is booked."""
MUCH: Final = 2_000
"""So many entries are sealed at once: statements read those that are not sealed one by one."""
_LOOK: Final = 1.0
_log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Làm một lượt rồi thôi.")
@click.option(
    "--parent", type=click.IntRange(1), metavar="PID", help="Dừng khi tiến trình cha này không còn."
)
def worker(*, once: bool, parent: int | None) -> None:
    """Việc nền: niêm phong sổ mỗi phút, chạy cho đến khi dừng."""
    if once:
        look(due=True)
        return
    stopping = _Stopping(parent)
    due_at = time.monotonic()
    while not stopping():
        due = time.monotonic() >= due_at
        try:
            sealed = look(due=due, stop=stopping)
        except Exception:  # noqa: BLE001 - told to the log, and tried again
            # Whatever it was, books that nobody seals are worse than a line in the log a minute.
            _log.exception("background work failed; it goes on")
            sealed = False
        if sealed or due:
            due_at = time.monotonic() + INTERVAL
        time.sleep(_LOOK)


def look(*, due: bool, stop: Callable[[], bool] = lambda: False) -> bool:
    """Seal what is there if it is time or much; return whether anything was sealed."""
    from fundsvc.books.sealing import unsealed  # noqa: PLC0415 - as above
    from fundsvc.db import read_session  # noqa: PLC0415 - as above
    from fundsvc.seals.service import seal_new  # noqa: PLC0415 - as above

    session = read_session()
    try:
        session.rollback()
        waiting = unsealed(session)
        return bool(waiting and (due or waiting >= MUCH) and seal_new(stop=stop))
    finally:
        session.rollback()


class _Stopping:
    """True once somebody asked to stop, or the parent is gone."""

    def __init__(self, parent: int | None) -> None:
        self._parent = parent
        self._asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        return self._asked or (self._parent is not None and os.getppid() != self._parent)

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked = True
