"""What becomes of each line of a bank file: new, known, or refused because its month is closed.

A line that a gateway told of is known too; it is kept as the twin of what was told.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from fundsvc.books.closed import closed_through, find_closed
from fundsvc.errors import Refusal
from fundsvc.imports import KEPT_REASONS, Refused
from fundsvc.reconciliation import continuity
from fundsvc.reconciliation.booking import is_fee
from fundsvc.reconciliation.continuity import Known
from fundsvc.reconciliation.facts import AccountFacts, BankImportReport, Before, Twin
from fundsvc.reconciliation.models import BankLine, BankTwin
from fundsvc.reconciliation.reader import Line
from fundsvc.reconciliation.statement import Statement
from fundsvc.reconciliation.summary import Counting, Summary, Told, compare
from fundsvc.reconciliation.twins import told_only
from ledger.money import MAX_DONG

SAMPLE = 10
KEPT_DOUBTS = 1_000


@dataclass(slots=True)
class Neighbours:
    """Finds known lines that stand alone among new ones; see `BankImportReport.doubtful`."""

    doubtful: list[int] = field(default_factory=list)
    _last_new: bool = False
    _alone: int | None = None

    def add(self, row: int, *, new: bool) -> None:
        """Take the next line."""
        if new and self._alone is not None and len(self.doubtful) < KEPT_DOUBTS:
            self.doubtful.append(self._alone)
        self._alone = row if not new and self._last_new else None
        self._last_new = new


class Reading:
    """One reading of a file into an account; give it every line, then ask for the report.

    `occurrences` then holds for each line its number among its equals, 0 for a known one; `twins`
    the lines that a gateway told of, each with the id of the line that it booked; `twin_memos` that
    id with the statement's own memo.
    """

    def __init__(
        self,
        session: Session,
        account: AccountFacts,
        as_new: Collection[int] | None = None,
        alone: Callable[[str], bool] = lambda _fingerprint: False,
    ) -> None:
        """Look up until which month the books of the account's unit are closed.

        `as_new` are the rows that a person said are new although they look known; None when nobody
        was asked yet. `alone` is as for `Counting`.
        """
        self._as_new = as_new
        self._unknown = Known()
        self._moved = 0
        self._session = session
        self._account = account
        self._closed = closed_through(session, account.unit_id)
        self._counting = Counting(self._stored, alone)
        self._summary = Summary()
        self._neighbours = Neighbours()
        self._refused = Refused()
        self._sample: list[Line] = []
        self._whys: dict[date, str] = {}
        self._fees = self._debits = self._known = self._in_closed = 0
        self._told = told_only(session, account.id)
        self.occurrences: list[int] = []
        self.twins: list[Twin] = []
        self.twin_memos: list[tuple[int, str]] = []

    def add(self, line: Line) -> None:
        """Decide one line."""
        occurrence = self._counting.occurrence(line)
        told = self._told.printed(line) if occurrence else None
        if told is not None:
            self.twins.append(
                Twin(line.row, line.booked_on, line.fingerprint, occurrence, bank_line_id=told)
            )
            self.twin_memos.append((told, line.memo))
            occurrence = 0
        elif not occurrence and self._as_new and line.row in self._as_new:
            occurrence = self._counting.one_more(line)
        self.occurrences.append(occurrence)
        self._summary.add(line)
        self._neighbours.add(line.row, new=bool(occurrence))
        if len(self._sample) < SAMPLE:
            self._sample.append(line)
        if not occurrence:
            self._known += 1
            self._unknown.add(line)
            return
        self._moved += line.credit - line.debit
        if self._closed and line.booked_on.replace(day=1) <= self._closed:
            self._in_closed += 1
            self._refused.add(line.row, "date", self._why_closed(line.booked_on.replace(day=1)))
        elif line.debit and is_fee(line):
            self._fees += 1
        elif line.debit:
            self._debits += 1

    def _why_closed(self, month: date) -> str:
        if month not in self._whys:
            closed = find_closed(self._session, self._account.unit_id, month)
            fact = closed.fact if closed else ""
            self._whys[month] = _(
                "%(closed)s Dòng sao kê của tháng này chỉ ghi sổ được sau khi mở lại sổ.",
                closed=fact,
            )
        return self._whys[month]

    def report(self, statement: Statement) -> BankImportReport:
        """Return what the whole statement comes to, when each of its lines was added.

        Raises:
            Refusal: the file adds up to more than the books can hold.
        """
        summary = self._summary
        summary.turn()
        if max(summary.sum_in, summary.sum_out) > MAX_DONG:
            raise Refusal(_("Tổng số tiền trong tệp quá lớn."))
        told = compare(summary, statement.said)
        if not statement.refused.count:
            # A row that could not be read breaks the sums too, and is told by itself.
            for why in told.faults:
                self._refused.add(statement.said.row, None, f"{why} {_broken()}")
        refused = sorted((*statement.refused.rows, *self._refused.rows), key=lambda row: row.row)
        runs = sorted((*statement.refused.runs, *self._refused.runs), key=lambda run: run.first)
        count = statement.refused.count + self._refused.count
        before = self._before(statement, told)
        ahead = before.ahead if before and self._as_new is None and not count else 0
        asked = self._unknown.explaining(ahead, self._neighbours.doubtful)
        return BankImportReport(
            lines=summary.lines + statement.refused.count,
            new=summary.lines - self._known,
            known=self._known,
            refused=tuple(refused[:KEPT_REASONS]),
            refused_count=count,
            sum_in=summary.sum_in,
            sum_out=summary.sum_out,
            first=summary.first,
            last=summary.last,
            committed=statement.sha256 is not None and not count and not asked,
            layout=statement.layout.name,
            opening=told.opening,
            closing=told.closing,
            # A row that could not be read breaks the balance too, and says nothing of the bank.
            breaks=() if statement.refused.count else tuple(summary.breaks),
            fees=self._fees,
            debits=self._debits,
            # A running balance tells equal lines apart, so nothing is left to doubt.
            doubtful=()
            if "balance" in statement.layout.identity and summary.opening is not None
            else tuple(self._neighbours.doubtful),
            sample=tuple(self._sample),
            before=before,
            asked=continuity.asked(statement.lines, asked) if asked else (),
            runs=tuple(runs[:KEPT_REASONS]),
            closed=self._in_closed,
        )

    def _before(self, statement: Statement, told: Told) -> Before | None:
        first, last = self._summary.first, self._summary.last
        if told.opening is None or told.closing is None or first is None or last is None:
            return None
        span = continuity.Span(first, last, told.opening, told.closing, self._moved)
        return continuity.before(self._session, self._account, span, statement.digest)

    def _stored(self, day: date) -> Mapping[str, int]:
        # Counted here and not by the database: its grouping would walk the whole account's index.
        here = {"bank_account_id": self._account.id, "booked_on": day}
        query = union_all(
            select(BankLine.fingerprint).filter_by(**here),
            select(BankTwin.fingerprint).filter_by(**here),
        )
        return Counter(self._session.scalars(query))


def _broken() -> str:
    return _("Tệp bị cắt, thiếu dòng hoặc lệch cột; hãy tải lại từ ngân hàng.")
