"""Promises: one for each form, and one donation for each money that comes for them."""

import pkgutil
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc import verify, worker
from fundsvc.books import service as books
from fundsvc.books.models import Account, Posting
from fundsvc.db import transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.models import Donor
from fundsvc.errors import Conflict, Refusal
from fundsvc.giving import background, becoming, came, pages, service
from fundsvc.giving.models import Pledge
from fundsvc.outbox.models import Letter
from fundsvc.receipts import service as receipts
from tests.support import gifts
from tests.support.giving import DAY, FACTS, PROMISE, SLUG, bank_money, promised, published

pytestmark = pytest.mark.usefixtures("clock", "page")


@pytest.fixture
def page(app: Flask) -> str:
    del app
    return published()


def give(key: str, amount: int, origin: str, **other: Any) -> becoming.Given:
    with transaction() as session:
        if other.get("method", "bank") == "bank":
            bank_money(session, amount, origin)
        found = session.scalars(select(Pledge).where(Pledge.key == key)).one()
        return becoming.becomes(
            session, found, origin=origin, amount=amount, received_on=DAY, **other
        )


def count(session: Session, model: Any) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_form_is_one_promise_even_after_a_day(session: Session) -> None:
    first = promised("k1")
    with service_clock.fixed(service_clock.now() + timedelta(days=1)):
        again = promised("k1")
    assert (first.id, first.code, first.token) == (again.id, again.code, again.token)
    assert count(session, Pledge) == 1


@pytest.mark.parametrize(
    "other", [{"amount": 1_000}, {"name": "Ai khác"}, {"email": ""}, {"may_be_named": False}]
)
def test_the_same_form_with_other_words_is_refused(session: Session, other: dict[str, Any]) -> None:
    promised("k1")
    with pytest.raises(Conflict):
        promised("k1", **other)
    assert count(session, Pledge) == 1


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 999}, "amount"),
        ({"amount": -5}, "amount"),
        ({"amount": 500_000_001}, "amount"),
        ({"email": "không phải"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a..b@vidu.vn"}, "email"),
        ({"email": "a@-vidu.vn"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"phone": "0912345678x"}, "phone"),
        ({"name": "", "may_be_named": True}, "may_be_named"),
        ({"name": "\ud800"}, "name"),
        ({"name": "\x00", "may_be_named": False}, "name"),
        ({"on_behalf_of": "x" * 201}, "on_behalf_of"),
        ({"province": "2025:99"}, "province"),
        ({"method": "vàng"}, "method"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(
    session: Session, other: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        promised(**other)
    assert field in {reason.field for reason in caught.value.reasons}
    assert count(session, Pledge) == 0


@pytest.mark.parametrize("amount", [1_000, 500_000_000])
def test_least_and_most_are_taken(amount: int) -> None:
    assert promised(amount=amount).amount == amount


def test_nothing_readable_of_email_and_phone_is_kept() -> None:
    made = promised(phone="0912 345 678")
    assert made.email_sealed
    assert b"vidu" not in made.email_sealed
    assert (service.email(made), service.phone(made)) == ("mau@vidu.vn", "0912 345 678")


def test_bank_money_becomes_a_donation_with_its_receipt(session: Session) -> None:
    made = promised()
    done = give("k1", 500_000, "bank-line:1")
    assert done.new
    kept = session.get_one(Donation, done.donation_id)
    rows = session.execute(
        select(Account.code, Posting.debit, Posting.credit)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == kept.entry_id)
        .order_by(Posting.line)
    )
    assert [tuple(row) for row in rows] == [("3381", 500_000, 0), ("7113", 0, 500_000)]
    assert books.balance(session, account="3381", fund="nghia-tinh", unit="TW") == 0
    assert session.get_one(Donor, kept.donor_id).name == "Nguyễn Thị Mẫu"
    (receipt,) = receipts.of_donation(session, done.donation_id)
    assert (receipt.number, receipt.facts["amount"]) == (done.receipt, 500_000)
    now = session.get_one(Pledge, made.id)
    assert (now.state, now.donation_id) == ("given", done.donation_id)
    assert not list(verify.faults(session))


def test_the_same_money_is_one_donation_and_other_money_another(session: Session) -> None:
    promised()
    first = give("k1", 500_000, "bank-line:1")
    with transaction() as writing:
        found = writing.scalars(select(Pledge)).one()
        again = becoming.becomes(
            writing, found, origin="bank-line:1", amount=500_000, received_on=DAY
        )
    assert (again.donation_id, again.receipt, again.new) == (
        first.donation_id, first.receipt, False)  # fmt: skip
    second = give("k1", 200_000, "bank-line:2")
    assert second.new
    assert count(session, Donation) == 2
    assert session.scalars(select(Pledge.donation_id)).one() == first.donation_id


def test_money_of_one_promise_is_not_that_of_another() -> None:
    promised("k1")
    promised("k2")
    give("k1", 500_000, "bank-line:1")
    with pytest.raises(Conflict):
        give("k2", 500_000, "bank-line:1")


def test_money_by_card_waits_in_transit(session: Session) -> None:
    promised(method="card")
    give("k1", 500_000, "card:pi_1", method="card")
    assert books.balance(session, account="113.stripe", fund="nghia-tinh", unit="TW") == 500_000
    assert books.balance(session, account="7112", fund="nghia-tinh", unit="TW") == -500_000
    assert not list(verify.faults(session))


def test_whoever_stays_anonymous_has_no_donor_but_a_receipt(session: Session) -> None:
    promised(name="", may_be_named=False)
    done = give("k1", 500_000, "bank-line:1")
    assert done.receipt
    assert count(session, Donor) == 0


def test_a_failed_promise_and_a_lapsed_one_still_take_money(session: Session) -> None:
    with transaction() as writing:
        made = service.pledge(writing, pages.by_slug(writing, SLUG), PROMISE, "k1")
        service.fails(writing, made, "Thẻ bị từ chối.")
        assert made.state == "failed"
        assert service.lapse(writing, service_clock.now() + timedelta(seconds=1)) == 1
    give("k1", 500_000, "bank-line:1")
    assert session.scalars(select(Pledge.state)).one() == "given"


def test_progress_counts_what_came_and_names_only_who_agreed(session: Session) -> None:
    promised("k1")
    promised("k2", name="Trần Văn Kín", may_be_named=False)
    promised("k3", name="Không Trả")
    give("k1", 500_000, "a")
    give("k2", 200_000, "b")
    session.rollback()
    page = pages.by_slug(session, SLUG)
    assert came.progress(session, page.id) == came.Progress(700_000, 2)
    assert [named.name for named in came.recently_named(session, page.id, most=5)] == [
        "Nguyễn Thị Mẫu"
    ]


def test_a_page_that_is_closed_takes_no_promise_but_its_money() -> None:
    promised()
    with transaction() as session:
        pages.close(session, SLUG, by=None)
    with pytest.raises(Refusal, match="đã kết thúc"):
        promised("k2")
    assert promised("k1").key == "k1"
    assert give("k1", 500_000, "bank-line:1").new


def test_erasing_takes_the_names_and_leaves_the_sum(session: Session) -> None:
    promised(phone="0912345678", in_memory_of="Ông Mẫu")
    done = give("k1", 500_000, "bank-line:1")
    with transaction() as writing:
        service.erase(writing, [done.donation_id])
    session.rollback()
    kept = session.scalars(select(Pledge)).one()
    assert (kept.name, kept.in_memory_of, kept.email_sealed, kept.phone_hash) == (
        "",
        "",
        None,
        None,
    )
    assert (kept.amount, kept.state) == (500_000, "given")


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"slug": "Có Dấu"}, "slug"),
        ({"slug": "a"}, "slug"),
        ({"slug": "-a-b-"}, "slug"),
        ({"title": " "}, "title"),
        ({"amounts": (999,)}, "amounts"),
        ({"amounts": (5_000, 5_000)}, "amounts"),
        ({"bank_bin": "12"}, "bank_bin"),
        ({"story": "\ud800"}, "story"),
    ],
)
def test_a_page_that_cannot_be_is_refused(other: dict[str, Any], field: str) -> None:
    facts = replace(FACTS, slug="trang-khac")
    with pytest.raises(Refusal) as caught, transaction() as session:
        pages.make(session, replace(facts, **other), by=None)
    assert [reason.field for reason in caught.value.reasons] == [field]


def test_a_page_that_lacks_its_account_is_not_published() -> None:
    with transaction() as session:
        pages.make(session, replace(FACTS, slug="thieu"), by=None)
    with pytest.raises(Refusal) as caught, transaction() as session:
        pages.publish(session, "thieu", by=None)
    assert {reason.field for reason in caught.value.reasons} == {"bank_account", "bank_bin"}


def test_the_receipt_of_a_promise_bears_no_address_that_nobody_typed_there(
    session: Session,
) -> None:
    known = gifts.give(donor=gifts.DONOR)
    own = gifts.receipt(known.id)
    promised("k1", name="nguyen thi huong", email="", phone=gifts.DONOR.phone)
    done = give("k1", 500_000, "bank-line:1")
    session.rollback()
    first, other = (session.get_one(Donation, one) for one in (known.id, done.donation_id))
    assert first.donor_id == other.donor_id
    assert receipts.by_number(session, own).facts["donor_address"] == gifts.DONOR.address
    assert done.receipt
    assert receipts.by_number(session, done.receipt).facts["donor_address"] == ""
    with transaction() as writing:
        receipts.void(writing, done.receipt, "ghi sai", by=None)
    again = gifts.receipt(done.donation_id)
    session.rollback()
    assert receipts.by_number(session, again).facts["donor_address"] == ""


def test_the_worker_lets_promises_lapse_once_a_day(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(background._due, "lapse", 0.0)
    promised("k1")
    with service_clock.fixed(service_clock.now() + timedelta(days=61)):
        promised("k2")
        for target in worker.PUSHED:
            if "giving" in target:
                pkgutil.resolve_name(target)(lambda: False)
        states = {one.key: one.state for one in session.scalars(select(Pledge))}
        session.rollback()
    assert states == {"k1": "lapsed", "k2": "open"}
    assert background._due["lapse"] > 0


def test_a_lapsed_promise_keeps_nobodys_name_and_contacts_and_takes_late_money(
    session: Session,
) -> None:
    promised("k1", email="an@example.org", phone="0912 000 111", on_behalf_of="Cả nhà")
    with transaction() as writing:
        assert service.lapse(writing, service_clock.now() + timedelta(seconds=1)) == 1
    session.rollback()
    kept = session.scalars(select(Pledge)).one()
    assert (kept.email_sealed, kept.phone_sealed, kept.phone_hash) == (None, None, None)
    assert (kept.name, kept.on_behalf_of, kept.may_be_named, kept.digest) == ("", "", False, "")
    assert (kept.state, kept.erased_at, kept.amount) == ("lapsed", kept.ended_at, 500_000)
    give("k1", 500_000, "bank-line:1")
    session.rollback()
    assert session.scalars(select(Donation.donor_id)).one() is None
    assert session.scalars(select(Letter.id)).all() == []
    assert not [*verify.faults(session)]
