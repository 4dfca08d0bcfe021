"""Read a bank's statement file: bytes in, the bank's lines and the refused rows out.

Rows are numbered as a spreadsheet shows them: the header of a plain file is row 1, and a line
whose cells hold line breaks still is one row.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.reconciliation import header
from fundsvc.reconciliation.layouts import AMOUNTS, DAYS, TIME
from fundsvc.text import EARLIEST_YEAR, clean
from ledger.money import MAX_DONG

MAX_BYTES = 128 * 1024 * 1024
MEMO_LENGTH, SHORT_LENGTH = 2_000, 200
FINGERPRINT_BYTES = 16

# What a file of another kind begins with, and what people call it.
_OTHER_KINDS = (
    (b"PK\x03\x04", "Excel (XLSX)"),
    (b"\xd0\xcf\x11\xe0", "Excel (XLS)"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "GZIP"),
    (b"<?xml", "XML"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_MINUS = "-"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement; debit and credit are the bank's (credit is money in), in đồng."""

    row: int
    booked_on: date
    at_time: str
    doc_no: str
    reference: str
    memo: str
    counterparty: str
    debit: int
    credit: int
    balance: int | None
    fingerprint: str


class LineReader:
    """A bank file whose layout is known; iterate over it for its lines, as often as needed.

    Rows that cannot be read are not lines: they are in `refused` after an iteration.

    Raises:
        Refusal: the file as a whole cannot be read, and why.
    """

    def __init__(self, data: bytes, *, layout: str | None, bank: str, today: date) -> None:
        """Look at the whole file's encoding and find its header.

        `layout` is a name of `layouts.BY_NAME` or None to recognise it; `bank` is what the account
        calls its bank (see `header.find`); no line is after `today`.
        """
        _check_encoding(data)
        self._data = data
        self._today = today
        self.refused = Refused()
        found = header.find(self._rows, layout=layout, bank=bank)
        self.layout, self._delimiter, self._header_row = found.layout, found.delimiter, found.row
        self._header, self._places = found.cells, found.places
        self._amount = AMOUNTS[self.layout.amounts]
        self._group = self.layout.amounts[1]

    def __iter__(self) -> Iterator[Line]:
        """Yield the lines that can be read, in the order of the file."""
        self.refused = Refused()
        row = 0
        try:
            for row, cells in enumerate(self._rows(self._delimiter), 1):
                if row <= self._header_row or not any(cell.strip() for cell in cells):
                    continue
                try:
                    yield self._line(row, cells)
                except Refusal as refusal:
                    for reason in refusal.reasons[:1]:
                        self.refused.add(row, reason.field, str(reason.text))
        except csv.Error:
            why = _("Dấu ngoặc kép hoặc độ dài ô không đúng; từ dòng này trở đi không đọc được.")
            self.refused.add(row + 1, None, why)

    def _rows(self, delimiter: str) -> Iterator[list[str]]:
        # newline="" leaves line breaks inside cells to the CSV reader.
        text = io.TextIOWrapper(io.BytesIO(self._data), encoding="utf-8-sig", newline="")
        return csv.reader(text, delimiter=delimiter, strict=True)

    def _line(self, row: int, cells: list[str]) -> Line:
        if len(cells) != len(self._header):
            why = _(
                "Dòng có %(found)d ô, dòng tiêu đề có %(expected)d.",
                found=len(cells),
                expected=len(self._header),
            )
            raise Refusal(Reason(why, row))
        raw = {name: cells[place].strip() for name, place in self._places.items()}
        debit = self._dong(raw["debit"], "debit")
        credit = self._dong(raw["credit"], "credit")
        if bool(debit) == bool(credit):
            why = (
                _("Dòng có cả tiền ra và tiền vào.")
                if debit
                else _("Dòng không có số tiền ra hay vào.")
            )
            raise self._refusal(why, "credit")
        line = {
            "date": self._day(raw["date"]),
            "time": self._time(raw.get("time", "")),
            "doc_no": self._text(raw, "doc_no", SHORT_LENGTH),
            "reference": self._text(raw, "reference", SHORT_LENGTH),
            "memo": self._text(raw, "memo", MEMO_LENGTH),
            "counterparty": self._text(raw, "counterparty", SHORT_LENGTH),
            "debit": str(debit),
            "credit": str(credit),
            "balance": self._balance(raw.get("balance", "")),
        }
        return Line(
            row=row,
            booked_on=date.fromisoformat(line["date"]),
            at_time=line["time"],
            doc_no=line["doc_no"],
            reference=line["reference"],
            memo=line["memo"],
            counterparty=line["counterparty"],
            debit=debit,
            credit=credit,
            balance=int(line["balance"]) if line["balance"] else None,
            fingerprint=fingerprint(line[name] for name in self.layout.identity),
        )

    def _dong(self, raw: str, name: str) -> int:
        if not raw:
            return 0
        if not self._amount.fullmatch(raw):
            why = _("Số tiền phải viết theo mẫu %(pattern)s.", pattern=self.layout.amounts)
            raise self._refusal(why, name)
        amount = int(raw.replace(self._group, ""))
        if amount > MAX_DONG:
            raise self._refusal(_("Số tiền quá lớn."), name)
        return amount

    def _balance(self, raw: str) -> str:
        if not raw:
            return ""
        below_zero = raw.startswith(_MINUS)
        # "-0" is "0": a fingerprint must not tell the two apart. A bare sign is no amount.
        amount = self._dong(raw[below_zero:] or raw, "balance")
        return str(-amount if below_zero else amount)

    def _day(self, raw: str) -> str:
        found = DAYS[self.layout.days].fullmatch(raw)
        if not found:
            why = _("Ngày phải viết theo mẫu %(pattern)s.", pattern=self.layout.days)
            raise self._refusal(why, "date")
        try:
            day = date(int(found["y"]), int(found["m"]), int(found["d"]))
        except ValueError:
            raise self._refusal(_("Không có ngày này trong lịch."), "date") from None
        if day.year < EARLIEST_YEAR:
            raise self._refusal(_("Năm %(year)s nằm ngoài sổ sách.", year=day.year), "date")
        if day > self._today:
            raise self._refusal(_("Ngày không được sau hôm nay."), "date")
        return day.isoformat()

    def _time(self, raw: str) -> str:
        if raw and not TIME.fullmatch(raw):
            why = _("Giờ phải viết theo mẫu %(pattern)s.", pattern="hh:mm:ss")
            raise self._refusal(why, "time")
        return raw

    def _text(self, raw: Mapping[str, str], name: str, limit: int) -> str:
        text = raw.get(name, "")
        return clean(text, limit, self._header[self._places[name]].strip()) if text else ""

    def _refusal(self, why: str, name: str) -> Refusal:
        return Refusal(Reason(why, field=self._header[self._places[name]].strip()))


def fingerprint(values: Iterable[str]) -> str:
    """Return the same 32 letters for lines that agree in all these values, and for no others.

    Cleaned values hold no control characters, so the separator cannot be forged.
    """
    identity = "\x1f".join(values).encode()
    return hashlib.blake2b(identity, digest_size=FINGERPRINT_BYTES).hexdigest()


def _check_encoding(data: bytes) -> None:
    """Refuse what is no CSV text in UTF-8, in words that say what to do.

    Raises:
        Refusal: the file is empty, too large, of another kind or in another encoding.
    """
    if not data.strip():
        raise Refusal(_("Tệp trống."))
    if len(data) > MAX_BYTES:
        raise Refusal(_("Tệp lớn quá %(limit)d MB.", limit=MAX_BYTES // 1024**2))
    for beginning, kind in _OTHER_KINDS:
        if data.startswith(beginning):
            why = _("Tệp là %(kind)s. Hãy lưu sao kê thành CSV, bảng mã UTF-8.", kind=kind)
            raise Refusal(why)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = _(
            "Tệp không ở bảng mã UTF-8 (từ dòng văn bản %(line)d)."
            " Hãy lưu lại thành CSV, bảng mã UTF-8.",
            line=line,
        )
        raise Refusal(why) from None
    if b"\0" in data:
        raise Refusal(_("Tệp không phải là văn bản CSV."))
