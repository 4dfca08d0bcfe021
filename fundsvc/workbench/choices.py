"""What a line of the bank can be: the words that proposals, rules and people share."""

from dataclasses import dataclass, field
from typing import Final

from fundsvc.donors.service import DonorFacts


@dataclass(frozen=True, slots=True)
class Promised:
    """Money in that a promise of a page of giving announced."""

    pledge_id: int


@dataclass(frozen=True, slots=True)
class Given:
    """Money in that is a donation to the account's fund and unit; `donor` None is anonymous."""

    donor: DonorFacts | None = None
    province: str | None = None
    earmark: str = ""
    on_behalf_of: str = ""
    in_memory_of: str = ""


@dataclass(frozen=True, slots=True)
class Collected:
    """Money in that a unit collected as dues or base fund for a month (`2026-11`)."""

    unit: str
    month: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Money in that an operator pays for a settlement."""

    settlement_id: int


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Money in that the card service paid out."""

    payout_id: int


@dataclass(frozen=True, slots=True)
class Mirrored:
    """One side of a transfer between our own accounts; the other side is another bank line."""

    line_id: int


@dataclass(frozen=True, slots=True)
class Booked:
    """Money that was recorded by hand before the bank told of it: the entry that has it."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Spent:
    """Money out that was spent: `line` of the fund statement, for whom and what for."""

    line: str
    payee: str
    purpose: str
    province: str | None = None


@dataclass(frozen=True, slots=True)
class Posted:
    """Money that goes to any other account of the chart, with a description for the books."""

    account: str
    description: str


Part = Promised | Given | Collected | Spent | Posted
"""What a part of a split line can be."""


@dataclass(frozen=True, slots=True)
class Split:
    """Several things in one line: the amounts (đồng above 0) add up to the line's exactly."""

    parts: tuple[tuple[int, Part], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Not decided yet, with the reason why it waits; the money stays where it is booked."""

    note: str


Choice = Part | Settled | PaidOut | Mirrored | Booked | Split | Held


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a line probably is: the choice, how sure (0 to 100), and why, as short sentences.

    `label` says in a line what accepting it does. `sure` means that it may be accepted without a
    person: the code's check letter holds (or the other side names the line) and nothing else fits.
    `rule_id` is the treasurer's rule that proposes it, if one does.
    """

    choice: Choice
    label: str
    score: int
    reasons: tuple[str, ...] = field(default=())
    sure: bool = False
    rule_id: int | None = None


MOST: Final = 5
"""So many proposals of a line are shown, the best first."""
