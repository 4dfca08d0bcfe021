"""Do together what the threads of a process bring at the same moment, and tell each its own answer.

A commit costs as much for one as for ten. While one thread is at it, the others gather; whoever's
turn is next brings all that waits by then. Alone, nobody waits for anybody.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class _Place(Generic[Given, Answer]):
    """What one thread brought, and what became of it: an answer or a failure."""

    __slots__ = ("answer", "done", "failure", "given")

    def __init__(self, given: Given) -> None:
        self.given = given
        self.done = False
        self.answer: Answer
        self.failure: BaseException | None = None


class Gathering(Generic[Given, Answer]):
    """The queue of one process for one kind of work."""

    def __init__(self, bring: Callable[[Sequence[Given]], Sequence[Answer]]) -> None:
        """Begin with nothing waiting; `bring` does the work and answers in the same order."""
        self._bring = bring
        self._waiting: list[_Place[Given, Answer]] = []
        self._guard, self._turn = threading.Lock(), threading.Lock()

    def keep(self, given: Given) -> Answer:
        """Return the answer once the work is done, or raise why it is not."""
        place: _Place[Given, Answer] = _Place(given)
        with self._guard:
            self._waiting.append(place)
        # Whoever has the turn finds what he brought done by somebody else, or does what waits.
        with self._turn:
            if not place.done:
                self._do_all()
        if place.failure is not None:
            raise place.failure
        return place.answer

    def _do_all(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting, []
        try:
            answers = self._bring([place.given for place in batch])
            for place, answer in zip(batch, answers, strict=True):
                place.answer = answer
        except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
            for place in batch:
                place.failure = error
        for place in batch:
            place.done = True
