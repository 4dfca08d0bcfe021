"""What other pages tell of settlements: what needs a person, whose an entry or a file is."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.origins import (
    Confidential,
    Origin,
    tell_confidential,
    tell_holder,
    tell_origin,
)
from fundsvc.db import scope
from fundsvc.reconciliation import views as reconciliation
from fundsvc.reconciliation.models import BankLine
from fundsvc.settlements import ageing, counting, listing, remedies, service, surplus, told
from fundsvc.settlements.models import (
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementPayment,
)
from fundsvc.sms.beside import put_beside
from fundsvc.sms.phone_views import OPENERS
from fundsvc.templating import Attention, attend

READERS = ("treasurer", "approver", "auditor")
BESIDE = 4


def tell_all(app: Any) -> None:
    """Let the application's other pages tell of settlements."""
    attend(app, waiting)
    put_beside(app, open_ones)
    tell_origin(app, service.SOURCE, origin_of)
    tell_origin(app, surplus.SOURCE, origin_of)
    # Reconciliation tells of bank lines; here, above it, settlements add what they know of them.
    tell_origin(app, "bank", origin_of_line)
    tell_holder(app, has_file)
    tell_confidential(app, confidential_file)


def waiting(session: Session) -> Iterable[Attention]:
    """Tell what needs a person: losses to approve, differences, money long overdue."""
    roles = current_user.role_names
    if not roles & set(READERS):
        return
    if roles & remedies.APPROVERS:
        asked = select(func.count()).select_from(SettlementLoss).filter_by(state="asked")
        count = session.scalar(asked) or 0
        yield Attention(count, _("đề nghị xóa nợ nhà mạng chờ duyệt"), _where_asked(session))
    days = counting.by_day(session)
    found = listing.every(session, days)
    differing = [facts for facts in found if facts.state == listing.DIFFERS]
    yield Attention(
        len(differing), _("quyết toán nhà mạng có chênh lệch"), url_for("settlements.index")
    )
    overdue = [owed.amounts[ageing.OVERDUE] for owed in ageing.ageing(session, days)]
    owed = [amount for amount in overdue if amount > 0]
    href = f"{url_for('settlements.index')}#owed"
    yield Attention(len(owed), _("khoản nhà mạng nợ trên 90 ngày"), href, amount=sum(owed))


def _where_asked(session: Session) -> str:
    """Return where losses wait to be approved: on the one page if there is one, or the list."""
    found = listing.asked(session)
    if len(found) == 1:
        return url_for("settlements.show", settlement_id=min(found), _anchor="asked")
    return url_for("settlements.index")


def open_ones(session: Session) -> str:
    """Return the settlements that are not done, for the page of messages."""
    rows = listing.every(session, counting.by_day(session))
    return render_template(
        "settlements/beside.html",
        # Those that differ first: of the others most wait for the operators.
        open=sorted(
            (facts for facts in rows if facts.state != listing.DONE),
            key=lambda facts: facts.state != listing.DIFFERS,
        ),
        shown=BESIDE,
        any=bool(rows),
        asked=listing.asked(session),
        told=told,
    )


def origin_of(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a settlement which it is; it is taken back there."""
    if entry.source == surplus.SOURCE:
        number = int(entry.external_id.partition(".")[0])
        found = session.scalar(select(Settlement).where(Settlement.id == number))
    else:
        found = session.scalar(
            select(Settlement)
            .join(SettlementEntry, SettlementEntry.settlement_id == Settlement.id)
            .where(SettlementEntry.entry_id == entry.id)
        )
    if found is None:
        return None
    page = url_for("settlements.show", settlement_id=found.id)
    label = _(
        "Quyết toán %(operator)s, từ %(first)s đến %(last)s",
        operator=told.operator(found.operator),
        first=f"{found.period_from:%d/%m/%Y}",
        last=f"{found.period_to:%d/%m/%Y}",
    )
    return Origin(label, page, reverse_href=page, files=(found.sha256,))


def origin_of_line(session: Session, entry: Entry) -> Origin | None:
    """Tell of the entry of a bank line which it is; as a settlement's money it is undone there."""
    found = reconciliation.origin_of(session, entry)
    settlement_id = session.scalar(
        select(SettlementPayment.settlement_id)
        .join(BankLine, BankLine.id == SettlementPayment.bank_line_id)
        .where(BankLine.entry_id == entry.id)
    )
    if found is None or settlement_id is None:
        return found
    return replace(found, reverse_href=url_for("settlements.show", settlement_id=settlement_id))


def has_file(session: Session, sha256: str) -> bool:
    """Say whether a kept file is one of settlements; it has those of all units."""
    if scope(session) is not None:
        return False
    either = (Settlement.sha256 == sha256) | (Settlement.detail_sha256 == sha256)
    return session.scalar(select(Settlement.id).where(either).limit(1)) is not None


def confidential_file(session: Session, sha256: str) -> Confidential | None:
    """Say who gets an operator's files: who may open numbers, as they stand in its lists.

    A file of settlements hangs as evidence on the entries of each unit in it, and tells the sums
    of all of them.
    """
    either = (Settlement.sha256 == sha256) | (Settlement.detail_sha256 == sha256)
    found = session.scalars(select(Settlement).where(either).order_by(Settlement.id)).first()
    if found is None:
        return None
    act = "sms.file" if found.detail_sha256 == sha256 else "settlement.file"
    return Confidential(OPENERS, act, f"settlement:{found.id}")
