"""What is written or laid beside a line of the bank: comments, and papers that prove what it is."""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation.models import BankLine, BankNote
from fundsvc.text import clean
from fundsvc.vouchers import files

LONGEST: Final = 500
Given = tuple[str, str, bytes]
"""A file as it came: its name, what the browser calls it, and its bytes."""


def add(session: Session, line_id: int, words: str, given: Given | None, *, by: int) -> BankNote:
    """Write a comment beside a line, with a file if one came.

    Raises:
        NotFound: there is no such line, or not for this person.
        Refusal: there is neither word nor file, or the file is not one that is taken.
    """
    line = session.get(BankLine, line_id)
    if line is None:
        raise NotFound
    words = clean(words, LONGEST, "words")
    if not words and given is None:
        raise Refusal(Reason(_("Chưa ghi gì và chưa chọn tệp nào."), field="words"))
    sha256 = None
    if given is not None:
        name, told, data = given
        kind = files.check(data, name, told)
        sha256 = evidence.record(session, data, name=name, media_type=kind, by=by)
    row = BankNote(
        bank_line_id=line.id,
        unit_id=line.unit_id,
        words=words,
        noted_at=clock.now(),
        sha256=sha256,
        noted_by=by,
    )
    session.add(row)
    session.flush()
    return row


def has_file(session: Session, sha256: str) -> bool:
    """Say whether a kept file lies beside a line in scope."""
    found = session.scalar(select(BankNote.id).where(BankNote.sha256 == sha256).limit(1))
    return found is not None
