"""Marks tell which entry was changed, is gone or was added, where numbers were passed over too."""

import hashlib
from collections.abc import Sequence

import pytest

from fundsvc.books.leaves import Gathered
from fundsvc.seals.located import Touched, What, touched
from ledger.seals import NO_HEAD, Seal

DENSE = tuple(range(1, 9))
PASSED_OVER = (1, 2, 5, 6, 7, 9, 12, 13)


def entries(numbers: Sequence[int], changed: Sequence[int] = ()) -> Gathered:
    """Entries whose leaves are told by their numbers, some of them changed."""
    words = [f"{number}{'x' if number in changed else ''}" for number in numbers]
    return Gathered(list(numbers), [hashlib.sha256(word.encode()).digest() for word in words])


def look(sealed: Sequence[int], found: Gathered) -> list[Touched]:
    """Compare what is there with a seal of some numbers."""
    seal = Seal(1, NO_HEAD, "", sealed[0], sealed[-1], len(sealed), 0, 0, "")
    return list(touched(seal, entries(sealed).marks, found))


@pytest.mark.parametrize("numbers", [DENSE, PASSED_OVER], ids=["dense", "passed over"])
@pytest.mark.parametrize("place", [0, 3, 7])
def test_each_kind_of_touch_is_named(numbers: tuple[int, ...], place: int) -> None:
    number = numbers[place]
    dense = numbers == DENSE
    assert look(numbers, entries(numbers)) == []
    assert look(numbers, entries(numbers, [number])) == [Touched(What.CHANGED, number)]
    rest = [one for one in numbers if one != number]
    before = number if dense else max((one for one in rest if one < number), default=0)
    assert look(numbers, entries(rest)) == [Touched(What.GONE, before, known=dense)]


def test_one_put_among_others_is_named() -> None:
    more = sorted([*PASSED_OVER, 3])
    assert look(PASSED_OVER, entries(more)) == [Touched(What.ADDED, 3)]
    assert look(DENSE, entries([0, *DENSE])) == [Touched(What.ADDED, 0)]


def test_several_touches_are_told_apart() -> None:
    found = entries([1, 2, 3, 5, 6, 9, 12, 13], changed=[6, 13])
    assert look(PASSED_OVER, found) == [
        Touched(What.ADDED, 3),
        Touched(What.CHANGED, 6),
        Touched(What.GONE, 6, known=False),
        Touched(What.CHANGED, 13),
    ]
    assert look(DENSE, entries([1, 3, 4, 5, 6, 8], changed=[3])) == [
        Touched(What.GONE, 2),
        Touched(What.CHANGED, 3),
        Touched(What.GONE, 7),
    ]


def test_all_touched_and_none_left_end() -> None:
    assert len(look(PASSED_OVER, entries(PASSED_OVER, PASSED_OVER))) == 8
    assert len(look(PASSED_OVER, entries([]))) == 8


def test_marks_that_are_not_those_of_the_seal_name_nothing() -> None:
    seal = Seal(1, NO_HEAD, "", 1, 8, 8, 0, 0, "")
    assert list(touched(seal, b"", entries(DENSE, [3]))) == []
