"""Split what is booked off a receivable over provinces, so that each of them closes too."""

from collections.abc import Mapping

from ledger.money import split_exact

Shares = Mapping[int | None, int]
"""Sums by province, None for what tells none."""


def fitting(
    amount: int, wanted: Shares | None, counted: Shares, booked: Shares
) -> dict[int | None, int]:
    """Split an amount as wanted, as far as the provinces still owe it; else as what they owe.

    All that is left is split as it is left, so the last act closes every province. When nothing is
    open any more, the counted messages tell the shares.
    """
    places = counted.keys() | booked.keys()
    left = {place: counted.get(place, 0) - booked.get(place, 0) for place in places}
    owed = {place: sum_ for place, sum_ in left.items() if sum_ > 0}
    if wanted is not None and amount != sum(left.values()):
        parts = split(amount, wanted)
        if all(part <= owed.get(place, 0) for place, part in parts.items()):
            return parts
    return split(amount, owed or counted)


def split(amount: int, weights: Shares) -> dict[int | None, int]:
    """Split an amount over provinces as their messages stand, exact to the đồng.

    Without messages all of it belongs to no province; a part of nothing is left out.
    """
    counted = {place: weights[place] for place in sorted(weights, key=lambda at: at or 0)}
    counted = {place: weight for place, weight in counted.items() if weight > 0} or {None: 1}
    parts = split_exact(amount, list(counted.values()))
    return {place: part for place, part in zip(counted, parts, strict=True) if part}
