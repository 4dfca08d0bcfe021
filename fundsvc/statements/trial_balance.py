"""The trial balance (bảng cân đối tài khoản): what stands on each account, and what moved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from fundsvc import clock
from fundsvc.books.sums import summed
from fundsvc.statements.book import LINE, Book, Column, Record, Records, Value, sides
from fundsvc.statements.book_options import BookOptions
from fundsvc.statements.book_scope import BookScope, balance_columns, look_up
from ledger.statements import UnprovenError

if TYPE_CHECKING:
    from fundsvc.driver import Reader

TITLE = "Bảng cân đối tài khoản"
FIELDS = ("account", "name", "fund", "unit", "opening", "debit", "credit", "closing")


class BalanceRow(NamedTuple):
    """What an account says of a fund and unit, in đồng; opening and closing are debit less credit.

    Fund and unit are None where the row is of all that were asked for.
    """

    account: str
    name: str
    fund: str | None
    unit: str | None
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """Debit less credit at the end of the last day."""
        return self.opening + self.debit - self.credit

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells the row from all others, in their order."""
        return self.account, self.fund or "", self.unit or ""

    def values(self) -> tuple[Value, ...]:
        """Return the row in the order of `FIELDS`."""
        return (
            self.account, self.name, self.fund, self.unit,
            self.opening, self.debit, self.credit, self.closing,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SideSums:
    """What rows come to, each side for itself; a trial balance agrees in each pair."""

    opening_debit: int
    opening_credit: int
    debit: int
    credit: int
    closing_debit: int
    closing_credit: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The rows of a trial balance by account, fund and unit."""

    scope: BookScope
    rows: tuple[BalanceRow, ...]

    def shown(self, *, apart: bool) -> tuple[BalanceRow, ...]:
        """Return the rows as they are, or one per account."""
        return self.rows if apart else _by_account(self.rows)


def trial_balance(session: "Reader", options: BookOptions, language: str = "vi") -> TrialBalance:
    """Draw the trial balance of all books, a fund, a unit or a province.

    Raises:
        Refusal: an option names what does not exist, or what this person may not see.
        UnprovenError: debit and credit differ; run `fundsvc verify`.
    """
    scope = look_up(session, options, language)
    by, days = ("account", "fund", "unit"), (scope.first, scope.last)
    found = summed(session, by, *days, scope.conditions(), counted=False)
    accounts, units = scope.accounts, scope.reference.units
    rows = []
    for (account_id, fund_id, unit_id), before, debit, credit, entries in found:
        if before or debit or credit or entries:
            account = accounts[account_id]
            fund, unit = scope.funds[fund_id][0], units[unit_id].code
            rows.append(BalanceRow(account.code, account.name, fund, unit, before, debit, credit))
    rows.sort(key=attrgetter("key"))
    _prove(rows)
    return TrialBalance(scope, tuple(rows))


def sums(rows: Iterable[BalanceRow]) -> SideSums:
    """Add up rows, each side for itself."""
    found = [0] * 6
    for row in rows:
        figures = (
            max(row.opening, 0), max(-row.opening, 0), row.debit, row.credit,
            max(row.closing, 0), max(-row.closing, 0),
        )  # fmt: skip
        found = [sum(pair) for pair in zip(found, figures, strict=True)]
    return SideSums(*found)


def book(balance: TrialBalance, *, apart: bool = True) -> Book:
    """Return the trial balance as documents draw it."""
    scope = balance.scope
    rows, records = balance.shown(apart=apart), Records()
    for row in rows:
        records.add(LINE, *row.values())
    whole = sums(rows)
    opening = whole.opening_debit - whole.opening_credit
    closing = whole.closing_debit - whole.closing_credit
    records.add("total", "", "Cộng", None, None, opening, whole.debit, whole.credit, closing)
    issued_by = scope.issuer
    names = (
        Column("Số hiệu", "text", 22),
        Column("Tên tài khoản", "text", 52),
        *((Column("Quỹ", "text", 30), Column("Đơn vị", "text", 22)) if apart else ()),
    )
    return Book(
        title=TITLE,
        name=scope.file_name("can-doi-tai-khoan", *(("quy-don-vi",) if apart else ())),
        facts=tuple(scope.facts()),
        issuer_name=issued_by.name if issued_by else "",
        issuer_address=issued_by.address if issued_by else "",
        first=scope.first,
        last=scope.last,
        fields=FIELDS,
        columns=(
            *names,
            *balance_columns("Số dư đầu kỳ"),
            *balance_columns("Số phát sinh trong kỳ"),
            *balance_columns("Số dư cuối kỳ"),
        ),
        text_column=1,
        printed=_Printed(whole, scope.fund_names, apart=apart),
        head=_head(scope, whole),
        records=records,
        drawn_at=clock.now(),
        bound=False,
        seal=scope.seal,
    )


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a record shows in the printed columns; the total tells both sides of the balances."""

    whole: SideSums
    funds: Mapping[str, str]
    apart: bool

    def __call__(self, record: Record) -> tuple[Value, ...]:
        account, name, fund, unit, opening, debit, credit, closing = record.values
        told = self.funds.get(str(fund))
        names = (account, name, told, unit) if self.apart else (account, name)
        if record.kind != LINE:
            whole = self.whole
            return (
                *names, whole.opening_debit, whole.opening_credit,
                debit, credit, whole.closing_debit, whole.closing_credit,
            )  # fmt: skip
        balances = sides(int(opening or 0)), sides(int(closing or 0))
        return *names, *balances[0], debit or None, credit or None, *balances[1]


def _head(scope: BookScope, whole: SideSums) -> dict[str, Any]:
    return {
        **scope.as_json(),
        "debit": whole.debit,
        "credit": whole.credit,
        "opening_debit": whole.opening_debit,
        "opening_credit": whole.opening_credit,
        "closing_debit": whole.closing_debit,
        "closing_credit": whole.closing_credit,
    }


def _by_account(rows: Iterable[BalanceRow]) -> tuple[BalanceRow, ...]:
    """Add up the funds and units of each account."""
    found: dict[str, BalanceRow] = {}
    for row in rows:
        before = found.get(row.account)
        found[row.account] = BalanceRow(
            account=row.account,
            name=row.name,
            fund=None,
            unit=None,
            opening=row.opening + (before.opening if before else 0),
            debit=row.debit + (before.debit if before else 0),
            credit=row.credit + (before.credit if before else 0),
        )
    return tuple(found.values())


def _prove(rows: Iterable[BalanceRow]) -> None:
    """Hold that debit equals credit before the first day and in the span."""
    opening = turnover = 0
    for row in rows:
        opening += row.opening
        turnover += row.debit - row.credit
    if opening or turnover:
        raise UnprovenError((None, None), opening or turnover)
