"""A small limit on how often one address may ask, kept in this process only."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

MOST_ADDRESSES: Final = 10_000


@dataclass(slots=True)
class Limiter:
    """Let each address ask `burst` times at once and then `per_minute` times a minute.

    Codes have 80 bits, so this is no protection against guessing but against load; it forgets when
    the process ends, and each process counts for itself.
    """

    burst: int = 20
    per_minute: int = 30
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self, address: str) -> bool:
        """Say whether an address may ask now, and count the question."""
        now = time.monotonic()
        with self._lock:
            left, seen = self._left.pop(address, (float(self.burst), now))
            left = min(self.burst, left + (now - seen) * self.per_minute / 60)
            allowed = left >= 1
            self._left[address] = (left - 1 if allowed else left, now)
            while len(self._left) > MOST_ADDRESSES:
                self._left.popitem(last=False)
        return allowed
