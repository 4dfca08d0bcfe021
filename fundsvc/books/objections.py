"""What stands against taking an entry back: each slice tells it of what it knows, for everybody.

A slice writes a function `objections(session, entry, subject)` that yields sentences, each with
what to do first, and is named in `OBJECTING` of `fundsvc.app`. Whoever takes an entry back, by a
page or a command, comes through `reversing.take_back`, which asks them all: so a receipt that
stands, or a settlement that counts on the entry, is held in one place. `subject` is the thing that
is taken back, as `donation:12`; a slice that takes back its own entries knows itself by it.

A function takes what it looks at under its own lock, so that it stays true until the entry is
there.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Final

from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.errors import Reason, Refusal

Objector = Callable[[Session, Entry, str], Iterable[str]]
_objecting: Final[list[str]] = []


def watch(*sources: str) -> None:
    """Ask these functions, named `module:function`; they are imported when asked."""
    _objecting.extend(source for source in sources if source not in _objecting)


def objections(session: Session, entry: Entry, subject: str) -> list[str]:
    """Return what stands against taking an entry back, in the order of the slices."""
    found: list[str] = []
    for source in _objecting:
        module, _colon, name = source.partition(":")
        objector: Objector = getattr(import_module(module), name)
        found += objector(session, entry, subject)
    return found


def hold(session: Session, entry: Entry, subject: str) -> None:
    """Hold that nothing stands against taking an entry back.

    Raises:
        Refusal: something does; it says what is to be done first.
    """
    if found := objections(session, entry, subject):
        raise Refusal(*(Reason(why) for why in found))
