"""Donors of campaign pages: known again, named as long as they agree, forgotten everywhere."""

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc import verify
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.donors import consents, erasing, merging
from fundsvc.donors import service as donors
from fundsvc.donors.consents import ConsentFacts
from fundsvc.dossier import erasure, export, facts
from fundsvc.giving import becoming, came
from fundsvc.giving.models import CampaignPage, Pledge
from tests.dossier.conftest import People
from tests.support import gifts
from tests.support.giving import DAY, PROMISE, bank_money, promised, published

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def donor(app: Flask, people: People) -> int:
    """Who gave twice by bank on a page, agreed to be named, and promised a third time."""
    del app
    published()
    for place, key in enumerate(("k1", "k2")):
        promised(key, phone="0912345678")
        with transaction() as session:
            bank_money(session, 500_000, f"bank-line:{place}")
            found = session.scalars(select(Pledge).where(Pledge.key == key)).one()
            becoming.becomes(
                session, found, origin=f"bank-line:{place}", amount=500_000, received_on=DAY
            )
    promised("k3", phone="0912345678")
    promised("k4", name="Người khác")
    with transaction() as session:
        (donor_id,) = set(session.scalars(select(Donation.donor_id)))
    assert donor_id
    return donor_id


def test_the_tick_on_the_page_is_a_consent_and_can_be_taken_back(
    session: Session, donor: int
) -> None:
    page_id = session.scalars(select(CampaignPage.id)).one()
    standing = consents.standing(session, [donor])["named"]
    assert (standing.given, standing.way) == (True, "online")
    assert standing.words == "Đồng ý cho nêu tên trên trang này"
    assert len(came.recently_named(session, page_id, most=5)) == 2
    session.rollback()
    no = ConsentFacts(
        purpose="named", given=False, said_on=standing.said_on, way="phone", words="Thôi nêu tên."
    )
    with transaction() as writing:
        consents.note_by_id(writing, donor, no, by=None)
    assert came.recently_named(session, page_id, most=5) == []


def test_promises_belong_to_the_donor_and_are_forgotten_too(
    session: Session, donor: int, people: People
) -> None:
    whole = facts.gather(session, donors.by_id(session, donor))
    told = export.as_facts(whole)
    assert [one["state"] for one in told["promises"]] == ["open", "given", "given"]
    assert {one["phone"] for one in told["promises"]} == {"0912345678"}
    session.rollback()
    with transaction() as writing:
        wish = erasing.ask(writing, donor, "Đề nghị", by=people.treasurer).id
    with transaction() as writing:
        erasure.approve(writing, wish, by=people.approver)
    names = session.scalars(select(Pledge.name).order_by(Pledge.key)).all()
    assert names == ["", "", "", "Người khác"]
    letters = session.execute(text("SELECT state, sealed FROM letter")).all()
    assert len(letters) == 2
    assert {tuple(row) for row in letters} == {("dead", None)}
    for table in ("donor", "donor_consent", "donation", "pledge", "act"):
        rows = str(session.execute(text(f"SELECT * FROM {table}")).all())
        assert PROMISE.name not in rows, table
    assert list(verify.faults(session)) == []


def test_money_for_a_forgotten_promise_is_anonymous(
    session: Session, donor: int, people: People
) -> None:
    with transaction() as writing:
        wish = erasing.ask(writing, donor, "Đề nghị", by=people.treasurer).id
    with transaction() as writing:
        erasure.approve(writing, wish, by=people.approver)
    with transaction() as writing:
        bank_money(writing, 500_000, "bank-line:9")
        found = writing.scalars(select(Pledge).where(Pledge.key == "k3")).one()
        done = becoming.becomes(
            writing, found, origin="bank-line:9", amount=500_000, received_on=DAY
        )
    assert session.get_one(Donation, done.donation_id).donor_id is None


def test_a_no_said_to_people_stands_whatever_a_stranger_ticks(session: Session, donor: int) -> None:
    page_id = session.scalars(select(CampaignPage.id)).one()
    session.rollback()
    no = ConsentFacts(purpose="named", given=False, said_on=DAY, way="phone", words="Thôi nêu tên.")
    said_to = gifts.give(donor=gifts.DONOR)
    with transaction() as writing:
        other = writing.get_one(Donation, said_to.id).donor_id
        assert other
        consents.note_by_id(writing, other, no, by=None)
        merging.merge(writing, donor, other, by=None)
        assert consents.refusing(writing, [donor], "named") == {donor}
    with transaction() as writing:
        bank_money(writing, 500_000, "bank-line:9")
        found = writing.scalars(select(Pledge).where(Pledge.key == "k3")).one()
        becoming.becomes(writing, found, origin="bank-line:9", amount=500_000, received_on=DAY)
        assert len(consents.history(writing, [donor])) == 1
    assert came.recently_named(session, page_id, most=5) == []
