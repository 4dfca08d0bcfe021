"""Keep files by the hash of their bytes, and give them back only if they are still the same.

Files with phone numbers are kept sealed (`sealing`); their hash is that of the plain bytes, and
those that were kept before lie there as they came. Both are read alike.
"""

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

from fundsvc import clock, secrecy
from fundsvc.errors import NotFound
from fundsvc.evidence import sealing
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


def keep_stream(stream: IO[bytes], *, sealed: bool = False) -> str:
    """Keep all that a stream gives, like `keep`, without holding it in memory.

    `sealed` says that only the data key shall open it; what lay there unsealed is replaced.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle, draft = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            block = _full(stream)
            # What only looks as if it were sealed would not be read again.
            sealed = sealed or block.startswith(sealing.MARK)
            file.write(sealing.MARK if sealed else b"")
            while block:
                digest.update(block)
                file.write(secrecy.seal(block) if sealed else block)
                block = _full(stream)
            file.flush()
            path = _path(digest.hexdigest())
            if not path.exists() or (sealed and not _lies_sealed(path)):
                os.fsync(file.fileno())
                path.parent.mkdir(parents=True, exist_ok=True)
                Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
    return digest.hexdigest()


def record(
    session: Session,
    data: bytes,
    *,
    name: str,
    media_type: str,
    by: int | None,
    sealed: bool = False,
) -> str:
    """Keep bytes and note them as evidence; the first name they came under stays."""
    sha256 = keep_stream(io.BytesIO(data), sealed=sealed)
    return note(session, sha256, name=name, media_type=media_type, by=by)


def note(session: Session, sha256: str, *, name: str, media_type: str, by: int | None) -> str:
    """Note a kept file as evidence; the first name it came under stays."""
    facts = {
        "sha256": sha256,
        "name": name,
        "media_type": media_type,
        "size": _size(_path(sha256)),
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
        kept = _path(sha256).open("rb")
    except FileNotFoundError:
        raise NotFound from None
    with kept:
        file = io.BufferedReader(sealing.Sealed(kept), BLOCK) if sealing.is_sealed(kept) else kept
        try:
            same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError:
            same = False
        if not same:
            raise DamagedFileError(sha256)
        file.seek(0)
        yield file


def _full(stream: IO[bytes]) -> bytes:
    """Return the next block, full until the stream ends: a sealed file has no short one inside."""
    block = stream.read(BLOCK)
    while block and len(block) < BLOCK and (more := stream.read(BLOCK - len(block))):
        block += more
    return block


def _lies_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return sealing.is_sealed(file)


def _size(path: Path) -> int:
    with path.open("rb") as file:
        return sealing.plain_size(file) if sealing.is_sealed(file) else path.stat().st_size


def _path(sha256: str) -> Path:
    return _folder() / sha256[:2] / sha256[2:]


def _folder() -> Path:
    folder: Path = current_app.config["FUNDSVC"].files_dir
    return folder
