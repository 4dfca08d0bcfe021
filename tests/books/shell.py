"""A database shell: what somebody can do to the journal when the service is not asked."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

ENTRY = (
    "INSERT INTO entry (id, date, kind, description, unit_id, province_id, source, external_id,"
    " lines, posted_at, reverses_id) VALUES (:id, :date, 'other', '', :unit, :province, 'test',"
    " :external_id, :lines, '2026-01-01 00:00:00+00:00', :reverses)"
)
POSTING = (
    "INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit, credit)"
)


class Shell:
    """A database shell: writes entries and postings as it is told, in one statement each."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.engine = connection.dialect.name
        self.units = (
            self.number("SELECT id FROM unit WHERE code = 'TW'"),
            self.number("SELECT id FROM unit WHERE code = 'HT-44'"),
        )
        self.funds = (
            self.number("SELECT id FROM fund WHERE code = 'dues'"),
            self.number("SELECT id FROM fund WHERE code = 'base'"),
        )
        self.account = self.number("SELECT id FROM account WHERE code = '111'")

    def number(self, statement: str) -> int:
        return int(self.connection.execute(text(statement)).scalar_one())

    def do(self, statement: str, **facts: object) -> None:
        self.connection.execute(text(statement), facts)

    def posting(self, line: int, amount: int, **other: object) -> str:
        """Return the VALUES of a posting; a positive amount is debit, a negative one credit."""
        facts = {
            "entry": 1,
            "lines": 2,
            "date": "'2026-01-05'",
            "account": self.account,
            "fund": self.funds[0],
            "unit": self.units[0],
            "debit": max(amount, 0),
            "credit": max(-amount, 0),
        } | other
        row = "{entry}, {line}, {lines}, {date}, {account}, {fund}, {unit}, {debit}, {credit}"
        return row.format(line=line, **facts)

    def book(
        self,
        *postings: str,
        number: int = 1,
        lines: int = 2,
        date: str = "2026-01-05",
        unit: int | None = None,
        province: int | None = None,
        reverses: int | None = None,
    ) -> None:
        """Write an entry with its postings in the way the engine wants them: all at once."""
        facts = {
            "id": number,
            "date": date,
            "unit": unit or self.units[0],
            "province": province,
            "external_id": str(number),
            "lines": lines,
            "reverses": reverses,
        }
        rows = self._rows(postings)
        if self.engine == "postgresql":
            entry = ENTRY.replace(":date", "CAST(:date AS date)").replace(
                ":province", "CAST(:province AS bigint)"
            )
            entry = entry.replace(":reverses", "CAST(:reverses AS bigint)")
            statement = f"WITH entries AS ({entry}) {POSTING} {rows}" if postings else entry
            self.do(statement, **facts)
        else:
            self.do(ENTRY, **facts)
            if postings:
                self.add(*postings)

    def add(self, *postings: str) -> None:
        """Write postings of entries that are there, or are not."""
        self.do(f"{POSTING} {self._rows(postings)}")

    def _rows(self, postings: Sequence[str]) -> str:
        rows = " UNION ALL ".join(f"SELECT {row}" for row in postings)
        return rows.replace("'2026-", "date '2026-") if self.engine == "postgresql" else rows

    def good(self, number: int = 1) -> None:
        """Write an entry that holds every rule."""
        self.book(
            self.posting(1, 500, entry=number), self.posting(2, -500, entry=number), number=number
        )


def refuses(shell: Shell, guard: str | Mapping[str, str], act: Callable[[], None]) -> None:
    """Hold that an act fails at the latest at COMMIT, and that the guard's name is told.

    The two engines may have a guard each.
    """
    if not isinstance(guard, str):
        guard = guard[shell.engine]
    before = counts(shell)

    def act_and_commit() -> None:
        act()
        shell.connection.commit()

    with pytest.raises(DBAPIError) as error:
        act_and_commit()
    shell.connection.rollback()
    # SQLite keeps a transaction open when its COMMIT is refused; SQLAlchemy thinks it is over.
    shell.connection.connection.rollback()
    constraint = getattr(getattr(error.value.orig, "diag", None), "constraint_name", "")
    assert guard in f"{error.value.orig} {constraint}"
    assert counts(shell) == before


def counts(shell: Shell) -> list[object]:
    totals = "SELECT count(*), sum(debit), sum(credit) FROM posting"
    entries = "SELECT count(*), min(description) FROM entry"
    return [tuple(shell.connection.execute(text(query)).one()) for query in (totals, entries)]
