"""Book what Stripe pays out: which parts it consists of, and that it is on its way."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books.models import Fund
from fundsvc.online.days import dated
from fundsvc.online.facts import Move, Payout
from fundsvc.online.models import CardMovement, CardPayment, CardPayout, CardStray
from fundsvc.online.movements import SOURCE, AsideError, book_fee, lock, worth
from fundsvc.units.models import Unit
from ledger import card_recipes
from ledger.accounts import IN_TRANSIT

ENDED: Final = ("paid", "failed", "canceled")
FAILED: Final = ("failed", "canceled")
RETURNED: Final = ("payout_failure", "payout_cancel")
FEES: Final = ("stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost")
# What follows is stored, so it is not translated.
BY_HAND: Final = "Đợt chuyển tiền thủ công: Stripe không cho biết gồm những khoản nào."
NOT_EQUAL: Final = "Tổng các khoản của đợt chuyển tiền không bằng số Stripe đã chuyển."
OTHER: Final = "Stripe cho biết đợt chuyển tiền khác với trước đây."
UNCLEAR: Final = "Đợt chuyển tiền có khoản chưa rõ: {kind} {id}."
_STRAY: Final = "Khoản lạ ở Stripe chờ xác định: {name}"
_SENT: Final = "Stripe chuyển tiền về ngân hàng"
_BACK: Final = "Ngân hàng không nhận đợt chuyển tiền, tiền trở lại Stripe"

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


def unit_ids(session: Session, parts: Parts) -> set[int]:
    """Return the units that parts of a payout belong to."""
    codes = {unit for _fund, unit in parts}
    return set(session.scalars(select(Unit.id).where(Unit.code.in_(codes))))


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
    said = dated(session, unit_ids(session, parts), payout.sent_on, _SENT)
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
