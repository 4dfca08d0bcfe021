"""The general ledger as a page: 50 lines, each with its entry, the way to those around them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fundsvc.statements import book_page, general_ledger
from fundsvc.statements.book_options import Turn
from fundsvc.statements.book_page import GENERAL_LEDGER, Linked, entry_href
from fundsvc.statements.general_ledger import Ledger, LedgerPage

if TYPE_CHECKING:
    from fundsvc.driver import Reader


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line as the page shows it; balances are debit less credit.

    `account` is the account it stands on where that is one below the ledger's, else empty.
    """

    on: str
    href: str
    number: str
    description: str
    account: str
    counter: tuple[str, ...]
    fund_name: str
    unit: str
    debit: int
    credit: int
    balance: int


@dataclass(frozen=True, slots=True)
class Ways:
    """Where a page of lines leads: to the lines before and behind it, and to both ends."""

    start: str | None
    earlier: str | None
    later: str | None
    end: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a ledger below what all of it comes to.

    `below` is how many accounts below its own the ledger takes in; `other` leads to it without
    them or, where it was asked for without, with them.
    """

    account: str
    name: str
    below: int
    other: str | None
    opening: Linked
    debit: Linked
    credit: Linked
    closing: Linked
    lines: tuple[PageLine, ...]
    before: int
    behind: int
    ways: Ways
    downloads: tuple[tuple[str, str], ...]


def page_of(session: "Reader", ledger: Ledger, shown: LedgerPage, turn: Turn) -> Page:
    """Return a page of a ledger."""
    scope, account = ledger.scope, ledger.scope.account
    query = scope.query()
    here = book_page.address(GENERAL_LEDGER, query | own(turn))
    code = account.code if account else ""
    alone = scope.options.alone
    return Page(
        account=code,
        name=account.name if account else "",
        below=len(scope.below),
        other=(
            book_page.address(GENERAL_LEDGER, scope.query(alone=None if alone else "1"))
            if alone or scope.below
            else None
        ),
        opening=Linked(
            ledger.opening,
            book_page.address(GENERAL_LEDGER, scope.query(**book_page.before(session, scope)))
            if ledger.opening
            else None,
        ),
        debit=Linked(ledger.debit),
        credit=Linked(ledger.credit),
        closing=Linked(ledger.closing),
        lines=tuple(
            PageLine(
                on=one.line.mark.on.isoformat(),
                href=entry_href(one.line.mark.entry_id, here),
                number=one.line.number,
                description=one.line.description,
                account=general_ledger.part(scope, one.line),
                counter=one.counter,
                fund_name=scope.funds[one.line.fund_id][1],
                unit=scope.reference.units[one.line.unit_id].code,
                debit=one.line.debit,
                credit=one.line.credit,
                balance=one.balance,
            )
            for one in shown.lines
        ),
        before=shown.opening,
        behind=shown.closing,
        ways=ways(
            GENERAL_LEDGER,
            query,
            (str(shown.lines[0].line.mark), str(shown.lines[-1].line.mark))
            if shown.lines
            else None,
            earlier=shown.earlier,
            later=shown.later,
        ),
        downloads=book_page.downloads(GENERAL_LEDGER, query),
    )


def own(turn: Turn) -> dict[str, str]:
    """Return how an address names a page."""
    named = {
        "after": str(turn.after or ""),
        "before": str(turn.before or ""),
        "at": "start" if turn.start else "",
    }
    return {name: value for name, value in named.items() if value}


def ways(
    path: str,
    query: Mapping[str, str],
    ends: tuple[str, str] | None,
    *,
    earlier: bool,
    later: bool,
) -> Ways:
    """Return where a page leads whose first and last line are `ends`."""
    first, last = ends or ("", "")
    return Ways(
        start=book_page.address(path, {**query, "at": "start"}) if earlier else None,
        earlier=book_page.address(path, {**query, "before": first}) if earlier and ends else None,
        later=book_page.address(path, {**query, "after": last}) if later and ends else None,
        end=book_page.address(path, query) if later else None,
    )
