"""The trial balance as a page: 50 rows at a time, every figure with its general ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.statements import book_page
from fundsvc.statements.book_options import PAGE
from fundsvc.statements.book_page import JOURNAL, TRIAL_BALANCE, Linked, ledger_href
from fundsvc.statements.trial_balance import BalanceRow, SideSums, TrialBalance, sums

if TYPE_CHECKING:
    from fundsvc.driver import Reader

APART = "all"
_JOINT = "~"


@dataclass(frozen=True, slots=True)
class PageRow:
    """A row with its figures; of two figures of a pair the one that is nothing has no address."""

    account: str
    name: str
    fund_name: str | None
    unit: str | None
    href: str
    figures: tuple[Linked, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a trial balance, and what all of it comes to."""

    rows: tuple[PageRow, ...]
    count: int
    whole: SideSums
    totals: tuple[Linked, ...]
    first: str | None
    following: str | None
    downloads: tuple[tuple[str, str], ...]


def read_apart(values: Mapping[str, str]) -> bool:
    """Read whether rows are by fund and unit too (`by=all`), or by account alone.

    Raises:
        Refusal: it is neither.
    """
    if values.get("by", "") not in {"", APART}:
        raise Refusal(Reason(_("Xin chọn cách chia dòng có trong danh sách."), field="by"))
    return values.get("by") == APART


def page_of(session: "Reader", balance: TrialBalance, *, apart: bool, after: str) -> Page:
    """Return the page that begins behind a row, named as pages name it; the first one for none.

    Raises:
        Refusal: it is no row that a page gave out.
    """
    rows = balance.shown(apart=apart)
    rest = [row for row in rows if row.key > _read_key(after)] if after else list(rows)
    scope, whole = balance.scope, sums(rows)
    query = scope.query(by=APART if apart else None)
    last = rest[PAGE - 1] if len(rest) > PAGE else None
    journal = book_page.address(JOURNAL, scope.query())
    before = book_page.before(session, scope) if any(row.opening for row in rest[:PAGE]) else {}
    return Page(
        rows=tuple(_row(balance, row, before) for row in rest[:PAGE]),
        count=len(rows),
        whole=whole,
        totals=(
            Linked(whole.opening_debit),
            Linked(whole.opening_credit),
            Linked(whole.debit, journal),
            Linked(whole.credit, journal),
            Linked(whole.closing_debit),
            Linked(whole.closing_credit),
        ),
        first=book_page.address(TRIAL_BALANCE, query) if after else None,
        following=(
            book_page.address(TRIAL_BALANCE, query | {"after": _JOINT.join(last.key)})
            if last
            else None
        ),
        downloads=book_page.downloads(TRIAL_BALANCE, query),
    )


def _row(balance: TrialBalance, row: BalanceRow, before: Mapping[str, str | None]) -> PageRow:
    scope = balance.scope
    place = {"fund": row.fund or scope.options.fund, "unit": row.unit or scope.options.unit}
    span = ledger_href(scope, row.account, **place)
    opening = ledger_href(scope, row.account, **place, **before)

    def side(amount: int, href: str) -> tuple[Linked, Linked]:
        return (
            Linked(max(amount, 0), href if amount > 0 else None),
            Linked(max(-amount, 0), href if amount < 0 else None),
        )

    return PageRow(
        account=row.account,
        name=row.name,
        fund_name=scope.fund_names.get(row.fund or ""),
        unit=row.unit,
        href=span,
        figures=(
            *side(row.opening, opening),
            Linked(row.debit, span if row.debit else None),
            Linked(row.credit, span if row.credit else None),
            *side(row.closing, span),
        ),
    )


def _read_key(raw: str) -> tuple[str, str, str]:
    parts = raw.split(_JOINT)
    if len(parts) != len(("account", "fund", "unit")):
        raise Refusal(Reason(_("Không có trang này."), field="after"))
    return parts[0], parts[1], parts[2]
