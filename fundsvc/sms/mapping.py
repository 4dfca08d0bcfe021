"""From the form in which somebody says what each column of a file is, to a profile (pure)."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.sms.forms import moment
from fundsvc.sms.layouts import DAYS, FIELDS, FIXABLE, ISO, NEEDED, Profile, Table, meaning
from fundsvc.sms.moments import read_moment
from fundsvc.text import clean, fold
from ledger.accounts import OPERATOR_NAMES

NAME_LENGTH: Final = 60
_SHORT_CODE = re.compile(r"[0-9]{3,8}")


def choices(table: Table) -> list[tuple[str, str]]:
    """Return the columns that can be chosen, by their place: those with a name of their own."""
    names = Counter(fold(cell) for cell in table.header)
    return [
        (f"c{place}", cell.strip())
        for place, cell in enumerate(table.header)
        if cell.strip() and names[fold(cell)] == 1
    ]


def guess(table: Table) -> dict[str, str]:
    """Return what the form may be filled in with: columns whose words are known, form of days."""
    able = dict(choices(table))
    means = {f"c{place}": meaning(cell) for place, cell in enumerate(table.header)}
    guessed = {}
    for name in FIELDS:
        found = [place for place in able if means[place] == name]
        if len(found) == 1:
            guessed[name] = found[0]
    if "received_at" in guessed:
        place = int(guessed["received_at"][1:])
        first = table.rows[0][place] if table.rows else ""
        guessed["days"] = next((days for days in DAYS if read_moment(moment(first, days))), ISO)
    return guessed


def read(typed: Mapping[str, str], table: Table) -> Profile:
    """Return the profile that was chosen.

    Raises:
        Refusal: a field has no column, two have the same one, or the name will not do.
    """
    reasons: list[Reason] = []
    able = dict(choices(table))
    columns: dict[str, str] = {}
    fixed = _fixed(typed, reasons)
    for name in FIELDS:
        place = typed.get(name, "")
        if name in fixed:
            continue
        if place in able:
            columns[name] = able[place]
        elif place or name in NEEDED:
            reasons.append(Reason(_("Chưa chọn cột."), field=name))
    for name, text in columns.items():
        if sum(text == other for other in columns.values()) > 1:
            why = _("Một cột không thể là hai thông tin.")
            reasons.append(Reason(why, field=name))
    days = typed.get("days", "")
    if days not in DAYS:
        reasons.append(Reason(_("Không có lựa chọn này."), field="days"))
    name = _name(typed.get("name", ""), reasons)
    if reasons:
        raise Refusal(*reasons)
    return Profile(name, columns, fixed, days)


def _fixed(typed: Mapping[str, str], reasons: list[Reason]) -> dict[str, str]:
    """Return what is the same for the whole file: an operator, or a short code that was typed."""
    fixed = {}
    operator, short_code = (typed.get(name, "") for name in FIXABLE)
    if operator in OPERATOR_NAMES:
        fixed["operator"] = operator
    typed_code = typed.get("code", "").strip()
    if typed_code and not short_code:
        if _SHORT_CODE.fullmatch(typed_code):
            fixed["short_code"] = typed_code
        else:
            reasons.append(Reason(_("Đầu số phải là 3 đến 8 chữ số."), field="code"))
    return fixed


def _name(typed: str, reasons: list[Reason]) -> str:
    try:
        name = clean(typed, NAME_LENGTH, "name")
    except Refusal as refusal:
        reasons.extend(refusal.reasons)
        return ""
    if not name:
        reasons.append(Reason(_("Chưa điền."), field="name"))
    return name
