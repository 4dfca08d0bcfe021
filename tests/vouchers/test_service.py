"""The way of a voucher from draft to entry, and what is refused on it."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit.models import Act
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.books.reference import FUNDS
from fundsvc.units import service as units
from fundsvc.vouchers import listing
from fundsvc.vouchers.drafting import Draft, DraftLine
from fundsvc.vouchers.kinds import KINDS
from tests.vouchers.conftest import DAY, GIVEN, MOVED, PAID, Desk


def booked(session: Session, entry_id: int) -> list[str]:
    """Write an entry as accountants do: N or C, account, fund, unit, amount."""
    session.rollback()
    return [
        f"{'N' if line.debit else 'C'} {line.account} {line.fund} {line.unit}"
        f" {line.debit or line.credit}"
        for line in books.read_entry(session, entry_id).postings
    ]


def test_a_payment_voucher_goes_from_draft_to_entry(session: Session, desk: Desk) -> None:
    number, done = desk.posted(province="2025:44")
    assert done.number == "PC-2024-000001"
    assert booked(session, done.entry_id) == [
        "N 6112 nghia-tinh TW 3000000",
        "N 642 nghia-tinh TW 200000",
        "C 111 nghia-tinh TW 3200000",
    ]
    entry = session.get_one(Entry, done.entry_id)
    assert (entry.voucher, entry.source, entry.external_id) == (done.number, "voucher", str(number))
    assert (entry.maker_id, entry.approver_id) == (desk.people.maker, desk.people.approver)
    assert "Hường" not in entry.description
    assert entry.province_id == units.province(session, "2025:44").id
    acts = session.scalars(select(Act.kind).where(Act.subject == f"voucher:{number}"))
    assert list(acts) == [f"voucher.{act}" for act in ("create", "submit", "approve", "post")]


@pytest.mark.parametrize(
    ("draft", "number", "lines"),
    [
        (GIVEN, "PT-2024-000001", ["N 111 nghia-tinh TW 900", "C 138 nghia-tinh TW 900"]),
        (
            replace(GIVEN, kind="bank-in", till="112.TWNT", party=""),
            "BC-2024-000001",
            ["N 112.TWNT nghia-tinh TW 900", "C 138 nghia-tinh TW 900"],
        ),
        (
            replace(GIVEN, kind="bank-out", till="112.TWNT", party=""),
            "BN-2024-000001",
            ["N 138 nghia-tinh TW 900", "C 112.TWNT nghia-tinh TW 900"],
        ),
        (
            Draft(
                unit="TW",
                kind="journal",
                date=DAY,
                fund="dues",
                description="Chi phí in giấy mời chưa trả nhà in",
                lines=(
                    DraftLine(account="6121", debit=500),
                    DraftLine(account="3388", credit=500),
                    DraftLine(account="6121", debit=700, fund="dues", unit="HUE"),
                    DraftLine(account="3388", credit=700, fund="dues", unit="HUE"),
                ),
            ),
            "GS-2024-000001",
            [
                "N 6121 dues TW 500",
                "C 3388 dues TW 500",
                "N 6121 dues HUE 700",
                "C 3388 dues HUE 700",
            ],
        ),
        (
            replace(MOVED, till="111", to_till="112.HUENT"),
            "GC-2024-000001",
            [
                "N 6119 nghia-tinh TW 40000000",
                "C 111 nghia-tinh TW 40000000",
                "N 112.HUENT nghia-tinh HUE 40000000",
                "C 7119 nghia-tinh HUE 40000000",
            ],
        ),
        (
            replace(MOVED, to_unit=None, to_fund="dues"),
            "GC-2024-000001",
            [
                "N 6119 nghia-tinh TW 40000000",
                "C 336 nghia-tinh TW 40000000",
                "N 136 dues TW 40000000",
                "C 7119 dues TW 40000000",
            ],
        ),
        (
            replace(GIVEN, unit="HUE"),
            "PT-HUE-2024-000001",
            ["N 111 nghia-tinh HUE 900", "C 138 nghia-tinh HUE 900"],
        ),
    ],
    ids=["PT", "BC", "BN", "GS", "CQ moved", "CQ owed", "PT of a unit"],
)
def test_every_kind_is_booked_like_this(
    session: Session, desk: Desk, draft: Draft, number: str, lines: list[str]
) -> None:
    _id, done = desk.posted(draft)
    assert done.number == number
    assert booked(session, done.entry_id) == lines


def test_all_of_a_voucher_can_be_shown(session: Session, desk: Desk) -> None:
    number, done = desk.posted(province="2025:44")
    session.rollback()
    facts = listing.one(session, number)
    assert facts is not None
    assert (facts.row.number, facts.row.state, facts.row.amount) == (
        done.number,
        "posted",
        3_200_000,
    )
    assert facts.draft == replace(PAID, amount=3_200_000, till="111", province="2025:44")
    assert [(act.kind, act.who) for act in facts.acts] == [
        ("create", "Lan"),
        ("submit", "Lan"),
        ("approve", "Hung"),
        ("post", "Lan"),
    ]
    assert (facts.approver, facts.posted_by, facts.expected) == ("Hung", "Lan", None)
    assert [line.account_name for line in facts.lines][-1] == "Tiền mặt"
    draft = listing.one(session, desk.draft())
    assert draft is not None
    assert draft.expected == "PC-2024-000002"


def test_no_voucher_can_have_the_number_of_a_receipt() -> None:
    receipts = {prefix for _code, _name, _name_en, prefix, _restriction in FUNDS}
    assert receipts.isdisjoint(kind.prefix for kind in KINDS.values())
