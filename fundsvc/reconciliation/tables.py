"""Read a bank's statement that is a table: CSV text, or the sheets of an Excel workbook."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from flask_babel import gettext as _

from fundsvc import workbook
from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.reconciliation import header, notes
from fundsvc.reconciliation.cells import Cells
from fundsvc.reconciliation.layouts import COLUMNS, MARKED, MINUS_DEBIT, SIGNED, Layout
from fundsvc.reconciliation.reader import Line, Said, make_line
from fundsvc.reconciliation.source import Source

DELIMITERS: Final = (",", ";", "\t")


class Table:
    """The rows of a file: of a CSV text for a delimiter, of a workbook for a sheet."""

    def __init__(self, data: bytes | Source) -> None:
        """Look what kind of table it is.

        Raises:
            Refusal: it begins as a workbook and is none.
        """
        self.source = Source.of(data)
        self.is_workbook = self.source.head.startswith(workbook.MARK)
        stream = self.source.stream()
        self.parts = tuple(workbook.sheets(stream)) if self.is_workbook else DELIMITERS

    def rows(self, part: str) -> Iterator[list[str]]:
        """Yield the rows of a sheet, or those that a delimiter makes."""
        if self.is_workbook:
            return workbook.rows(self.source.stream(), part)
        # newline="" leaves line breaks inside cells to the CSV reader.
        text = io.TextIOWrapper(self.source.stream(), encoding="utf-8-sig", newline="")
        return csv.reader(text, delimiter=part, strict=True)


class TableReader:
    """A table whose layout is known.

    Raises:
        Refusal: the file as a whole cannot be read, and why.
    """

    def __init__(
        self,
        table: Table,
        *,
        layout: str | None,
        bank: str,
        today: date,
        profiles: Sequence[Layout] = (),
    ) -> None:
        """Find the header; `layout`, `bank` and `profiles` as for `header.find`."""
        self._table = table
        self._today = today
        self.refused, self.said = Refused(), Said()
        first = header.find(table.rows, table.parts, layout=layout, bank=bank, profiles=profiles)
        self.layout = first.layout
        self._headers = [first]
        if table.is_workbook:
            later = table.parts[table.parts.index(first.part) + 1 :]
            found = (header.headers(table.rows, (part,), (self.layout,)) for part in later)
            self._headers += [one[0] for one in found if one]
        self._fields = {name: self._word(name) for name in self.layout.columns}
        self._cells = Cells(self.layout, today)

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that can be read, in the order of the file and of its sheets."""
        self.refused, self.said = Refused(), Said()
        self._cells = Cells(self.layout, self._today)
        self._last_day = ""
        before = 0
        for found in self._headers:
            row = 0
            try:
                for row, cells in enumerate(self._table.rows(found.part), 1):
                    if row <= found.row:
                        self._take_above(cells)
                        continue
                    if not any(map(str.strip, cells)):
                        continue
                    try:
                        line = self._line(before + row, cells, found)
                    except Refusal as refusal:
                        for reason in refusal.reasons[:1]:
                            self.refused.add(
                                before + row, reason.field, self._why(found, row, reason)
                            )
                        continue
                    if line:
                        yield line
            except csv.Error:
                why = _(
                    "Dấu ngoặc kép hoặc độ dài ô không đúng; từ dòng này trở đi không đọc được."
                )
                self.refused.add(before + row + 1, None, why)
            before += row

    @property
    def amounts(self) -> str:
        """How amounts are written, as far as the lines that were read tell."""
        return self._cells.amounts

    def _why(self, found: header.Header, row: int, reason: Reason) -> str:
        """Return a reason; rows are counted on from sheet to sheet, so a later one says which."""
        if found is self._headers[0]:
            return str(reason.text)
        return _(
            "Trang “%(sheet)s”, dòng %(row)d: %(why)s",
            sheet=found.part[:60],
            row=row,
            why=str(reason.text),
        )

    def _take_above(self, cells: list[str]) -> None:
        """Note what stands above the header: the account, the balance before."""
        if not self.layout.notes:
            return
        if not self.said.account:
            self.said.account = notes.account_of((cells,))
        if notes.is_balance(cells):
            notes.take_balance(self.said, 0, cells)

    def _line(self, row: int, cells: list[str], found: header.Header) -> Line | None:
        """Return the line of a row, or None where a bank wrote a note."""
        if self.layout.notes:
            if self._is_note(row, cells, found):
                return None
            if len(found.cells) > len(cells) and self._table.is_workbook:
                cells = [*cells, *[""] * (len(found.cells) - len(cells))]
            if len(cells) > len(found.cells) and not any(
                cell.strip() for cell in cells[len(found.cells) :]
            ):
                cells = cells[: len(found.cells)]
        if len(cells) != len(found.cells):
            why = _(
                "Dòng có %(found)d ô, dòng tiêu đề có %(expected)d.",
                found=len(cells),
                expected=len(found.cells),
            )
            raise Refusal(Reason(why, row))
        bare = _bare if self._table.is_workbook else str.strip
        raw = {name: bare(cells[place]) for name, place in found.places.items()}
        if found.places["date"] == found.places.get("doc_no"):
            raw["date"], _gap, raw["doc_no"] = (" ".join(raw["date"].split())).partition(" ")
        debit, credit = self._amounts(raw)
        if bool(debit) == bool(credit):
            why = (
                _("Dòng có cả tiền ra và tiền vào.")
                if debit
                else _("Dòng không có số tiền ra hay vào.")
            )
            field = "credit" if "credit" in self._fields else "amount"
            raise Refusal(Reason(why, field=self._fields[field]))
        if self.layout.fill_down:
            raw["date"] = self._last_day = raw["date"] or self._last_day
        on, time = self._cells.day(raw["date"], self._fields["date"])
        if raw.get("time"):
            time = self._cells.time(raw["time"], self._fields["time"])
        balance = raw.get("balance", "")
        return make_line(
            row,
            on,
            raw,
            debit=debit,
            credit=credit,
            balance=self._cells.amount(balance, self._fields["balance"], minus=True)
            if balance
            else None,
            identity=self.layout.identity,
            at_time=time,
            names=self._fields,
        )

    def _amounts(self, raw: dict[str, str]) -> tuple[int, int]:
        """Return money out and money in."""
        sign, read = self.layout.sign, self._cells.amount
        if sign in {COLUMNS, MINUS_DEBIT}:
            debit = read(raw["debit"], self._fields["debit"], minus=sign == MINUS_DEBIT)
            return abs(debit), read(raw["credit"], self._fields["credit"])
        field = self._fields["amount"]
        if sign == SIGNED:
            told = raw["amount"]
            if told.startswith("+"):
                # Otherwise it stays what it is: a number of Excel follows no grammar.
                told = told.removeprefix("+")
            amount = read(told, field, minus=True)
            return max(-amount, 0), max(amount, 0)
        amount = read(raw["amount"], field)
        out = self._cells.is_out(raw["mark"], self._fields["mark"])
        return (amount, 0) if out else (0, amount)

    def _is_note(self, row: int, cells: list[str], found: header.Header) -> bool:
        """Say whether a row is no line, and take what it tells of balances and sums."""
        places = {name: place for name, place in found.places.items() if place < len(cells)}
        sums = [
            cells[places[name]].strip() if name in places else ""
            for name in (
                ("amount",) if self.layout.sign in {SIGNED, MARKED} else ("debit", "credit")
            )
        ]
        day = cells[places["date"]].strip() if "date" in places else ""
        # Where a line may have no day of its own, what donors write must not look like the bank's.
        own = cells
        if self.layout.fill_down and "memo" in places:
            own = [cell for place, cell in enumerate(cells) if place != places["memo"]]
        has_day = any(mark.isdigit() for mark in day)
        if notes.is_balance(own) and not (has_day and any(sums)):
            notes.take_balance(self.said, row, cells)
            return True
        if not has_day and notes.is_total(own):
            if len(sums) > 1:
                grammar = Cells(self.layout, self._today)
                notes.take_total(self.said, row, debit=sums[0], credit=sums[1], cells=grammar)
            return True
        if any(mark.isdigit() for cell in sums for mark in cell):
            return False
        again = [cell.strip() for cell in cells] == [cell.strip() for cell in found.cells]
        return again or notes.says_nothing(cells)

    def _word(self, name: str) -> str:
        """Return what the file itself calls one of our columns."""
        place = self._headers[0].places.get(name)
        if place is None:
            return name
        return " ".join(self._headers[0].cells[place].split()) or column_letter(place)


def column_letter(place: int) -> str:
    """Return what a spreadsheet calls a column: A, B … Z, AA."""
    letters = ""
    while place >= 0:
        place, rest = place // 26 - 1, place % 26
        letters = chr(ord("A") + rest) + letters
    return letters


def _bare(cell: str) -> str:
    """Return a cell without outer blanks; what Excel knew of its kind stays."""
    return cell if isinstance(cell, workbook.Number | workbook.Moment) else cell.strip()
