"""Keep what the threads of a process bring at the same moment in one transaction (`gathering`).

While a file is booked on SQLite, which has one writer at a time, deliveries are kept on the
`porch`.
"""

from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from fundsvc.db import db, is_busy, transaction
from fundsvc.gathering import Gathering
from fundsvc.inbox.porch import PATIENCE, Porch, keep_outside
from fundsvc.inbox.service import Delivery, Received, receive_all


class Together:
    """The queue of one process."""

    def __init__(self) -> None:
        """Begin with nothing waiting."""
        self._gathering = Gathering(self._kept)
        self._porch: Porch | None = None

    def keep(self, delivery: Delivery) -> Received:
        """Return what became of a delivery once that is committed, or raise why it is not."""
        return self._gathering.keep(delivery)

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
