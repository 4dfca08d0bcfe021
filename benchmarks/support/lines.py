"""The journal as other programs take it: entries whose lines name an account in full."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an entry; `name` is fund, unit, province and account, as `dues:TW:none:7115`."""

    on: date
    description: str
    name: str
    debit: int
    credit: int


QUERY = """
SELECT posting.entry_id, posting.date, entry.description,
    fund.code || ':' || unit.code || ':'
    || coalesce(province.scheme || '-' || province.code, 'none') || ':' || account.code,
    posting.debit, posting.credit
FROM posting JOIN entry ON entry.id = posting.entry_id
JOIN fund ON fund.id = posting.fund_id
JOIN unit ON unit.id = posting.unit_id
JOIN account ON account.id = posting.account_id
LEFT JOIN province ON province.id = coalesce(entry.province_id, unit.province_id)
ORDER BY posting.entry_id, posting.line"""


def journal(database: Any) -> Iterator[list[Line]]:
    """Yield the entries of our books, by a connection of either driver."""
    rows = database.execute(QUERY)
    for _key, lines in groupby(rows, key=lambda row: row[0]):
        yield [Line(_day(row[1]), *row[2:]) for row in lines]


def account_types(database: Any) -> dict[str, str]:
    """Return the kinds of the accounts by their codes."""
    return dict(database.execute("SELECT code, type FROM account").fetchall())


def _day(stored: date | str) -> date:
    return date.fromisoformat(stored) if isinstance(stored, str) else stored
