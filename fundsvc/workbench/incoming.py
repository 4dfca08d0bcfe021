"""Book money in as what it was for: a promise, a gift, dues, an operator's or a payout's money."""

from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.donations.service import DonationFacts
from fundsvc.dues import service as dues
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.giving import becoming
from fundsvc.giving.models import CampaignPage, Pledge
from fundsvc.online import arrivals
from fundsvc.settlements import service as settlements
from fundsvc.settlements import surplus
from fundsvc.settlements.models import Settlement, SettlementEntry, SettlementPayment
from fundsvc.units import service as units
from fundsvc.workbench import choices
from fundsvc.workbench.booking import SOURCE, Made, Place, book, hold_waiting, needs_money_in
from ledger import recipes

_MOVED: Final = "Tiền vào tài khoản chung, thuộc đơn vị khác"
"""What an entry says of such a line; it is stored, so it is not translated."""


@book.register
def _promised(choice: choices.Promised, session: Session, at: Place) -> list[Made]:
    needs_money_in(at)
    promised = session.get(Pledge, choice.pledge_id)
    if promised is None:
        raise NotFound(Reason(_("Không có lượt đăng ký ủng hộ này."), field="pledge"))
    page = session.get_one(CampaignPage, promised.page_id)
    if (page.fund_id, page.unit_id) != (at.account.fund_id, at.account.unit_id):
        why = _("Lượt đăng ký này thuộc quỹ hoặc đơn vị khác với tài khoản ngân hàng.")
        raise Refusal(Reason(why, field="pledge"))
    hold_waiting(session, at)
    given = becoming.becomes(
        session,
        promised,
        origin=becoming.free_origin(session, f"bank-line:{at.line.id}"),
        amount=at.amount,
        received_on=at.line.booked_on,
        method="bank",
        by=at.by,
    )
    entry_id = session.get_one(Donation, given.donation_id).entry_id
    return [Made("donation", at.amount, entry_id, given.donation_id, given.receipt)]


@book.register
def _given(choice: choices.Given, session: Session, at: Place) -> list[Made]:
    needs_money_in(at)
    hold_waiting(session, at)
    facts = DonationFacts(
        unit=at.unit,
        fund=at.fund,
        amount=at.amount,
        received_on=at.line.booked_on,
        method="bank",
        donor=choice.donor,
        province=choice.province,
        earmark=choice.earmark,
        on_behalf_of=choice.on_behalf_of,
        in_memory_of=choice.in_memory_of,
    )
    recorded = donations.record(session, facts, f"{SOURCE}:{at.key}", at.by)
    return [Made("donation", at.amount, recorded.entry_id, recorded.id)]


@book.register
def _collected(choice: choices.Collected, session: Session, at: Place) -> list[Made]:
    needs_money_in(at)
    unit = units.by_code(session, choice.unit)
    try:
        month = date.fromisoformat(f"{choice.month}-01")
    except ValueError:
        raise Refusal(Reason(_("Tháng viết dạng 2026-11."), field="month")) from None
    if at.fund not in dues.FUNDS:
        why = _("Tài khoản này không giữ tiền hội phí hay chân quỹ.")
        raise Refusal(Reason(why, field="unit"))
    for unit_id in sorted({unit.id, at.account.unit_id}):
        units.lock(session, unit_id)
    hold_waiting(session, at)
    made: list[Made] = []
    if unit.code != at.unit:
        entry = recipes.bank_moved(
            amount=at.amount,
            fund=at.fund,
            unit=at.unit,
            to_unit=unit.code,
            on=at.line.booked_on,
            description=_MOVED,
        )
        posted = books.post(
            session, entry, source=SOURCE, external_id=f"{at.key}:moved", maker_id=at.by
        )
        made.append(Made("entry", at.amount, posted.id))
    total = dues.Total(
        unit=unit.code,
        fund=at.fund,
        month=month,
        amount=at.amount,
        paid_on=at.line.booked_on,
    )
    # The bank tells of each payment apart, so an equal one is no slip.
    recorded = dues.record_total(
        session, total, key=f"{SOURCE}:{at.key}", additional=True, by=at.by, from_bank=True
    )
    return [Made("dues", at.amount, recorded.entry_id, recorded.id), *made]


@book.register
def _settled(choice: choices.Settled, session: Session, at: Place) -> list[Made]:
    if at.by is None:
        raise Refusal(_("Tiền của nhà mạng do một người xác nhận, không ghi tự động."))
    settlements.confirm_money(session, choice.settlement_id, at.line.id, by=at.by)
    paid = session.get_one(SettlementPayment, at.line.id)
    parts = session.scalars(
        select(SettlementEntry).where(
            SettlementEntry.settlement_id == choice.settlement_id, SettlementEntry.act == paid.act
        )
    )
    made = [Made("settlement", part.amount, part.entry_id, choice.settlement_id) for part in parts]
    row = session.get_one(Settlement, choice.settlement_id)
    if (more := surplus.of_act(session, row, paid.act)) is not None:
        entry_id, amount = more
        made.append(Made("surplus", amount, entry_id, choice.settlement_id))
    return made


@book.register
def _paid_out(choice: choices.PaidOut, session: Session, at: Place) -> list[Made]:
    row = arrivals.match(session, choice.payout_id, at.line.id, by=at.by)
    return [Made("payout", at.amount, row.arrival_entry_id or 0, row.id)]
