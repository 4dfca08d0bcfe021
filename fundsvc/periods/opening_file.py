"""Opening balances from a file: all of it or nothing, and every refused row with its reason."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.errors import Reason, Refusal
from fundsvc.imports import ImportReport, Refused
from fundsvc.periods.openings import Opening, record
from fundsvc.text import clean, parse_day, parse_dong

COLUMNS: Final = ("unit", "fund", "account", "amount", "date")
LARGEST_FILE: Final = 5_000_000
MOST_ROWS: Final = 20_000
LONGEST_CELL: Final = 60


def import_openings(session: Session, data: bytes, *, commit: bool, by: int | None) -> ImportReport:
    """Record the opening balances of a CSV file: unit, fund, account, amount, date in any order.

    Without `commit` all is tried as it would be, and taken back.

    Raises:
        Refusal: the file cannot be read at all.
    """
    refused = Refused()
    days, lines, new = [], 0, 0
    sums = {False: 0, True: 0}
    places: dict[tuple[str, str, str], int] = {}
    with session.begin_nested() as tried:
        for number, cells in _rows(data):
            lines += 1
            if lines > MOST_ROWS:
                raise Refusal(_("Tệp có quá %(most)d dòng.", most=MOST_ROWS))
            try:
                opening = _read(cells, number)
                place = opening.unit, opening.fund, opening.account
                if (before := places.setdefault(place, number)) != number:
                    why = _("Trùng đơn vị, quỹ và tài khoản với dòng %(row)d.", row=before)
                    raise Refusal(Reason(why, field="account"))  # noqa: TRY301 - told as the others
                with session.begin_nested():
                    done = record(session, opening, by=by)
            except Refusal as refusal:
                for reason in refusal.reasons:
                    refused.add(number, reason.field, reason.text)
                continue
            new += done.new
            sums[done.owed] += opening.amount if done.new else 0
            days.append(opening.on)
        committed = commit and not refused.count
        if not committed:
            tried.rollback()
    return ImportReport(
        lines=lines,
        new=new,
        known=len(days) - new,
        refused=tuple(refused.rows),
        refused_count=refused.count,
        sum_in=sums[False],
        sum_out=sums[True],
        first=min(days, default=None),
        last=max(days, default=None),
        committed=committed,
    )


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    if len(data) > LARGEST_FILE:
        raise Refusal(_("Tệp lớn quá %(most)d MB.", most=LARGEST_FILE // 1_000_000))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise Refusal(Reason(_("Tệp không phải văn bản UTF-8."), row=row)) from error
    columns: list[str] = []
    number = 0
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = _header(cells, number)
                continue
            yield number, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        why = _("Không đọc được tệp CSV: %(error)s.", error=str(error))
        raise Refusal(Reason(why, row=number + 1)) from error
    if not columns:
        raise Refusal(_("Tệp trống."))


def _header(cells: list[str], row: int) -> list[str]:
    names = [cell.strip().casefold() for cell in cells]
    reasons = [
        Reason(_("Thiếu cột %(name)s.", name=name), row, name)
        for name in COLUMNS
        if names.count(name) == 0
    ]
    reasons += [
        Reason(_("Cột %(name)s bị trùng.", name=name), row, name)
        for name in COLUMNS
        if names.count(name) > 1
    ]
    if reasons:
        raise Refusal(*reasons)
    return names


def _read(cells: dict[str, str], row: int) -> Opening:
    """Read a row; all that is wrong with it is told at once."""
    reasons: list[Reason] = []
    texts = dict.fromkeys(COLUMNS, "")
    for name in COLUMNS:
        try:
            texts[name] = clean(cells.get(name, ""), LONGEST_CELL, name)
            if not texts[name]:
                reasons.append(Reason(_("Chưa điền."), row, name))
        except Refusal as refusal:
            reasons += refusal.reasons
    # Figures are read as they stand: cleaning would make a plain blank of a foreign one.
    texts |= {name: cells.get(name, "") if texts[name] else "" for name in ("amount", "date")}
    amount, day = None, None
    try:
        amount = parse_dong(texts["amount"])
    except Refusal as refusal:
        reasons += refusal.reasons if texts["amount"] else ()
    try:
        day = parse_day(texts["date"], "date")
    except Refusal as refusal:
        reasons += refusal.reasons if texts["date"] else ()
    if reasons or amount is None or day is None:
        raise Refusal(*reasons)
    return Opening(texts["unit"], texts["fund"], texts["account"], amount, day)
