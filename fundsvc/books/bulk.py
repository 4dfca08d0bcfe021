"""Post many entries at once: stage rows as they come, then book them by set statements.

Each row is an amount booked by a template, which a recipe made: two postings of one fund and unit.
The slice that reads the rows adds columns of its own and may strike out rows before they are
booked; only this module writes the journal.

A file of a few thousand rows is staged by `write` and booked at once. A long one goes in batches:
`encode` (which touches no database, so a thread can run ahead with it), `load`, `post`, `clear`,
and again; so the memory stays that of one batch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, Text, bindparam, func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import keys
from fundsvc.books.models import Entry
from fundsvc.books.sealing import LOCK
from fundsvc.books.service import refusal_of
from fundsvc.columns import Big, Day, Moment
from fundsvc.db import check_scope
from ledger import entries as ledger

COLUMNS = ("n", "template", "date", "external_id", "amount", "description", "province_id")
PAIR = 2
# Rows of one INSERT on SQLite: a third quicker than one by one; more gain nothing.
GROUP = 20


@dataclass(frozen=True, slots=True)
class Encoded:
    """Rows as the engine of this session takes them, and the names of their columns."""

    names: tuple[str, ...]
    data: Any


class Stage:
    """A table of rows that wait to be booked, for one transaction.

    `table` is a temporary table with the columns of `COLUMNS`, the slice's own, and `entry_id`,
    the number that the row's entry will have. A row without template is not booked.
    """

    def __init__(self, session: Session, own: Sequence[Column[Any]]) -> None:
        """Name the tables; `staging` makes them."""
        self._session = session
        self._is_postgresql = session.connection().dialect.name == "postgresql"
        self._templates: list[dict[str, Any]] = []
        self._stored = 0
        self.table = Table(
            "stage",
            MetaData(),
            Column("n", Big, primary_key=True, autoincrement=False),
            Column("template", Big),
            Column("date", Day),
            Column("external_id", Text),
            Column("amount", Big),
            Column("description", Text),
            Column("province_id", Big),
            *own,
            Column("entry_id", Big),
            prefixes=["TEMPORARY"],
        )
        self.names = [column.name for column in self.table.columns][:-1]

    def template(self, entry: ledger.Entry, source: str) -> int:
        """Register how rows are booked: the accounts, fund and unit of a recipe's entry.

        Raises:
            ValueError: the entry is not one debit and one credit posting.
            Refusal: a code is unknown.
        """
        known = keys.read(self._session)
        if len(entry.postings) != PAIR or not entry.postings[0].debit:
            msg = "a template has one debit and then one credit posting"
            raise ValueError(msg)
        debit, credit = entry.postings
        self._templates.append(
            {
                "id": len(self._templates) + 1,
                "kind": entry.kind,
                "source": source,
                "unit_id": known.unit(entry.unit),
                "fund_id": known.fund(debit.fund),
                "debit_id": known.account(debit.account),
                "credit_id": known.account(credit.account),
                "description": entry.description,
            }
        )
        return len(self._templates)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Stage rows, in the order of `names`; dates as ISO text, amounts in whole đồng."""
        columns = ", ".join(self.names)
        raw = self._raw()
        if self._is_postgresql:
            with raw.cursor() as cursor, cursor.copy(f"COPY stage ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            self._session.connection().exec_driver_sql("ANALYZE stage")
        else:
            marks = ", ".join("?" * len(self.names))
            raw.executemany(f"INSERT INTO temp.stage ({columns}) VALUES ({marks})", rows)  # noqa: S608 - own names

    def encode(self, columns: Mapping[str, Sequence[str]]) -> Encoded:
        """Prepare rows, given as columns by name, for `load`; a thread may do it.

        Every value is text; an empty one, or a column left out, stands for nothing (NULL).
        """
        names = tuple(columns)
        if self._is_postgresql:
            return Encoded(names, _copy_text(list(columns.values())))
        # Columns without an empty text are the rule; looking for one costs next to nothing.
        values = [
            [text_ or None for text_ in column] if "" in column else column
            for column in columns.values()
        ]
        return Encoded(names, _in_groups(list(zip(*values, strict=True))))

    def load(self, parts: Sequence[Encoded]) -> None:
        """Stage what was encoded; all parts have the same columns."""
        self._store_templates()
        if not parts:
            return
        columns = ", ".join(parts[0].names)
        raw = self._raw()
        if self._is_postgresql:
            copying = f"COPY stage ({columns}) FROM STDIN WITH (NULL '')"
            with raw.cursor() as cursor, cursor.copy(copying) as copy:
                for part in parts:
                    copy.write(part.data)
        else:
            marks = f"({', '.join('?' * len(parts[0].names))})"
            inserting = f"INSERT INTO temp.stage ({columns}) VALUES "  # noqa: S608 - own names
            many = inserting + ", ".join([marks] * GROUP)
            for part in parts:
                groups, rest = part.data
                raw.executemany(many, groups)
                raw.executemany(inserting + marks, rest)

    def clear(self) -> None:
        """Forget the staged rows, to stage more; the templates stay."""
        clearing = "TRUNCATE stage" if self._is_postgresql else "DELETE FROM temp.stage"
        self._session.connection().exec_driver_sql(clearing)

    def _store_templates(self) -> None:
        new = self._templates[self._stored :]
        if new:
            self._session.execute(_NEW_TEMPLATE, new)
            self._stored += len(new)

    def _raw(self) -> Any:
        raw = self._session.connection().connection.driver_connection
        if raw is None:
            msg = "the connection was closed"
            raise RuntimeError(msg)
        return raw

    def post(self, *, maker_id: int | None) -> int:
        """Book every staged row that has a template; return how many were booked.

        Raises:
            Refusal: a date lies in a closed month.
            OutOfScopeError: a template touches a unit that the session may not touch.
        """
        check_scope(self._session, {template["unit_id"] for template in self._templates})
        connection = self._session.connection()
        self._store_templates()
        facts = {"posted_at": clock.now(), "maker_id": maker_id}
        postings = 0
        try:
            for statement in _BOOK[connection.dialect.name]:
                postings = connection.execute(statement, facts).rowcount
        except DBAPIError as error:
            raise refusal_of(self._session, error, self._touched()) from error
        return postings // PAIR

    def _touched(self) -> Iterator[tuple[int, date]]:
        """Yield the units and days of the staged rows, for a database that still answers."""
        for unit_id, day in self._session.execute(_TOUCHED):
            yield unit_id, date.fromisoformat(day)


MUCH: Final = 20_000
"""From so many new rows on the database counts anew what there is."""


def count_anew(session: Session, *tables: str) -> None:
    """Let PostgreSQL look at tables that grew by much: it would go on planning for few rows.

    It would look by itself a minute after the commit; until then lists take ten times as long.
    """
    if session.get_bind().dialect.name == "postgresql":
        for table in ("entry", "posting", *tables):
            session.connection().exec_driver_sql(f"ANALYZE {table}")


@contextmanager
def staging(session: Session, *own: Column[Any]) -> Iterator[Stage]:
    """Open a stage with the slice's own columns; it is gone when the block ends.

    Rows keep their order: entries get rising numbers by `n`.
    """
    stage = Stage(session, own)
    connection = session.connection()
    _drop(connection)
    if connection.dialect.name == "postgresql":
        # Rows draw their entries' numbers when they are staged, long before they are booked.
        connection.execute(select(func.pg_advisory_xact_lock_shared(*LOCK)))
    first = int(session.scalar(select(func.coalesce(func.max(Entry.id), 0))) or 0)
    columns = ", ".join(
        f"{column.name} {column.type.compile(dialect=connection.dialect)}"
        for column in stage.table.columns
        if column.name not in {"n", "entry_id"}
    )
    # PostgreSQL draws the entries' numbers from their sequence; SQLite has one writer, so the
    # numbers that follow the last one are free until this transaction ends.
    entry_id = (
        "entry_id bigint NOT NULL DEFAULT nextval('entry_id_seq')"
        if connection.dialect.name == "postgresql"
        else f"entry_id INTEGER GENERATED ALWAYS AS (n + {first}) VIRTUAL"
    )
    # On SQLite the primary key is the row's own number and costs nothing; an index would.
    n = "n bigint NOT NULL" if connection.dialect.name == "postgresql" else "n INTEGER PRIMARY KEY"
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE stage ({n}, {columns}, {entry_id})")
    connection.exec_driver_sql(
        "CREATE TEMPORARY TABLE stage_template (id INTEGER PRIMARY KEY, kind TEXT, source TEXT,"
        " unit_id INTEGER, fund_id INTEGER, debit_id INTEGER, credit_id INTEGER, description TEXT)"
    )
    yield stage
    _drop(connection)
    if connection.dialect.name == "postgresql":
        # The guards' plans are made for many rows by now; single entries would pay for that.
        connection.exec_driver_sql("DISCARD PLANS")


def _drop(connection: Connection) -> None:
    for name in ("stage", "stage_template"):
        schema = "pg_temp" if connection.dialect.name == "postgresql" else "temp"
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {schema}.{name}")


def _in_groups(rows: list[tuple[Any, ...]]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return rows as arguments of statements of GROUP rows each, and the rows that are left."""
    whole = len(rows) - len(rows) % GROUP
    groups = [tuple(chain.from_iterable(rows[at : at + GROUP])) for at in range(0, whole, GROUP)]
    return groups, rows[whole:]


def _copy_text(columns: Sequence[Sequence[str]]) -> bytes:
    """Return rows in the text format of COPY, with '' for NULL."""
    rows = list(zip(*columns, strict=True))
    lines = "\n".join(map("\t".join, rows)) + "\n"
    # Hardly any value holds a sign that COPY reads; counting finds it without looking at each.
    if (
        "\\" in lines
        or "\r" in lines
        or lines.count("\n") != len(rows)
        or lines.count("\t") != len(rows) * (len(columns) - 1)
    ):
        lines = "".join(
            "\t".join(value.translate(_ESCAPES) for value in row) + "\n" for row in rows
        )
    return lines.encode()


_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


_NEW_TEMPLATE = text(
    "INSERT INTO stage_template VALUES (:id, :kind, :source, :unit_id, :fund_id,"
    " :debit_id, :credit_id, :description)"
)

_ENTRIES = """
INSERT INTO entry (id, date, kind, description, unit_id, province_id, source, external_id, lines,
    posted_at, maker_id)
SELECT stage.entry_id, stage.date, stage_template.kind,
    coalesce(stage.description, stage_template.description), stage_template.unit_id,
    stage.province_id, stage_template.source, stage.external_id, 2, :posted_at, :maker_id
FROM stage JOIN stage_template ON stage_template.id = stage.template
"""

_POSTINGS = """
INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id, debit, credit)
SELECT stage.entry_id, side.line, 2, stage.date,
    CASE side.line WHEN 1 THEN stage_template.debit_id ELSE stage_template.credit_id END,
    stage_template.fund_id, stage_template.unit_id,
    CASE side.line WHEN 1 THEN stage.amount ELSE 0 END,
    CASE side.line WHEN 2 THEN stage.amount ELSE 0 END
FROM stage JOIN stage_template ON stage_template.id = stage.template
CROSS JOIN (SELECT 1 AS line UNION ALL SELECT 2) AS side
"""

_TOUCHED = text("""
SELECT DISTINCT stage_template.unit_id, stage.date
FROM stage JOIN stage_template ON stage_template.id = stage.template
""")

_FACTS = (bindparam("posted_at", type_=Moment()), bindparam("maker_id", type_=Big))
_BOOK = {
    # One statement, because the guards of PostgreSQL want entries and postings to come together.
    "postgresql": (text(f"WITH entries AS ({_ENTRIES}) {_POSTINGS}").bindparams(*_FACTS),),
    "sqlite": (text(_ENTRIES).bindparams(*_FACTS), text(_POSTINGS)),
}
