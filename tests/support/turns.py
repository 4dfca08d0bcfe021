"""What takes turns by the day: a run takes a share of it, and the next day's run the next share."""

import os
from collections.abc import Sequence
from datetime import date
from typing import Final, TypeVar

T = TypeVar("T")

ALL: Final = bool(os.environ.get("FUNDSVC_TEST_WALK"))
"""Whether this run takes everything there is (`make walk`)."""
TODAY: Final = date.today().toordinal()  # noqa: DTZ011 - any day does


def part(values: Sequence[T], of: int = 2) -> Sequence[T]:
    """Return the part of values that today takes, a half if not told; all in `make walk`."""
    return values if ALL else values[TODAY % of :: of]
