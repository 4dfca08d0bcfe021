"""What takes turns by the day: a run takes a share of it, and the next day's run the next share."""

import os
from collections.abc import Sequence
from datetime import date
from typing import Final, TypeVar

T = TypeVar("T")

ALL: Final = bool(os.environ.get("FUNDSVC_TEST_WALK"))
"""Whether this run takes everything there is (`make walk`)."""
_DAY: Final = str(date.today().toordinal())  # noqa: DTZ011 - any day does
TODAY: Final = int(os.environ.setdefault("FUNDSVC_TEST_DAY", _DAY))
"""The day that the run began on: its processes, which inherit it, must agree past midnight too."""


def part(values: Sequence[T], of: int = 2) -> Sequence[T]:
    """Return the part of values that these two days take, a half if not told; all in `make walk`.

    Of two days, for from one to the next a test changes its engine.
    """
    return values if ALL else values[TODAY // 2 % of :: of]
