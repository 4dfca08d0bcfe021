"""Numbers without gaps: a locked counter per book and year."""

from sqlalchemy import text
from sqlalchemy.orm import Session

# The row lock lasts until COMMIT, so a number that is rolled back is given out again.
_NEXT = text("""
INSERT INTO series (book, year, last) VALUES (:book, :year, 1)
ON CONFLICT (book, year) DO UPDATE SET last = series.last + 1 RETURNING last
""")


def next_number(session: Session, book: str, year: int) -> int:
    """Return the next number of a book in a year, beginning with 1.

    Call it as the last statement before the transaction ends: until then nobody else gets one.
    """
    return int(session.execute(_NEXT, {"book": book, "year": year}).scalar_one())
