"""What the pages of books share: addresses, the filter sentence, figures with where they lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from fundsvc import clock
from fundsvc.books.firsts import first_day
from fundsvc.statements import schemas
from fundsvc.statements.book_options import NAMES
from fundsvc.statements.book_scope import BookScope, accounts_below

if TYPE_CHECKING:
    from fundsvc.driver import Reader

TRIAL_BALANCE: Final = "/statements/trial-balance"
GENERAL_LEDGER: Final = "/statements/general-ledger"
JOURNAL: Final = "/statements/journal"
DOWNLOADS: Final = ("pdf", "xlsx", "csv", "json")


@dataclass(frozen=True, slots=True)
class Linked:
    """A figure in đồng and the address of what it is made of, if it is made of anything."""

    amount: int
    href: str | None = None


def asked(args: Mapping[str, str]) -> dict[str, str]:
    """Return the question in an address; what it leaves out is this year."""
    first, last = schemas.default_period(clock.today())
    assumed = {"from": first.isoformat(), "to": last.isoformat()}
    return assumed | {name: value.replace("\0", " ") for name, value in args.items()}


def address(path: str, query: Mapping[str, str | None]) -> str:
    """Return an address with those parameters that say something."""
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"


def ledger_href(scope: BookScope, account: str, **changes: str | None) -> str:
    """Return the address of an account's general ledger within a book's scope.

    What a figure of one account is made of are its own lines, without those of accounts below it.
    """
    alone = "1" if accounts_below(scope.reference, account) else None
    return address(GENERAL_LEDGER, scope.query(account=account, **{"alone": alone} | changes))


def entry_href(entry_id: int, back: str) -> str:
    """Return the address of an entry's page, which leads back to where it was come from."""
    return address(f"/entries/{entry_id}", {"back": back})


def before(session: "Reader", scope: BookScope) -> dict[str, str | None]:
    """Return the days before a book that it has entries of, for what its opening is made of."""
    last = scope.first - timedelta(days=1)
    first = first_day(session, last, scope.conditions()) or last
    return {"from": first.isoformat(), "to": last.isoformat()}


def downloads(path: str, query: Mapping[str, str | None]) -> tuple[tuple[str, str], ...]:
    """Return the files of what a page shows."""
    return tuple((kind, address(f"{path}.{kind}", query)) for kind in DOWNLOADS)


def periods(path: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return links to the usual periods of the book that is shown."""
    names = (*(name for name in NAMES if name not in {"from", "to"}), "account", "by")
    kept = {name: values.get(name) for name in names}
    return [
        (label, address(path, kept | {"from": str(first), "to": str(last)}))
        for label, first, last in schemas.usual_periods(clock.today())
    ]
