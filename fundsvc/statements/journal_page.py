"""The journal as a page: 50 postings, those of an entry below each other."""

from dataclasses import dataclass

from fundsvc.statements import book_page
from fundsvc.statements.book_lines import Lines
from fundsvc.statements.book_options import Turn
from fundsvc.statements.book_page import JOURNAL, entry_href, ledger_href
from fundsvc.statements.journal import Journal
from fundsvc.statements.ledger_page import Ways, own, ways


@dataclass(frozen=True, slots=True)
class PageLine:
    """A posting as the page shows it; `begins` says that it is the first of its entry here."""

    begins: bool
    on: str
    href: str
    number: str
    description: str
    account: str
    account_name: str
    account_href: str
    fund_name: str
    unit: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a journal below what all of it comes to."""

    debit: int
    credit: int
    lines: tuple[PageLine, ...]
    ways: Ways
    downloads: tuple[tuple[str, str], ...]


def page_of(journal: Journal, shown: Lines, turn: Turn) -> Page:
    """Return a page of a journal."""
    scope = journal.scope
    query = scope.query()
    here = book_page.address(JOURNAL, query | own(turn))
    lines: list[PageLine] = []
    entry_id = 0
    for line in shown.lines:
        account = scope.accounts[line.account_id]
        fund, unit = scope.funds[line.fund_id][0], scope.reference.units[line.unit_id].code
        lines.append(
            PageLine(
                begins=line.mark.entry_id != entry_id,
                on=line.mark.on.isoformat(),
                href=entry_href(line.mark.entry_id, here),
                number=line.number,
                description=line.description,
                account=account.code,
                account_name=account.name,
                account_href=ledger_href(scope, account.code, fund=fund, unit=unit),
                fund_name=scope.funds[line.fund_id][1],
                unit=unit,
                debit=line.debit,
                credit=line.credit,
            )
        )
        entry_id = line.mark.entry_id
    ends = (str(shown.lines[0].mark), str(shown.lines[-1].mark)) if shown.lines else None
    return Page(
        debit=journal.debit,
        credit=journal.credit,
        lines=tuple(lines),
        ways=ways(JOURNAL, query, ends, earlier=shown.earlier, later=shown.later),
        downloads=book_page.downloads(JOURNAL, query),
    )
