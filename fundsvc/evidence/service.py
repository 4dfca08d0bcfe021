"""Keep files by the hash of their bytes, and give them back only if they are still the same."""

import hashlib
import os
import tempfile
from pathlib import Path

from flask import current_app
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.errors import NotFound
from fundsvc.evidence.models import StoredFile

DIGEST_LETTERS = frozenset("0123456789abcdef")
DIGEST_LENGTH = 64


class DamagedFileError(Exception):
    """A kept file no longer has the hash it was kept under."""


def keep(data: bytes) -> str:
    """Write bytes to the store and return their SHA-256; keeping them again changes nothing.

    The file is on disk before any row speaks of it, so a crash leaves at worst a file too many.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    path = _path(sha256)
    if path.exists():
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)
    return sha256


def record(session: Session, data: bytes, *, name: str, media_type: str, by: int | None) -> str:
    """Keep bytes and note them as evidence; the first name they came under stays."""
    sha256 = keep(data)
    if session.get(StoredFile, sha256) is None:
        session.add(
            StoredFile(
                sha256=sha256,
                name=name,
                media_type=media_type,
                size=len(data),
                stored_at=clock.now(),
                stored_by=by,
            )
        )
        session.flush()
    return sha256


def read(sha256: str) -> bytes:
    """Return the bytes kept under a hash.

    Raises:
        NotFound: there are none.
        DamagedFileError: what is on disk has another hash.
    """
    if len(sha256) != DIGEST_LENGTH or not DIGEST_LETTERS.issuperset(sha256):
        raise NotFound
    try:
        data = _path(sha256).read_bytes()
    except FileNotFoundError:
        raise NotFound from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedFileError(sha256)
    return data


def _path(sha256: str) -> Path:
    folder: Path = current_app.config["FUNDSVC"].files_dir
    return folder / sha256[:2] / sha256[2:]
