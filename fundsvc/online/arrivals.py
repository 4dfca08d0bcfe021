"""Match what Stripe paid out with the line of the bank on which it arrives, and book that."""

import logging
from datetime import timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import service as books
from fundsvc.books import unidentified
from fundsvc.books.models import Entry, Fund
from fundsvc.books.reversing import take_back
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.online.days import dated
from fundsvc.online.models import CardPayout
from fundsvc.online.movements import DONG, SOURCE, lock
from fundsvc.online.payouts import Parts, parts_of, unit_ids
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.reconciliation.signed import hold_line
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from ledger import card_recipes

_log = logging.getLogger(__name__)
NEAR: Final = timedelta(days=10)
"""How long after the day that Stripe names a payout is looked for on the bank's statement."""
MOST: Final = 500
"""How many lines are offered at most."""
NAMED: Final = "STRIPE"
_ARRIVED: Final = "Tiền Stripe chuyển đã về ngân hàng"


def match(session: Session, payout_id: int, line_id: int, *, by: int | None) -> CardPayout:
    """Confirm that a line of the bank is a payout's money, and book it: N 3381 / C 113.

    A payout below 0 is what Stripe took from the bank: a line of money out, N 113 / C 1388.

    Raises:
        NotFound: there is no such payout or line, or not for this person.
        Conflict: one of them is taken, or the line was booked as something else.
        Refusal: the line is not the amount that was sent in đồng, or its money does not wait to be
            identified any more.
    """
    lock(session)
    row = session.scalar(select(CardPayout).where(CardPayout.id == payout_id).with_for_update())
    line = session.scalar(select(BankLine).where(BankLine.id == line_id).with_for_update())
    if row is None or line is None:
        raise NotFound
    if row.bank_line_id == line.id:
        return row
    moved = _moved(line)
    if row.currency == DONG and moved != row.settled:
        raise Refusal(
            Reason(_("Số tiền của dòng sao kê khác với số Stripe đã chuyển."), field="bank_line")
        )
    if row.state != "sent" or not _free(session, row, BankLine.id == line.id):
        raise Conflict(_("Đợt chuyển tiền hoặc dòng sao kê này đã có nơi khác."))
    account = session.get_one(BankAccount, line.bank_account_id)
    unidentified.hold(
        session,
        fund_id=account.fund_id,
        unit_id=account.unit_id,
        money_in=moved > 0,
        amount=abs(moved),
        field="bank_line",
    )
    fund = session.get_one(Fund, account.fund_id).code
    unit = session.get_one(Unit, account.unit_id).code
    parts = parts_of(session, row)
    earliest = max(line.booked_on, session.get_one(Entry, row.entry_id).date)
    touched = {account.unit_id, *unit_ids(session, parts)}
    entry = card_recipes.arrival(
        [(*place, parts[place], arrived) for place, arrived in shares(parts, moved).items()],
        fund=fund,
        unit=unit,
        **dated(session, touched, earliest, _ARRIVED, happened=line.booked_on),
    )
    # One that left its line again arrives anew, on another entry.
    before = select(func.count()).where(
        Entry.source == SOURCE, Entry.external_id.startswith(f"{row.payout}:arrived")
    )
    again = session.scalar(before) or 0
    name = f"{row.payout}:arrived:{again + 1}" if again else f"{row.payout}:arrived"
    posted = books.post(session, entry, source=SOURCE, external_id=name, maker_id=by)
    row.state, row.bank_line_id, row.arrival_entry_id = "arrived", line.id, posted.id
    row.matched_at, row.matched_by = clock.now(), by
    facts = {"line": line.id, "entry": posted.id}
    audit.record(session, "card_payout.match", f"card_payout:{row.id}", facts, by=by)
    session.flush()
    return row


def unmatch(session: Session, payout_id: int, *, reason: str, by: int | None) -> None:
    """Take back that a line of the bank is a payout's money; it is on its way again.

    Raises:
        NotFound: there is no such payout, or not for this person.
        Conflict: it has not arrived, or its line lies in a signed month.
        Refusal: there is no reason, or the day lies in a closed month.
    """
    lock(session)
    row = session.scalar(select(CardPayout).where(CardPayout.id == payout_id).with_for_update())
    if row is None:
        raise NotFound
    if row.state != "arrived" or row.arrival_entry_id is None:
        raise Conflict(_("Đợt chuyển tiền này chưa có dòng sao kê nào."))
    if row.bank_line_id is not None:
        hold_line(session, row.bank_line_id)
    units.lock(session, row.unit_id)
    subject = f"card_payout:{row.id}"
    take_back(session, row.arrival_entry_id, subject=subject, on=None, reason=reason, by=by)
    row.state, row.bank_line_id, row.arrival_entry_id = "sent", None, None
    row.matched_at = row.matched_by = None
    session.flush()


def match_sure(session: Session) -> int:
    """Match payouts with lines where it is sure: the one line of the amount that names Stripe."""
    done = 0
    for row in session.scalars(select(CardPayout).where(CardPayout.state == "sent")).all():
        sure = [
            line
            for line, account in _free(session, row, ~decided.of_person())
            if row.currency == DONG
            and NAMED in line.memo.upper()
            and unidentified.waits(
                session,
                fund_id=account.fund_id,
                unit_id=account.unit_id,
                money_in=line.credit > 0,
            )
            >= line.credit + line.debit
        ]
        if len(sure) == 1:
            payout_id, name, line_id = row.id, row.payout, sure[0].id
            try:
                # One that the books cannot take stops no other.
                with session.begin_nested():
                    match(session, payout_id, line_id, by=None)
            except Refusal as refusal:
                _log.info("payout %s waits for a person: %s", name, refusal)
            else:
                done += 1
    return done


def shares(parts: Parts, arrived: int) -> Parts:
    """Share what arrived in proportion to what was sent; the largest part takes what is left."""
    whole = sum(parts.values())
    found = {place: amount * arrived // whole if whole else 0 for place, amount in parts.items()}
    largest = max(parts, key=lambda place: (abs(parts[place]), place))
    found[largest] += arrived - sum(found.values())
    return found


def offers(session: Session, row: CardPayout) -> list[tuple[BankLine, BankAccount]]:
    """Return lines that may be a payout's money, the likeliest first."""
    found = _free(session, row)
    if row.currency == DONG:
        return found
    found.sort(key=lambda one: (NAMED not in one[0].memo.upper(), abs(_moved(one[0]) - row.amount)))
    return found[:20]


def _moved(line: BankLine) -> int:
    return line.credit - line.debit


def _free(
    session: Session, row: CardPayout, *only: ColumnElement[bool]
) -> list[tuple[BankLine, BankAccount]]:
    """Return lines of the right days that wait, or only some of them.

    They are of money in, or out for a payout below 0; of one in đồng, of its very amount.
    """
    side = BankLine.credit if row.settled > 0 else BankLine.debit
    wanted = side == abs(row.settled) if row.currency == DONG else side > 0
    named = case((func.upper(BankLine.memo).contains(NAMED), 0), else_=1)
    query = (
        select(BankLine, BankAccount)
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .where(
            wanted,
            BankLine.booked_on.between(row.sent_on, row.arrives_on + NEAR),
            decided.waiting(),
            *only,
        )
        .order_by(named, BankLine.booked_on, BankLine.id)
        .limit(MOST)
    )
    return [(line, account) for line, account in session.execute(query)]
