"""Which entries are not what was sealed: the leaves found against the marks kept with the seal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fundsvc.books.leaves import MARK, Gathered
from ledger.seals import Seal


class What(StrEnum):
    """What became of an entry since it was sealed."""

    CHANGED = "changed"
    GONE = "gone"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Touched:
    """An entry that is not what was sealed.

    The number of one that is gone is not known where numbers had been passed over: then `number`
    is that of the entry before it.
    """

    what: What
    number: int
    known: bool = True


def touched(seal: Seal, marks: bytes, found: Gathered) -> Iterator[Touched]:
    """Yield the entries that are not what was sealed, as far as the marks tell.

    Args:
        seal: the seal, whose root says that something is not.
        marks: the beginnings of the leaves that were sealed, in order.
        found: the entries that are there now.
    """
    sealed = [marks[at : at + MARK] for at in range(0, len(marks), MARK)]
    held = dict(zip(found.numbers, (leaf[:MARK] for leaf in found.hashes), strict=True))
    if len(sealed) != seal.entries:
        return iter(())
    if seal.entries == seal.last_entry - seal.first_entry + 1:
        # No number was passed over, so each mark's number is known.
        return _by_number(dict(enumerate(sealed, start=seal.first_entry)), held)
    return _in_order(seal, sealed, held)


def _by_number(sealed: Mapping[int, bytes], held: Mapping[int, bytes]) -> Iterator[Touched]:
    for number in sorted(sealed.keys() | held.keys()):
        if number not in held:
            yield Touched(What.GONE, number)
        elif number not in sealed:
            yield Touched(What.ADDED, number)
        elif sealed[number] != held[number]:
            yield Touched(What.CHANGED, number)


def _in_order(seal: Seal, sealed: Sequence[bytes], held: Mapping[int, bytes]) -> Iterator[Touched]:
    """Walk along both: what does not agree is gone or added if the other side goes on after it."""
    numbers = list(held)
    # The last place of each mark; two of fifty thousand may be alike, which misleads only a name.
    of_sealed = {mark: at for at, mark in enumerate(sealed)}
    of_held = {held[number]: at for at, number in enumerate(numbers)}
    at, place = 0, 0
    while at < len(sealed) or place < len(numbers):
        before = numbers[place - 1] if place else seal.first_entry - 1
        if place == len(numbers):
            yield Touched(What.GONE, before, known=False)
            at += 1
            continue
        number = numbers[place]
        if at == len(sealed):
            yield Touched(What.ADDED, number)
            place += 1
            continue
        mark, mine = sealed[at], held[number]
        stays = of_held.get(mark, -1) > place
        was = of_sealed.get(mine, -1) > at
        if mark != mine and was and not stays:
            yield Touched(What.GONE, before, known=False)
            at += 1
            continue
        if mark != mine and stays and not was:
            yield Touched(What.ADDED, number)
            place += 1
            continue
        if mark != mine:
            yield Touched(What.CHANGED, number)
        at, place = at + 1, place + 1
