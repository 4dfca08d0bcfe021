"""Recompute what must hold in the journal, whatever the guards were told, and name each fault."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Integer, Select, and_, case, column, func, or_, select, table
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Account, Entry, Fund, Posting
from ledger.money import MAX_DONG
from ledger.words import grouped

# Units and provinces live in another slice; their rows are known by the tables' names.
_UNIT = table("unit", column("id", Integer))
_PROVINCE = table("province", column("id", Integer))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold: which rule, where, and in words."""

    rule: str
    place: str
    text: str

    def as_json(self) -> dict[str, str]:
        """Return the fault as `verify --json` prints it."""
        return {"rule": self.rule, "place": self.place, "text": self.text}


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault of the journal, entry by entry."""
    yield from _unbalanced(session)
    yield from _incomplete(session)
    yield from _astray(session)
    yield from _beyond_rules(session)
    yield from _placeless(session)
    yield from _false_reversals(session)


def _named(session: Session, statement: Any, rule: str, say: Any) -> Iterator[Fault]:
    for row in session.execute(statement):
        yield Fault(rule, f"entry:{row[0]}", say(row))


def _unbalanced(session: Session) -> Iterator[Fault]:
    difference = func.sum(Posting.debit - Posting.credit)
    statement = (
        select(Posting.entry_id, Fund.code, Posting.unit_id, difference)
        .join(Fund, Fund.id == Posting.fund_id, isouter=True)
        .group_by(Posting.entry_id, Fund.code, Posting.unit_id)
        .having(difference != 0)
        .order_by(Posting.entry_id)
    )
    return _named(
        session,
        statement,
        "balance",
        lambda row: _(
            "Bút toán %(id)s lệch %(difference)s đ trong quỹ %(fund)s (Nợ trừ Có).",
            id=row[0],
            fund=row[1],
            difference=grouped(int(row[3])),
        ),
    )


def _incomplete(session: Session) -> Iterator[Fault]:
    found = func.count(Posting.line)
    statement = (
        select(Entry.id, Entry.lines, found)
        .join(Posting, Posting.entry_id == Entry.id, isouter=True)
        .group_by(Entry.id, Entry.lines)
        .having(
            or_(
                found != Entry.lines,
                func.min(Posting.line) != 1,
                func.max(Posting.line) != Entry.lines,
            )
        )
        .order_by(Entry.id)
    )
    return _named(
        session,
        statement,
        "complete",
        lambda row: _(
            "Bút toán %(id)s phải có %(lines)s dòng định khoản nhưng có %(found)s.",
            id=row[0],
            lines=row[1],
            found=row[2],
        ),
    )


def _astray(session: Session) -> Iterator[Fault]:
    """Postings without their entry, or that say another date or number of lines than it."""
    statement = (
        select(Posting.entry_id, Posting.line)
        .join(Entry, Entry.id == Posting.entry_id, isouter=True)
        .where(or_(Entry.id.is_(None), Entry.date != Posting.date, Entry.lines != Posting.lines))
        .order_by(Posting.entry_id, Posting.line)
    )
    return _named(
        session,
        statement,
        "with-entry",
        lambda row: _(
            "Dòng %(line)s không khớp với bút toán %(id)s của nó.", id=row[0], line=row[1]
        ),
    )


def _beyond_rules(session: Session) -> Iterator[Fault]:
    """Postings on both sides or none, out of range, or of what is not there."""
    largest = func.abs(Posting.debit) + func.abs(Posting.credit)
    one_side = case((Posting.debit == 0, 1), else_=0) + case((Posting.credit == 0, 1), else_=0)
    statement = (
        select(Posting.entry_id, Posting.line)
        .join(Account, Account.id == Posting.account_id, isouter=True)
        .join(Fund, Fund.id == Posting.fund_id, isouter=True)
        .join(_UNIT, _UNIT.c.id == Posting.unit_id, isouter=True)
        .where(
            or_(
                one_side != 1,
                largest > MAX_DONG,
                Account.id.is_(None),
                Fund.id.is_(None),
                _UNIT.c.id.is_(None),
            )
        )
        .order_by(Posting.entry_id, Posting.line)
    )
    return _named(
        session,
        statement,
        "posting",
        lambda row: _(
            "Dòng %(line)s của bút toán %(id)s có số tiền, tài khoản, quỹ hoặc đơn vị không"
            " hợp lệ.",
            id=row[0],
            line=row[1],
        ),
    )


def _placeless(session: Session) -> Iterator[Fault]:
    """Entries of a unit or a province that is not there."""
    statement = (
        select(Entry.id)
        .join(_UNIT, _UNIT.c.id == Entry.unit_id, isouter=True)
        .join(_PROVINCE, _PROVINCE.c.id == Entry.province_id, isouter=True)
        .where(
            or_(
                _UNIT.c.id.is_(None),
                and_(Entry.province_id.is_not(None), _PROVINCE.c.id.is_(None)),
            )
        )
        .order_by(Entry.id)
    )
    return _named(
        session,
        statement,
        "place",
        lambda row: _("Bút toán %(id)s thuộc đơn vị hoặc tỉnh không tồn tại.", id=row[0]),
    )


@cache
def _unlike_originals() -> Select[int]:
    """Select reversals that do not take back exactly what the original booked; made once."""
    taken, given = aliased(Posting), aliased(Posting)
    reversing, original = aliased(Entry), aliased(Entry)
    matches = and_(
        given.entry_id == reversing.reverses_id,
        given.line == taken.line,
        given.account_id == taken.account_id,
        given.fund_id == taken.fund_id,
        given.unit_id == taken.unit_id,
        given.debit == -taken.debit,
        given.credit == -taken.credit,
    )
    return (
        select(reversing.id)
        .join(taken, taken.entry_id == reversing.id)
        .join(given, matches, isouter=True)
        .join(original, original.id == reversing.reverses_id, isouter=True)
        .where(
            reversing.reverses_id.is_not(None),
            or_(given.line.is_(None), original.lines != reversing.lines, original.id.is_(None)),
        )
        .distinct()
        .order_by(reversing.id)
    )


def _false_reversals(session: Session) -> Iterator[Fault]:
    return _named(
        session,
        _unlike_originals(),
        "reversal",
        lambda row: _("Bút toán ghi đảo %(id)s không khớp với bút toán gốc.", id=row[0]),
    )
