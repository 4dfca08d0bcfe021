"""A line of balances as geometry, drawn as SVG by the template; no library, no script."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 320, 72
_MARGIN = 6
_BILLION, _MILLION, _THOUSAND = 10**9, 10**6, 10**3


@dataclass(frozen=True, slots=True)
class Line:
    """A line through balances: SVG points, the last point, and the height of zero if in view."""

    points: str
    last_x: float
    last_y: float
    zero_y: float | None
    width: int = WIDTH
    height: int = HEIGHT


def line(values: Sequence[int]) -> Line:
    """Return a line through values from left to right; equal values give a level line.

    Zero is in view when it is not far: a fund that fell to a third must look like it.
    """
    low, high = min(values), max(values)
    if 0 < low < high / 2:
        low = 0
    if 0 > high > low / 2:
        high = 0
    spread = (high - low) or 1
    level = HEIGHT / 2 if low == high else None

    def y(value: int) -> float:
        if level is not None:
            return level
        return round(HEIGHT - _MARGIN - (value - low) / spread * (HEIGHT - 2 * _MARGIN), 1)

    step = (WIDTH - 2 * _MARGIN) / max(len(values) - 1, 1)
    places = [(round(_MARGIN + step * place, 1), y(value)) for place, value in enumerate(values)]
    return Line(
        points=" ".join(f"{x},{height}" for x, height in places),
        last_x=places[-1][0],
        last_y=places[-1][1],
        zero_y=y(0) if low <= 0 <= high and low != high else None,
    )
