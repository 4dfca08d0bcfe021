"""What should be looked at before months are closed: each slice tells it for itself.

A slice writes a function `items(session, span)` that yields `Item` values, and is named in
`CLOSING` of `fundsvc.app`; so closing needs to know no slice, and the command line no pages. Items
with a count of 0 are not shown. A blocking item refuses the closing; the others want to have been
seen.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Final

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Span:
    """The months of a unit that are to be closed, from the first day to the last."""

    unit_id: int
    unit: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an item: receivables of some age, a till, a fund. Amounts are whole đồng."""

    text: str
    amount: int
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A number of things to look at before closing, and where they are listed.

    `code` names the kind of item; `text` goes with the count ("dòng sao kê chưa đối chiếu"). What
    goes away by itself is only `told`, and need not be ticked.
    """

    code: str
    count: int
    text: str
    amount: int | None = None
    href: str | None = None
    blocking: bool = False
    told: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def wants_tick(self) -> bool:
        """Whether somebody must say that it was seen."""
        return not (self.blocking or self.told)


Provider = Callable[[Session, Span], Iterable[Item]]
_sources: Final[list[str]] = []


def watch(*sources: str) -> None:
    """Ask these functions, named `module:function`, for their items; imported when asked."""
    _sources.extend(source for source in sources if source not in _sources)


def items(session: Session, span: Span) -> list[Item]:
    """Return all there is to look at, what blocks first, else in the order of the sources."""
    found: list[Item] = []
    for source in _sources:
        module, _colon, name = source.partition(":")
        provider: Provider = getattr(import_module(module), name)
        found += [item for item in provider(session, span) if item.count]
    return sorted(found, key=lambda item: not item.blocking)


def mark(found: Iterable[Item]) -> str:
    """Return a mark of a list as it was shown, to tell whether it is still the same."""
    lines = [f"{item.code}|{item.count}|{item.amount}" for item in found if item.wants_tick]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]
