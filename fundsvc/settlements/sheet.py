"""Read operators' files (pure): settlements, one a row, and lists of messages."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from fundsvc import workbook
from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.settlements.models import FAILED, OK, REVERSED
from fundsvc.text import clean, fold, parse_day
from ledger.accounts import OPERATOR_NAMES
from ledger.money import MAX_DONG

COLUMNS = (
    "operator", "period_from", "period_to", "short_code", "keyword",
    "messages", "gross", "fee", "net", "paid_on", "bank_reference",
)  # fmt: skip
DETAIL_COLUMNS = ("request_id", "amount", "status")
DETAIL_EXTRAS = ("operator", "short_code", "message")
STATUSES = {"": OK, OK: OK, FAILED: FAILED, REVERSED: REVERSED}
MAX_BYTES, MAX_ROWS = 2_000_000, 10_000
MAX_DETAIL_BYTES = 100_000_000
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MIDNIGHT = " 00:00:00"
LONGEST_REFERENCE, LONGEST_WORD = 60, 20
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_AMOUNT = re.compile(r"[0-9]{1,16}")
_REQUEST_ID = re.compile(r"[!-~]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRow:
    """What an operator reports for a campaign and some days; amounts in đồng."""

    row: int
    operator: str
    period_from: date
    period_to: date
    short_code: str
    keyword: str
    messages: int
    gross: int
    fee: int
    net: int
    paid_on: date
    bank_reference: str


@dataclass(frozen=True, slots=True)
class DetailRow:
    """A message on an operator's list; what its columns do not tell is empty or None."""

    row: int
    request_id: str
    status: str
    amount: int | None
    operator: str
    short_code: str
    message: str


def media_type(data: bytes) -> str:
    """Return what kind of file it is, by how it begins."""
    return XLSX if data.startswith(workbook.MARK) else CSV


def read(data: bytes, refused: Refused) -> tuple[list[SettlementRow], int]:
    """Return the readable rows of a file of settlements, and how many there are in all.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    if len(data) > MAX_BYTES:
        raise Refusal(_("Tệp quá lớn."))
    found, lines = [], 0
    for number, cells in _rows(data, COLUMNS, (), refused):
        lines += 1
        if lines > MAX_ROWS:
            raise Refusal(_("Tệp có quá %(limit)d dòng.", limit=MAX_ROWS))
        settlement = _settlement(number, cells, refused) if cells else None
        if settlement:
            found.append(settlement)
    return found, lines


def read_details(data: bytes, refused: Refused) -> Iterator[DetailRow]:
    """Yield the readable rows of an operator's list: the columns of files of messages, or fewer.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    if len(data) > MAX_DETAIL_BYTES:
        raise Refusal(_("Tệp quá lớn."))
    for number, cells in _rows(data, DETAIL_COLUMNS, DETAIL_EXTRAS, refused):
        detail = _detail(number, cells, refused) if cells else None
        if detail:
            yield detail


def _rows(
    data: bytes, needed: tuple[str, ...], extras: tuple[str, ...], refused: Refused
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a file as cells by column; a row of another width has no cells."""
    try:
        lines = _lines(data)
        names = [name.strip().lower() for name in next(lines, [])]
        missing = [name for name in needed if names.count(name) != 1]
        missing += [name for name in extras if names.count(name) > 1]
        if missing:
            why = _(
                "Dòng đầu phải ghi tên các cột, mỗi cột một lần: %(names)s.",
                names=", ".join(needed),
            )
            raise Refusal(Reason(why, 1))
        for number, row in enumerate(lines, 2):
            if not row:
                continue
            if len(row) != len(names):
                found, width = len(row), len(names)
                why = _("Dòng có %(found)d cột, cần %(width)d cột.", found=found, width=width)
                refused.add(number, None, why)
                yield number, {}
                continue
            yield number, dict(zip(names, map(str.strip, row), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Refusal(_("Tệp phải là CSV, bảng mã UTF-8, hoặc Excel (XLSX).")) from None


def _lines(data: bytes) -> Iterator[list[str]]:
    """Return the rows of a CSV file, or of the first sheet of a workbook.

    A workbook ends each row with its last cell, and gives a day as one with a time.
    """
    if media_type(data) == CSV:
        yield from csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        return
    width = 0
    for row in workbook.rows(io.BytesIO(data)):
        width = width or len(row)
        cells = [cell.removesuffix(_MIDNIGHT) for cell in row]
        yield cells + [""] * (width - len(row)) if row else row


class _Cells:
    """The cells of one row, read one by one; what cannot be read is noted with its field."""

    def __init__(self, row: int, cells: Mapping[str, str], refused: Refused) -> None:
        self._row, self._cells, self._refused = row, cells, refused
        self._before = refused.count

    def hold(self) -> bool:
        """Whether all cells so far could be read."""
        return self._refused.count == self._before

    def take(self, name: str, read_cell: Callable[[str, str], Any]) -> Any:
        """Return a cell as `read_cell(raw, name)` understands it, or None."""
        try:
            return read_cell(self._cells.get(name, ""), name)
        except Refusal as refusal:
            self.refuse(name, refusal.reasons[0].text)
            return None

    def refuse(self, name: str, why: str) -> None:
        """Note that a cell cannot be."""
        self._refused.add(self._row, name, why)


def _settlement(number: int, given: Mapping[str, str], refused: Refused) -> SettlementRow | None:
    cells = _Cells(number, given, refused)
    facts = {
        "operator": cells.take("operator", _operator),
        "short_code": cells.take("short_code", _short_code),
        "keyword": cells.take("keyword", lambda raw, name: clean(raw, LONGEST_WORD, name)),
        "bank_reference": cells.take(
            "bank_reference", lambda raw, name: clean(raw, LONGEST_REFERENCE, name)
        ),
    }
    facts |= {name: cells.take(name, parse_day) for name in ("period_from", "period_to", "paid_on")}
    facts |= {name: cells.take(name, _amount) for name in ("messages", "gross", "fee", "net")}
    if not cells.hold():
        return None
    if facts["period_to"] < facts["period_from"]:
        cells.refuse("period_to", _("Ngày kết thúc trước ngày bắt đầu."))
    if facts["gross"] - facts["fee"] != facts["net"]:
        cells.refuse("net", _("Số thực trả phải bằng tiền ủng hộ trừ phí."))
    return SettlementRow(row=number, **facts) if cells.hold() else None


def _detail(number: int, given: Mapping[str, str], refused: Refused) -> DetailRow | None:
    cells = _Cells(number, given, refused)
    request_id = cells.take("request_id", _request_id)
    amount = cells.take("amount", lambda raw, name: _amount(raw, name) if raw else None)
    status = cells.take("status", _status)
    if not cells.hold():
        return None
    extras = [given.get(name, "") for name in DETAIL_EXTRAS]
    return DetailRow(number, request_id, status, amount, *extras)


def _operator(raw: str, name: str) -> str:
    found = fold(raw)
    if found not in OPERATOR_NAMES:
        why = _("Nhà mạng phải là một trong: %(names)s.", names=", ".join(OPERATOR_NAMES))
        raise Refusal(Reason(why, field=name))
    return found


def _short_code(raw: str, name: str) -> str:
    if not _SHORT_CODE.fullmatch(raw):
        raise Refusal(Reason(_("Đầu số phải là 3 đến 8 chữ số."), field=name))
    return raw


def _request_id(raw: str, name: str) -> str:
    if not _REQUEST_ID.fullmatch(raw):
        why = _("Mã tin phải có 1 đến 100 ký tự ASCII, không có dấu cách.")
        raise Refusal(Reason(why, field=name))
    return raw


def _amount(raw: str, name: str) -> int:
    if not _AMOUNT.fullmatch(raw) or int(raw) > MAX_DONG:
        why = _("Phải là số nguyên viết bằng chữ số, không có dấu: 1500000.")
        raise Refusal(Reason(why, field=name))
    return int(raw)


def _status(raw: str, name: str) -> str:
    found = STATUSES.get(fold(raw))
    if found is None:
        why = _("Trạng thái phải để trống hoặc là ok, failed, reversed.")
        raise Refusal(Reason(why, field=name))
    return found
