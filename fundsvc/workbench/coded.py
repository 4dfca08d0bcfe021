"""What promises say of lines of money in: by their memo codes, by a slip of one, by their names."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.giving import codes
from fundsvc.giving.models import OPEN, CampaignPage, Pledge
from fundsvc.templating.filters import day, dong
from fundsvc.workbench.choices import Held, Promised, Proposal
from fundsvc.workbench.likeness import ALIKE, near_codes, share_of_name
from fundsvc.workbench.lines import Line, span

CODED, OTHER_PURSE, SLIP_EXACT, SLIP = 99, 50, 75, 60
NAMED, TWO_CODES, AMOUNT_ALONE = 70, 70, 30
SINCE: Final = timedelta(days=45)
"""So long before the money a promise without its code is looked for."""
MOST: Final = 3_000
Found = tuple[int, Proposal]
_Known = dict[str, tuple[Pledge, tuple[int, int]]]


def proposals(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield what promises say of lines; only a whole code with its check letter is sure."""
    into = [line for line in lines if line.credit]
    said = {line.id: codes.find(line.said) for line in into}
    known = _promised(session, [code for found in said.values() for code in found])
    without = []
    for line in into:
        mine = [known[code] for code in said[line.id] if code in known]
        if mine:
            yield from _by_code(line, mine)
        else:
            without.append(line)
    yield from _by_slip(session, without)
    yield from _by_name(session, without)


def _promised(session: Session, wanted: Sequence[str]) -> _Known:
    if not wanted:
        return {}
    return {
        promised.code: (promised, place)
        for promised, place in _read(session, Pledge.code.in_(set(wanted)))
    }


def _read(
    session: Session, *wanted: ColumnElement[bool], most: int | None = None
) -> Iterator[tuple[Pledge, tuple[int, int]]]:
    query = (
        select(Pledge, CampaignPage.fund_id, CampaignPage.unit_id)
        .join(CampaignPage, CampaignPage.id == Pledge.page_id)
        .where(*wanted)
        .order_by(Pledge.id.desc())
        .limit(most)
    )
    for promised, fund_id, unit_id in session.execute(query):
        yield promised, (fund_id, unit_id)


def _by_code(line: Line, mine: Sequence[tuple[Pledge, tuple[int, int]]]) -> Iterator[Found]:
    for promised, place in mine:
        reasons = [_("Nội dung có mã %(code)s, chữ kiểm tra đúng.", code=promised.code)]
        if place != line.purse.place:
            why = _("Mã này của trang thuộc quỹ hoặc đơn vị khác với tài khoản nhận tiền.")
            note = _("Mã %(code)s thuộc quỹ hoặc đơn vị khác.", code=promised.code)
            label = _("Tạm giữ lại: mã của quỹ hoặc đơn vị khác")
            yield line.id, Proposal(Held(note), label, OTHER_PURSE, (*reasons, why))
            continue
        alone = len(mine) == 1
        if not alone:
            reasons.append(_("Nội dung có nhiều mã, nên cần người chọn."))
        reasons += _about(line, promised)
        yield line.id, _proposal(promised, CODED if alone else TWO_CODES, reasons, sure=alone)


def _by_slip(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield promises whose code a memo has with one slip; the check letter does not hold."""
    near = {line.id: found for line in lines if (found := near_codes(line.said))}
    known = _promised(session, [code for found in near.values() for code in found])
    for line in lines:
        for code in near.get(line.id, ()):
            promised, place = known.get(code, (None, None))
            if promised is None or place != line.purse.place:
                continue
            why = _("Nội dung có mã gần giống %(code)s, sai một chữ.", code=code)
            score = SLIP_EXACT if promised.amount == line.credit else SLIP
            yield line.id, _proposal(promised, score, [why, *_about(line, promised)])


def _by_name(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield open promises of the very amount; the amount alone is told, and stays doubtful."""
    if not lines:
        return
    first, last = (datetime.combine(found, time.min, clock.VN) for found in span(lines))
    waiting = defaultdict(list)
    accounts = {line.purse.id for line in lines}
    for promised, place in _read(
        session,
        Pledge.state == OPEN,
        Pledge.method == "bank",
        Pledge.made_at.between(first - SINCE, last + timedelta(days=2)),
        Pledge.amount.in_({line.credit for line in lines}),
        CampaignPage.bank_account_id.in_(accounts),
        most=MOST,
    ):
        waiting[promised.amount, place].append(promised)
    for line in lines:
        for promised in waiting[line.credit, line.purse.place]:
            made_on = promised.made_at.astimezone(clock.VN).date()
            if not made_on <= line.booked_on <= made_on + SINCE:
                continue
            named = bool(promised.name) and share_of_name(promised.name, line.said) >= ALIKE
            score = NAMED if named else AMOUNT_ALONE
            reasons = [_("Không thấy mã trong nội dung."), *_about(line, promised)]
            if not named:
                reasons.append(_("Chỉ có số tiền khớp, nên chưa đủ để tin."))
            yield line.id, _proposal(promised, score, reasons)


def _proposal(promised: Pledge, score: int, reasons: list[str], *, sure: bool = False) -> Proposal:
    name = promised.name or _("ẩn danh")
    label = _("Ghi khoản ủng hộ đã đăng ký của %(name)s", name=name)
    return Proposal(Promised(promised.id), label, score, tuple(reasons), sure)


def _about(line: Line, promised: Pledge) -> list[str]:
    """Return what else agrees or does not: the amount, the name, the day."""
    said = []
    if promised.amount == line.credit:
        said.append(_("Số tiền đúng như đã đăng ký: %(amount)s.", amount=dong(promised.amount)))
    else:
        said.append(_("Số tiền khác số đã đăng ký: %(amount)s.", amount=dong(promised.amount)))
    if promised.name and share_of_name(promised.name, line.said) >= ALIKE:
        said.append(_("Nội dung có tên %(name)s.", name=promised.name))
    made_on = promised.made_at.astimezone(clock.VN).date()
    said.append(
        _(
            "Đăng ký ngày %(made)s, tiền vào ngày %(booked)s.",
            made=day(made_on),
            booked=day(line.booked_on),
        )
    )
    return said
