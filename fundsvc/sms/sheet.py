"""Read a file of campaigns: one keyword of one short code a row (pure)."""

import csv
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import Refused
from fundsvc.sms.grammar import GRAMMARS, THOUSAND, Grammar, Rule
from fundsvc.text import fold, parse_day
from ledger.accounts import OPERATOR_NAMES
from ledger.money import MAX_DONG

COLUMNS = ("short_code", "keyword", "grammar", "unit_value", "fund", "unit", "starts", "ends")
LIMITS = ("most_units", "most_daily")
FEES = {f"fee_{operator}": operator for operator in OPERATOR_NAMES}
MAX_BYTES, MAX_ROWS = 2_000_000, 10_000
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9]{0,19}")
_UNIT_VALUE = re.compile(r"[0-9]{1,16}")
_LIMIT = re.compile(r"[1-9][0-9]{0,5}")
_PERCENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_WHOLE_RATE = 10_000


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """A campaign as a file or a form states it; fund and unit by code.

    `fees` are the rates of operators in hundredths of a percent.
    """

    row: int
    short_code: str
    keyword: str
    grammar: Grammar
    unit_value: int
    fund: str
    unit: str
    starts: date
    ends: date
    most_units: int | None = None
    most_daily: int | None = None
    fees: Mapping[str, int] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        """How messages to it are read."""
        return Rule(fold(self.keyword), self.grammar, self.unit_value, self.most_units)


def read(data: bytes, refused: Refused) -> tuple[list[CampaignRow], int]:
    """Return the readable rows of a CSV file, and how many there are in all.

    It is UTF-8, with a header row and the columns in any order; those of limits and fees may be
    missing.

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
    if missing or any(names.count(name) > 1 for name in (*LIMITS, *FEES)):
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
        taken = campaign(number, dict(zip(names, map(str.strip, row), strict=True)), refused)
        if taken:
            found.append(taken)
    return found, sum(bool(row) for row in rows[1:])


def campaign(number: int, cells: Mapping[str, str], refused: Refused) -> CampaignRow | None:
    """Return a campaign by its cells, or note what is wrong with them."""
    before = refused.count

    def take(name: str, read_cell: Callable[[str, str], Any]) -> Any:
        try:
            return read_cell(cells.get(name, ""), name)
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
    limits = {name: take(name, _limit) for name in LIMITS}
    fees = {operator: take(name, read_rate) for name, operator in FEES.items() if cells.get(name)}
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
        fund=cells.get("fund", ""),
        unit=cells.get("unit", ""),
        starts=starts,
        ends=ends,
        **limits,
        fees=fees,
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


def _limit(raw: str, name: str) -> int | None:
    if not raw:
        return None
    if not _LIMIT.fullmatch(raw):
        raise Refusal(Reason(_("Giới hạn phải là số từ 1 đến 999999, hoặc để trống."), field=name))
    return int(raw)


def read_rate(raw: str, name: str) -> int:
    """Read a percent of at most two decimals, as hundredths of a percent.

    Raises:
        Refusal: another form, or more than all of the money.
    """
    found = _PERCENT.fullmatch(raw.strip())
    rate = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else _WHOLE_RATE + 1
    if rate > _WHOLE_RATE:
        why = _("Phí phải là phần trăm từ 0 đến 100, nhiều nhất hai chữ số thập phân: 1,5.")
        raise Refusal(Reason(why, field=name))
    return rate
