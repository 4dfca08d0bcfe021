"""What stands in the tables and books after messages came."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry, Posting
from fundsvc.sms.models import SmsFile, SmsMessage, SmsTotal
from fundsvc.verify import faults


def count(session: Session, *models: type) -> list[int]:
    """Return the numbers of rows."""
    return [session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def state(session: Session) -> list[int]:
    """Return the numbers of rows of all tables that an import may touch."""
    session.rollback()
    return count(session, Entry, Posting, SmsMessage, SmsFile, SmsTotal)


def clean(session: Session) -> bool:
    """Say whether everything that must hold, holds."""
    return not [*faults(session)]


def balance(session: Session, account: str, fund: str) -> int:
    """Return a balance of the centre."""
    return books.balance(session, account=account, fund=fund, unit="TW")
