"""Read a file of units: CSV bytes in, rows in plain values and refused rows out. No database."""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.text import clean, fold, parse_day

COLUMNS = ("code", "name", "kind", "parent", "province", "address", "valid_from", "valid_to")
NEEDED = ("code", "name", "kind")
LARGEST_FILE = 5_000_000
MOST_ROWS = 20_000
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_CELL = 200, 300, 2_000

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
PROVINCE = re.compile(r"(2004|2025):[0-9]{2}", re.ASCII)
KIND_WORDS = {
    "centre": "centre",
    "center": "centre",
    "trung uong": "centre",
    "trung uong hoi": "centre",
    "provincial": "provincial",
    "provincial association": "provincial",
    "tinh hoi": "provincial",
    "thanh hoi": "provincial",
    "tinh hoi / thanh hoi": "provincial",
    "hoi cap tinh": "provincial",
    "traditional": "traditional",
    "traditional unit": "traditional",
    "don vi truyen thong": "traditional",
    "liaison": "liaison",
    "liaison board": "liaison",
    "ban lien lac": "liaison",
    "bll": "liaison",
    "branch": "branch",
    "chi hoi": "branch",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """A row as understood; `row` is its number in the file, the header being row 1."""

    row: int
    code: str
    name: str
    kind: str
    parent: str | None
    province: str | None
    address: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds: how many rows, those understood, those refused."""

    lines: int
    columns: frozenset[str]
    rows: tuple[UnitRow, ...]
    refused: Refused


def read(data: bytes) -> Sheet:
    """Read a file of units.

    Raises:
        Refusal: it is no UTF-8 CSV with the columns code, name, kind and, if wanted, parent,
            province, address, valid_from, valid_to in any order; or it is too large.
    """
    reader = csv.reader(io.StringIO(_decode(data), newline=""), strict=True)
    rows: list[UnitRow] = []
    refused = Refused()
    lines = 0
    columns: list[str] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _header(cells, number)
                continue
            lines += 1
            if lines > MOST_ROWS:
                raise Refusal(_("Tệp có quá %(most)d dòng.", most=MOST_ROWS))
            _take(number, columns, cells, rows, refused)
    except csv.Error as error:
        why = _("Không đọc được tệp CSV: %(error)s.", error=str(error))
        raise Refusal(Reason(why, row=number + 1)) from error
    if not columns:
        raise Refusal(_("Tệp trống."))
    return Sheet(lines, frozenset(columns), tuple(rows), refused)


def _decode(data: bytes) -> str:
    if len(data) > LARGEST_FILE:
        raise Refusal(_("Tệp lớn quá %(most)d MB.", most=LARGEST_FILE // 1_000_000))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise Refusal(Reason(_("Tệp không phải văn bản UTF-8."), row=row)) from error


def _header(cells: list[str], row: int) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    reasons = [
        Reason(_("Thiếu cột %(name)s.", name=name), row, name)
        for name in NEEDED
        if name not in names
    ]
    for name in names:
        if name not in COLUMNS:
            reasons.append(Reason(_("Không rõ cột “%(name)s”.", name=name[:60]), row))
        elif names.count(name) > 1:
            reasons.append(Reason(_("Cột %(name)s bị trùng.", name=name), row, name))
    if reasons:
        raise Refusal(*dict.fromkeys(reasons))
    return names


def _take(
    number: int, columns: list[str], cells: list[str], rows: list[UnitRow], refused: Refused
) -> None:
    if len(cells) != len(columns):
        why = _(
            "Dòng có %(found)d ô, tiêu đề có %(wanted)d.", found=len(cells), wanted=len(columns)
        )
        refused.add(number, None, why)
        return
    given = dict.fromkeys(COLUMNS, "") | dict(zip(columns, cells, strict=True))
    cell = _Cells(number, given, refused)
    row = UnitRow(
        row=number,
        code=cell.code("code") or "",
        name=cell.name(),
        kind=cell.kind(),
        parent=cell.code("parent"),
        province=cell.province(),
        address=cell.text("address", LONGEST_ADDRESS),
        valid_from=cell.day("valid_from"),
        valid_to=cell.day("valid_to"),
    )
    cell.check(row)
    if not cell.wrong:
        rows.append(row)


class _Cells:
    """The cells of one row; each reader notes what it cannot take and goes on."""

    def __init__(self, number: int, given: dict[str, str], refused: Refused) -> None:
        self.number, self.given, self.refused, self.wrong = number, given, refused, False

    def refuse(self, name: str, why: str) -> None:
        self.wrong = True
        self.refused.add(self.number, name, why)

    def text(self, name: str, limit: int = LONGEST_CELL) -> str:
        try:
            return clean(self.given[name], limit)
        except Refusal as error:
            self.refuse(name, str(error.reasons[0].text))
            return ""

    def code(self, name: str) -> str | None:
        text = self.text(name)
        if text and not CODE.fullmatch(text):
            self.refuse(name, _("Mã gồm chữ không dấu, số, dấu chấm, gạch; tối đa 32 ký tự."))
            return None
        if not text and name == "code":
            self.refuse(name, _("Thiếu mã đơn vị."))
        return text or None

    def name(self) -> str:
        before = self.wrong
        text = self.text("name", LONGEST_NAME)
        if not text and self.wrong == before:
            self.refuse("name", _("Thiếu tên đơn vị."))
        return text

    def kind(self) -> str:
        text = self.text("kind")
        kind = KIND_WORDS.get(fold(text))
        if kind is None:
            self.refuse(
                "kind",
                _(
                    "Loại đơn vị “%(kind)s” không có; dùng centre, provincial, traditional,"
                    " liaison hoặc branch.",
                    kind=text[:60],
                ),
            )
        return kind or ""

    def province(self) -> str | None:
        text = self.text("province")
        if text and not PROVINCE.fullmatch(text):
            self.refuse("province", _("Tỉnh, thành phố viết dạng 2025:44 hoặc 2004:44."))
            return None
        return text or None

    def day(self, name: str) -> date | None:
        text = self.text(name)
        if not text:
            return None
        try:
            return parse_day(text, name)
        except Refusal as error:
            self.refuse(name, str(error.reasons[0].text))
            return None

    def check(self, row: UnitRow) -> None:
        """Hold what a row must hold by itself."""
        if row.kind == "provincial" and not self.given["province"].strip():
            self.refuse("province", _("Tỉnh hội, Thành hội phải có tỉnh, thành phố."))
        if row.kind == "centre" and row.parent:
            self.refuse("parent", _("Trung ương Hội không có cấp trên."))
        if row.parent and row.parent == row.code:
            self.refuse("parent", _("Đơn vị không thể là cấp trên của chính mình."))
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            self.refuse("valid_to", _("Ngày kết thúc trước ngày bắt đầu."))
