"""Donors corrected, merged and parted, their consents, and their erasure that keeps the books."""

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.db import transaction
from fundsvc.donations import receipting
from fundsvc.donations.models import Donation
from fundsvc.donors import consents, doubles, editing, erasing, merging
from fundsvc.donors import service as donors
from fundsvc.donors.consents import ConsentFacts
from fundsvc.donors.models import Donor, DonorVersion
from fundsvc.dossier import erasure, export, facts, listing
from fundsvc.dossier.listing import Filter
from fundsvc.errors import Conflict, Forbidden, NotFound, Refusal
from fundsvc.outbox.models import Letter
from fundsvc.receipts import service as receipts
from fundsvc.seals import service as seals
from tests.dossier.conftest import HUONG, People, gave
from tests.support import gifts

YES = ConsentFacts(
    purpose="named", given=True, said_on=date(2024, 9, 20), way="phone", words="Tôi đồng ý."
)


def found(session: Session, wanted: str) -> list[int]:
    return [row.id for row in listing.page(session, Filter(wanted=wanted)).rows]


def all_donors(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(text("SELECT * FROM donor ORDER BY id"))]


def test_found_by_name_phone_email_and_receipt(session: Session, huong: int) -> None:
    number = gifts.receipt(session.scalars(select(Donation.id)).one())
    for wanted in ("huong", "Nguyễn Thị HƯỜNG", "0912.345.678", "+84912345678", "HUONG@example.vn",
                   number, number.lower()):  # fmt: skip
        assert found(session, wanted) == [huong], wanted
    for wanted in ("0912345679", "an@example.vn", "NT-2024-000009", "%", "0912"):
        assert found(session, wanted) == [], wanted
    (row,) = listing.page(session, Filter()).rows
    assert (row.given.count, row.given.amount, row.given.last) == (1, 1_200_000, gifts.DAY)
    assert listing.count(session, Filter(wanted="huong")) == 1


def test_a_corrected_name_is_proved_by_the_old_one(session: Session, huong: int) -> None:
    seals.seal_new()
    with transaction() as writing:
        told = replace(HUONG, name="Nguyễn Thị Hương")
        assert editing.change(writing, huong, told, "Ghi nhầm dấu", by=None)
        assert not editing.change(writing, huong, told, "Lần nữa", by=None), "nothing differs"
    assert list(verify.faults(session)) == []
    assert session.scalars(select(DonorVersion.name)).all() == ["Nguyễn Thị Hường"]
    again = gifts.give(key="k" * 8, donor=replace(HUONG, name="Nguyễn Thị Hương"))
    assert again.new
    repeated = gifts.give(key="k" * 8, donor=replace(HUONG, name="Nguyễn Thị Hương"))
    assert not repeated.new
    with transaction() as writing:
        writing.execute(text("UPDATE donor SET name = 'Người khác'"))
    assert {fault.rule for fault in verify.faults(session)} == {"donor"}


def test_a_correction_needs_a_reason_and_a_name(app: Flask, huong: int) -> None:
    with transaction() as session, pytest.raises(Refusal) as caught:
        editing.change(session, huong, HUONG, " ", by=None)
    assert caught.value.reasons[0].field == "reason"
    with transaction() as session, pytest.raises(Refusal):
        editing.change(session, huong, replace(HUONG, name=""), "Sửa", by=None)


def test_merged_records_are_one_and_parted_as_they_were(session: Session, huong: int) -> None:
    other = gave(replace(HUONG, name="Nguyễn T. Hường", email=""), amount=300_000)
    before = all_donors(session)
    session.rollback()
    with transaction() as writing:
        merging.merge(writing, huong, other, by=None)
        merging.merge(writing, huong, other, by=None)
    assert found(session, "T. Hường") == [huong], "found by the name of the part"
    (row,) = listing.page(session, Filter()).rows
    assert (row.given.count, row.given.amount) == (2, 1_500_000)
    whole = facts.gather(session, donors.by_id(session, other))
    assert [record.id for record in whole.records] == [huong, other]
    assert whole.total == 1_500_000
    own = set(session.scalars(select(Donation.donor_id)))
    assert own == {huong, other}, "donations keep their donor"
    assert list(verify.faults(session)) == []
    session.rollback()
    with transaction() as writing:
        assert merging.part(writing, other, by=None).id == huong
    assert all_donors(session) == before


def test_merging_goes_one_way_only(app: Flask, huong: int) -> None:
    second, third = (gave(replace(HUONG, name=name)) for name in ("Lê Hai", "Lê Ba"))
    with transaction() as session:
        merging.merge(session, huong, second, by=None)
    for kept, gone, refusal in (
        (huong, huong, Refusal),
        (second, huong, Conflict),
        (third, second, Conflict),
        (huong, 999_999, NotFound),
    ):
        with transaction() as session, pytest.raises(refusal):
            merging.merge(session, kept, gone, by=None)
    with transaction() as session, pytest.raises(Conflict):
        merging.part(session, third, by=None)
    with transaction() as session:
        merging.merge(session, third, huong, by=None)
        chain = merging.family(session, donors.by_id(session, second))
        assert [donor.id for donor in chain] == [third, huong, second]
        with pytest.raises(Conflict):
            editing.change(session, second, HUONG, "Sửa", by=None)


def test_doubles_come_with_their_reasons(session: Session, huong: int) -> None:
    phone = gave(replace(HUONG, name="Trần Văn Nam", address="", email=""))
    home = gave(replace(HUONG, phone="", email=""))
    name = gave(replace(HUONG, name="NGUYEN THI HUONG", phone="", email="", address="Huế"))
    gave(replace(HUONG, name="Lê Thị Hoa", phone="0987654321", email="", address=""))
    likely = doubles.of_donor(session, donors.by_id(session, huong))
    assert [(one.donor.id, one.reasons) for one in likely] == [
        (phone, ("phone",)),
        (home, ("address",)),
        (name, ("name",)),
    ]
    groups = {
        (group.reason, tuple(one.id for one in group.donors)) for group in doubles.groups(session)
    }
    assert groups == {("phone", (huong, phone)), ("address", (huong, home))}


def test_what_was_said_last_holds(session: Session, huong: int) -> None:
    with transaction() as writing:
        first = consents.note_by_id(writing, huong, YES, by=None)
        assert consents.note_by_id(writing, huong, YES, by=None).id == first.id, "said once"
        later = replace(YES, given=False, said_on=date(2024, 9, 25))
        consents.note_by_id(writing, huong, later, by=None)
    standing = consents.standing(session, [huong])
    assert {purpose: row.given for purpose, row in standing.items()} == {"named": False}
    assert len(consents.history(session, [huong])) == 2


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"purpose": "sold"}, "purpose"),
        ({"way": "dream"}, "way"),
        ({"said_on": date(2024, 10, 1)}, "said_on"),
        ({"words": " "}, "words"),
        ({"words": "a\x00"}, None),
    ],
)
def test_what_cannot_have_been_said_is_refused(
    huong: int, other: dict[str, object], field: str | None
) -> None:
    with transaction() as session, pytest.raises(Refusal) as caught:
        consents.note_by_id(session, huong, replace(YES, **other), by=None)  # type: ignore[arg-type]  # what is tested
    assert field in {None, caught.value.reasons[0].field}


def test_forgetting_takes_two_people_and_keeps_the_books(
    session: Session, huong: int, people: People
) -> None:
    other = gave(
        replace(HUONG, name="Nguyễn T. Hường"), in_memory_of="Liệt sĩ Trần Văn Cơ", note="Bác Hường"
    )
    kept = gifts.receipt(
        session.scalars(select(Donation.id).where(Donation.donor_id == huong)).one()
    )
    session.rollback()
    seals.seal_new()
    with transaction() as writing:
        editing.change(writing, huong, replace(HUONG, phone=""), "Bỏ số", by=None)
        merging.merge(writing, huong, other, by=None)
        consents.note_by_id(writing, huong, YES, by=None)
        wish = erasing.ask(writing, huong, "Đề nghị qua điện thoại", by=people.treasurer).id
        again = erasing.ask(writing, huong, "Đề nghị qua điện thoại", by=people.treasurer)
        assert again.id == wish
        with pytest.raises(Forbidden):
            erasure.approve(writing, wish, by=people.treasurer)
    with transaction() as writing:
        assert erasure.approve(writing, wish, by=people.approver) == [huong, other]
    with transaction() as writing, pytest.raises(Conflict):
        erasure.approve(writing, wish, by=people.approver)
    assert list(verify.faults(session)) == []
    assert session.scalars(select(Letter.sealed)).all() == [None], "the letter is forgotten too"
    for table in ("donor", "donor_version", "donor_consent", "donation", "act", "donor_erasure"):
        rows = str(session.execute(text(f"SELECT * FROM {table}")).all())
        for personal in ("Hường", "Quảng Thọ", "Trần Văn Cơ", "912345678", "huong@"):
            assert personal not in rows, (table, personal)
    assert found(session, "") == []
    assert session.scalars(select(Donor.salt)).all() == [None, None]
    assert receipts.by_number(session, kept).facts["donor_name"] == "Nguyễn Thị Hường"
    assert session.scalars(select(Donation.amount)).all() == [1_200_000, 1_200_000]


def test_who_was_forgotten_stays_so_and_gives_anew_as_another(
    session: Session, huong: int, people: People
) -> None:
    donation = session.scalars(select(Donation.id)).one()
    session.rollback()
    with transaction() as writing:
        wish = erasing.ask(writing, huong, "Đề nghị", by=people.treasurer).id
    with transaction() as writing:
        erasure.approve(writing, wish, by=people.approver)
    for act in (
        lambda writing: editing.change(writing, huong, HUONG, "Sửa", by=None),
        lambda writing: consents.note_by_id(writing, huong, YES, by=None),
        lambda writing: erasing.ask(writing, huong, "Đề nghị", by=people.treasurer),
    ):
        with transaction() as writing, pytest.raises(Conflict):
            act(writing)
    assert gave(HUONG) != huong
    with transaction() as writing:
        receipt = receipting.issue_receipt(writing, donation, by=None)
        assert receipt.facts["donor_name"] == "", "anonymous from then on"


def test_a_wish_may_be_refused_or_taken_back(huong: int, people: People) -> None:
    for act, by in ((erasing.refuse, people.approver), (erasing.withdraw, people.treasurer)):
        with transaction() as session:
            wish = erasing.ask(session, huong, "Đề nghị", by=people.treasurer).id
        with transaction() as session:
            act(session, wish, by=by)
            assert donors.by_id(session, huong).name == "Nguyễn Thị Hường"
    with transaction() as session, pytest.raises(Forbidden):
        erasing.ask(session, huong, "Đề nghị", by=people.approver)


def test_all_that_is_known_is_handed_out_and_noted(huong: int, people: People) -> None:
    gifts.receipt(1)
    with transaction() as session:
        consents.note_by_id(session, huong, YES, by=people.treasurer)
        whole = facts.gather(session, donors.by_id(session, huong))
        told = export.as_facts(whole)
        pdf = export.hand_out(session, whole, "pdf", by=people.treasurer)
        with pytest.raises(Refusal):
            export.hand_out(session, whole, "exe", by=people.treasurer)
    assert told["records"][0]["phone"] == "0912345678"
    assert told["records"][0]["email"] == "huong@example.vn"
    assert told["donations"][0]["receipts"][0]["states"]["amount"] == 1_200_000
    assert told["consents"][0]["words"] == "Tôi đồng ý."
    assert told["total"] == 1_200_000
    assert pdf.startswith(b"%PDF")
    with transaction() as session:
        kinds = session.execute(
            text("SELECT kind, facts FROM act WHERE kind = 'donor.export'")
        ).all()
    assert [tuple(row) for row in kinds] == [("donor.export", '{"format":"pdf"}')]


@pytest.mark.parametrize(
    "change", ["phone_hash = email_hash", "email_sealed = phone_sealed", "phone_sealed = 'x'"]
)
def test_a_contact_that_is_not_what_was_sealed_is_found(
    session: Session, huong: int, change: str
) -> None:
    assert list(verify.faults(session)) == []
    session.rollback()
    with transaction() as writing:
        writing.execute(text(f"UPDATE donor SET {change}"))
    assert [(fault.rule, fault.place) for fault in verify.faults(session)] == [
        ("donor-contact", f"donor:{huong}")
    ]
