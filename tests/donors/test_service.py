"""Donors: found by folded name, kept once where it is certain, and never across units."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.db import set_scope, transaction
from fundsvc.donors import service
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import NotFound, Refusal
from fundsvc.secrecy import phone_hash
from fundsvc.units import service as units


def remember(session: Session, **facts: str) -> int:
    unit = units.by_code(session, "TW")
    return service.remember(session, unit.id, DonorFacts(**facts)).id


def names(session: Session, wanted: str) -> list[str]:
    return [donor.name for donor in service.find(session, wanted)]


def test_found_without_diacritics_whatever_the_form(app: Flask) -> None:
    with transaction() as session:
        remember(session, name="Trần Đức Thuận")
        remember(session, name="Nguye\u0302\u0303n Văn Hòa")
        for wanted in ("duc", "ĐỨC", "tran duc", "Đức Thuận", "đu\u031b\u0301c"):
            assert names(session, wanted) == ["Trần Đức Thuận"]
        assert names(session, "hoà") == names(session, "hòa") == ["Nguyễn Văn Hòa"]
        for wanted in ("", "  ", "%", "_", "x", "\\"):
            assert names(session, wanted) == []


def test_the_same_facts_are_the_same_donor(app: Flask) -> None:
    facts = {"name": "Trần Đức Thuận", "phone": "0912345678"}
    with transaction() as session:
        first = remember(session, **facts)
        assert remember(session, **facts) == first
        assert remember(session, **facts | {"phone": "0912345679"}) != first
        assert remember(session, **facts | {"kind": "organisation"}) != first
        assert remember(session, **facts | {"name": "Trần Đức Thuân"}) != first


def test_a_name_alone_proves_nothing(app: Flask) -> None:
    with transaction() as session:
        assert remember(session, name="Nguyễn Văn An") != remember(session, name="Nguyễn Văn An")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"name": ""}, "donor"),
        ({"name": " \t "}, "donor"),
        ({"name": "a\x00"}, "donor"),
        ({"name": "x" * 201}, "donor"),
        ({"name": "x", "address": "y" * 301}, "address"),
        ({"name": "x", "phone": "\ud800"}, "phone"),
        ({"name": "x", "email": "y" * 101}, "email"),
        ({"name": "x", "kind": "robot"}, "donor_kind"),
    ],
)
def test_what_cannot_be_kept_is_refused(app: Flask, facts: dict[str, str], field: str) -> None:
    with transaction() as session, pytest.raises(Refusal) as caught:
        remember(session, **facts)
    assert caught.value.reasons[0].field == field


def test_another_unit_finds_nothing(app: Flask) -> None:
    with transaction() as session:
        number = remember(session, name="Trần Đức Thuận")
        set_scope(session, [])
        try:
            assert names(session, "duc") == []
            with pytest.raises(NotFound):
                service.by_id(session, number)
        finally:
            set_scope(session, None)


def find_or_make(session: Session, **facts: str) -> int:
    unit = units.by_code(session, "TW")
    return service.find_or_make(session, unit.id, DonorFacts(**facts)).id


def test_phone_and_email_are_sealed_and_found_by_their_hashes(app: Flask) -> None:
    facts = {"name": "Lê Thị Mai", "phone": "0912 345 678", "email": "Mai@example.vn"}
    with transaction() as session:
        first = remember(session, **facts)
        again = {"phone": "+84912345678", "email": "mai@EXAMPLE.vn"}
        assert remember(session, **facts | again) == first
        donor = service.by_id(session, first)
        assert (donor.phone, donor.email) == ("0912 345 678", "Mai@example.vn")
        assert donor.phone_hash == phone_hash("84912345678"), "as messages of that number have it"
        kept = str(session.execute(text("SELECT * FROM donor")).one())
    assert "mai@example.vn" not in kept.casefold()
    assert "345 678" not in kept


def test_a_stranger_is_known_by_phone_or_email_never_by_name_alone(app: Flask) -> None:
    with transaction() as session:
        known = remember(session, name="Nguyễn Văn An", phone="0912345678", email="an@example.vn")
        assert find_or_make(session, name="nguyen van an", phone="0912.345.678") == known
        assert find_or_make(session, name="Nguyễn Văn An", email="AN@example.vn") == known
        assert find_or_make(session, name="Nguyễn Văn An") != known
        wife = find_or_make(session, name="Trần Thị Bình", phone="0912345678")
        assert wife != known, "a family shares a phone, not a receipt"
        other = find_or_make(
            session, name="Nguyễn Văn An", phone="0912345678", email="x@example.vn"
        )
        assert other != known, "a stranger changes nothing of a known donor"
        assert service.by_id(session, known).email == "an@example.vn"


def test_what_was_typed_before_is_still_the_same(app: Flask) -> None:
    with transaction() as session:
        facts = DonorFacts(name="Nguyễn Văn An", phone="0912 345 678").cleaned()
        donor = service.by_id(session, find_or_make(session, name=facts.name, phone=facts.phone))
        assert service.says_same(session, donor, facts)
        assert not service.says_same(session, donor, replace(facts, name="Nguyễn Văn Ân"))
