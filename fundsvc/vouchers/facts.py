"""A voucher as lists, pages and paper show it: names instead of ids, and all that was done."""

from dataclasses import dataclass
from datetime import date, datetime

from fundsvc.books.reversing import Undone
from fundsvc.vouchers.drafting import Draft
from fundsvc.vouchers.workflow import HANDS


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherRow:
    """A voucher as lists show it; `number` is None until it is posted."""

    id: int
    kind: str
    kind_name: str
    state: str
    state_name: str
    date: date
    unit: str
    unit_name: str
    fund: str
    fund_name: str
    amount: int
    party: str
    description: str
    number: str | None
    entry_id: int | None
    maker_id: int
    maker: str
    files: int
    reversed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A line of a voucher with its names."""

    line: int
    account: str
    account_name: str
    fund: str
    fund_name: str
    unit: str
    unit_name: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    """A file of a voucher; `also` names other vouchers that carry the very same file."""

    sha256: str
    name: str
    media_type: str
    size: int
    added_at: datetime
    added_by: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """Something that was done; `kind` is a key of `listing.ACTS`, as create or approve."""

    kind: str
    by: int | None
    name: str
    at: datetime
    who: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherFacts:
    """All of a voucher. `expected` is the number that comes next while it has none."""

    row: VoucherRow
    draft: Draft
    version: int
    unit_address: str
    unit_is_centre: bool
    lines: tuple[LineRow, ...]
    files: tuple[FileRow, ...]
    acts: tuple[ActRow, ...]
    till_name: str | None
    to_till_name: str | None
    province_name: str | None
    to_fund_name: str | None
    to_unit_name: str | None
    made_at: datetime
    submitted_by_id: int | None
    submitted_by: str | None
    submitted_at: datetime | None
    approver_id: int | None
    approver: str | None
    approved_at: datetime | None
    posted_by: str | None
    posted_at: datetime | None
    return_reason: str | None
    template: str | None
    undone: Undone | None
    expected: str | None

    def is_maker(self, person: int) -> bool:
        """Whether a person made, changed or sent any version of it, and so may not approve it."""
        own = {act.by for act in self.acts if act.kind in HANDS}
        return person in {self.row.maker_id, self.submitted_by_id, *own}
