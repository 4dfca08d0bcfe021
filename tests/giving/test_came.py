"""What came by a page is what a plain count of its donations says, line by line, at any time."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import set_scope, transaction
from fundsvc.donations import returns
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.donors import consents, merging
from fundsvc.donors.consents import ConsentFacts
from fundsvc.giving import becoming, came, pages
from fundsvc.giving.came import Named, Progress
from fundsvc.giving.models import CampaignPage, Pledge, PledgeDonation
from fundsvc.receipts import service as receipts
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.units.importing import import_units
from ledger import recipes
from tests.support.giving import DAY, FACTS, SLUG, promised, published

pytestmark = pytest.mark.usefixtures("clock", "two_pages")
HUE = "nha-tinh-nghia-hue"


@pytest.fixture
def two_pages(app: Flask) -> None:
    """A page of the centre and one of HUE, both for the charity fund."""
    del app
    published()
    with transaction() as session:
        data = "code,name,kind,province\nHUE,Thành hội Huế,provincial,2025:46\n".encode()
        assert import_units(session, data, commit=True, by=None).committed
        account = add_bank_account(
            session,
            code="HUENT",
            bank="Agribank",
            number="1234567891",
            fund="nghia-tinh",
            unit="HUE",
            by=None,
        )
        other = replace(FACTS, slug=HUE, unit="HUE", bank_account_id=account.id, bank_bin="970405")
        pages.make(session, other, by=None)
        pages.publish(session, HUE, by=None)


def give(key: str, amount: int, origin: str, unit: str = "TW") -> int:
    """Let money come to the bank for a promise; return the donation."""
    with transaction() as session:
        entry(session, amount, f"in:{origin}", unit)
        found = session.scalars(select(Pledge).where(Pledge.key == key)).one()
        given = becoming.becomes(session, found, origin=origin, amount=amount, received_on=DAY)
    return given.donation_id


def entry(session: Session, amount: int, name: str, unit: str = "TW") -> int:
    """Book money of the bank, whose entry stands for whatever moved."""
    booked = recipes.bank_credit(
        on=DAY,
        unit=unit,
        fund="nghia-tinh",
        amount=amount,
        description="Tiền vào",
        bank_account="TWNT" if unit == "TW" else "HUENT",
    )
    return books.post(session, booked, source="test-bank", external_id=name).id


def go_back(donation: int, amount: int, name: str) -> None:
    """Let money of a donation go back, or come here again."""
    with transaction() as session:
        moved = entry(session, 1_000, f"back:{name}")
        returns.give_back(session, donation, amount, on=DAY, entry_id=moved, key=name)


def reverse(donation: int) -> None:
    """Void the receipt of a donation and take the donation back."""
    with transaction() as session:
        (valid,) = (one for one in receipts.of_donation(session, donation) if one.voided_at is None)
        receipts.void(session, valid.number, "Ghi nhầm", by=None)
        donations.reverse(session, donation, on=None, reason="Ghi nhầm", by=None)


def told(session: Session, slug: str = SLUG, most: int = 5) -> tuple[Progress, list[Named]]:
    """Return what the page shows."""
    session.rollback()
    page = pages.by_slug(session, slug)
    return came.progress(session, page.id), came.recently_named(session, page.id, most=most)


def counted(session: Session, slug: str = SLUG, most: int = 5) -> tuple[Progress, list[Named]]:
    """Return the same by looking at one donation after the other."""
    session.rollback()
    raised = count = 0
    named = []
    for tie in session.scalars(select(PledgeDonation).order_by(PledgeDonation.donation_id.desc())):
        promise = session.get_one(Pledge, tie.pledge_id)
        donation = session.get_one(Donation, tie.donation_id)
        if session.get_one(CampaignPage, promise.page_id).slug != slug:
            continue
        undone = select(Entry.id).where(Entry.reverses_id == donation.entry_id)
        went = select(DonationReturn.amount).where(DonationReturn.donation_id == donation.id)
        left = donation.amount - sum(session.scalars(went))
        if session.scalar(undone) is not None or left <= 0:
            continue
        raised, count = raised + left, count + 1
        silent = donation.donor_id and consents.refusing(session, [donation.donor_id], "named")
        if promise.may_be_named and not silent:
            named.append(Named(promise.name, left, donation.received_on))
    return Progress(raised, count), named[:most]


def test_the_page_shows_what_a_plain_count_gives_after_each_step(session: Session) -> None:
    promised("k1", name="Lê Văn An", phone="0912000001")
    promised("k2", name="Trần Thị Bình", phone="0912000002")
    promised("k3", name="Phạm Kín", phone="0912000003", may_be_named=False)
    promised("k4", name="Không Trả", phone="0912000004")
    promised("k5", name="", email="", may_be_named=False)
    promised("h1", HUE, name="Hồ Thị Huế", phone="0912000005")
    first: dict[str, int] = {}

    def gift(name: str, key: str, amount: int, unit: str = "TW") -> Callable[[], None]:
        return lambda: first.update({name: give(key, amount, name, unit)})

    steps: list[tuple[Callable[[], None], int, int]] = [
        (gift("a", "k1", 500_000), 500_000, 1),
        (gift("b", "k2", 200_000), 700_000, 2),
        (gift("c", "k1", 300_000), 1_000_000, 3),
        (gift("d", "k3", 100_000), 1_100_000, 4),
        (gift("e", "k5", 50_000), 1_150_000, 5),
        (gift("h", "h1", 900_000, "HUE"), 1_150_000, 5),
        (lambda: go_back(first["a"], 200_000, "r1"), 950_000, 5),
        (lambda: go_back(first["a"], 100_000, "r2"), 850_000, 5),
        (lambda: go_back(first["b"], 200_000, "r3"), 650_000, 4),
        (lambda: go_back(first["h"], 900_000, "r4"), 650_000, 4),
        (lambda: go_back(first["b"], -200_000, "r5"), 850_000, 5),
        (lambda: go_back(first["b"], 200_000, "r6"), 650_000, 4),
        (lambda: reverse(first["c"]), 350_000, 3),
        (lambda: reverse(first["d"]), 250_000, 2),
        (gift("f", "k1", 70_000), 320_000, 3),
        (lambda: go_back(first["a"], 200_000, "r7"), 120_000, 2),
    ]
    for act, raised, donations_ in steps:
        act()
        shown = told(session)
        assert shown[0] == Progress(raised, donations_)
        assert shown == counted(session)
        assert told(session, HUE) == counted(session, HUE)
    assert [one.name for one in told(session)[1]] == ["Lê Văn An"]
    assert told(session, HUE) == (Progress(0, 0), [])


def test_a_donation_returned_in_part_and_then_taken_back_is_gone_once(session: Session) -> None:
    promised("k1")
    promised("k2", name="Trần Thị Bình")
    number = give("k1", 500_000, "a")
    give("k2", 200_000, "b")
    go_back(number, 100_000, "r1")
    with transaction() as writing:
        returns.renew_receipt(writing, number, reason="Hoàn", by=None)
    with transaction() as writing:
        # No rule lets this happen today; the page would count right all the same.
        taken = writing.get_one(Donation, number).entry_id
        books.reverse(writing, taken, on=DAY, reason="Nhầm", maker_id=None)
    assert told(session) == counted(session)
    assert told(session)[0] == Progress(200_000, 1)


def test_the_newest_who_agree_are_named_whatever_their_number(session: Session) -> None:
    for number in range(8):
        promised(f"k{number}", name=f"Người {number}", phone=f"091200000{number}", email="")
        give(f"k{number}", 100_000 + number, f"m{number}")
    names = [one.name for one in told(session)[1]]
    assert names == ["Người 7", "Người 6", "Người 5", "Người 4", "Người 3"]
    no = ConsentFacts(purpose="named", given=False, said_on=DAY, way="phone", words="Thôi.")
    with transaction() as writing:
        found = writing.scalars(select(Donation.donor_id).order_by(Donation.id)).all()
        donors = [donor for donor in found if donor]
        # Who gave last was written down twice, and said no as the other one.
        merging.merge(writing, donors[0], donors[7], by=None)
        consents.note_by_id(writing, donors[0], no, by=None)
        consents.note_by_id(writing, donors[6], no, by=None)
    assert told(session) == counted(session)
    assert [one.name for one in told(session, most=2)[1]] == ["Người 5", "Người 4"]


def test_within_another_unit_nothing_is_seen_of_it(session: Session) -> None:
    promised("k1")
    give("k1", 500_000, "a")
    session.rollback()
    page = pages.by_slug(session, SLUG)
    set_scope(session, {page.unit_id})
    assert came.progress(session, page.id) == Progress(500_000, 1)
    assert len(came.recently_named(session, page.id, most=5)) == 1
    set_scope(session, {page.unit_id + 1})
    assert came.progress(session, page.id) == Progress(0, 0)
    assert came.recently_named(session, page.id, most=5) == []


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_page_is_summed_by_its_indexes(session: Session) -> None:
    """Else each look at a page would take longer with each donation."""

    def plan(query: str) -> str:
        rows = session.execute(text(f"EXPLAIN QUERY PLAN {query}"), {"page": 1, "most": 5})
        return "\n".join(str(row[3]) for row in rows)

    assert "pledge_donation USING COVERING INDEX ix_pledge_donation_page_id" in plan(came._CAME)
    assert plan(came._CAME).count("ix_pledge_donation_page_id") == 1
    assert "given USING INDEX ix_pledge_donation_named" in plan(came._NAMED)
    assert "TEMP B-TREE" not in plan(came._NAMED)
