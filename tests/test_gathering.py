"""What threads bring at the same moment is done together, and each has its own answer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from fundsvc.gathering import Gathering

ENOUGH = 20


class Slow:
    """Work that takes until it is let go the first time; it doubles numbers and refuses 13."""

    def __init__(self) -> None:
        self.begun, self.go_on = Event(), Event()
        self.batches: list[list[int]] = []

    def bring(self, given: Sequence[int]) -> list[int]:
        self.batches.append(list(given))
        self.begun.set()
        assert self.go_on.wait(ENOUGH)
        if 13 in given:
            raise ValueError(13)
        return [2 * one for one in given]


def test_who_comes_while_one_is_at_it_is_done_together() -> None:
    slow = Slow()
    gathering = Gathering(slow.bring)
    with ThreadPoolExecutor(ENOUGH) as threads:
        first = threads.submit(gathering.keep, 0)
        assert slow.begun.wait(ENOUGH)
        others = [threads.submit(gathering.keep, one) for one in range(1, 9)]
        while len(gathering._waiting) < len(others):
            pass
        slow.go_on.set()
        assert first.result() == 0
        assert [one.result() for one in others] == [2 * one for one in range(1, 9)]
    assert [len(batch) for batch in slow.batches] == [1, 8]


def test_a_failure_is_raised_for_each_of_those_together_and_nobody_else() -> None:
    slow = Slow()
    gathering = Gathering(slow.bring)
    with ThreadPoolExecutor(ENOUGH) as threads:
        first = threads.submit(gathering.keep, 1)
        assert slow.begun.wait(ENOUGH)
        others = [threads.submit(gathering.keep, one) for one in (13, 14)]
        while len(gathering._waiting) < len(others):
            pass
        slow.go_on.set()
        assert first.result() == 2
        for one in others:
            with pytest.raises(ValueError, match="13"):
                one.result()
    assert gathering.keep(15) == 30


def test_an_answer_too_few_fails_and_leaves_nobody_waiting() -> None:
    gathering: Gathering[int, int] = Gathering(lambda _given: [])
    with pytest.raises(ValueError, match="shorter"):
        gathering.keep(1)
