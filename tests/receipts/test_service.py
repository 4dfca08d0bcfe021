"""Receipts: numbers in order, frozen facts, one valid at a time, the original printed once."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime

import pypdfium2
import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.db import transaction
from fundsvc.donations import receipting
from fundsvc.donors.models import Donor
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.evidence.models import StoredFile
from fundsvc.evidence.service import DamagedFileError
from fundsvc.receipts import printing, service
from fundsvc.units.models import Unit
from tests.support.gifts import FACTS, give, give_with_receipt, receipt

pytestmark = pytest.mark.usefixtures("clock")


def void(number: str, reason: str = "ghi sai tên") -> None:
    with transaction() as session:
        service.void(session, number, reason, by=None)


def text(data: bytes) -> str:
    opened = pypdfium2.PdfDocument(data)
    return " ".join(page.get_textpage().get_text_range() for page in opened)


def test_numbers_run_per_fund_and_year(app: Flask) -> None:
    assert give_with_receipt() == "NT-2024-000001"
    assert give_with_receipt() == "NT-2024-000002"
    assert give_with_receipt(fund="base") == "CQ-2024-000001"
    assert give_with_receipt(fund="dues") == "HP-2024-000001"
    # Seven in the evening of 31 December in London is New Year in Hà Nội.
    with service_clock.fixed(datetime(2024, 12, 31, 19, tzinfo=UTC)):
        assert give_with_receipt() == "NT-2025-000001"
    assert give_with_receipt() == "NT-2024-000003"


def test_a_number_that_was_rolled_back_is_given_again(app: Flask) -> None:
    recorded = give()
    with suppress(RuntimeError), transaction() as session:
        receipting.issue_receipt(session, recorded.id, by=None)
        raise RuntimeError
    assert receipt(recorded.id) == "NT-2024-000001"


def test_facts_are_those_of_the_day_of_issue(session: Session) -> None:
    number = give_with_receipt(
        on_behalf_of="Tổ dân phố 5", in_memory_of="Liệt sĩ Ngữ", earmark="nhà", province="2025:44"
    )
    with transaction() as writing:
        writing.execute(update(Donor).values(name="Tên khác"))
        writing.execute(update(Unit).values(name="Đơn vị khác"))
    facts = service.facts_of(service.by_number(session, number))
    assert facts.donor_name == "Nguyễn Thị Hường"
    assert facts.unit_name.startswith("Hội Truyền thống")
    assert facts.amount == FACTS.amount
    assert facts.amount_words == "Một triệu hai trăm nghìn đồng"
    assert (facts.on_behalf_of, facts.in_memory_of) == ("Tổ dân phố 5", "Liệt sĩ Ngữ")
    assert (facts.earmark, facts.province) == ("nhà", "Tỉnh Quảng Trị")
    assert facts.issued_on.isoformat() == "2024-09-30"


def test_a_donation_has_one_valid_receipt(app: Flask) -> None:
    recorded = give()
    number = receipt(recorded.id)
    with pytest.raises(Conflict, match=number):
        receipt(recorded.id)


def test_a_voided_receipt_keeps_its_number_and_is_replaced(session: Session) -> None:
    recorded = give()
    first = receipt(recorded.id)
    void(first)
    second = receipt(recorded.id)
    assert (first, second) == ("NT-2024-000001", "NT-2024-000002")
    old, new = service.by_number(session, first), service.by_number(session, second)
    assert old.replaced_by_id == new.id
    assert old.void_reason == "ghi sai tên"
    assert service.facts_of(new).replaces == first
    void(second)
    third = receipt(recorded.id)
    session.expire_all()
    assert service.by_number(session, second).replaced_by_id is not None
    assert service.facts_of(service.by_number(session, third)).replaces == second


def test_void_wants_a_reason_and_happens_once(app: Flask) -> None:
    number = give_with_receipt()
    with pytest.raises(Refusal, match="lý do"):
        void(number, "  ")
    void(number)
    with pytest.raises(Conflict):
        void(number)
    with pytest.raises(NotFound):
        void("NT-2024-999999")


def test_codes_are_long_and_have_no_look_alikes(session: Session) -> None:
    numbers = [give_with_receipt() for _time in range(5)]
    codes = {service.by_number(session, number).code for number in numbers}
    assert len(codes) == 5
    assert all(len(code) == 16 and set(code) <= set(service.LETTERS) for code in codes)
    assert not set(service.LETTERS) & set("IO01")


def test_verdicts(session: Session) -> None:
    number = give_with_receipt()
    code = service.by_number(session, number).code
    valid = service.verify(session, number, code)
    assert valid.state == "valid"
    assert valid.facts is not None
    assert valid.facts.amount == FACTS.amount
    spoken = "-".join([code[:4], code[4:8], code[8:12], code[12:]]).lower()
    assert service.verify(session, f" {number.lower()} ", f" {spoken} ").state == "valid"
    for wrong in ("", "A" * 16, code[:-1], f"{code}A", code[::-1], "\x00", "é" * 16, "x" * 10_000):
        assert service.verify(session, number, wrong) == service.UNKNOWN
    for wrong in ("", "NT-2024-000009", "\x00", "NT", "é", "x" * 10_000, "\ud800"):
        assert service.verify(session, wrong, code) == service.UNKNOWN
    void(number)
    voided = service.verify(session, number, code)
    assert (voided.state, voided.replaced_by) == ("voided", None)
    session.expire_all()
    newer = receipt(service.by_number(session, number).donation_id or 0)
    session.rollback()
    assert service.verify(session, number, code).replaced_by == newer


def test_the_original_is_printed_once_and_kept(session: Session) -> None:
    number = give_with_receipt()
    data = printing.freeze_pdf(number)
    sha256 = service.by_number(session, number).pdf_sha256
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert session.get_one(StoredFile, sha256).name == f"{number}.pdf"
    assert evidence.read(sha256 or "") == data
    assert "Nguyễn Thị Hường" in text(data)
    assert printing.freeze_pdf(number) == data
    assert printing.pdf(number) == data


def test_a_copy_carries_its_mark_and_leaves_the_original_alone(session: Session) -> None:
    number = give_with_receipt()
    data = printing.pdf(number)
    copy = printing.pdf(number, copy=True)
    assert "BẢN SAO" in text(copy)
    assert "BẢN SAO" not in text(data)
    assert printing.freeze_pdf(number) == data


def test_a_voided_receipt_always_carries_its_mark(session: Session) -> None:
    number = give_with_receipt()
    data = printing.freeze_pdf(number)
    void(number)
    session.rollback()
    assert "ĐÃ HỦY" in text(printing.pdf(number))
    assert "ĐÃ HỦY" in text(printing.pdf(number, copy=True))
    assert printing.freeze_pdf(number) == data


def test_an_original_that_was_changed_on_disk_is_not_given_out(app: Flask) -> None:
    number = give_with_receipt()
    printing.freeze_pdf(number)
    for path in app.config["FUNDSVC"].files_dir.rglob("*"):
        if path.is_file():
            path.write_bytes(b"%PDF-1.7 forged")
    with pytest.raises(DamagedFileError):
        printing.pdf(number)


def test_odd_names_are_kept_and_printed(session: Session) -> None:
    for name in ("阮文安", "đồng ₫ € 😀", "<b>An</b>", "{{ 7*7 }}", "%s %d", "a" * 200):
        number = give_with_receipt(donor=DonorFacts(name=name))
        session.rollback()
        assert service.by_number(session, number).facts["donor_name"] == name
        assert printing.freeze_pdf(number).startswith(b"%PDF")
