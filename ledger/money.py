"""Whole đồng: the range of the books and the exact split."""

from collections.abc import Sequence

from ledger.errors import OutOfRangeError

MAX_DONG = 10**15
"""The largest amount of one posting: a million times what the association turns over in a year."""


def check_dong(amount: object) -> int:
    """Return the amount if it is a whole number of đồng within ±MAX_DONG.

    Raises:
        OutOfRangeError: it is a float, a bool, a text, or too large.
    """
    if type(amount) is not int or abs(amount) > MAX_DONG:
        raise OutOfRangeError(amount)
    return amount


def split_exact(amount: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to weights so that the parts add up to the đồng.

    Every part is within one đồng of its exact share; what is left over goes to the largest
    remainders, earlier parts first.

    Raises:
        OutOfRangeError: the amount is no amount.
        ValueError: a weight is negative, or all are zero.
    """
    check_dong(amount)
    total = sum(weights)
    if total <= 0 or min(weights) < 0:
        msg = "weights must not be negative, and not all zero"
        raise ValueError(msg)
    parts = [amount * weight // total for weight in weights]
    remainders = [amount * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: amount - sum(parts)]:
        parts[place] += 1
    return parts
