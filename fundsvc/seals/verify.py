"""Recompute seals and roll-ups from what is held, and compare heads published earlier."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books.leaves import Gathered, Leaves, gather
from fundsvc.books.models import Seal, SealMarks
from fundsvc.books.verify import Fault
from fundsvc.seals import listing, verify_sums
from fundsvc.seals.located import Touched, What, touched
from fundsvc.seals.service import files_of
from ledger import seals as ledger

Tell = Callable[[int, int], None]
"""Told how many sealed entries were looked at, of how many."""
_LOWEST: Final = -(2**62)
_NAMED: Final = 20
"""So many touched entries of a seal are named one by one."""


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
    yield from verify_sums.faults(session)


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
        marks = session.scalar(select(SealMarks.marks).where(SealMarks.number == number))
        yield from _content(seal, found, marks)
        first, done = seal.last_entry + 1, done + seal.entries
        if tell is not None:
            tell(min(done, total), total)


def _content(seal: ledger.Seal, found: Gathered, marks: bytes | None) -> Iterator[Fault]:
    """One seal against the entries that are there: the root decides, the marks say where."""
    place = f"seal:{seal.number}"
    first, last = (found.numbers[0], found.numbers[-1]) if found.numbers else (0, 0)
    said = (seal.entries, seal.first_entry, seal.last_entry, seal.debit, seal.credit)
    held = (len(found.hashes), first, last, found.debit, found.credit)
    if said == held and ledger.root(found.hashes) == seal.root:
        if marks is not None and bytes(marks) != found.marks:
            why = _("Dấu chỉ chỗ của niêm phong số %(n)d đã bị sửa; các bút toán vẫn đúng như lúc"
                    " niêm phong.", n=seal.number)  # fmt: skip
            yield Fault("seal", place, why)
        return
    yield Fault(
        "sealed",
        place,
        _(
            "Niêm phong số %(n)d (bút toán %(first)d–%(last)d): nội dung đã bị thay đổi"
            " từ khi niêm phong (%(entries)d bút toán, nay có %(held)d).",
            n=seal.number,
            first=seal.first_entry,
            last=seal.last_entry,
            entries=seal.entries,
            held=len(found.hashes),
        ),
    )
    named = 0
    for one in touched(seal, bytes(marks or b""), found):
        named += 1
        if named <= _NAMED:
            yield Fault("sealed", f"entry:{one.number}" if one.known else place, _told(one))
    if named > _NAMED:
        why = _("Niêm phong số %(n)d: còn %(more)d bút toán khác đã bị sửa, xóa hoặc chèn.",
                n=seal.number, more=named - _NAMED)  # fmt: skip
        yield Fault("sealed", place, why)


def _told(one: Touched) -> str:
    if one.what is What.CHANGED:
        return _("Bút toán %(id)d đã bị sửa sau khi niêm phong.", id=one.number)
    if one.what is What.ADDED:
        return _("Bút toán %(id)d đã bị chèn vào phần đã niêm phong.", id=one.number)
    if one.known:
        return _("Bút toán %(id)d đã niêm phong nay không còn.", id=one.number)
    return _("Một bút toán đã niêm phong đứng sau bút toán %(id)d nay không còn.", id=one.number)
