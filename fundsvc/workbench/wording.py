"""What the words of a memo say when nobody else knows the line: interest, dues, a gift."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.donors.service import DonorFacts
from fundsvc.text import fold
from fundsvc.units.models import Unit
from fundsvc.workbench.choices import Collected, Given, Posted, Proposal
from fundsvc.workbench.lines import Line
from fundsvc.workbench.payers import name_in, told_by_bank
from ledger.accounts import income

INTEREST_SCORE, DUES_SCORE, DUES_DOUBTFUL, GIFT_SCORE, NAMED_SCORE, SILENT_SCORE = (
    80, 68, 45, 50, 40, 20,
)  # fmt: skip
_INTEREST: Final = re.compile(
    r"\b(tra lai|lai nhap von|lai tien gui|lai tgtt|lai khong ky han|interest)\b"
)
_DUES: Final = {
    "dues": re.compile(r"\b(hoi phi|hoiphi)\b"),
    "base": re.compile(r"\b(chan quy|chanquy)\b"),
}
_GIFT: Final = re.compile(r"\b(ung ho|ungho|uh|dong gop|quyen gop|tu thien|nghia tinh|chung tay)\b")
_MONTH: Final = re.compile(r"\b(?:thang|t)\s?([01]?[0-9])(?:\s?[/.-]\s?(20[0-9]{2}))?\b")
_LAST_MONTH: Final = 12
Found = tuple[int, Proposal]


def proposals(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield what memos of money in say by themselves; none of it is ever sure."""
    units: list[tuple[str, str, str]] = []
    if any(line.purse.fund in _DUES for line in lines):
        units = [
            (row.code, row.name, row.folded)
            for row in session.execute(select(Unit.code, Unit.name, Unit.folded))
        ]
    for line in lines:
        if not line.credit:
            continue
        words = fold(line.said)
        if found := _INTEREST.search(words):
            why = _("Nội dung có “%(words)s”.", words=found[1])
            choice = Posted(income("interest"), line.memo[:200] or found[1])
            yield line.id, Proposal(choice, _("Lãi tiền gửi"), INTEREST_SCORE, (why,))
        elif line.purse.fund in _DUES:
            yield from _dues(line, words, units)
        else:
            yield line.id, _gift(line, words)


def _dues(line: Line, words: str, units: Sequence[tuple[str, str, str]]) -> Iterator[Found]:
    said = _DUES[line.purse.fund].search(words)
    if said is None:
        return
    month = _month(words, line.booked_on)
    why = _("Nội dung có “%(words)s”.", words=said[1])
    named = [
        (code, name)
        for code, name, folded in units
        if re.search(rf"\b{re.escape(code.lower())}\b", words)
        or folded in words
        or _place(folded) in words
    ]
    if not named:
        own = line.purse.unit
        label = _("Thu hội phí, chân quỹ của đơn vị %(unit)s", unit=own)
        doubt = _("Không rõ đơn vị nộp, nên đề nghị đơn vị giữ tài khoản.")
        choice = Collected(own, month)
        yield line.id, Proposal(choice, label, DUES_DOUBTFUL, (why, doubt))
    for code, name in named[:3]:
        label = _("Thu hội phí, chân quỹ của %(unit)s", unit=name)
        who = _("Nội dung nêu %(unit)s.", unit=name)
        yield line.id, Proposal(Collected(code, month), label, DUES_SCORE, (why, who))


def _place(folded: str) -> str:
    """Return the words of a unit's name that tell it from others; a text nobody writes if none."""
    found = re.search(r"\b(?:tinh|thanh pho) (.+)$", folded)
    return found[1] if found else "\0"


def _month(words: str, on: date) -> str:
    """Return the month that a memo names (`T11/2026`), else that of the day."""
    found = _MONTH.search(words)
    if found and 1 <= int(found[1]) <= _LAST_MONTH:
        named = int(found[1])
        year = int(found[2]) if found[2] else on.year - (named > on.month)
        return f"{year}-{named:02}"
    return f"{on.year}-{on.month:02}"


def _gift(line: Line, words: str) -> Proposal:
    found, name = _GIFT.search(words), name_in(line.counterparty, line.memo)
    donor = DonorFacts(name=name) if name else None
    reasons = []
    if found:
        reasons.append(_("Nội dung có “%(words)s”.", words=found[1]))
    if name and not told_by_bank(line.counterparty):
        reasons.append(_("Tên đọc từ nội dung: %(name)s.", name=name))
    elif name:
        reasons.append(_("Tên người chuyển do ngân hàng ghi: %(name)s.", name=name))
    else:
        reasons.append(_("Ngân hàng không cho biết ai chuyển."))
    label = _("Ghi khoản ủng hộ của %(name)s", name=name) if name else _("Ghi khoản ủng hộ ẩn danh")
    score = GIFT_SCORE if found else NAMED_SCORE if name else SILENT_SCORE
    return Proposal(Given(donor), label, score, tuple(reasons))
