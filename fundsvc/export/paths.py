"""Account names as other programs want them: type, account, fund and unit, always four parts.

Every name has the same depth, so none lies below another, and reports cut at depth 2 are by
account, at 3 by fund and at 4 by unit. That fund and unit are in the name lets a program hold the
balance of each of them by itself; the codes as they are stand in tags or metadata.
"""

from collections.abc import Callable, Iterable, Mapping

from fundsvc.export.journal import Book, Place


class Paths:
    """The names of accounts in one format."""

    def __init__(self, book: Book, roots: Mapping[str, str], part: Callable[[str], str]) -> None:
        """Name all codes; `roots` names the types, `part` makes a code fit into a name."""
        self._roots = {code: roots[ledger.type] for code, ledger in book.accounts.items()}
        self._accounts = _distinct(book.accounts, part)
        self._funds = _distinct(book.funds, part)
        self._units = _distinct(book.units, part)

    def account(self, code: str) -> str:
        """Return the name of an account over all funds and units."""
        return f"{self._roots[code]}:{self._accounts[code]}"

    def place(self, place: Place) -> str:
        """Return the name of an account of a fund and unit."""
        return f"{self.account(place.account)}:{self._funds[place.fund]}:{self._units[place.unit]}"


def _distinct(codes: Iterable[str], part: Callable[[str], str]) -> dict[str, str]:
    """Give each code a part of its own: codes that look the same in it are numbered.

    The oldest comes first, so that a name never changes by a code that is added.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for code in codes:
        plain = name = part(code)
        number = 1
        while name in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name)
        found[code] = name
    return found
