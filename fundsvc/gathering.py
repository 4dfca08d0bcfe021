"""Do together what the threads of a process bring at the same moment, and tell each its own answer.

A commit costs as much for one as for ten. While one thread is at it, the others gather; whoever's
turn is next brings all that waits by then. Alone, nobody waits for anybody.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Given = TypeVar("Given")
Answer = TypeVar("Answer")


class Gathering(Generic[Given, Answer]):
    """The queue of one process for one kind of work."""

    def __init__(self, bring: Callable[[Sequence[Given]], Sequence[Answer]]) -> None:
        """Begin with nothing waiting; `bring` does the work and answers in the same order."""
        self._bring = bring
        self._waiting: list[tuple[Given, Future[Answer]]] = []
        self._guard, self._turn = threading.Lock(), threading.Lock()

    def keep(self, given: Given) -> Answer:
        """Return the answer once the work is done, or raise why it is not."""
        told: Future[Answer] = Future()
        with self._guard:
            self._waiting.append((given, told))
        with self._turn:
            if not told.done():
                with self._guard:
                    batch, self._waiting = self._waiting, []
                self._do(batch)
        return told.result()

    def _do(self, batch: Sequence[tuple[Given, "Future[Answer]"]]) -> None:
        try:
            answers = self._bring([given for given, _told in batch])
        except BaseException as error:  # noqa: BLE001 - each thread raises it for itself
            for _given, told in batch:
                told.set_exception(error)
            return
        for (_given, told), answer in zip(batch, answers, strict=True):
            told.set_result(answer)
