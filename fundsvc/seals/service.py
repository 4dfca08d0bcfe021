"""Seal the books: what every slice keeps as evidence of its entries, and the run of the sealer."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import sealing
from fundsvc.books.models import Entry
from fundsvc.db import read_session, transaction
from fundsvc.reconciliation.models import BankLine
from fundsvc.sms.models import SmsFile, SmsMessage
from ledger.seals import Seal

_ENTRY = Entry.__table__.c
_SMS: Final = "sms:"

# Messages are found by their key, operator and request, whatever number of them there is.
_FILES: Final = (
    select(_ENTRY.id, SmsFile.sha256)
    .join(
        SmsMessage,
        (SmsMessage.operator == func.substr(_ENTRY.source, len(_SMS) + 1))
        & (SmsMessage.request_id == _ENTRY.external_id),
    )
    .join(SmsFile, SmsFile.id == SmsMessage.file_id)
    .where(_ENTRY.source.like(f"{_SMS}%")),
    select(_ENTRY.id, BankLine.file_sha256).join(BankLine, BankLine.entry_id == _ENTRY.id),
)


def files_of(session: Session, first: int, last: int) -> dict[int, str]:
    """Return the SHA-256 of the file that each imported entry of a range came from."""
    found = (session.execute(query.where(_ENTRY.id.between(first, last))) for query in _FILES)
    return {row[0]: row[1] for rows in found for row in rows}


def seal_new(
    tell: Callable[[Seal], None] | None = None,
    *,
    most: int = sealing.MOST,
    patience: float = sealing.PATIENCE,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Seal all that was booked and is settled, batch by batch; return the number of seals.

    What is booked meanwhile is left for the next time, or sealing would not end, and would make a
    seal of every few entries, while others go on booking.

    Args:
        tell: called with each seal that was written.
        most: the most entries under one seal.
        patience: how many seconds to wait for entries in flight.
        stop: asked before each batch whether to leave the rest for another time.
    """
    written = 0
    session = read_session()
    session.rollback()
    newest = session.scalar(select(func.max(_ENTRY.id))) or 0
    while not stop():
        session.rollback()
        batch = sealing.prepare(session, files_of, most=most, patience=patience)
        session.rollback()
        if batch is None:
            return written
        try:
            with transaction() as writing:
                sealing.write(writing, batch)
        except sealing.Overtaken:
            session.rollback()
            if sealing.last_seal(session).number < batch.seal.number:
                raise  # Nobody sealed; the database refuses this seal, and would again.
            continue  # Somebody else did; go on behind them.
        written += 1
        if tell is not None:
            tell(batch.seal)
        if batch.seal.last_entry >= newest:
            break
    return written


def seal_within(session: Session) -> None:
    """Seal what was booked within the caller's own transaction, as far as it is settled.

    A long load seals as it goes, so that its own sums stay quick; entries and seals are committed
    together or not at all.
    """
    # Nobody else can write before the caller has done, so a seal may be as large as it comes.
    batch = sealing.prepare(session, files_of, rows=None, patience=0)
    if batch is not None:
        sealing.write(session, batch)
