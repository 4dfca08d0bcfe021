"""Book what Stripe pays out, down to the line of the bank on which it arrives."""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final

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
from fundsvc.online.booking import DONG, SOURCE, AsideError, book_fee, lock, worth
from fundsvc.online.days import dated
from fundsvc.online.gateway import Move, Payout
from fundsvc.online.models import CardMovement, CardPayment, CardPayout, CardStray
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankAccount, BankLine
from fundsvc.reconciliation.signed import hold_line
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from ledger import card_recipes
from ledger.accounts import IN_TRANSIT

_log = logging.getLogger(__name__)
ENDED: Final = ("paid", "failed", "canceled")
FAILED: Final = ("failed", "canceled")
RETURNED: Final = ("payout_failure", "payout_cancel")
FEES: Final = ("stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost")
NEAR: Final = timedelta(days=10)
"""How long after the day that Stripe names a payout is looked for on the bank's statement."""
MOST: Final = 500
NAMED: Final = "STRIPE"
# Settlements live above; the lines they have taken are read by the table's name.
# What follows is stored, so it is not translated.
BY_HAND: Final = "Đợt chuyển tiền thủ công: Stripe không cho biết gồm những khoản nào."
NOT_EQUAL: Final = "Tổng các khoản của đợt chuyển tiền không bằng số Stripe đã chuyển."
OTHER: Final = "Stripe cho biết đợt chuyển tiền khác với trước đây."
UNCLEAR: Final = "Đợt chuyển tiền có khoản chưa rõ: {kind} {id}."
_STRAY: Final = "Khoản lạ ở Stripe chờ xác định: {name}"
_SENT: Final = "Stripe chuyển tiền về ngân hàng"
_BACK: Final = "Ngân hàng không nhận đợt chuyển tiền, tiền trở lại Stripe"
_ARRIVED: Final = "Tiền Stripe chuyển đã về ngân hàng"

Parts = dict[tuple[str, str], int]
"""Đồng by fund and unit."""


def missing(session: Session, payout: Payout) -> list[Move]:
    """Return what a payout consists of and is not booked yet."""
    ids = [move.id for move in payout.moves]
    known = set(
        session.scalars(select(CardMovement.movement).where(CardMovement.movement.in_(ids)))
    ) | set(session.scalars(select(CardStray.movement).where(CardStray.movement.in_(ids))))
    others = (*RETURNED, *FEES)
    return [move for move in payout.moves if move.id not in known and move.kind not in others]


def returned(session: Session, payout: Payout) -> list[str]:
    """Return earlier payouts that failed, whose money this one sends again, if not booked yet."""
    sources = [move.source for move in payout.moves if move.kind in RETURNED]
    known = session.scalars(
        select(CardPayout.payout).where(
            CardPayout.payout.in_(sources), CardPayout.state == "failed"
        )
    )
    return sorted(set(sources) - set(known) - {payout.id})


def book(session: Session, payout: Payout, strays: Collection[str] = ()) -> CardPayout | None:
    """Book a payout whose parts are booked; None while it has not ended.

    Movements of it that are none of ours (`strays`) are booked to the unidentified money.

    Raises:
        AsideError: something in it is not clear, or it does not add up.
        Refusal: the books cannot take it.
    """
    lock(session)
    if payout.state not in ENDED:
        return None
    if not payout.automatic:
        raise AsideError(BY_HAND)
    row = session.scalar(select(CardPayout).where(CardPayout.payout == payout.id))
    if row is None:
        row = _send(session, payout, strays)
    elif (row.settled, row.currency) != (payout.amount, payout.currency):
        raise AsideError(OTHER)
    if payout.state in FAILED and row.state == "sent":
        parts = [(*place, amount) for place, amount in parts_of(session, row).items()]
        unit = session.get_one(Unit, row.unit_id).code
        on = max(clock.today(), row.sent_on)
        entry = card_recipes.payout(parts, on=on, unit=unit, description=_BACK, back=True)
        posted = books.post(session, entry, source=SOURCE, external_id=f"{payout.id}:back")
        row.state, row.back_entry_id = "failed", posted.id
        session.flush()
    elif payout.state in FAILED and row.state == "arrived":
        raise AsideError(OTHER)
    return row


def parts_of(session: Session, row: CardPayout) -> Parts:
    """Return what a payout is worth to each fund and unit, as it was booked."""
    entry = books.read_entry(session, row.entry_id)
    return {
        (line.fund, line.unit): line.debit for line in entry.postings if line.account == IN_TRANSIT
    }


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
            Reason(_("Số tiền của dòng sao kê khác với số Stripe đã chuyển."), field="line")
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
        field="line",
    )
    fund = session.get_one(Fund, account.fund_id).code
    unit = session.get_one(Unit, account.unit_id).code
    parts = parts_of(session, row)
    earliest = max(line.booked_on, session.get_one(Entry, row.entry_id).date)
    touched = {account.unit_id, *_unit_ids(session, parts)}
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


def _send(session: Session, payout: Payout, strays: Collection[str]) -> CardPayout:
    """Book that Stripe sent a payout: each fund's and unit's part of it is on its way."""
    ids = [move.id for move in payout.moves]
    rows = list(session.scalars(select(CardMovement).where(CardMovement.movement.in_(ids))))
    if any(row.payout_id is not None or row.currency != payout.currency for row in rows):
        raise AsideError(OTHER)
    known = {row.movement for row in rows}
    rest = [move for move in payout.moves if move.id not in known]
    parts = _gathered(session, rows, [move for move in rest if move.id not in strays])
    made_strays = []
    main = max(parts, key=lambda place: (abs(parts[place]), place))
    fund_id = session.scalars(select(Fund.id).where(Fund.code == main[0])).one()
    unit_id = session.scalars(select(Unit.id).where(Unit.code == main[1])).one()
    for move in rest:
        if move.kind in FEES:
            rows.append(_own_fee(session, move, main, unit_id, fund_id))
            parts[main] -= rows[-1].fee
        elif move.id in strays and move.amount != move.fee:
            made_strays.append(_stray(session, move, main, unit_id, fund_id))
            parts[main] += made_strays[-1]["amount"]
    if sum(move.amount - move.fee for move in payout.moves) != payout.amount:
        raise AsideError(NOT_EQUAL)
    sent = [(*place, amount) for place, amount in sorted(parts.items()) if amount]
    said = dated(session, _unit_ids(session, parts), payout.sent_on, _SENT)
    entry = card_recipes.payout(sent, unit=main[1], **said)
    posted = books.post(session, entry, source=SOURCE, external_id=payout.id)
    made = CardPayout(
        unit_id=unit_id,
        payout=payout.id,
        amount=sum(parts.values()),
        currency=payout.currency,
        settled=payout.amount,
        sent_on=payout.sent_on,
        arrives_on=payout.arrives_on,
        state="sent",
        entry_id=posted.id,
        noted_at=clock.now(),
    )
    session.add(made)
    session.flush()
    for row in rows:
        row.payout_id = made.id
    session.add_all(CardStray(**stray, payout_id=made.id) for stray in made_strays)
    session.flush()
    return made


def _unit_ids(session: Session, parts: Parts) -> set[int]:
    codes = {unit for _fund, unit in parts}
    return set(session.scalars(select(Unit.id).where(Unit.code.in_(codes))))


def _gathered(session: Session, rows: Sequence[CardMovement], rest: Sequence[Move]) -> Parts:
    """Return what a payout brings to each, with what an earlier one that failed brought back."""
    parts: defaultdict[tuple[str, str], int] = defaultdict(int)
    units = {unit.id: unit.code for unit in session.scalars(select(Unit))}
    funds = {fund.id: fund.code for fund in session.scalars(select(Fund))}
    for row in rows:
        parts[funds[row.fund_id], units[row.unit_id]] += row.amount - row.fee
    for move in rest:
        if move.kind in RETURNED:
            before = session.scalar(select(CardPayout).where(CardPayout.payout == move.source))
            if before is None or before.state != "failed":
                raise AsideError(UNCLEAR.format(kind=move.kind, id=move.source))
            for place, amount in parts_of(session, before).items():
                parts[place] += amount
        elif move.kind not in FEES:
            raise AsideError(UNCLEAR.format(kind=move.kind, id=move.id))
    return parts or {_last_place(session): 0}


def _last_place(session: Session) -> tuple[str, str]:
    """Return the fund and unit of the newest card payment: whose a payout without any is."""
    last = session.scalar(select(CardPayment).order_by(CardPayment.id.desc()).limit(1))
    if last is None:
        raise AsideError(NOT_EQUAL)
    return (
        session.get_one(Fund, last.fund_id).code,
        session.get_one(Unit, last.unit_id).code,
    )


def _stray(
    session: Session, move: Move, main: tuple[str, str], unit_id: int, fund_id: int
) -> dict[str, Any]:
    """Book what is none of ours to the unidentified money; return what to keep of it."""
    settled = move.amount - move.fee
    amount = worth(session, settled, move.currency)
    recipe = card_recipes.stray if amount > 0 else card_recipes.stray_out
    said = dated(session, [unit_id], move.on, _STRAY.format(name=move.source or move.id))
    entry = recipe(fund=main[0], unit=main[1], amount=abs(amount), **said)
    posted = books.post(session, entry, source=SOURCE, external_id=move.id)
    return {
        "unit_id": unit_id,
        "fund_id": fund_id,
        "movement": move.id,
        "kind": move.kind,
        "source": move.source,
        "moved_on": move.on,
        "amount": amount,
        "currency": move.currency,
        "settled": settled,
        "entry_id": posted.id,
        "noted_at": clock.now(),
    }


def _own_fee(
    session: Session, move: Move, main: tuple[str, str], unit_id: int, fund_id: int
) -> CardMovement:
    """Book a fee that belongs to no payment; the largest part of the payout bears it."""
    settled = move.fee - move.amount
    fee = worth(session, settled, move.currency)
    facts: dict[str, Any] = {"unit": main[1], "fund": main[0]}
    row = CardMovement(
        unit_id=unit_id,
        fund_id=fund_id,
        movement=move.id,
        kind="fee",
        moved_on=move.on,
        amount=0,
        fee=fee,
        currency=move.currency,
        settled=0,
        settled_fee=settled,
        rate=move.rate,
        fee_entry_id=book_fee(session, facts, unit_id, move, fee),
    )
    session.add(row)
    session.flush()
    return row
