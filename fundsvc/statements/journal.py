"""The journal (sổ nhật ký chung): every posting of the books, in the order of days and entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fundsvc import clock
from fundsvc.books.sums import summed
from fundsvc.statements import book_lines
from fundsvc.statements.book import LINE, Book, Column, Record, Records, Value
from fundsvc.statements.book_closing import closed_on
from fundsvc.statements.book_lines import Line
from fundsvc.statements.book_options import BookOptions
from fundsvc.statements.book_scope import BookScope, balance_columns, look_up

if TYPE_CHECKING:
    from fundsvc.driver import Reader

TITLE = "Sổ nhật ký chung"
FIELDS = (
    "date", "entry", "line", "begins", "entry_kind", "voucher", "summary", "account",
    "account_name", "fund", "unit", "province", "debit", "credit",
)  # fmt: skip
"""`begins` is 1 in the first row of each entry, else 0; CSV says in `kind` what a row is."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What all postings of a journal come to, in đồng; debit equals credit."""

    scope: BookScope
    debit: int
    credit: int


def journal(session: "Reader", options: BookOptions, language: str = "vi") -> Journal:
    """Sum up the journal of all books, a fund, a unit or a province.

    Raises:
        Refusal: an option names what does not exist, or what this person may not see.
    """
    scope = look_up(session, options, language)
    found = summed(session, ("fund",), scope.first, scope.last, scope.conditions(), counted=False)
    return Journal(scope, sum(total.debit for total in found), sum(total.credit for total in found))


def book(session: "Reader", drawn: Journal) -> Book:
    """Read a whole journal, and return it as documents draw it."""
    scope, records = drawn.scope, Records()
    debit = credit = entry_id = unsealed = 0
    for chunk in book_lines.every(session, scope):
        for line in chunk:
            begins = line.mark.entry_id != entry_id
            records.add(LINE, *_values(scope, line, begins=begins))
            entry_id = line.mark.entry_id
            unsealed += not scope.is_sealed(entry_id)
            debit, credit = debit + line.debit, credit + line.credit
    records.add("total", *([None] * 6), "Cộng", *([None] * 5), debit, credit)
    issued_by = scope.issuer
    return Book(
        title=TITLE,
        name=scope.file_name("nhat-ky-chung", drawn=True),
        facts=tuple(scope.facts()),
        issuer_name=issued_by.name if issued_by else "",
        issuer_address=issued_by.address if issued_by else "",
        first=scope.first,
        last=scope.last,
        fields=FIELDS,
        columns=(
            Column("Ngày ghi sổ", "day", 18),
            Column("Số hiệu", "text", 36, "Chứng từ"),
            Column("Ngày", "day", 18, "Chứng từ"),
            Column("Diễn giải", "text", 72),
            Column("Quỹ", "text", 26),
            Column("Đơn vị", "text", 24),
            Column("Số hiệu TK", "text", 25),
            *balance_columns("Số phát sinh", "sum"),
        ),
        text_column=3,
        printed=_Printed(scope.fund_names),
        head={**scope.as_json(), "debit": debit, "credit": credit},
        records=records,
        drawn_at=clock.now(),
        closed_on=closed_on(session, scope),
        seal=scope.seal,
        unsealed=unsealed,
    )


def _values(scope: BookScope, line: Line, *, begins: bool) -> tuple[Value, ...]:
    account = scope.accounts[line.account_id]
    unit = scope.reference.units[line.unit_id]
    place = unit.province_id if line.province_id is None else line.province_id
    return (
        line.mark.on.isoformat(),
        line.mark.entry_id,
        line.mark.line,
        int(begins),
        line.kind,
        line.number,
        line.description,
        account.code,
        account.name,
        scope.funds[line.fund_id][0],
        unit.code,
        scope.reference.drawn_as[scope.provinces][place],
        line.debit,
        line.credit,
    )


@dataclass(frozen=True, slots=True)
class _Printed:
    """What a record shows in the printed columns; funds by their names."""

    funds: Mapping[str, str]

    def __call__(self, record: Record) -> tuple[Value, ...]:
        on, _entry, _line, begins, _kind, voucher, summary, account, name, *rest = record.values
        fund, unit, _province, debit, credit = rest
        if record.kind != LINE:
            return on, voucher, on, summary, fund, unit, account, debit, credit
        told, of = summary if begins else name, self.funds.get(str(fund))
        return on, voucher, on, told, of, unit, account, debit or None, credit or None
