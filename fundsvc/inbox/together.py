"""Keep what the threads of a process bring at the same moment in one transaction.

A commit costs as much for one delivery as for ten. While one thread commits, the others gather;
whoever's turn is next brings all that waits by then. Alone, a delivery waits for nobody. While a
file is booked on SQLite, which has one writer at a time, deliveries are kept on the `porch`.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future

from sqlalchemy.exc import OperationalError

from fundsvc.db import db, is_busy, transaction
from fundsvc.inbox.porch import PATIENCE, Porch, keep_outside
from fundsvc.inbox.service import Delivery, Received, receive_all

Waiting = list[tuple[Delivery, "Future[Received]"]]


class Together:
    """The queue of one process."""

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self._waiting: Waiting = []
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._porch: Porch | None = None

    def keep(self, delivery: Delivery) -> Received:
        """Return what became of a delivery once that is committed, or raise why it is not."""
        told: Future[Received] = Future()
        with self._guard:
            self._waiting.append((delivery, told))
        with self._turn:
            if not told.done():
                with self._guard:
                    batch, self._waiting = self._waiting, []
                self._bring(batch)
        return told.result()

    def _bring(self, batch: Waiting) -> None:
        try:
            found = self._kept([delivery for delivery, _told in batch])
        except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
            for _delivery, told in batch:
                told.set_exception(error)
            return
        for (_delivery, told), received in zip(batch, found, strict=True):
            told.set_result(received)

    def _kept(self, deliveries: Sequence[Delivery]) -> list[Received]:
        porch = self._porch = self._porch or Porch.of(db.engine)
        if porch and porch.waits():
            return keep_outside(porch, deliveries)
        try:
            return _in_inbox(deliveries)
        except OperationalError as error:
            if porch and is_busy(error):
                return keep_outside(porch, deliveries)
            return _in_inbox(deliveries)  # Another stood in the way: once more, then for good.


def _in_inbox(deliveries: Sequence[Delivery]) -> list[Received]:
    with transaction(patience=PATIENCE) as session:
        return receive_all(session, deliveries)
