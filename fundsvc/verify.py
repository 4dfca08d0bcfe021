"""Check everything that must hold: the journal in itself, and each slice's facts against it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import click
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, literal, or_, select, text
from sqlalchemy.orm import Session

from fundsvc.books import verify as books
from fundsvc.books.models import Entry, Posting
from fundsvc.books.verify import Fault
from fundsvc.db import Base, read_session
from fundsvc.donations.models import Donation
from fundsvc.dues.models import DuesTotal
from fundsvc.receipts import verify as receipts
from fundsvc.reconciliation.models import BankLine
from fundsvc.sms.models import SmsMessage
from fundsvc.spending.models import Payment


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of a slice that each have one entry, and the columns that both must say alike.

    `matches` finds a row's entry; rows that `only` leaves out have none.
    """

    name: str
    model: type[Base]
    key: Any
    amount: Any
    on: Any
    matches: ColumnElement[bool]
    only: ColumnElement[bool] | None = None


def _by_entry_id(name: str, model: Any, amount: Any, on: Any) -> Facts:
    return Facts(name, model, model.id, amount, on, model.entry_id == Entry.id)


FACTS = (
    _by_entry_id("donation", Donation, Donation.amount, Donation.received_on),
    _by_entry_id("dues", DuesTotal, DuesTotal.amount, DuesTotal.paid_on),
    _by_entry_id("payment", Payment, Payment.amount, Payment.paid_on),
    _by_entry_id("bank-line", BankLine, BankLine.debit + BankLine.credit, BankLine.booked_on),
    Facts(
        "sms",
        SmsMessage,
        SmsMessage.operator + literal(":") + SmsMessage.request_id,
        SmsMessage.amount,
        SmsMessage.received_on,
        and_(
            Entry.source == literal("sms:") + SmsMessage.operator,
            Entry.external_id == SmsMessage.request_id,
        ),
        SmsMessage.status == "booked",
    ),
)


def steps(session: Session) -> dict[str, Callable[[], Iterator[Fault]]]:
    """Return the checks by name, in the order they are made."""
    return {
        "database": partial(_damaged, session),
        "journal": partial(books.faults, session),
        **{facts.name: partial(_disagreeing, session, facts) for facts in FACTS},
        "receipts": partial(receipts.faults, session),
    }


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault of the books and of what they stand on."""
    for check in steps(session).values():
        yield from check()


def _disagreeing(session: Session, facts: Facts) -> Iterator[Fault]:
    """Rows that have no entry, or whose entry says another amount or date."""
    booked = select(func.sum(Posting.debit)).where(Posting.entry_id == Entry.id).scalar_subquery()
    statement = (
        select(facts.key, facts.amount, booked, Entry.id)
        .select_from(facts.model)
        .join(Entry, facts.matches, isouter=True)
        .where(or_(Entry.id.is_(None), booked != facts.amount, Entry.date != facts.on))
        .order_by(facts.key)
    )
    if facts.only is not None:
        statement = statement.where(facts.only)
    for key, amount, total, entry_id in session.execute(statement):
        place = f"{facts.name}:{key}"
        if entry_id is None:
            yield Fault("facts", place, _("%(place)s không có bút toán.", place=place))
            continue
        why = _(
            "%(place)s ghi %(amount)s đ, bút toán %(id)s ghi %(booked)s đ hoặc ngày khác.",
            place=place,
            amount=f"{amount:,}".replace(",", "."),
            booked=f"{int(total or 0):,}".replace(",", "."),
            id=entry_id,
        )
        yield Fault("facts", f"entry:{entry_id}", why)


def _damaged(session: Session) -> Iterator[Fault]:
    """What SQLite itself says of its file; PostgreSQL keeps checksums of its own pages."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for (told,) in session.execute(text("PRAGMA quick_check(20)")):
        if told != "ok":
            yield Fault("database", "database", str(told))
    for table, row, parent, _number in session.execute(text("PRAGMA foreign_key_check")):
        why = _("Dòng %(row)s chỉ tới %(parent)s không có.", row=row, parent=parent)
        yield Fault("database", f"{table}:{row}", why)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
@click.pass_context
def verify(context: click.Context, *, as_json: bool) -> None:
    """Kiểm tra mọi điều phải đúng của sổ sách; im lặng là không có lỗi."""
    found: list[Fault] = []
    for name, check in steps(read_session()).items():
        click.echo(name, err=True)
        for fault in check():
            found.append(fault)
            if not as_json:
                click.echo(f"{fault.place}: {fault.text}")
    if as_json:
        document = {"faults": [fault.as_json() for fault in found]}
        click.echo(json.dumps(document, ensure_ascii=False))
    context.exit(1 if found else 0)
