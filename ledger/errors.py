"""What the books refuse; each error carries the facts, and its docstring is its meaning."""

from dataclasses import dataclass


class LedgerError(Exception):
    """A rule of the books is broken."""

    def __str__(self) -> str:
        """Return the meaning of this kind of error."""
        return (type(self).__doc__ or "").partition("\n")[0]


@dataclass
class OutOfRangeError(LedgerError):
    """An amount is not a whole number of đồng within the range of the books."""

    amount: object


@dataclass
class OneSideError(LedgerError):
    """A posting must stand on exactly one side, debit or credit, and not be zero."""

    account: str


@dataclass
class LinelessError(LedgerError):
    """An entry has fewer than two postings."""

    postings: int


@dataclass
class UnbalancedError(LedgerError):
    """Debit and credit of an entry differ within a fund and unit."""

    fund: str
    unit: str
    difference: int


@dataclass
class UnknownAccountError(LedgerError):
    """The chart has no such account, or not of the kind that is needed."""

    code: str
