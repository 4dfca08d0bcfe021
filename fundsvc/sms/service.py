"""Import messages: preview and commit are one reading; every message is kept and booked or none."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock, workbook
from fundsvc.evidence import service as evidence
from fundsvc.imports import RefusedRow
from fundsvc.sms import campaigns, profiles
from fundsvc.sms.importing import KIND, PREVIEW, Import
from fundsvc.sms.models import SmsFile
from fundsvc.sms.report import SmsImportReport

__all__ = ["KIND", "SetAside", "SmsImportReport", "book_pushed", "import_sms", "look_for_faults"]

MEDIA_TYPE = "text/csv"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def import_sms(
    session: Session,
    stream: IO[bytes],
    *,
    name: str,
    format: str | None = None,  # noqa: A002 - the option's own name
    commit: bool,
    by: int | None,
    progress: Callable[[int], None] | None = None,
) -> SmsImportReport:
    """Read a file of messages; keep and book what is new if `commit` says so.

    A preview does all that a commit does and takes it back, so what it tells is what will happen.
    With a refused row nothing is kept: a commit then rolls back the whole transaction. The same
    file again adds nothing; but messages that waited because no campaign had their keyword are
    booked when one has it now.

    Args:
        session: the open transaction.
        stream: the file, from its beginning; it must be seekable.
        name: what the file is called.
        format: the name of a profile, or `csv`; without one the columns are recognised.
        commit: keep and book, if no row is refused.
        by: who does it.
        progress: told the number of lines read, after each batch.

    Raises:
        Refusal: the file as a whole cannot be read, or a message lies in a closed month.
    """
    profile = profiles.named(session, format)
    sha256 = evidence.keep_stream(stream, sealed=True) if commit else None
    kind = WORKBOOK_TYPE if workbook.is_workbook(stream) else MEDIA_TYPE
    campaigns.lock(session)
    # A savepoint makes SQLite hold every page that it changes in memory; so a commit has none, and
    # a refused file takes the whole transaction back, where nothing else has a place anyway.
    attempt = None if sha256 else session.begin_nested()
    work = Import(
        session,
        file_id=_note_file(session, sha256, name=name, by=by, kind=kind) if sha256 else PREVIEW,
        by=by,
        profile=profile,
    )
    work.run(stream, progress)
    if sha256 and not work.refused_count:
        work.settle(sha256)
        return work.report(committed=True)
    (attempt or session).rollback()
    return work.report(committed=False)


def look_for_faults(
    session: Session,
    stream: IO[bytes],
    *,
    format: str | None = None,  # noqa: A002 - the option's own name
    progress: Callable[[int], None] | None = None,
) -> SmsImportReport | None:
    """Read a whole file without staging a row; return its report if rows are refused, else None.

    It writes nothing and waits for nobody, and is eight times as quick as keeping and booking: a
    slip in the last row of a million is told in seconds, and not when nearly all of them are booked
    and have to be taken back. Faults that only the books know (a message known with another text, a
    closed month) are left to the import; the report counts the rows as if none of them was known.

    Args:
        session: for reading the campaigns.
        stream: the file, from its beginning; it is there again afterwards.
        format: as for `import_sms`.
        progress: is told how many lines are read so far.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    work = Import(session, file_id=PREVIEW, by=None, profile=profiles.named(session, format))
    work.only_read(stream, progress)
    stream.seek(0)
    return work.report(committed=False) if work.refused_count else None


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows of a batch of pushes that cannot be booked: unreadable, or known with another text."""

    unreadable: tuple[RefusedRow, ...]
    conflicting: tuple[RefusedRow, ...]


def book_pushed(session: Session, stream: IO[bytes], *, gateway: str) -> SetAside:
    """Keep and book a batch of pushed messages, in the form of a file; all of it or nothing.

    When any row is set aside, the caller takes back what was done, and brings the others again.
    The messages' `file_id` is a number below zero that no other batch has, so no file is theirs.

    Args:
        session: the open transaction, which holds `campaigns.lock`.
        stream: the rows as a CSV file.
        gateway: who pushed them; its totals are kept together.

    Raises:
        Refusal: a message lies in a closed month.
    """
    work = Import(session, file_id=-1 - secrets.randbits(62), by=None)
    work.run(stream, None)
    if not work.refused_count:
        work.add_to_totals(_pushed_file(session, gateway))
    return SetAside(tuple(work.reader.refused.rows), tuple(work.conflicts.rows))


def _pushed_file(session: Session, gateway: str) -> int:
    """Return the file that stands for all pushes of a gateway in the totals: a note that says so.

    What was pushed lies in the inbox; a file for every batch would be one for every message.
    """
    name = f"Cổng {gateway}"
    said = f"Tin nhắn do {name} đẩy tới; nguyên văn nằm trong hộp nhận.\n".encode()
    known = SmsFile.sha256 == hashlib.sha256(said).hexdigest()
    found = session.scalars(select(SmsFile.id).where(known)).first()
    return found or _note_file(session, evidence.keep(said), name=name, by=None, kind="text/plain")


def _note_file(
    session: Session, sha256: str, *, name: str, by: int | None, kind: str = MEDIA_TYPE
) -> int:
    evidence.note(session, sha256, name=name, media_type=kind, by=by)
    file = SmsFile(sha256=sha256, name=name, imported_at=clock.now(), imported_by=by)
    session.add(file)
    session.flush()
    return file.id
