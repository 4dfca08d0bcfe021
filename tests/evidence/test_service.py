"""Kept files: named by their bytes, noted once, given back only if they are still the same."""

import hashlib
import threading

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import NotFound
from fundsvc.evidence import service
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
