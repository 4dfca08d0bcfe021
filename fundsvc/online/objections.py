"""What of card payments stands against taking an entry back: Stripe tells what moved there."""

from collections.abc import Iterator

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.online.models import CardPayout
from fundsvc.online.movements import SOURCE
from fundsvc.reconciliation.models import BankLine

OWN = "card_payout:"


def objections(session: Session, entry: Entry, subject: str) -> Iterator[str]:
    """Tell of entries that follow what Stripe told, and of lines of the bank that are a payout."""
    if entry.source == SOURCE and not (subject.startswith(OWN) and entry.kind == "card-arrival"):
        yield _("Bút toán này ghi theo đúng số của Stripe; không ghi đảo bằng tay.")
    line = select(BankLine.id).where(BankLine.entry_id == entry.id)
    paid_out = select(CardPayout.payout).where(CardPayout.bank_line_id.in_(line))
    for payout in session.scalars(paid_out.with_for_update()):
        yield _("Dòng sao kê này là tiền của đợt Stripe chuyển %(payout)s.", payout=payout)
