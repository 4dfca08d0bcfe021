"""Read a file of campaigns: one keyword of one short code a row (pure)."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.sms.grammar import GRAMMARS, THOUSAND, Grammar, Rule
from fundsvc.text import fold, parse_day
from ledger.money import MAX_DONG

COLUMNS = ("short_code", "keyword", "grammar", "unit_value", "fund", "unit", "starts", "ends")
MAX_BYTES, MAX_ROWS = 2_000_000, 10_000
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
_UNIT_VALUE = re.compile(r"[0-9]{1,16}")


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign as a file states it; fund and unit by code."""

    row: int
    short_code: str
    keyword: str
    grammar: Grammar
    unit_value: int
    fund: str
    unit: str
    starts: date
    ends: date

    @property
    def rule(self) -> Rule:
        """How messages to it are read."""
        return Rule(fold(self.keyword), self.grammar, self.unit_value)


def read(data: bytes, refused: Refused) -> tuple[list[CampaignRow], int]:
    """Return the readable rows of a CSV file, and how many there are in all.

    It is UTF-8, with a header row and the columns in any order.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    if len(data) > MAX_BYTES:
        raise Refusal(_("Tệp quá lớn."))
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise Refusal(_("Tệp phải là CSV, bảng mã UTF-8.")) from None
    names = [name.strip().lower() for name in rows[0]] if rows else []
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing:
        why = _(
            "Dòng đầu phải ghi tên các cột, mỗi cột một lần: %(names)s.", names=", ".join(COLUMNS)
        )
        raise Refusal(Reason(why, 1))
    if len(rows) > MAX_ROWS:
        raise Refusal(_("Tệp có quá %(limit)d dòng.", limit=MAX_ROWS))
    found = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(names):
            why = _("Dòng có %(found)d cột, cần %(width)d cột.", found=len(row), width=len(names))
            refused.add(number, None, why)
            continue
        campaign = _campaign(number, dict(zip(names, map(str.strip, row), strict=True)), refused)
        if campaign:
            found.append(campaign)
    return found, sum(bool(row) for row in rows[1:])


def _campaign(number: int, cells: dict[str, str], refused: Refused) -> CampaignRow | None:
    before = refused.count

    def take(name: str, read_cell: Callable[[str, str], Any]) -> Any:
        try:
            return read_cell(cells[name], name)
        except Refusal as refusal:
            refused.add(number, name, refusal.reasons[0].text)
            return None

    short_code = take("short_code", _matching(_SHORT_CODE, _("Đầu số phải là 3 đến 8 chữ số.")))
    why = _("Cú pháp phải là 1 đến 20 chữ A–Z hoặc số, bắt đầu bằng chữ.")
    keyword = take("keyword", _matching(_KEYWORD, why))
    why = _("Kiểu cú pháp phải là %(names)s.", names=", ".join(GRAMMARS))
    grammar = take("grammar", _matching(re.compile("|".join(GRAMMARS)), why))
    unit_value = take("unit_value", _unit_value)
    starts, ends = take("starts", parse_day), take("ends", parse_day)
    if grammar == "thousands" and unit_value not in {None, THOUSAND}:
        refused.add(number, "unit_value", _("Kiểu thousands luôn có giá trị đơn vị 1000."))
    if starts and ends and ends < starts:
        refused.add(number, "ends", _("Ngày kết thúc trước ngày bắt đầu."))
    if refused.count != before:
        return None
    return CampaignRow(
        row=number,
        short_code=short_code,
        keyword=keyword.upper(),
        grammar=cast("Grammar", grammar),
        unit_value=unit_value,
        fund=cells["fund"],
        unit=cells["unit"],
        starts=starts,
        ends=ends,
    )


def _matching(form: re.Pattern[str], why: str) -> Callable[[str, str], str]:
    def read_cell(raw: str, name: str) -> str:
        if not form.fullmatch(raw):
            raise Refusal(Reason(why, field=name))
        return raw

    return read_cell


def _unit_value(raw: str, name: str) -> int:
    if not _UNIT_VALUE.fullmatch(raw) or not 1 <= int(raw) <= MAX_DONG // THOUSAND:
        why = _("Giá trị đơn vị phải là số đồng viết bằng chữ số: 20000.")
        raise Refusal(Reason(why, field=name))
    return int(raw)
