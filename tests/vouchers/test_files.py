"""Files of a voucher: what is taken is what its bytes say, and it becomes the entry's evidence."""

import hashlib

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import EntryEvidence
from fundsvc.db import transaction
from fundsvc.errors import Conflict, Forbidden, NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.vouchers import files, listing
from fundsvc.vouchers.files import LARGEST, MOST_FILES, check
from tests.vouchers.conftest import Desk

PDF = b"%PDF-1.7\n1 0 obj"
JPEG, PNG = b"\xff\xd8\xff\xe0anh", b"\x89PNG\r\n\x1a\nanh"
WEBP, HEIC = b"RIFF\x10\x00\x00\x00WEBPVP8 ", b"\x00\x00\x00\x18ftypheic\x00\x00"


def attach(
    desk: Desk, number: int, data: bytes = PDF, name: str = "hóa đơn.pdf", by: int | None = None
) -> str:
    with transaction() as session:
        person = by or desk.people.maker
        return files.attach(session, number, data, name, "application/octet-stream", by=person)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PDF, "a.pdf", "application/pdf"),
        (PDF, "không đuôi", "application/pdf"),
        (JPEG, "a.JPEG", "image/jpeg"),
        (PNG, "a.png", "image/png"),
        (WEBP, "a.webp", "image/webp"),
        (HEIC, "IMG_1.jpg", "image/heic"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, name: str, kind: str) -> None:
    assert check(data, name, "") == kind


@pytest.mark.parametrize(
    ("data", "name", "media_type", "why"),
    [
        (b"", "a.pdf", "", "rỗng"),
        (b"MZ\x90\x00", "a.pdf", "application/pdf", "loại khác"),
        (b"<svg onload=x>", "a.png", "image/png", "loại khác"),
        (b"<html>%PDF-1.7", "a.pdf", "", "loại khác"),
        (PDF, "a.jpg", "", "không khớp"),
        (JPEG, "a.pdf", "", "không khớp"),
        (JPEG, "a", "application/pdf", "không khớp"),
        (PDF + b"x" * LARGEST, "a.pdf", "", "tối đa 10 MB"),
    ],
)
def test_what_is_no_evidence_is_refused(
    app: Flask, data: bytes, name: str, media_type: str, why: str
) -> None:
    with app.test_request_context(), pytest.raises(Refusal, match=why) as caught:
        check(data, name, media_type)
    assert [reason.field for reason in caught.value.reasons] == ["file"]


def test_files_are_kept_by_their_hash_and_become_the_evidence_of_the_entry(
    session: Session, desk: Desk
) -> None:
    number = desk.draft()
    first, again = attach(desk, number), attach(desk, number, name="khác.pdf")
    second = attach(desk, number, JPEG, "ảnh")
    assert first == again == hashlib.sha256(PDF).hexdigest()
    assert evidence.read(second) == JPEG
    for act in ("submit", "approve"):
        desk.act(act, number)
    done = desk.act("post", number)
    session.rollback()
    query = select(EntryEvidence.sha256).where(EntryEvidence.entry_id == done.entry_id)
    assert set(session.scalars(query)) == {first, second}
    facts = listing.one(session, number)
    assert facts is not None
    assert {file.name for file in facts.files} == {"hóa đơn.pdf", "ảnh.jpg"}
    assert [act.kind for act in facts.acts][1:3] == ["attach", "attach"]


def test_the_same_invoice_on_two_vouchers_is_pointed_out(session: Session, desk: Desk) -> None:
    number, other = desk.draft(), desk.draft()
    attach(desk, number)
    attach(desk, other)
    session.rollback()
    (file,) = listing.files(session, number)
    assert file.also == (f"#{other}",)


def test_a_file_can_be_taken_off_until_the_approval(session: Session, desk: Desk) -> None:
    number = desk.submitted()
    sha256 = attach(desk, number)
    with transaction() as writing:
        files.detach(writing, number, sha256, by=desk.people.maker)
    session.rollback()
    assert listing.files(session, number) == ()
    assert evidence.read(sha256) == PDF
    with transaction() as writing, pytest.raises(NotFound):
        files.detach(writing, number, sha256, by=desk.people.maker)
    attach(desk, number)
    desk.act("approve", number)
    with pytest.raises(Conflict, match="đã được Hung duyệt"):
        attach(desk, number, JPEG, "a.jpg")
    with transaction() as writing, pytest.raises(Conflict, match="đã được Hung duyệt"):
        files.detach(writing, number, sha256, by=desk.people.maker)


def test_a_file_that_comes_while_the_approver_reads_makes_the_form_old(desk: Desk) -> None:
    number = desk.submitted()
    seen = desk.version(number)
    attach(desk, number)
    with pytest.raises(Conflict, match="Lan vừa thay đổi"):
        desk.act("approve", number, version=seen)


def test_only_so_many_files_and_only_by_those_who_work_here(desk: Desk) -> None:
    number = desk.draft()
    for place in range(MOST_FILES):
        attach(desk, number, PDF + str(place).encode())
    with pytest.raises(Refusal, match="tối đa 20 tệp"):
        attach(desk, number, PDF)
    with pytest.raises(Forbidden):
        attach(desk, desk.draft(), by=desk.people.auditor)
