"""Accept what an operator reports, and tie it to the bank's money: fee, money and what undoes them.

Each is booked in one entry a province, as what is still open stands in the provinces; the parts
add up to the đồng.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import keys, unidentified
from fundsvc.books import service as books
from fundsvc.books.closed import find_closed
from fundsvc.books.reversing import is_undone, take_back
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.reconciliation.signed import hold_line
from fundsvc.settlements import bank, counting, owing, shares, surplus
from fundsvc.settlements.counting import asked_of
from fundsvc.settlements.models import (
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementPayment,
)
from fundsvc.sms.models import Campaign
from fundsvc.units import service as units
from ledger import recipes

SOURCE: Final = "settlement"
FEE, MONEY, LOSS, OFFSET = "fee", "money", "loss", "offset"
_RECIPES: Final = {
    FEE: recipes.operator_fee,
    MONEY: recipes.operator_money,
    LOSS: recipes.operator_loss,
    OFFSET: recipes.operator_offset,
}
# What entries say. It is stored, so it is not translated.
_DESCRIBED: Final = {
    FEE: "Phí nhà mạng giữ lại",
    MONEY: "Nhà mạng thanh toán",
    LOSS: "Xóa khoản phải thu nhà mạng không thu được",
    OFFSET: "Cấn trừ tiền nhà mạng trả thừa",
}


def taken(session: Session, settlement_id: int) -> Settlement:
    """Return a settlement, locked until the transaction ends.

    Raises:
        NotFound: there is none, or not for this person.
    """
    query = select(Settlement).where(Settlement.id == settlement_id).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(Reason(_("Không có quyết toán này."), field="settlement"))
    return row


def subject(settlement_id: int) -> str:
    """Return what a settlement is called in the log of acts."""
    return f"settlement:{settlement_id}"


def accept(session: Session, settlement_id: int, *, by: int) -> None:
    """Accept the operator's report and book its fee; differences stay to be claimed or given up.

    Raises:
        NotFound: there is no such settlement.
        Conflict: it was accepted before.
    """
    row = taken(session, settlement_id)
    if row.accepted_at is not None:
        raise Conflict(_("Quyết toán này đã được chấp nhận từ trước."))
    row.accepted_at, row.accepted_by = clock.now(), by
    if row.fee:
        book(session, row, FEE, row.fee, on=row.paid_on, by=by)
    facts = {"messages": row.messages, "gross": row.gross, "fee": row.fee, "net": row.net}
    audit.record(session, "settlement.accept", subject(row.id), facts, by=by)
    session.flush()


def confirm_money(session: Session, settlement_id: int, line_id: int, *, by: int) -> int:
    """Say that a line of the bank is this settlement's money, and book it off the receivable.

    What is more than the operator owes waits on 3388 for its answer, or for another settlement
    (`surplus`); return how much that is.

    Raises:
        NotFound: there is no such settlement or line of money in.
        Conflict: the line serves a settlement already.
        Refusal: the money lies in another fund or unit, was decided otherwise meanwhile, or the
            operator owes nothing more.
    """
    row = taken(session, settlement_id)
    line, account = bank.free_line(session, line_id)
    campaign = session.get_one(Campaign, row.campaign_id)
    if (account.fund_id, account.unit_id) != (campaign.fund_id, campaign.unit_id):
        why = _(
            "Tiền này vào tài khoản %(code)s của quỹ hoặc đơn vị khác với đợt vận động. Lập giấy"
            " chuyển quỹ để đưa tiền về đúng quỹ trước, rồi đối chiếu dòng sao kê ở đó.",
            code=account.code,
        )
        raise Refusal(Reason(why, field="bank_line"))
    units.lock(session, campaign.unit_id)
    unidentified.hold(
        session,
        fund_id=campaign.fund_id,
        unit_id=campaign.unit_id,
        money_in=True,
        amount=line.credit,
        field="bank_line",
    )
    due = owing.due(session, row)
    if due <= 0:
        why = _(
            "Nhà mạng không còn nợ gì của kỳ này; tiền này vẫn chờ xác định (3381): đối chiếu với"
            " quyết toán khác, hoặc hỏi nhà mạng rồi lập chứng từ."
        )
        raise Refusal(Reason(why, field="bank_line"))
    part = min(line.credit, due)
    act = book(session, row, MONEY, part, on=line.booked_on, by=by)
    if line.credit > part:
        more = line.credit - part
        surplus.book(session, row, act, more, on=booked_on(session, row, line.booked_on), by=by)
    session.add(
        SettlementPayment(
            bank_line_id=line.id,
            settlement_id=row.id,
            unit_id=row.unit_id,
            act=act,
            confirmed_at=clock.now(),
            confirmed_by=by,
        )
    )
    facts = {"bank_line": line.id, "amount": line.credit, "surplus": line.credit - part}
    audit.record(session, "settlement.money", subject(row.id), facts, by=by)
    session.flush()
    return line.credit - part


def undo(session: Session, settlement_id: int, act: int, *, reason: str, by: int) -> None:
    """Take back what one act booked, by negative amounts; the settlement is as before it.

    Raises:
        NotFound: there is no such settlement or act.
        Refusal: there is no reason.
        Conflict: it was taken back before, or its line of the bank lies in a signed month.
    """
    row = taken(session, settlement_id)
    units.lock(session, row.unit_id)
    found = parts_of(session, row, act)
    if not found:
        raise NotFound
    alive = select(SettlementEntry.id).where(
        SettlementEntry.id == found[0].id, ~is_undone(SettlementEntry.entry_id)
    )
    if session.scalar(alive) is None:
        raise Conflict(_("Việc này đã được ghi đảo từ trước."))
    if found[0].kind == "money":
        for line_id in session.scalars(
            select(SettlementPayment.bank_line_id).filter_by(settlement_id=row.id, act=act)
        ):
            hold_line(session, line_id)
    for part in found:
        take_back(session, part.entry_id, subject=subject(row.id), on=None, reason=reason, by=by)
    match found[0].kind:
        case "fee":
            row.accepted_at = row.accepted_by = None
        case "money":
            surplus.undo(session, row, act, reason=reason, by=by)
            session.flush()
            session.execute(
                delete(SettlementPayment).where(
                    SettlementPayment.settlement_id == row.id, SettlementPayment.act == act
                )
            )
        case _:
            loss = session.scalars(
                select(SettlementLoss).filter_by(settlement_id=row.id, act=act)
            ).one()
            loss.state = "reversed"
    session.flush()


def book(
    session: Session,
    row: Settlement,
    kind: str,
    amount: int,
    *,
    on: date,
    by: int,
    approver: int | None = None,
    weights: Mapping[int | None, int] | None = None,
) -> int:
    """Book an amount off the receivable, province by province, and return the number of the act.

    `weights` are what the messages of each province come to, all that is open when not given. In
    a closed month, or before its day has come, it is dated today.
    """
    known = keys.read(session)
    provinces = {number: code for code, number in known.provinces.items()}
    funds = {number: code for code, number in known.funds.items()}
    unit_codes = {number: code for code, number in known.units.items()}
    campaign = session.get_one(Campaign, row.campaign_id)
    on = booked_on(session, row, on)
    last = select(func.max(SettlementEntry.act)).where(SettlementEntry.settlement_id == row.id)
    act = (session.scalar(last) or 0) + 1
    counted = counting.by_province(session, asked_of(row))
    span = f"{row.period_from:%d/%m/%Y}–{row.period_to:%d/%m/%Y}"
    parts = shares.fitting(amount, weights, counted, booked_by_province(session, row))
    for province_id, part in parts.items():
        province = provinces[province_id] if province_id else None
        entry = _RECIPES[kind](
            operator=row.operator,
            on=on,
            unit=unit_codes[campaign.unit_id],
            fund=funds[campaign.fund_id],
            amount=part,
            description=f"{_DESCRIBED[kind]}, {campaign.keyword} {campaign.short_code}, {span}",
            province=province,
        )
        posted = books.post(
            session,
            entry,
            source=SOURCE,
            external_id=f"{row.id}.{act}:{province or 'none'}",
            maker_id=by,
            approver_id=approver,
            evidence=(row.sha256,),
        )
        session.add(
            SettlementEntry(
                settlement_id=row.id,
                unit_id=row.unit_id,
                act=act,
                kind=MONEY if kind == OFFSET else kind,
                amount=part,
                booked_on=on,
                entry_id=posted.id,
                province_id=province_id,
            )
        )
    session.flush()
    return act


def booked_on(session: Session, row: Settlement, on: date) -> date:
    """Return the day that is booked on: today in a closed month, or before its day has come."""
    shut = on > clock.today() or find_closed(session, row.unit_id, on)
    return clock.today() if shut else on


def parts_of(session: Session, row: Settlement, act: int) -> Sequence[SettlementEntry]:
    """Return what an act booked, province by province."""
    return session.scalars(
        select(SettlementEntry)
        .where(SettlementEntry.settlement_id == row.id, SettlementEntry.act == act)
        .order_by(SettlementEntry.id)
    ).all()


def booked_by_province(session: Session, row: Settlement) -> dict[int | None, int]:
    """Return what was booked off the receivable of each province and not taken back."""
    query = (
        select(SettlementEntry.province_id, func.sum(SettlementEntry.amount))
        .where(SettlementEntry.settlement_id == row.id, ~is_undone(SettlementEntry.entry_id))
        .group_by(SettlementEntry.province_id)
    )
    return {place: int(amount) for place, amount in session.execute(query)}
