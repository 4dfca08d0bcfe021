"""What a voucher needs before it may be approved and posted; asked at each of these steps."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import keys, netbalance
from fundsvc.books.closed import find_closed
from fundsvc.books.tills import hold, tills
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from fundsvc.vouchers import byhand, lacking
from fundsvc.vouchers.drafting import Draft, differences
from fundsvc.vouchers.kinds import JOURNAL, TRANSFER
from fundsvc.vouchers.lacking import LINES
from ledger.accounts import BANK, CASH, expense
from ledger.entries import Posting
from ledger.words import grouped


def hold_all(session: Session, draft: Draft, lines: tuple[Posting, ...]) -> None:
    """Hold that a voucher can be booked as it stands; takes the lock of every unit it touches.

    Raises:
        Refusal: something is lacking, does not balance, lies in the future or in a closed month,
            or the money is not there; all reasons at once, money last.
    """
    reasons = [
        *lacking.to_submit(draft),
        *_unbalanced(session, lines),
        *byhand.wrong_lines(session, draft),
        *_written_off(session, draft, lines),
        *_misdated(session, draft, lines),
    ]
    if reasons:
        raise Refusal(*reasons)
    lock(session, lines)
    _hold_money(session, draft, lines)


def rest(session: Session, draft: Draft) -> Iterator[Reason]:
    """Yield what else stands against submitting a draft that was refused before it was kept.

    It may lack its fund or unit; of a unit that this person does not see nothing is told.
    """
    yield from lacking.to_submit(draft)
    try:
        units.by_code(session, draft.unit)
    except NotFound:
        return
    yield from _misdated(session, draft, ())


def lock(session: Session, lines: tuple[Posting, ...]) -> None:
    """Lock the units of a voucher, always in the same order, so that nobody waits in a circle."""
    known = keys.read(session)
    for unit_id in sorted({known.unit(line.unit) for line in lines}):
        units.lock(session, unit_id)


def _unbalanced(session: Session, lines: tuple[Posting, ...]) -> Iterator[Reason]:
    """Say by how much and in which fund and unit a voucher is out of balance."""
    for (fund, unit), (debit, credit) in differences(lines).items():
        why = _(
            "Chứng từ lệch %(difference)s đ ở %(fund)s của %(unit)s: Nợ %(debit)s đ,"
            " Có %(credit)s đ.",
            difference=grouped(abs(debit - credit)),
            fund=byhand.fund_name(session, fund),
            unit=byhand.unit_name(session, unit),
            debit=grouped(debit),
            credit=grouped(credit),
        )
        yield Reason(why, field=LINES)


def _written_off(session: Session, draft: Draft, lines: tuple[Posting, ...]) -> Iterator[Reason]:
    """Refuse a journal voucher that lets somebody gain or lose what funds or units owe each other.

    What is owed is settled with money or against what is due; given up, it is a transfer. Beside
    the money that came may stand what the bank kept of it.
    """
    between = {line.account for line in lines if line.account.startswith(byhand.BETWEEN)}
    net = byhand.net_accounts(session)
    if any(line.debit and line.account.startswith((CASH, BANK)) for line in lines):
        net -= {expense("fee")}
    if draft.kind == JOURNAL and between and any(line.account in net for line in lines):
        why = _(
            "Chứng từ ghi sổ chỉ thanh toán tài khoản %(codes)s bằng tiền hoặc bù trừ, không ghi"
            " cùng tài khoản thu, chi; muốn cho hoặc xóa khoản nợ giữa các quỹ, đơn vị, hãy lập"
            " Giấy chuyển quỹ, kèm số nghị quyết.",
            codes=", ".join(sorted(between)),
        )
        yield Reason(why, field=LINES)


def over_several(lines: tuple[Posting, ...]) -> bool:
    """Say whether lines lie in more than one fund or unit."""
    return len({(line.fund, line.unit) for line in lines}) > 1


def _misdated(session: Session, draft: Draft, lines: tuple[Posting, ...]) -> Iterator[Reason]:
    if draft.date > clock.today():
        return  # Nothing else need be said of such a day.
    codes = {draft.unit, *(line.unit for line in lines)}
    for unit in session.scalars(select(Unit).where(Unit.code.in_(codes)).order_by(Unit.id)):
        try:
            units.check_active(unit, draft.date, "date")
        except Refusal as refusal:
            yield from refusal.reasons
        closed = find_closed(session, unit.id, draft.date)
        if closed is not None:
            yield Reason(closed.why, field="date")


def _hold_money(session: Session, draft: Draft, lines: tuple[Posting, ...]) -> None:
    """Hold that no till and no restricted fund goes below zero, nor what is owed."""
    known = keys.read(session)
    places = {place.code: place for place in tills(session)}
    leaving: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for line in lines:
        if line.account in places:
            leaving[line.account, line.fund, line.unit] += line.credit - line.debit
    for (code, fund, unit), amount in leaving.items():
        hold(
            session,
            places[code],
            fund_id=known.fund(fund),
            unit_id=known.unit(unit),
            since=draft.date,
            amount=amount,
            field="amount",
        )
    field = LINES if draft.kind == JOURNAL else "amount"
    if draft.kind != TRANSFER:
        byhand.hold_settled(session, lines, since=draft.date, field=field)
    hold_net(session, lines, since=draft.date, field=field)


def hold_net(session: Session, lines: tuple[Posting, ...], *, since: date, field: str) -> None:
    """Hold that nobody gives up more than a restricted fund of theirs has.

    Raises:
        Refusal: one would go below zero on that day or a later one.
    """
    known, net = keys.read(session), byhand.net_accounts(session)
    falls: defaultdict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        if line.account in net:
            falls[line.fund, line.unit] += line.debit - line.credit
    for (fund, unit), amount in falls.items():
        if amount > 0:
            netbalance.hold(
                session,
                fund_id=known.fund(fund),
                unit_id=known.unit(unit),
                since=since,
                amount=amount,
                field=field,
            )
