"""Recompute seals and roll-ups from what is held, and compare heads published earlier."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fundsvc.books.grains import ROLLUPS, Grain, Rollup
from fundsvc.books.leaves import Leaves, gather
from fundsvc.books.models import Seal
from fundsvc.books.sealing import last_seal
from fundsvc.books.verify import Fault
from fundsvc.seals import listing
from fundsvc.seals.service import files_of
from ledger import seals as ledger

Tell = Callable[[int, int], None]
"""Told how many sealed entries were looked at, of how many."""
_LOWEST: Final = -(2**62)


def faults(
    session: Session, published: Mapping[int, str] | None = None, tell: Tell | None = None
) -> Iterator[Fault]:
    """Yield every fault of seals and roll-ups.

    Args:
        session: for reading.
        published: heads known from elsewhere by the numbers of their seals (the beginnings of
            heads, as receipts print them, will do); a chain made anew or cut off differs.
        tell: told how far it is.
    """
    yield from _chain(session)
    yield from _unlike(session, published or {})
    yield from _contents(session, tell)
    yield from _rollups(session)


def _chain(session: Session) -> Iterator[Fault]:
    """Seals that do not follow each other, or whose head is not what it is made of."""
    stored = dict(_heads(session))
    before: ledger.Seal | None = None
    for seal in listing.every(session):
        place = f"seal:{seal.number}"
        if seal.number != (before.number if before else 0) + 1:
            yield Fault("seal", place, _("Thiếu niêm phong trước số %(n)d.", n=seal.number))
        if seal.head != stored[seal.number]:
            why = _("Mã của niêm phong số %(n)d không khớp với nội dung của nó.", n=seal.number)
            yield Fault("seal", place, why)
        if before is not None and seal.first_entry <= before.last_entry:
            why = _("Niêm phong số %(n)d chồng lên niêm phong trước.", n=seal.number)
            yield Fault("seal", place, why)
        before = seal


def _heads(session: Session) -> Iterator[tuple[int, str]]:
    for row in session.execute(select(Seal.number, Seal.head)):
        yield row.number, row.head


def _unlike(session: Session, published: Mapping[int, str]) -> Iterator[Fault]:
    for number, head in sorted(published.items()):
        found = session.scalar(select(Seal.head).where(Seal.number == number))
        if found is None:
            why = _("Niêm phong số %(n)d đã công bố nay không còn trong sổ.", n=number)
        elif not found.startswith(head):
            why = _("Niêm phong số %(n)d khác với mã đã công bố.", n=number)
        else:
            continue
        yield Fault("published", f"seal:{number}", why)


def _contents(session: Session, tell: Tell | None) -> Iterator[Fault]:
    """Seals whose entries are no longer what was sealed: changed, gone, or put among them."""
    total = int(session.scalar(select(func.sum(Seal.entries))) or 0)
    leaves, first, done = Leaves(session, files_of), _LOWEST, 0
    numbers = list(session.scalars(select(Seal.number).order_by(Seal.number)))
    for number in numbers:
        seal = listing.one(session, number)
        if seal is None:
            continue
        found = gather(leaves.read(first, seal.last_entry))
        said = (seal.entries, seal.first_entry, seal.last_entry, seal.debit, seal.credit)
        held = (len(found.hashes), found.first, found.last, found.debit, found.credit)
        if said != held or ledger.root(found.hashes) != seal.root:
            why = _(
                "Niêm phong số %(n)d (bút toán %(first)d–%(last)d): nội dung đã bị thay đổi"
                " từ khi niêm phong (%(entries)d bút toán, nay có %(held)d).",
                n=number,
                first=seal.first_entry,
                last=seal.last_entry,
                entries=seal.entries,
                held=len(found.hashes),
            )
            yield Fault("sealed", f"seal:{number}", why)
        first, done = seal.last_entry + 1, done + seal.entries
        if tell is not None:
            tell(min(done, total), total)


def _rollups(session: Session) -> Iterator[Fault]:
    """Sums by day that are not those of the sealed postings, and others not those by day."""
    engine = session.get_bind().dialect.name
    span = {"last": last_seal(session).last_entry}
    by_day = Rollup(Grain.DAY, whole=False)
    for rollup in ROLLUPS:
        sums = _OF_POSTINGS if rollup == by_day else rollup.summed(engine, by_day.table)
        query = text(_DIFFERENT.format(table=rollup.table, keys=", ".join(rollup.keys), sums=sums))
        for row in session.execute(query, span if rollup == by_day else {}):
            why = _(
                "Tổng đã cộng sẵn (%(table)s) ngày %(day)s của tài khoản số %(account)d,"
                " quỹ số %(fund)d, đơn vị số %(unit)d không bằng tổng các định khoản.",
                table=rollup.table,
                day=str(row.date),
                account=row.account_id,
                fund=row.fund_id,
                unit=row.unit_id,
            )
            yield Fault("rollup", f"{rollup.table}:{row.date}:{row.account_id}", why)


_OF_POSTINGS: Final = """
SELECT posting.fund_id, coalesce(entry.province_id, 0) AS province_id, posting.date,
    posting.account_id, posting.unit_id,
    CASE entry.kind WHEN 'carry-forward' THEN 1 ELSE 0 END AS carried,
    CAST(sum(posting.debit) AS bigint) AS debit, CAST(sum(posting.credit) AS bigint) AS credit,
    count(DISTINCT posting.entry_id) AS entries
FROM posting JOIN entry ON entry.id = posting.entry_id
WHERE posting.entry_id <= :last
GROUP BY 1, 2, 3, 4, 5, 6
"""
_DIFFERENT: Final = """
WITH summed AS ({sums}), kept AS (
    SELECT {keys}, debit, credit, entries FROM {table}
), different AS (
    SELECT * FROM (SELECT * FROM summed EXCEPT SELECT * FROM kept) AS missing
    UNION SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM summed) AS surplus
)
SELECT DISTINCT date, account_id, fund_id, unit_id FROM different ORDER BY 1, 2, 3, 4
"""
