"""The general ledger of an account (sổ cái): opening, every line with its balance, closing.

That of a parent account (112) takes in the accounts below it (112.VCB1), so that it is what is
printed and signed; each of their lines names its account.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from fundsvc import clock
from fundsvc.books.sums import summed
from fundsvc.errors import Reason, Refusal
from fundsvc.gettext import gettext as _
from fundsvc.statements import book_lines
from fundsvc.statements.book import LINE, Book, Column, Record, Records, Value, sides
from fundsvc.statements.book_closing import closed_on
from fundsvc.statements.book_lines import Line
from fundsvc.statements.book_options import BookOptions, Turn
from fundsvc.statements.book_scope import BookScope, balance_columns, look_up

if TYPE_CHECKING:
    from fundsvc.driver import Reader

TITLE = "Sổ cái"
FIELDS = (
    "date", "entry", "voucher", "summary", "counter", "fund", "unit", "debit", "credit", "balance",
    "account",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ledger:
    """What an account had, what moved and what it has, in đồng; balances are debit less credit."""

    scope: BookScope
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """Debit less credit at the end of the last day."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A line with the accounts on its other side, and the balance behind it."""

    line: Line
    counter: tuple[str, ...]
    balance: int


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A page of a ledger, oldest line first; `opening` is the balance before its first line."""

    lines: tuple[LedgerLine, ...]
    opening: int
    earlier: bool
    later: bool

    @property
    def closing(self) -> int:
        """The balance behind the last line."""
        return self.lines[-1].balance if self.lines else self.opening


def ledger(session: "Reader", options: BookOptions, language: str = "vi") -> Ledger:
    """Sum up an account of all books, a fund, a unit or a province.

    Raises:
        Refusal: an option names what does not exist, or what this person may not see.
    """
    scope = look_up(session, options, language)
    if scope.account is None:
        raise Refusal(Reason(_("Xin chọn tài khoản."), field="account"))
    found = summed(
        session, ("account",), scope.first, scope.last, scope.conditions(), counted=False
    )
    return Ledger(
        scope=replace(scope, moved=tuple(sorted(total.key[0] for total in found if total.entries))),
        opening=sum(total.before for total in found),
        debit=sum(total.debit for total in found),
        credit=sum(total.credit for total in found),
    )


def page(session: "Reader", book: Ledger, turn: Turn) -> LedgerPage:
    """Return a page of a ledger; the balances of its lines ask for no line of another day."""
    found = book_lines.page(session, book.scope, turn)
    if not found.lines:
        opening = book.opening if turn.before else book.closing
        return LedgerPage((), opening, found.earlier, found.later)
    if not found.earlier:
        opening = book.opening
    elif not found.later:
        opening = book.closing - sum(line.amount for line in found.lines)
    else:
        opening = book_lines.balance_before(session, book.scope, found.lines[0].mark)
    lines = tuple(_balanced(session, book.scope, found.lines, opening))
    return LedgerPage(lines, opening, found.earlier, found.later)


def book(session: "Reader", drawn: Ledger) -> Book:
    """Read a whole ledger, and return it as documents draw it."""
    scope, account = drawn.scope, drawn.scope.account
    records = Records()
    balance = drawn.opening
    records.add("opening", None, None, None, "Số dư đầu kỳ", *_NONE, None, None, balance, None)
    debit = credit = unsealed = 0
    for chunk in book_lines.every(session, scope):
        for one in _balanced(session, scope, chunk, balance):
            records.add(LINE, *_values(scope, one))
            debit, credit, balance = debit + one.line.debit, credit + one.line.credit, one.balance
            unsealed += not scope.is_sealed(one.line.mark.entry_id)
    records.add(
        "turnover", None, None, None, "Cộng số phát sinh", *_NONE, debit, credit, None, None
    )
    records.add("closing", None, None, None, "Số dư cuối kỳ", *_NONE, None, None, balance, None)
    issued_by = scope.issuer
    code, name = (account.code, account.name) if account else ("", "")
    return Book(
        title=TITLE,
        name=scope.file_name("so-cai", code),
        facts=(f"Tài khoản {code} – {name}", *_taken_in(scope), *scope.facts()),
        issuer_name=issued_by.name if issued_by else "",
        issuer_address=issued_by.address if issued_by else "",
        first=scope.first,
        last=scope.last,
        fields=FIELDS,
        columns=(
            Column("Ngày ghi sổ", "day", 18),
            Column("Số hiệu", "text", 36, "Chứng từ"),
            Column("Ngày", "day", 18, "Chứng từ"),
            Column("Diễn giải", "text", 70),
            *((Column("TK chi tiết", "text", 22),) if scope.below else ()),
            Column("TK đối ứng", "text", 22),
            *balance_columns("Số phát sinh", "sum"),
            *balance_columns("Số dư", "last"),
        ),
        text_column=3,
        printed=partial(_printed, parts=bool(scope.below)),
        head={
            "account": code,
            "name": name,
            "accounts": [code, *(scope.accounts[number].code for number in scope.below)],
            **scope.as_json(),
            "opening": drawn.opening,
            "debit": debit,
            "credit": credit,
            "closing": balance,
        },
        records=records,
        drawn_at=clock.now(),
        closed_on=closed_on(session, scope),
        seal=scope.seal,
        unsealed=unsealed,
    )


_NONE: tuple[Value, ...] = (None, None, None)
"""Counter account, fund and unit of a record that is no line."""


def part(scope: BookScope, line: Line) -> str:
    """Return the account of a line where it is one below the ledger's, else nothing."""
    if scope.account is None or line.account_id == scope.account.id:
        return ""
    return scope.accounts[line.account_id].code


def _taken_in(scope: BookScope) -> tuple[str, ...]:
    """Return what documents say of the accounts below, which the ledger has or leaves out."""
    if scope.below:
        return (f"Gồm {len(scope.below)} tài khoản chi tiết",)
    return ("Riêng tài khoản này, không gồm tài khoản chi tiết",) if scope.options.alone else ()


def _balanced(
    session: "Reader", scope: BookScope, lines: Sequence[Line], balance: int
) -> Iterator[LedgerLine]:
    counters = book_lines.counter_accounts(session, scope, lines)
    for line in lines:
        balance += line.amount
        yield LedgerLine(line, counters[line.mark], balance)


def _values(scope: BookScope, one: LedgerLine) -> tuple[Value, ...]:
    line = one.line
    return (
        line.mark.on.isoformat(),
        line.mark.entry_id,
        line.number,
        line.description,
        ", ".join(one.counter),
        scope.funds[line.fund_id][0],
        scope.reference.units[line.unit_id].code,
        line.debit,
        line.credit,
        one.balance,
        scope.accounts[line.account_id].code,
    )


def _printed(record: Record, *, parts: bool) -> tuple[Value, ...]:
    on, _entry, voucher, summary, counter, _fund, _unit, debit, credit, balance, own = record.values
    pair = (None, None) if balance is None else sides(int(balance))
    figures = (debit or None, credit or None) if record.kind == LINE else (debit, credit)
    return on, voucher, on, summary, *((own,) if parts else ()), counter, *figures, *pair
