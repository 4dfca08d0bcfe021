"""Keep files by the hash of their bytes, and give them back only if they are still the same."""

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.errors import NotFound
from fundsvc.evidence.models import StoredFile

DIGEST_LETTERS = frozenset("0123456789abcdef")
DIGEST_LENGTH = 64
BLOCK = 1 << 20


class DamagedFileError(Exception):
    """A kept file no longer has the hash it was kept under."""


def keep(data: bytes) -> str:
    """Write bytes to the store and return their SHA-256; keeping them again changes nothing.

    The file is on disk before any row speaks of it, so a crash leaves at worst a file too many.
    """
    return keep_stream(io.BytesIO(data))


def keep_stream(stream: IO[bytes]) -> str:
    """Keep all that a stream gives, like `keep`, without holding it in memory."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, draft = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            while block := stream.read(BLOCK):
                digest.update(block)
                file.write(block)
            file.flush()
            path = _path(digest.hexdigest())
            if not path.exists():
                os.fsync(file.fileno())
                path.parent.mkdir(parents=True, exist_ok=True)
                Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return digest.hexdigest()


def record(session: Session, data: bytes, *, name: str, media_type: str, by: int | None) -> str:
    """Keep bytes and note them as evidence; the first name they came under stays."""
    return note(session, keep(data), name=name, media_type=media_type, by=by)


def note(session: Session, sha256: str, *, name: str, media_type: str, by: int | None) -> str:
    """Note a kept file as evidence; the first name it came under stays."""
    facts = {
        "sha256": sha256,
        "name": name,
        "media_type": media_type,
        "size": _path(sha256).stat().st_size,
        "stored_at": clock.now(),
        "stored_by": by,
    }
    # Two imports may note the same file at the same moment; the first one's name stays.
    postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql_insert if postgresql else sqlite_insert
    session.execute(insert(StoredFile).values(facts).on_conflict_do_nothing())
    return sha256


def read(sha256: str) -> bytes:
    """Return the bytes kept under a hash.

    Raises:
        NotFound: there are none.
        DamagedFileError: what is on disk has another hash.
    """
    with opened(sha256) as file:
        return file.read()


@contextmanager
def opened(sha256: str) -> Iterator[IO[bytes]]:
    """Open the file kept under a hash, for reading from its beginning.

    Raises:
        NotFound: there is none.
        DamagedFileError: what is on disk has another hash.
    """
    if len(sha256) != DIGEST_LENGTH or not DIGEST_LETTERS.issuperset(sha256):
        raise NotFound
    try:
        file = _path(sha256).open("rb")
    except FileNotFoundError:
        raise NotFound from None
    with file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise DamagedFileError(sha256)
        file.seek(0)
        yield file


def _path(sha256: str) -> Path:
    return _folder() / sha256[:2] / sha256[2:]


def _folder() -> Path:
    folder: Path = current_app.config["FUNDSVC"].files_dir
    return folder
