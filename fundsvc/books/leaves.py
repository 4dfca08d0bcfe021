"""Read entries as the leaves that seals are made of: exactly what the database holds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, EntryDonor, EntryEvidence, Fund
from ledger.seals import entry_text, field, fields, leaf

Origins = Callable[[Session, int, int], Mapping[int, str]]
"""Where entries of a range came from: the SHA-256 of the file that a message or a line stood in."""


MARK: Final = 4
"""So many bytes of a leaf tell it from its neighbours."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry's number, what is hashed of it, and what its postings add up to, in đồng."""

    entry_id: int
    text: str
    debit: int
    credit: int

    @property
    def hash(self) -> bytes:
        """Return the leaf itself."""
        return leaf(self.text)


@dataclass(slots=True)
class Gathered:
    """What a seal says of its entries: their numbers and leaves in order, their sums in đồng."""

    numbers: list[int]
    hashes: list[bytes]
    debit: int = 0
    credit: int = 0

    @property
    def marks(self) -> bytes:
        """Return the beginnings of the leaves, in order; see `fundsvc.books.models.SealMarks`."""
        return b"".join(found[:MARK] for found in self.hashes)


def gather(leaves: Iterable[Leaf]) -> Gathered:
    """Gather the leaves of a batch without keeping what was hashed."""
    found = Gathered([], [])
    for entry in leaves:
        found.numbers.append(entry.entry_id)
        found.hashes.append(entry.hash)
        found.debit += entry.debit
        found.credit += entry.credit
    return found


_PART: Final = 2_000
"""Rows are taken from the driver by so many at a time."""
# Dates, kinds, lines and amounts are the same in most entries; each is written once.
_seen = lru_cache(maxsize=8_192)(field)
# Dates and moments as text, the same on both engines and whatever a server's DateStyle is.
_DATE: Final = {"postgresql": "to_char(date, 'YYYY-MM-DD')", "sqlite": "date"}
_POSTED_AT: Final = {
    "postgresql": "to_char(posted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')",
    "sqlite": "posted_at",
}
_POSTINGS: Final = text("""
SELECT entry_id, line, account_id, fund_id, unit_id, debit, credit FROM posting
WHERE entry_id BETWEEN :first AND :last ORDER BY entry_id, line
""")


def _entries(engine: str) -> TextClause:
    return text(
        f"SELECT id, {_DATE[engine]}, kind, description, unit_id, province_id, source,"  # noqa: S608 - own names
        f" external_id, {_POSTED_AT[engine]}, reverses_id, voucher, maker_id, approver_id"
        " FROM entry WHERE id BETWEEN :first AND :last ORDER BY id"
    )


_ENTRIES: Final = {engine: _entries(engine) for engine in _POSTED_AT}


class Leaves:
    """Makes the leaves of entries; what ids stand for is looked up once."""

    def __init__(self, session: Session, origins: Origins) -> None:
        """Take a session for reading, and who knows the files that imported entries came from."""
        self._session = session
        self._origins = origins
        self._engine = session.get_bind().dialect.name
        # Codes in canonical form; what does not exist (any more) stands as its bare number.
        self._units = _coded(session, "SELECT id, code FROM unit")
        self._provinces = _coded(session, "SELECT id, scheme || ':' || code FROM province")
        self._funds = _coded(session, select(Fund.id, Fund.code))
        accounts = select(Account.id, Account.code, Account.type, Account.line)
        self._accounts = _Codes(
            {row.id: fields(*row[1:]) for row in session.execute(accounts)}, "?,-,-,"
        )
        self._sides: dict[tuple[int, int, int], str] = {}

    def read(self, first: int, last: int) -> Iterator[Leaf]:
        """Yield the leaves of entries from a first to a last number, in their order."""
        span = {"first": first, "last": last}
        evidence = self._evidence(first, last)
        donors = self._donors(first, last)
        postings = iter(self._session.execute(_POSTINGS, span).yield_per(_PART))
        row = next(postings, None)
        for entry in self._session.execute(_ENTRIES[self._engine], span).yield_per(_PART):
            entry_id: int = entry[0]
            lines: list[str] = []
            debit = credit = 0
            # Postings without an entry are passed over here; they are found by other checks.
            while row is not None and row[0] <= entry_id:
                if row[0] == entry_id:
                    lines.append(self._posting(row))
                    debit += row[5]
                    credit += row[6]
                row = next(postings, None)
            header = self._header(entry, donors.get(entry_id))
            text_ = entry_text(header, evidence.get(entry_id, ()), lines)
            yield Leaf(entry_id, text_, debit, credit)

    def _donors(self, first: int, last: int) -> dict[int, str]:
        named = select(EntryDonor.entry_id, EntryDonor.commitment)
        rows = self._session.execute(named.where(EntryDonor.entry_id.between(first, last)))
        return {row.entry_id: row.commitment for row in rows}

    def _evidence(self, first: int, last: int) -> dict[int, list[str]]:
        found: defaultdict[int, list[str]] = defaultdict(list)
        named = select(EntryEvidence.entry_id, EntryEvidence.sha256)
        for entry_id, sha256 in self._session.execute(
            named.where(EntryEvidence.entry_id.between(first, last)).order_by(EntryEvidence.sha256)
        ):
            found[entry_id].append(sha256)
        for entry_id, sha256 in self._origins(self._session, first, last).items():
            found[entry_id].append(sha256)
        return found

    def _header(self, entry: Any, donor: str | None) -> str:
        (number, date, kind, description, unit_id, province_id, source, external_id) = entry[:8]
        province = "-," if province_id is None else self._provinces[province_id]
        return (
            f"{field(number)}{_seen(date)}{_seen(kind)}{_seen(description)}{self._units[unit_id]}"
            f"{province}{_seen(source)}{field(external_id)}{''.join(map(_seen, entry[8:]))}"
            f"{field(donor)}"
        )

    def _posting(self, row: Any) -> str:
        _entry_id, line, account_id, fund_id, unit_id, debit, credit = row
        side = self._sides.get((account_id, fund_id, unit_id))
        if side is None:
            side = f"{self._accounts[account_id]}{self._funds[fund_id]}{self._units[unit_id]}"
            self._sides[account_id, fund_id, unit_id] = side
        return f"{_seen(line)}{side}{_seen(debit)}{_seen(credit)}"


class _Codes(dict[int, str]):
    """What ids stand for, in canonical form; an unknown one stands as its number and a mark."""

    def __init__(self, known: Mapping[int, str], unknown: str) -> None:
        super().__init__(known)
        self._unknown = unknown

    def __missing__(self, number: int) -> str:
        return f"{field(f'?{number}')}{self._unknown}"


def _coded(session: Session, statement: Any) -> _Codes:
    query = text(statement) if isinstance(statement, str) else statement
    return _Codes({number: field(code) for number, code in session.execute(query)}, "")
