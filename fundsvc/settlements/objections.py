"""What of settlements stands against taking an entry back: what was paid, given up or claimed.

A message's entry is held by the settlement of its day: by a loss or an open claim in which it
stands, by what is still owed in all, and by what its province still owes. A bank line is held
while it is a settlement's money, and a settlement's own entries are taken back by their act.
"""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import counting, differences, owing, surplus
from fundsvc.settlements.counting import SOURCE as MESSAGES
from fundsvc.settlements.counting import asked_of
from fundsvc.settlements.models import Claim, Settlement, SettlementLoss, SettlementPayment
from fundsvc.settlements.owing import WHOLE
from fundsvc.settlements.service import SOURCE
from fundsvc.settlements.sharing import left_by_province
from fundsvc.sms.models import SmsMessage
from ledger.words import grouped

OWN = f"{SOURCE}:"


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell what is to be done first; the settlement stays as it is until the entry is there."""
    if entry.source.startswith(MESSAGES):
        yield from _of_message(session, entry, own=subject.startswith(OWN))
    elif entry.source in {SOURCE, surplus.SOURCE} and not subject.startswith(OWN):
        yield _("Bút toán này của một quyết toán nhà mạng; ghi đảo tại trang quyết toán.")
    else:
        yield from _of_line(session, entry)


def _of_line(session: Session, entry: Entry) -> Iterator[str]:
    """Tell of a bank line which settlement's money it is."""
    line = select(BankLine.id).where(BankLine.entry_id == entry.id).with_for_update()
    line_id = session.scalar(line)
    paid = session.get(SettlementPayment, line_id) if line_id is not None else None
    if paid is not None:
        yield _(
            "Dòng sao kê này là tiền về của quyết toán số %(id)s; tại trang quyết toán, ghi đảo"
            " khoản tiền về trước.",
            id=paid.settlement_id,
        )


def _of_message(session: Session, entry: Entry, *, own: bool) -> Iterator[str]:
    message = session.scalar(
        select(SmsMessage).where(
            SmsMessage.operator == entry.source.removeprefix(MESSAGES),
            SmsMessage.request_id == entry.external_id,
        )
    )
    if message is None:
        return
    rows = session.scalars(
        select(Settlement)
        .where(
            Settlement.operator == message.operator, Settlement.campaign_id == message.campaign_id
        )
        .order_by(Settlement.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for row in rows:
        yield from _of_standing(session, row, message)
        if row.period_from <= message.received_on <= row.period_to:
            yield from _of_owed(session, row, message, own=own)


def _of_standing(session: Session, row: Settlement, message: SmsMessage) -> Iterator[str]:
    """Tell in which loss or open claim a message stands by its name."""
    for loss in owing.standing(session, row):
        if _named(session, row, loss, loss.items["lines"], message.request_id):
            yield _(
                "Tin này nằm trong một đề nghị xóa nợ của quyết toán số %(id)s; bỏ hoặc ghi đảo"
                " đề nghị đó trước.",
                id=row.id,
            )
    for claim in owing.claimed(session, row):
        if _named(session, row, claim, claim.facts["lines"], message.request_id):
            yield _(
                "Tin này nằm trong công văn %(claim)s đang đòi nhà mạng (quyết toán số %(id)s);"
                " ghi kết quả của công văn đó trước.",
                claim=owing.called(claim),
                id=row.id,
            )


def _named(
    session: Session,
    row: Settlement,
    remedy: SettlementLoss | Claim,
    lines: list[dict[str, object]],
    request_id: str,
) -> bool:
    """Say whether a remedy is for a message.

    Of a very long list a remedy keeps the first messages only; the list itself tells the others.
    """
    if any(line["request_id"] == request_id for line in lines):
        return True
    longer = remedy.about != WHOLE and remedy.messages > len(lines)
    return longer and differences.holds(session, row, remedy.about, request_id)


def _of_owed(session: Session, row: Settlement, message: SmsMessage, *, own: bool) -> Iterator[str]:
    """Tell whether a message was paid, given up or claimed among others."""
    amount = message.amount or 0
    left = owing.remaining(session, row)
    if amount > left:
        yield _(
            "Kỳ này chỉ còn %(left)s đ phải thu, ít hơn số tiền của tin (%(amount)s đ): tin đã được"
            " trả hoặc đã xóa nợ.",
            left=grouped(max(left, 0)),
            amount=grouped(amount),
        )
        return
    remedies: list[SettlementLoss | Claim] = [*owing.standing(session, row)]
    remedies += owing.claimed(session, row)
    by_sums = sum(remedy.amount for remedy in remedies if remedy.about == WHOLE)
    gap = counting.counted(session, asked_of(row)).gross - row.gross
    if by_sums and gap - amount < by_sums:
        yield _(
            "Theo số tổng, %(sum)s đ của kỳ này đang được đòi hoặc xóa nợ; ghi đảo tin này thì"
            " chênh lệch chỉ còn %(gap)s đ. Ghi kết quả công văn, bỏ hoặc ghi đảo đề nghị xóa nợ"
            " trước.",
            sum=grouped(by_sums),
            gap=grouped(max(gap - amount, 0)),
        )
    elif not own and left_by_province(session, row).get(message.province_id, 0) < amount:
        yield _(
            "Tiền nhà mạng trả đã chia hết cho tỉnh của tin này; ghi đảo tin tại trang quyết toán"
            " số %(id)s, ở đó tiền được chia lại theo tỉnh.",
            id=row.id,
        )
