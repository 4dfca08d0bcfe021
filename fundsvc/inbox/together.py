"""Keep what the threads of a process bring at the same moment in one transaction.

A commit costs as much for one delivery as for ten. While one thread commits, the others gather;
whoever's turn is next brings all that waits by then. Alone, a delivery waits for nobody. On SQLite,
which has one writer at a time, deliveries wait while a file is booked.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from sqlalchemy.exc import OperationalError

from fundsvc.db import transaction
from fundsvc.inbox.service import Delivery, Received, receive_all

Waiting = list[tuple[Delivery, "Future[Received]"]]


class Together:
    """The queue of one process."""

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self._waiting: Waiting = []
        self._guard, self._turn = threading.Lock(), threading.Lock()

    def keep(self, delivery: Delivery) -> Received:
        """Return what became of a delivery once that is committed, or raise why it is not."""
        told: Future[Received] = Future()
        with self._guard:
            self._waiting.append((delivery, told))
        with self._turn:
            if not told.done():
                with self._guard:
                    batch, self._waiting = self._waiting, []
                _bring(batch)
        return told.result()


def _bring(batch: Waiting) -> None:
    deliveries = [delivery for delivery, _told in batch]
    try:
        try:
            found = _kept(deliveries)
        except OperationalError:  # Another process stood in the way: once more, then for good.
            found = _kept(deliveries)
    except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
        for _delivery, told in batch:
            told.set_exception(error)
        return
    for (_delivery, told), received in zip(batch, found, strict=True):
        told.set_result(received)


def _kept(deliveries: Sequence[Delivery]) -> list[Received]:
    with transaction() as session:
        return receive_all(session, deliveries)
