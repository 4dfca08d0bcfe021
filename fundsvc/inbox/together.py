"""Keep what the threads of a process bring at the same moment in one transaction.

A commit costs as much for one delivery as for ten. While one thread commits, the others gather;
whoever's turn is next brings all that waits by then. Alone, a delivery waits for nobody.
"""

import threading
from concurrent.futures import Future

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
    try:
        with transaction() as session:
            found = receive_all(session, [delivery for delivery, _told in batch])
    except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
        for _delivery, told in batch:
            told.set_exception(error)
        return
    for (_delivery, told), received in zip(batch, found, strict=True):
        told.set_result(received)
