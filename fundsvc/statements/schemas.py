"""What is asked of a statement, read from an address or a command line.

Page and command share this one reader, so both refuse the same things in the same words; it
is plain because the command's cold start should not pay for a form library.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TypeVar

from fundsvc.errors import Reason, Refusal
from fundsvc.gettext import gettext as _
from fundsvc.statements.options import MAPS, PARTS, Figure, Mark, Options
from fundsvc.text import parse_day

T = TypeVar("T")
_LONGEST = 100
_LARGEST_ID = 2**63 - 1


def read_options(values: Mapping[str, str]) -> Options:
    """Read the options `fund, from, to, province, unit, provinces`.

    Raises:
        Refusal: with one reason for each option that is missing or cannot be.
    """
    reasons: list[Reason] = []

    def tried(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Refusal as refusal:
            reasons.extend(refusal.reasons)
            return None

    fund = tried(lambda: _needed(values, "fund", _("Xin chọn một quỹ.")))
    first = tried(lambda: parse_day(_needed(values, "from", _("Xin ghi từ ngày nào.")), "from"))
    last = tried(lambda: parse_day(_needed(values, "to", _("Xin ghi đến ngày nào.")), "to"))
    provinces = tried(lambda: _map(values.get("provinces", "")))
    if first and last and first > last:
        reasons.append(Reason(_("Ngày cuối phải bằng hoặc sau ngày đầu."), field="to"))
    if reasons or fund is None or first is None or last is None:
        raise Refusal(*reasons)
    return Options(
        fund=fund,
        first=first,
        last=last,
        province=_code(values, "province"),
        unit=_code(values, "unit"),
        provinces=provinces,
    )


def refuse_both(options: Options) -> None:
    """Hold that a statement is of one province, of one unit, or of all.

    Raises:
        Refusal: both a province and a unit were asked for.
    """
    if options.province and options.unit:
        raise Refusal(Reason(_("Xin chọn một tỉnh hoặc một đơn vị, không cả hai."), field="unit"))


def read_figure(values: Mapping[str, str]) -> Figure:
    """Read which figure is asked about: `part`, and `line` if it is one line.

    Raises:
        Refusal: there is no such part, or a balance is asked for by line.
    """
    part, line = values.get("part", ""), _code(values, "line")
    if part not in PARTS or (line and part in {"opening", "closing"}):
        raise Refusal(Reason(_("Báo cáo không có số liệu này."), field="part"))
    return Figure(part, line)


def read_mark(raw: str) -> Mark | None:
    """Read the place in a list where a page goes on; nothing for the first page.

    Raises:
        Refusal: it is not a place that a page gave out.
    """
    if not raw:
        return None
    day, _dot, number = raw.partition(".")
    if not (number.isascii() and number.isdecimal() and int(number[:20]) <= _LARGEST_ID):
        raise Refusal(Reason(_("Không có trang này."), field="before"))
    return Mark(parse_day(day, "before"), int(number[:20]))


def default_period(today: date) -> tuple[date, date]:
    """Return the period a page opens with: this year until today."""
    return date(today.year, 1, 1), today


def usual_periods(today: date) -> list[tuple[str, date, date]]:
    """Return the periods people ask for most, by name: months, quarters and years."""
    month = today.replace(day=1)
    last_month_end = month - timedelta(days=1)
    quarter = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    last_quarter_end = quarter - timedelta(days=1)
    last_quarter = date(last_quarter_end.year, last_quarter_end.month - 2, 1)
    year = today.year - 1
    return [
        (_("Tháng này"), month, today),
        (_("Tháng trước"), last_month_end.replace(day=1), last_month_end),
        (_("Quý này"), quarter, today),
        (_("Quý trước"), last_quarter, last_quarter_end),
        (_("Năm nay"), *default_period(today)),
        (_("Năm trước"), date(year, 1, 1), date(year, 12, 31)),
    ]


def _needed(values: Mapping[str, str], name: str, why: str) -> str:
    text = _code(values, name)
    if text is None:
        raise Refusal(Reason(why, field=name))
    return text


def _code(values: Mapping[str, str], name: str) -> str | None:
    """Return a code as given, cut to a length no code has: what is unknown is refused later."""
    return (values.get(name) or "").strip(" ")[:_LONGEST] or None


def _map(raw: str) -> str | None:
    if raw and raw not in MAPS:
        why = _("Cách ghi tỉnh là now (34 tỉnh hiện nay) hoặc then (như lúc ghi sổ).")
        raise Refusal(Reason(why, field="provinces"))
    return raw or None
