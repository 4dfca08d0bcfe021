"""What stands beside the books and is sealed with them: what papers say, names among it.

The books hold no names, so that people can be forgotten. Where the leaf of a donation commits to
its donor, that of another entry may commit to a row beside the books: who was paid, on what ground,
who signed and when. The commitment is keyed by the row's own salt; without it nothing in the books
or in a proof tells of the row.

A form is a name with a version and columns in an order. Their values are fields as in
`ledger.seals`: units, funds and provinces by their codes, people by their numbers, days as
`2024-09-10`, moments in UTC with microseconds. Whoever adds a column makes another version and goes
on reading the one before.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import keys, service
from fundsvc.books.models import EntryDonor
from fundsvc.books.verify import Fault
from fundsvc.columns import Day, Moment
from ledger.seals import commitment

_BATCH: Final = 1_000
Tell = Callable[[Any], str]


class Paper:
    """A form: which columns of a table's rows are sealed with their entries, and in which order.

    The table has a `salt` and an `entry_id`, and is asked for by itself, in no scope of units.
    """

    def __init__(self, form: str, model: Any, said: tuple[str, ...]) -> None:
        """Take the form's name with its version, the model, and the names of the columns."""
        self.form, self.said, self.table = form, said, model.__table__
        self.columns = (
            *(self.table.c[name] for name in said),
            self.table.c.id,
            self.table.c.salt,
            EntryDonor.commitment,
        )
        self.committed = EntryDonor.entry_id == self.table.c.entry_id


class Reader:
    """Reads what rows of one form say; what ids stand for is looked up once."""

    def __init__(self, session: Session, paper: Paper) -> None:
        """Take a session for reading, and the form."""
        known = keys.read(session)
        codes = {
            table: {number: code for code, number in ids.items()}
            for table, ids in (
                ("unit", known.units),
                ("fund", known.funds),
                ("province", known.provinces),
            )
        }
        self._paper = paper
        self._told = [
            (place, tell)
            for place, name in enumerate(paper.said)
            if (tell := _telling(paper.table.c[name], codes)) is not None
        ]

    def commitment(self, salt: str, said: Iterable[Any]) -> str:
        """Return the commitment to what a row says, its columns in order, under its salt."""
        facts = list(said)
        for place, tell in self._told:
            if facts[place] is not None:
                facts[place] = tell(facts[place])
        return commitment(salt, *facts, form=self._paper.form)

    def fault(self, row: Any, called: Callable[[Any], str]) -> str | None:
        """Say why a row of `Paper.columns` is not what was sealed; None when it is.

        `called` gives a row its name. One from before such papers were sealed has neither salt nor
        commitment, and can be neither proved nor refuted.
        """
        if row.salt is None and row.commitment is None:
            return None
        if row.commitment is None:
            return _("%(what)s: bút toán không còn mã ràng buộc nội dung.", what=called(row))
        if row.salt is None:
            return _("%(what)s: mất khóa để đối chiếu nội dung với bút toán.", what=called(row))
        # By their places: a hundred thousand rows take twice as long when asked by names.
        if self.commitment(row.salt, row[: len(self._paper.said)]) == row.commitment:
            return None
        return _("%(what)s: nội dung khác với khi ghi sổ.", what=called(row))


def new_salt() -> str:
    """Return a salt for one row; whoever does not know it cannot try names."""
    return secrets.token_hex(16)


def bind(session: Session, paper: Paper, row: Any) -> None:
    """Bind the entry of a row, both of this transaction, to what the row says."""
    said = [getattr(row, name) for name in paper.said]
    service.bind(session, row.entry_id, Reader(session, paper).commitment(row.salt, said))


def faults(
    session: Session, paper: Paper, rule: str, called: Callable[[Any], str], *only: Any
) -> Iterator[Fault]:
    """Yield rows that say something else than what was sealed; `called` gives one its name."""
    reader = Reader(session, paper)
    query = select(*paper.columns).outerjoin(EntryDonor, paper.committed).where(*only)
    ordered = query.order_by(paper.table.c.id).execution_options(yield_per=_BATCH)
    for row in session.execute(ordered):
        why = reader.fault(row, called)
        if why is not None:
            yield Fault(rule, f"{paper.table.name}:{row.id}", why)


def _telling(column: Any, codes: dict[str, dict[int, str]]) -> Tell | None:
    """Return what tells a column in other words than the row's; None when its own are right."""
    if isinstance(column.type, Day):
        return _day
    if isinstance(column.type, Moment):
        return _moment
    for key in column.foreign_keys:
        known = codes.get(key.target_fullname.partition(".")[0])
        if known is not None:
            return lambda number: known.get(number, f"?{number}")
    return None


def _moment(value: datetime) -> str:
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


# Papers of one day are many.
_day: Final = lru_cache(maxsize=1_024)(date.isoformat)
