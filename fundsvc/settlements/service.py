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
from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.books.closed import find_closed
from fundsvc.books.reversing import is_undone, take_back
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.reconciliation.models import BankAccount, BankGift, BankLine
from fundsvc.settlements import counting, shares
from fundsvc.settlements.counting import Asked
from fundsvc.settlements.models import (
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementPayment,
)
from fundsvc.sms.models import Campaign
from fundsvc.units import service as units
from ledger import recipes
from ledger.accounts import UNIDENTIFIED_IN
from ledger.words import grouped

SOURCE: Final = "settlement"
FEE, MONEY, LOSS = "fee", "money", "loss"
_RECIPES: Final = {
    FEE: recipes.operator_fee,
    MONEY: recipes.operator_money,
    LOSS: recipes.operator_loss,
}
# What entries say. It is stored, so it is not translated.
_DESCRIBED: Final = {
    FEE: "Phí nhà mạng giữ lại",
    MONEY: "Nhà mạng thanh toán",
    LOSS: "Xóa khoản phải thu nhà mạng không thu được",
}

_ANEW: Final = "Chia lại theo tỉnh sau khi ghi đảo tin nhắn"


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


def asked_of(row: Settlement) -> Asked:
    """Return which messages a settlement is about."""
    return Asked(row.operator, row.campaign_id, row.period_from, row.period_to)


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


def confirm_money(session: Session, settlement_id: int, line_id: int, *, by: int) -> None:
    """Say that a line of the bank is this settlement's money, and book it off the receivable.

    Raises:
        NotFound: there is no such settlement or line of money in.
        Conflict: the line serves a settlement already.
        Refusal: the money lies in another fund or unit, was decided otherwise meanwhile, or is
            more than the settlement still waits for.
    """
    row = taken(session, settlement_id)
    line, account = _line(session, line_id)
    campaign = session.get_one(Campaign, row.campaign_id)
    if (account.fund_id, account.unit_id) != (campaign.fund_id, campaign.unit_id):
        why = _(
            "Tiền này vào tài khoản %(code)s của quỹ hoặc đơn vị khác với đợt vận động. Lập giấy"
            " chuyển quỹ để đưa tiền về đúng quỹ trước, rồi đối chiếu dòng sao kê ở đó.",
            code=account.code,
        )
        raise Refusal(Reason(why, field="bank_line"))
    _hold_unpaid(session, row, line.credit)
    units.lock(session, campaign.unit_id)
    _hold_unidentified(session, campaign, line.credit)
    act = book(session, row, MONEY, line.credit, on=line.booked_on, by=by)
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
    facts = {"bank_line": line.id, "amount": line.credit}
    audit.record(session, "settlement.money", subject(row.id), facts, by=by)
    session.flush()


def undo(session: Session, settlement_id: int, act: int, *, reason: str, by: int) -> None:
    """Take back what one act booked, by negative amounts; the settlement is as before it.

    Raises:
        NotFound: there is no such settlement or act.
        Refusal: there is no reason.
        Conflict: it was taken back before.
    """
    row = taken(session, settlement_id)
    found = _parts(session, row, act)
    if not found:
        raise NotFound
    alive = select(SettlementEntry.id).where(
        SettlementEntry.id == found[0].id, ~is_undone(SettlementEntry.entry_id)
    )
    if session.scalar(alive) is None:
        raise Conflict(_("Việc này đã được ghi đảo từ trước."))
    for part in found:
        take_back(session, part.entry_id, subject=subject(row.id), on=None, reason=reason, by=by)
    match found[0].kind:
        case "fee":
            row.accepted_at = row.accepted_by = None
        case "money":
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
    if on > clock.today() or find_closed(session, campaign.unit_id, on):
        on = clock.today()
    last = select(func.max(SettlementEntry.act)).where(SettlementEntry.settlement_id == row.id)
    act = (session.scalar(last) or 0) + 1
    counted = counting.by_province(session, asked_of(row))
    span = f"{row.period_from:%d/%m/%Y}–{row.period_to:%d/%m/%Y}"
    parts = shares.fitting(amount, weights, counted, _by_province(session, row))
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
                kind=kind,
                amount=part,
                booked_on=on,
                entry_id=posted.id,
                province_id=province_id,
            )
        )
    session.flush()
    return act


def left_by_province(session: Session, row: Settlement) -> dict[int | None, int]:
    """Return what the messages of each province still wait for, in đồng."""
    counted = counting.by_province(session, asked_of(row))
    booked = _by_province(session, row)
    places = counted.keys() | booked.keys()
    return {place: counted.get(place, 0) - booked.get(place, 0) for place in places}


def share_anew(session: Session, row: Settlement, *, by: int) -> None:
    """Split money, then the fee, over the provinces anew until none of them stands below zero.

    A message taken back after its province was settled leaves it with more than it was owed, and
    the others with less. What was booked is taken back and booked again by today's shares, the
    latest money first; its sum and its line of the bank stay.

    Raises:
        Refusal: a province is below zero by what was given up for it.
    """
    acts = session.execute(
        select(SettlementEntry.kind, SettlementEntry.act)
        .where(
            SettlementEntry.settlement_id == row.id,
            SettlementEntry.kind.in_((MONEY, FEE)),
            ~is_undone(SettlementEntry.entry_id),
        )
        .distinct()
        .order_by(SettlementEntry.kind.desc(), SettlementEntry.act.desc())
    ).all()
    for kind, act in acts:
        if min(left_by_province(session, row).values(), default=0) >= 0:
            return
        _book_anew(session, row, kind, act, by=by)
    if min(left_by_province(session, row).values(), default=0) < 0:
        why = _(
            "Tỉnh của tin này đã được xóa nợ nhiều hơn số còn lại sau khi ghi đảo; ghi đảo khoản"
            " xóa nợ trước."
        )
        raise Refusal(why)


def _book_anew(session: Session, row: Settlement, kind: str, act: int, *, by: int) -> None:
    """Book an act again by today's shares; a confirmed line stays confirmed as it was."""
    parts = _parts(session, row, act)
    for part in parts:
        take_back(session, part.entry_id, subject=subject(row.id), on=None, reason=_ANEW, by=by)
    session.flush()
    paid = session.scalar(select(SettlementPayment).filter_by(settlement_id=row.id, act=act))
    amount = sum(part.amount for part in parts)
    fresh = book(session, row, kind, amount, on=clock.today(), by=by)
    if paid is not None:
        facts = {
            name: getattr(paid, name)
            for name in ("bank_line_id", "settlement_id", "unit_id", "confirmed_at", "confirmed_by")
        }
        session.delete(paid)
        session.flush()
        session.add(SettlementPayment(**facts, act=fresh))
        session.flush()


def _parts(session: Session, row: Settlement, act: int) -> Sequence[SettlementEntry]:
    """Return what an act booked, province by province."""
    return session.scalars(
        select(SettlementEntry)
        .where(SettlementEntry.settlement_id == row.id, SettlementEntry.act == act)
        .order_by(SettlementEntry.id)
    ).all()


def _by_province(session: Session, row: Settlement) -> dict[int | None, int]:
    """Return what was booked off the receivable of each province and not taken back."""
    query = (
        select(SettlementEntry.province_id, func.sum(SettlementEntry.amount))
        .where(SettlementEntry.settlement_id == row.id, ~is_undone(SettlementEntry.entry_id))
        .group_by(SettlementEntry.province_id)
    )
    return {place: int(amount) for place, amount in session.execute(query)}


def _line(session: Session, line_id: int) -> tuple[BankLine, BankAccount]:
    """Return a line of money in that is free, with its account."""
    found = session.execute(
        select(BankLine, BankAccount)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(BankLine.id == line_id, BankLine.credit > 0, ~is_undone(BankLine.entry_id))
        .with_for_update(of=BankLine)
    ).first()
    if found is None:
        raise NotFound(Reason(_("Không có dòng sao kê tiền vào này."), field="bank_line"))
    if session.get(SettlementPayment, line_id) is not None:
        why = _("Dòng sao kê này đã được đối chiếu với một quyết toán.")
        raise Conflict(Reason(why, field="bank_line"))
    if session.get(BankGift, line_id) is not None:
        raise Conflict(Reason(_("Dòng sao kê này đã là một khoản ủng hộ."), field="bank_line"))
    line, account = found
    return line, account


def _hold_unpaid(session: Session, row: Settlement, amount: int) -> None:
    """Hold that the operator has not paid its net yet, nor pays more than is left of it."""
    received = session.scalar(
        select(func.coalesce(func.sum(SettlementEntry.amount), 0)).where(
            SettlementEntry.settlement_id == row.id,
            SettlementEntry.kind == MONEY,
            ~is_undone(SettlementEntry.entry_id),
        )
    )
    unpaid = row.net - int(received or 0)
    if amount > unpaid:
        why = _(
            "Quyết toán này chỉ còn chờ %(unpaid)s đ, ít hơn dòng sao kê (%(amount)s đ).",
            unpaid=grouped(max(unpaid, 0)),
            amount=grouped(amount),
        )
        raise Refusal(Reason(why, field="bank_line"))


def _hold_unidentified(session: Session, campaign: Campaign, amount: int) -> None:
    """Hold that the money still waits to be identified; vouchers may have decided it."""
    known = keys.read(session)
    fund = next(code for code, number in known.funds.items() if number == campaign.fund_id)
    unit = next(code for code, number in known.units.items() if number == campaign.unit_id)
    waiting = -books.balance(session, account=UNIDENTIFIED_IN, fund=fund, unit=unit)
    if waiting < amount:
        why = _(
            "Tiền chờ xác định của quỹ này chỉ còn %(waiting)s đ, ít hơn dòng sao kê (%(amount)s"
            " đ): khoản này có thể đã được ghi cho việc khác.",
            waiting=grouped(max(waiting, 0)),
            amount=grouped(amount),
        )
        raise Refusal(Reason(why, field="bank_line"))
