"""Set what an operator paid too much with one settlement off against another that still waits."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import Conflict
from fundsvc.settlements import owing, surplus
from fundsvc.settlements.service import OFFSET, book, subject, taken
from fundsvc.units import service as units


def offset(session: Session, settlement_id: int, *, by: int) -> int:
    """Pay what a settlement waits for out of the operator's surplus; return how much that is.

    Raises:
        NotFound: there is no such settlement.
        Conflict: the operator owes nothing more for it, or has paid nothing too much.
    """
    row = taken(session, settlement_id)
    units.lock(session, row.unit_id)
    amount = min(surplus.available(session, row), owing.due(session, row))
    if amount <= 0:
        raise Conflict(_("Không còn tiền trả thừa, hoặc kỳ này không còn gì phải thu."))
    act = book(session, row, OFFSET, amount, on=clock.today(), by=by)
    facts = {"act": act, "amount": amount}
    audit.record(session, "settlement.offset", subject(row.id), facts, by=by)
    session.flush()
    return amount
