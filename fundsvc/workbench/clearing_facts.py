"""What the pages of clearing accounts tell: what stands on an account, and its open items."""

from dataclasses import dataclass
from datetime import date

from fundsvc.workbench.ages import Age


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on an account of a channel in one fund of one unit, debit less credit."""

    channel: str
    account_id: int
    account: str
    account_name: str
    fund_id: int
    fund: str
    fund_name: str
    unit_id: int
    unit: str
    unit_name: str
    balance: int
    age: Age


@dataclass(frozen=True, slots=True)
class Item:
    """An open item: an entry, or a line of the bank with its account; in đồng, debit less credit.

    `left` is the part of `amount` that is still open; `held` is why a line waits.
    """

    on: date
    entry_id: int
    words: str
    amount: int
    left: int
    unit_name: str
    account: str
    bank_account: str = ""
    line_id: int = 0
    held: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some open items, the oldest first, and where to go on."""

    items: tuple[Item, ...]
    after: str | None
