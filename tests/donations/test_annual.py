"""Receipts of a span of dates: every gift once, by its own receipt; issued to one or to all."""

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc import worker
from fundsvc.db import transaction
from fundsvc.donations import annual, annual_printing
from fundsvc.donations.models import AnnualReceipt, Donation
from fundsvc.donors import merging
from fundsvc.donors.models import Donor
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import NotFound, Refusal
from fundsvc.outbox.models import Letter
from fundsvc.public.limits import Limiter
from fundsvc.receipts import service as receipts
from fundsvc.receipts.models import Receipt
from fundsvc.verify import faults
from tests.support import paper
from tests.support.forms import alike, hidden
from tests.support.gifts import give, give_with_receipt

pytestmark = pytest.mark.usefixtures("app", "clock")

SignIn = Callable[..., FlaskClient]
FIRST, LAST = date(2024, 1, 1), date(2024, 9, 30)
BINH = DonorFacts(name="Nguyễn Văn Bình", email="binh@example.com")
LAN = DonorFacts(name="Trần Thị Lan", address="Hà Nội")
SPAN = {"from": "2024-01-01", "to": "2024-09-30"}


def donor(session: Session, name: str) -> int:
    session.rollback()
    return session.scalars(select(Donor.id).where(Donor.name == name)).one()


def issue(donor_id: int, first: date = FIRST, last: date = LAST) -> tuple[str, bool]:
    with transaction() as session:
        issued = annual.issue(session, donor_id, first, last, by=None, issuer="Lê Kế Toán")
        return issued.receipt.number, issued.new


def count(session: Session, model: type[Receipt | AnnualReceipt | Letter]) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def post(client: FlaskClient, address: str, **fields: str) -> TestResponse:
    """Send the form of the page, for the span."""
    token = hidden(client, "/annual-receipts")["csrf_token"]
    return client.post(address, data={"csrf_token": token, **SPAN, **fields})


def three(session: Session) -> tuple[int, str]:
    """Let Bình give three times, once with a receipt; return him and its number."""
    own = give_with_receipt(donor=BINH, amount=1_000_000, received_on=date(2024, 2, 1))
    give(donor=BINH, amount=500_000, received_on=date(2024, 3, 1))
    give(donor=BINH, amount=300_000, received_on=date(2024, 9, 30))
    give(donor=BINH, amount=9_000_000, received_on=date(2023, 12, 31))
    give(donor=LAN, amount=200_000)
    give(donor=None, amount=100_000)
    return donor(session, BINH.name), own


def test_every_gift_of_the_span_is_listed_once_by_its_own_receipt(session: Session) -> None:
    binh, own = three(session)
    number, new = issue(binh)
    assert (number, new) == ("XN-2024-000001", True)
    facts = annual.facts_of(annual.by_number(session, number))
    assert [(line[0], line[3]) for line in facts.lines] == [
        ("2024-02-01", 1_000_000),
        ("2024-03-01", 500_000),
        ("2024-09-30", 300_000),
    ]
    assert facts.lines[0][2] == own, "it is not receipted twice"
    assert facts.amount == 1_800_000
    assert count(session, Receipt) == 3
    assert count(session, Letter) == 1, "only the receipt that was issued by itself was mailed"
    assert list(faults(session)) == []


def test_the_same_again_is_the_same_paper_and_a_change_replaces_it(session: Session) -> None:
    binh, own = three(session)
    first, _new = issue(binh)
    assert issue(binh) == (first, False)
    with transaction() as writing:
        receipts.void(writing, own, "ghi sai", by=None)
    second, new = issue(binh)
    assert new
    session.rollback()
    old = annual.by_number(session, first)
    assert old.voided_at
    assert old.replaced_by_id == annual.by_number(session, second).id
    assert annual.facts_of(annual.by_number(session, second)).replaces == first
    assert list(faults(session)) == []


def test_gifts_of_records_that_were_merged_are_on_one_paper(session: Session) -> None:
    binh, _own = three(session)
    lan = donor(session, LAN.name)
    with transaction() as writing:
        writing.get_one(Donor, lan).merged_into_id = binh
    (one,) = annual.candidates(session, FIRST, LAST)
    assert (one.donor_id, one.gifts, one.amount, one.without) == (binh, 4, 2_000_000, 3)
    number, _new = issue(binh)
    assert annual.facts_of(annual.by_number(session, number)).amount == 2_000_000
    with pytest.raises(NotFound):
        issue(lan)


def test_papers_from_before_records_were_merged_or_parted_list_no_gift_twice(
    session: Session,
) -> None:
    binh, _own = three(session)
    lan = donor(session, LAN.name)
    hers, _new = issue(lan, date(2024, 2, 1))
    with transaction() as writing:
        merging.merge(writing, binh, lan, by=None)
    whole, _new = issue(binh)
    session.rollback()
    replaced = annual.by_number(session, hers)
    assert replaced.voided_at is not None
    assert replaced.replaced_by_id == annual.by_number(session, whole).id
    with transaction() as writing:
        merging.part(writing, lan, by=None)
    again, new = issue(lan)
    session.rollback()
    assert new
    assert annual.by_number(session, whole).voided_at is not None
    his, new = issue(binh)
    session.rollback()
    assert new
    valid = select(AnnualReceipt.facts).where(AnnualReceipt.voided_at.is_(None))
    listed = [line[2] for facts in session.scalars(valid) for line in facts["lines"]]
    assert len(listed) == len(set(listed)) == 4
    assert annual.by_number(session, again).voided_at is None
    assert annual.by_number(session, his).voided_at is None
    assert issue(lan) == (again, False)
    assert list(faults(session)) == []


def test_what_cannot_be_issued_is_refused_and_changes_nothing(session: Session) -> None:
    binh, _own = three(session)
    with pytest.raises(Refusal):
        issue(binh, date(2022, 1, 1), date(2022, 12, 31))
    with pytest.raises(NotFound):
        issue(999)
    for first, last in ((None, LAST), (FIRST, None), (FIRST, date(2024, 12, 31))):
        with pytest.raises(Refusal):
            annual.check_span(first, last)
    assert count(session, AnnualReceipt) == 0


def test_the_paper_says_it_all_and_is_kept(session: Session) -> None:
    binh, own = three(session)
    number, _new = issue(binh)
    data = annual_printing.freeze_pdf(number)
    text = paper.flat(data)
    for told in (number, own, "Nguyễn Văn Bình", "1.800.000", "Một triệu tám trăm nghìn đồng"):
        assert told in text
    assert annual_printing.freeze_pdf(number) == data
    session.rollback()
    assert annual.by_number(session, number).pdf_sha256


def test_strangers_verify_it_by_its_code(app: Flask, client: FlaskClient, session: Session) -> None:
    app.extensions["fundsvc.public.limiter"] = Limiter(burst=1_000)
    binh, own = three(session)
    number, _new = issue(binh)
    code = annual.by_number(session, number).code
    page = client.get(f"/v/{number}?c={code}").text
    assert "N***** V** B***" in page
    assert "1.800.000 đ" in page
    assert "Nguyễn Văn Bình" not in page
    wrong = client.get(f"/v/{number}?c=ABCDEFGHJKLMNPQR")
    unknown = client.get("/v/XN-2024-999999?c=ABCDEFGHJKLMNPQR")
    assert wrong.status_code == 404
    assert alike(wrong)[0] == alike(unknown)[0]
    with transaction() as writing:
        receipts.void(writing, own, "ghi sai", by=None)
    assert own in client.get(f"/v/{number}?c={code}").text, "it says what was voided since"
    issue(binh)
    assert "Thay bằng giấy xác nhận số XN-2024-000002" in client.get(f"/v/{number}?c={code}").text


@pytest.mark.both_engines
def test_the_preview_changes_nothing_and_the_job_tells_of_each(
    signed_in: SignIn, session: Session
) -> None:
    binh, _own = three(session)
    client = signed_in("treasurer")
    page = client.get("/annual-receipts", query_string=SPAN)
    assert "Trần Thị Lan" in page.text
    assert count(session, AnnualReceipt) == 0
    assert count(session, Receipt) == 1
    key = hidden(client, "/annual-receipts?from=2024-01-01&to=2024-09-30")["key"]
    there = post(client, "/annual-receipts", key=key, mail="1")
    assert there.status_code == 303
    assert post(client, "/annual-receipts", key=key, mail="1").location == there.location
    assert client.get(f"{there.location}/progress").json["done"] == 0  # type: ignore[index]
    worker.do_jobs()
    told = client.get(there.location).text
    assert "XN-2024-000001" in told
    assert "XN-2024-000002" in told
    assert count(session, AnnualReceipt) == 2
    keys = session.scalars(select(Letter.key).where(Letter.kind == "annual")).all()
    assert len(keys) == 1, "Lan has no e-mail"
    other = post(client, "/annual-receipts", key="again").location
    worker.do_jobs()
    assert "Đã có" in client.get(other).text
    assert count(session, AnnualReceipt) == 2
    assert binh


def test_one_donor_is_served_at_once_and_the_page_shows_it(
    signed_in: SignIn, session: Session
) -> None:
    binh, own = three(session)
    client = signed_in("unit-treasurer", ["TW"])
    there = post(client, "/annual-receipts/one", donor=str(binh))
    assert there.status_code == 303
    assert own in client.get(there.location).text
    assert client.get(f"{there.location}.pdf").data.startswith(b"%PDF")
    assert post(client, "/annual-receipts", key="k").status_code == 403
    other = signed_in("unit-treasurer")
    assert other.get(there.location).status_code == 404
    for hostile in ("", "x", "-1", "9" * 30, "²"):
        answer = post(client, "/annual-receipts/one", donor=hostile)
        assert answer.status_code == 404
    for span in ({"from": "x"}, {"to": "2023-12-31"}, {"from": "31/02/2024"}):
        assert client.get("/annual-receipts", query_string=SPAN | span).status_code == 422


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        ("DELETE FROM annual_receipt", "append"),
        ("UPDATE annual_receipt SET facts = '{}'", "annual_receipt_frozen"),
        ("UPDATE annual_receipt SET code = 'AAAAAAAAAAAAAAAA'", "annual_receipt_frozen"),
        ("UPDATE annual_receipt SET replaced_by_id = id", "ck_annual_receipt_replaced"),
    ],
)
def test_the_database_keeps_the_paper(session: Session, statement: str, guard: str) -> None:
    binh, _own = three(session)
    issue(binh)
    with pytest.raises(DBAPIError) as error, transaction() as writing:
        writing.execute(text(statement))
    name = getattr(getattr(error.value.orig, "diag", None), "constraint_name", "")
    assert guard in f"{error.value.orig} {name}"
    assert session.scalar(select(func.count()).select_from(Donation)) == 6
