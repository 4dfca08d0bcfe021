"""Ways to give, and the accounts that money may come to: rooms above tell them, by name.

`fundsvc.app` names the functions; they are imported when they are asked. So a page of giving knows
neither banks' statements nor who takes cards.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PayTo:
    """An account at a bank, of one fund of one unit; `bin` is empty if the bank is not known."""

    id: int
    code: str
    bank: str
    bin: str
    number: str
    fund_id: int
    unit_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is promised, as a way to pay needs to know it: whole đồng, and where to come back to."""

    pledge_id: int
    token: str
    code: str
    amount: int
    title: str
    email: str
    locale: str
    back: str
    """The address of the page that shows what became of it."""


class WayDownError(Exception):
    """This way is not open at the moment; the promise stands, and another way can be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to pay other than a bank transfer.

    `ready()` says whether it is set up here. `begin(due)` returns the address where the donor pays;
    it is called outside any transaction, may open its own, and may raise WayDownError. `least` is
    the smallest amount it takes, in đồng. `origins()` are the origins of those addresses, as
    `https://checkout.stripe.com`: a browser follows a form to them only when it was told so.
    """

    name: str
    label: Any
    ready: Callable[[], bool]
    begin: Callable[[Due], str]
    least: int = 1
    origins: Callable[[], Sequence[str]] = tuple


Accounts = Callable[[Session], Sequence[PayTo]]
_ways: Final[list[str]] = []
_accounts: Final[list[str]] = []


def offer(*sources: str) -> None:
    """Offer these ways, each named `module:name`."""
    _ways.extend(source for source in sources if source not in _ways)


def tell_accounts(*sources: str) -> None:
    """Ask these functions, named `module:function`, for the accounts in a session's scope."""
    _accounts.extend(source for source in sources if source not in _accounts)


def ready() -> list[Way]:
    """Return the ways that are set up here, in the order they were offered."""
    found: list[Way] = [_named(source) for source in _ways]
    return [way for way in found if way.ready()]


def by_name(name: str) -> Way | None:
    """Return a way that is set up here, or None."""
    return next((way for way in ready() if way.name == name), None)


def accounts(session: Session) -> list[PayTo]:
    """Return the accounts that money may come to."""
    sources: list[Accounts] = [_named(source) for source in _accounts]
    return [account for source in sources for account in source(session)]


def account(session: Session, account_id: int | None) -> PayTo | None:
    """Return one of them, or None."""
    return next((one for one in accounts(session) if one.id == account_id), None)


def _named(source: str) -> Any:
    module, _colon, name = source.partition(":")
    return getattr(import_module(module), name)
