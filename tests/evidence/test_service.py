"""Kept files: named by their bytes, noted once, given back only if they are still the same."""

import hashlib
import io
import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import NotFound
from fundsvc.evidence import sealing, service
from fundsvc.evidence.models import StoredFile
from fundsvc.evidence.service import DamagedFileError

DATA = "Sao kê tháng 9".encode()
SHA256 = hashlib.sha256(DATA).hexdigest()


def record(name: str) -> str:
    with transaction() as session:
        return service.record(session, DATA, name=name, media_type="text/csv", by=None)


def test_the_same_bytes_are_kept_once_under_their_first_name(session: Session) -> None:
    assert record("thang-9.csv") == record("lai-thang-9.csv") == SHA256
    assert service.read(SHA256) == DATA
    stored = session.scalars(select(StoredFile)).one()
    assert (stored.name, stored.size) == ("thang-9.csv", len(DATA))


def test_a_changed_file_is_not_given_back(app: Flask) -> None:
    record("thang-9.csv")
    path = app.config["FUNDSVC"].files_dir / SHA256[:2] / SHA256[2:]
    path.write_bytes(b"khac")
    with pytest.raises(DamagedFileError):
        service.read(SHA256)


@pytest.mark.parametrize("name", ["", "0" * 64, "../../etc/passwd", "A" * 64, SHA256[:-1] + "\n"])
def test_what_was_never_kept_is_not_found(app: Flask, name: str) -> None:
    with pytest.raises(NotFound):
        service.read(name)


def test_two_who_note_the_same_file_at_once_do_not_collide(app: Flask, session: Session) -> None:
    start = threading.Barrier(4)
    noted: list[str] = []

    def note(name: str) -> None:
        with app.app_context():
            start.wait()
            noted.append(record(name))

    writers = [threading.Thread(target=note, args=(f"{n}.csv",)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert noted == [SHA256] * 4
    assert len(session.scalars(select(StoredFile)).all()) == 1


@pytest.mark.parametrize("size", [0, 1, service.BLOCK, 2 * service.BLOCK + 5])
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_sealed_file_is_read_like_any_other(app: Flask, session: Session, size: int) -> None:
    data = (b"0912345678,TS 5\n" * (size // 16 + 1))[:size]
    digest = hashlib.sha256(data).hexdigest()
    path = app.config["FUNDSVC"].files_dir / digest[:2] / digest[2:]
    assert service.keep(data) == digest
    assert path.read_bytes() == data, "kept before files were sealed"
    assert service.read(digest) == data
    assert service.keep_stream(io.BytesIO(data), sealed=True) == digest
    hidden = path.read_bytes()
    assert b"0912345678" not in hidden
    service.keep(data)
    assert path.read_bytes() == hidden, "what is sealed stays so"
    with service.opened(digest) as file:
        assert file.read() == data
        file.seek(max(size - 3, 0))
        assert file.read() == data[-3:]
    with transaction() as writing:
        service.note(writing, digest, name="tin.csv", media_type="text/csv", by=None)
    assert session.scalars(select(StoredFile.size)).one() == size


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_sealed_file_that_was_changed_is_not_given_back(app: Flask) -> None:
    data = b"a" * service.BLOCK + b"b" * 7
    digest = service.keep_stream(io.BytesIO(data), sealed=True)
    path = app.config["FUNDSVC"].files_dir / digest[:2] / digest[2:]
    hidden = path.read_bytes()
    for changed in (hidden[:-1], hidden[:100] + b"x" + hidden[101:], hidden[: service.BLOCK + 46]):
        path.write_bytes(changed)
        with pytest.raises(DamagedFileError):
            service.read(digest)
    looks = sealing.MARK + b"only"
    assert service.read(service.keep(looks)) == looks
