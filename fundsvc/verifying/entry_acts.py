"""What has no row of its own but its entry, compared with the acts that recorded it.

An opening balance, a year carried forward and a reversal are an entry and an act beside it, written
in one transaction; one without the other was put there, or taken away, behind the service's back.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books.models import Account, Entry, Fund, Posting
from fundsvc.books.verify import Fault
from fundsvc.periods import carrying, openings
from fundsvc.units.models import Province, Unit
from fundsvc.verifying.sources import REVERSAL, described

RULE: Final = "act"
BATCH: Final = 1_000
Said = tuple[Any, ...]
"""What an act and an entry both say, compared as a whole."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield entries without the act that recorded them, and acts whose entry is not there."""
    yield from _compared(
        session,
        openings.SOURCE,
        _openings(session),
        _("số dư đầu kỳ"),
    )
    yield from _compared(
        session,
        carrying.SOURCE,
        _carried(session),
        _("kết chuyển cuối năm"),
    )
    yield from _compared(session, REVERSAL, _reversals(session), _("ghi đảo"))


def _compared(session: Session, source: str, acts: dict[int, Said], what: str) -> Iterator[Fault]:
    """Compare all entries of a source with the acts, by the numbers of entries."""
    for row in _entries(session, source):
        entry = described(row.id, row.date, row.description, int(row.amount))
        said = acts.pop(row.id, None)
        if said is None:
            why = _("%(entry)s: không có nhật ký nào của việc %(what)s này.",
                    entry=entry, what=what)  # fmt: skip
        elif said != _SAYS[source](row):
            why = _("%(entry)s: khác với nhật ký của việc %(what)s này.",
                    entry=entry, what=what)  # fmt: skip
        else:
            continue
        yield Fault(RULE, f"entry:{row.id}", why)
    for number in sorted(acts):
        why = _("Nhật ký có việc %(what)s ở bút toán %(id)s mà sổ không có bút toán ấy.",
                what=what, id=number)  # fmt: skip
        yield Fault(RULE, f"entry:{number}", why)


def _entries(session: Session, source: str) -> Iterator[Any]:
    """Yield the entries of a source, with the account and fund of their first line."""
    amount = (
        select(func.sum(Posting.debit))
        .where(Posting.entry_id == Entry.id)
        .correlate(Entry)
        .scalar_subquery()
    )
    query = (
        select(
            Entry.id,
            Entry.date,
            Entry.description,
            Entry.reverses_id,
            Entry.maker_id,
            func.coalesce(amount, 0).label("amount"),
            Unit.code.label("unit"),
            Fund.code.label("fund"),
            Account.code.label("account"),
            Province.scheme.label("scheme"),
            Province.code.label("province"),
        )
        .outerjoin(Posting, (Posting.entry_id == Entry.id) & (Posting.line == 1))
        .outerjoin(Unit, Unit.id == Entry.unit_id)
        .outerjoin(Fund, Fund.id == Posting.fund_id)
        .outerjoin(Account, Account.id == Posting.account_id)
        .outerjoin(Province, Province.id == Entry.province_id)
        .where(Entry.source == source)
        .order_by(Entry.id)
    )
    yield from session.execute(query.execution_options(yield_per=BATCH))


_SAYS: Final[dict[str, Callable[[Any], Said]]] = {
    openings.SOURCE: lambda row: (
        row.maker_id, row.unit, row.fund, row.account, int(row.amount), row.date.isoformat()
    ),
    carrying.SOURCE: lambda row: (
        row.maker_id, row.unit, row.fund, row.date.year,
        f"{row.scheme}:{row.province}" if row.province else "none",
    ),
    REVERSAL: lambda row: (row.maker_id, row.reverses_id, row.date.isoformat(), row.description),
}  # fmt: skip


def _openings(session: Session) -> dict[int, Said]:
    found: dict[int, Said] = {}
    for act in _acts(session, "opening.record"):
        facts = act.facts
        number = _number(act.subject)
        names = ("unit", "fund", "account", "amount", "date")
        found[number] = (act.actor_id, *(facts.get(name) for name in names))
    return found


def _carried(session: Session) -> dict[int, Said]:
    found: dict[int, Said] = {}
    for act in _acts(session, "period.carry-forward"):
        unit = act.facts.get("unit")
        for said in act.facts.get("entries", ()):
            found[said["entry"]] = (
                act.actor_id, unit, said["fund"], said["year"], said["province"]
            )  # fmt: skip
    return found


def _reversals(session: Session) -> dict[int, Said]:
    found: dict[int, Said] = {}
    for act in _acts(session, "%.reverse"):
        facts = act.facts
        if "reversal" in facts:
            said = (facts["entry"], facts["date"], facts["reason"])
            found[facts["reversal"]] = (act.actor_id, *said)
    return found


def _acts(session: Session, kind: str) -> Iterator[Any]:
    query = select(Act.subject, Act.facts, Act.actor_id).where(Act.kind.like(kind))
    yield from session.execute(query.order_by(Act.id).execution_options(yield_per=BATCH))


def _number(subject: str) -> int:
    """Return the number that ends a subject; none that an entry has when it is not one."""
    told = subject.rpartition(":")[2]
    return int(told) if told.isascii() and told.isdecimal() else 0
