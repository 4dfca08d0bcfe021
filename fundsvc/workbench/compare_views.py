"""The page that compares a month with those before: new, missing and changed givers and units."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from fundsvc import clock
from fundsvc.db import read_session
from fundsvc.errors import Refusal
from fundsvc.fields import parse_month
from fundsvc.sheet import Cell, csv_lines
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.workbench import compare
from fundsvc.workbench.compare import Row

bp = Blueprint("compare", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
CSV: Final = "text/csv; charset=utf-8"
MOST: Final = 200
"""So many of each kind stand on the page; the CSV has all."""


@bp.get("/workbench/compare")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """Compare a month, the last whole one when none is named."""
    try:
        month = _month()
    except Refusal as error:
        form = Form(request.args.to_dict(), error.reasons)
        return render_template("workbench/compare.html", form=form, month=None), error.status
    rows = compare.compare(read_session(), month)
    groups = [
        (who, kind, [row for row in rows if (row.who, row.kind) == (who, kind)])
        for who in (compare.GIVERS, compare.UNITS)
        for kind in compare.KINDS
    ]
    return render_template(
        "workbench/compare.html",
        form=None,
        month=month,
        first=compare.months_before(month)[0],
        last=compare.months_before(month)[-1],
        groups=[(_title(who, kind), kind, found) for who, kind, found in groups],
        most=MOST,
    )


@bp.get("/workbench/compare.csv")
@allow(*READERS)
def csv() -> Response:
    """Give all that the comparison found as CSV."""
    month = _month()
    rows = compare.compare(read_session(), month)
    head = {"Content-Disposition": f'attachment; filename="so-sanh-{month:%Y-%m}.csv"'}
    return Response(list(_lines(rows)), headers=head, content_type=CSV)


def _month() -> date:
    raw = request.args.get("month", "").strip()
    if raw:
        return parse_month(raw)
    first = clock.today().replace(day=1)
    return compare.months_before(first)[-1]


def _title(who: str, kind: str) -> str:
    titles = {
        (compare.GIVERS, compare.NEW): _("Người ủng hộ mới"),
        (compare.GIVERS, compare.MISSING): _("Người ủng hộ thường xuyên, tháng này chưa ủng hộ"),
        (compare.GIVERS, compare.CHANGED): _("Người ủng hộ thường xuyên, tháng này tăng hoặc giảm"),
        (compare.UNITS, compare.NEW): _("Đơn vị mới phát sinh thu"),
        (compare.UNITS, compare.MISSING): _("Đơn vị thường xuyên có thu, tháng này chưa có"),
        (compare.UNITS, compare.CHANGED): _("Đơn vị thường xuyên có thu, tháng này tăng hoặc giảm"),
    }
    return titles[who, kind]


def _lines(rows: Iterable[Row]) -> Iterable[str]:
    head = (
        _("Nhóm"),
        _("Tên"),
        _("Số tháng có phát sinh trong 6 tháng trước"),
        _("Mức thường tháng, trung vị (đồng)"),
        _("Tháng này (đồng)"),
        _("Lần gần nhất"),
    )
    cells: Iterable[tuple[Cell, ...]] = (
        (
            _title(row.who, row.kind),
            row.name,
            row.months,
            row.usual,
            row.now,
            f"{row.last:%Y-%m}" if row.last else "",
        )
        for row in rows
    )
    return csv_lines(head, cells)
