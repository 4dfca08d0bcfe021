"""Single postings with their entries, for the lists of lines and of what is behind a figure."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, text

from fundsvc.books.models import Entry, Posting

ENTRY: Final[FromClause] = Entry.__table__
"""The entries as a bare table. The unit scope stands on the postings: a unit sees its postings of
an entry that another unit made (the centre sends it money), or its statement would not balance."""


def with_entries(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Join postings to their entries, which know the province."""
    return query.join(ENTRY, ENTRY.c.id == Posting.entry_id)


def as_clauses(conditions: Iterable[str]) -> list[ColumnElement[bool]]:
    """Return conditions on the names of `OF_POSTINGS` as part of a query."""
    return [text(f"({condition})") for condition in conditions]  # type: ignore[misc]
