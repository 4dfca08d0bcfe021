"""What other sides say of lines: operators' settlements, payouts of cards, our own accounts."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from fundsvc.online.arrivals import NAMED, NEAR
from fundsvc.online.models import CardPayout
from fundsvc.online.movements import DONG
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import bank as settled
from fundsvc.settlements.models import Settlement, SettlementPayment
from fundsvc.sms.models import Campaign
from fundsvc.templating.filters import day, dong
from fundsvc.text import fold
from fundsvc.workbench.choices import Mirrored, PaidOut, Proposal, Settled
from fundsvc.workbench.likeness import bare
from fundsvc.workbench.lines import Line, Purse, read, span

BY_REFERENCE, BY_PART, BY_OPERATOR, AMOUNT_ALONE = 95, 80, 65, 30
STRIPE_EXACT, STRIPE = 90, 55
MIRROR_TOLD, MIRROR_NUMBER = 75, 90
APART: Final = timedelta(days=3)
"""So many days the two sides of a transfer between our own accounts lie apart."""
OWN: Final = ("noi bo", "dieu chuyen", "chuyen quy", "chuyen von", "rut tien", "nop tien")
MOST: Final = 2_000
Found = tuple[int, Proposal]


def settlements(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield settlements whose reference stands in the memo, whose operator does, or the amount."""
    into = [line for line in lines if line.credit]
    if not into:
        return
    first, last = span(into)
    came = (
        select(SettlementPayment.settlement_id, func.sum(BankLine.credit).label("amount"))
        .join(BankLine, BankLine.id == SettlementPayment.bank_line_id)
        .group_by(SettlementPayment.settlement_id)
        .subquery()
    )
    query = (
        select(Settlement, Campaign)
        .join(Campaign, Campaign.id == Settlement.campaign_id)
        .outerjoin(came, came.c.settlement_id == Settlement.id)
        .where(
            Settlement.period_from <= last,
            Settlement.paid_on >= first - settled.LATE,
            func.coalesce(came.c.amount, 0) < Settlement.net,
        )
    )
    places = defaultdict(list)
    for row, campaign in session.execute(query):
        places[campaign.fund_id, campaign.unit_id].append((row, bare(row.bank_reference)))
    for line in into:
        said, words = line.bare, fold(line.said)
        for row, reference in places[line.purse.place]:
            found = _settled(line, row, named=_names(reference, said), words=words)
            if found is not None:
                yield line.id, found


def _names(reference: str, said: str) -> bool:
    return len(reference) >= settled.SHORTEST and reference in said


def _settled(line: Line, row: Settlement, *, named: bool, words: str) -> Proposal | None:
    exact, near = line.credit == row.net, abs(line.booked_on - row.paid_on) <= settled.NEAR
    operator = row.operator in words
    if not (named or (exact and near)):
        return None
    reasons = []
    if named:
        why = _("Nội dung có số tham chiếu của nhà mạng: %(ref)s.", ref=row.bank_reference)
        reasons.append(why)
        score = BY_REFERENCE if exact else BY_PART
    elif operator:
        reasons.append(_("Nội dung có tên nhà mạng %(operator)s.", operator=row.operator))
        score = BY_OPERATOR
    else:
        reasons.append(_("Chỉ có số tiền khớp, nên chưa đủ để tin."))
        score = AMOUNT_ALONE
    if exact:
        reasons.append(_("Số tiền đúng bằng số quyết toán."))
    else:
        reasons.append(_("Số quyết toán là %(net)s.", net=dong(row.net)))
    reasons.append(_("Nhà mạng báo trả ngày %(day)s.", day=day(row.paid_on)))
    label = _(
        "Tiền quyết toán %(operator)s kỳ %(first)s – %(last)s",
        operator=row.operator,
        first=day(row.period_from),
        last=day(row.period_to),
    )
    return Proposal(Settled(row.id), label, score, tuple(reasons))


def payouts(session: Session, lines: Sequence[Line]) -> Iterator[Found]:
    """Yield payouts of card money on their way: by the name in the memo, the amount and the day."""
    into = [line for line in lines if line.credit]
    if not into:
        return
    first, last = span(into)
    query = select(CardPayout).where(
        CardPayout.state == "sent",
        CardPayout.sent_on <= last,
        CardPayout.arrives_on >= first - NEAR,
    )
    sent = session.scalars(query.order_by(CardPayout.id).limit(MOST)).all()
    for line in into:
        named = NAMED in line.said.upper()
        for row in sent:
            exact = row.currency == DONG and row.settled == line.credit
            due = row.sent_on <= line.booked_on <= row.arrives_on + NEAR
            if not due or not (exact or (named and row.currency != DONG)):
                continue
            reasons = [_("Stripe báo tiền đến ngày %(day)s.", day=day(row.arrives_on))]
            if exact:
                reasons.append(_("Số tiền đúng bằng đợt chuyển tiền."))
            if named:
                reasons.append(_("Nội dung có tên Stripe."))
            else:
                reasons.append(_("Chỉ có số tiền khớp, nên chưa đủ để tin."))
            score = AMOUNT_ALONE if not named else STRIPE_EXACT if exact else STRIPE
            label = _("Đợt chuyển tiền của Stripe %(payout)s", payout=row.payout)
            yield line.id, Proposal(PaidOut(row.id), label, score, tuple(reasons))


def mirrors(session: Session, known: dict[int, Purse], lines: Sequence[Line]) -> Iterator[Found]:
    """Yield lines of our other accounts that may be a transfer's other side."""
    if len(known) < 2:  # noqa: PLR2004 - one account has no other side
        return
    first, last = span(lines)
    out = {line.debit for line in lines if line.debit}
    into = {line.credit for line in lines if line.credit}
    sides = or_(
        and_(BankLine.credit.in_(out), BankLine.debit == 0),
        and_(BankLine.debit.in_(into), BankLine.credit == 0),
    )
    size = (BankLine.credit + BankLine.debit).in_(out | into)
    days = BankLine.booked_on.between(first - APART, last + APART)
    here = {line.purse.id for line in lines}
    # Lines of one account have their other sides elsewhere; those of many anywhere.
    elsewhere = BankLine.bank_account_id.in_(set(known) - here if len(here) == 1 else set(known))
    others = defaultdict(list)
    for other in read(session, known, elsewhere, size, days, sides, decided.waiting(), most=MOST):
        others[other.debit, other.credit].append(other)
    for line in lines:
        for other in others[line.credit, line.debit]:
            apart = abs(other.booked_on - line.booked_on)
            if other.purse.id != line.purse.id and apart <= APART:
                yield line.id, _mirror(line, other)


def _mirror(line: Line, other: Line) -> Proposal:
    reasons = [
        _(
            "Tài khoản %(code)s có dòng đối ứng cùng số tiền ngày %(day)s.",
            code=other.purse.code,
            day=day(other.booked_on),
        )
    ]
    numbered = other.purse.number in line.bare or line.purse.number in other.bare
    words = f"{fold(line.memo)} {fold(other.memo)}"
    if numbered:
        reasons.append(_("Nội dung có số tài khoản của chính Hội."))
    if told := next((word for word in OWN if word in words), ""):
        reasons.append(_("Nội dung có “%(words)s”.", words=told))
    if not numbered and not told:
        reasons.append(_("Chỉ có số tiền và ngày khớp, nên chưa đủ để tin."))
    if line.purse.place != other.purse.place:
        reasons.append(_("Khác quỹ hoặc đơn vị: cần Giấy chuyển quỹ đã ghi sổ, kèm số nghị quyết."))
    score = MIRROR_NUMBER if numbered else MIRROR_TOLD if told else AMOUNT_ALONE
    label = (
        _("Chuyển từ tài khoản %(code)s sang", code=other.purse.code)
        if line.credit
        else _("Chuyển sang tài khoản %(code)s", code=other.purse.code)
    )
    return Proposal(Mirrored(other.id), label, score, tuple(reasons))
