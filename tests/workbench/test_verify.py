"""Whatever is changed of decided lines behind the guards, `verify` names in its place."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import db, read_session, transaction
from fundsvc.donors.service import DonorFacts
from fundsvc.reconciliation.models import BankLine
from fundsvc.verify import faults
from fundsvc.workbench import choices, verify
from ledger import recipes
from tests.seals.mutations import guards_off, undone
from tests.workbench.deciding import book, hue, money_in, money_out, say, take

pytestmark = pytest.mark.usefixtures("app", "clock")
NAMES = ("given", "posted", "twice", "undone", "held", "spent", "split", "mirrored", "booked")


@pytest.fixture
def decisions() -> dict[str, int]:
    """Decisions of many kinds, by name, in books without guards."""
    hue()
    given, posted, twice, back, held, split, hand, into = book(
        "VCB1",
        *(money_in(f"{amount}00.000", day=2 + amount) for amount in range(1, 8)),
        money_in("5.000.000", day=2),
    )
    (spent,) = book("AGR1", money_out("800.000"))
    (out,) = book("BIDV1", money_out("5.000.000", "CHUYEN SANG VCB", day=2))
    (dues,) = book("VCB2", money_in("900.000"), fund="dues")
    parts = (
        (250_000, choices.Given(DonorFacts(name="Nguyễn Văn Thử"))),
        (350_000, choices.Posted("7118", "Thu khác")),
    )
    done = {
        "given": say(given, choices.Given(), "a").id,
        "posted": say(posted, choices.Posted("515", "Lãi"), "b").id,
        "twice": say(twice, choices.Posted("515", "Lãi"), "c").id,
        "undone": say(back, choices.Given(), "d").id,
        "held": say(held, choices.Held("Hỏi lại"), "e").id,
        "split": say(split, choices.Split(parts), "f").id,
        "booked": say(hand, choices.Booked(by_hand(hand)), "g").id,
        "mirrored": say(out, choices.Mirrored(into), "h").id,
        "spent": say(spent, choices.Spent("gift", "Cửa hàng Thử", "Quà 27/7"), "i").id,
        "collected": say(dues, choices.Collected("HUE", "2024-08"), "j").id,
    }
    take(done["undone"])
    assert list(faults(read_session())) == []
    read_session().rollback()
    guards_off()
    db.engine.dispose()  # Connections made from here on hold no checks.
    return done


def by_hand(line: int) -> int:
    """Book the money of a line by hand, as before the bank told of it."""
    with transaction() as session:
        row = session.get_one(BankLine, line)
        entry = recipes.interest(
            paid_into="112.VCB1",
            on=row.booked_on,
            unit="TW",
            fund="nghia-tinh",
            amount=row.credit,
            description="Lãi",
        )
        return books.post(session, entry, source="test", external_id="1").id


PART = "UPDATE bank_decision_part SET {} WHERE decision_id = :id"
GONE = "DELETE FROM bank_decision_part WHERE decision_id = :id"
OWN = "UPDATE bank_decision SET {} WHERE id = :id"
ENTRY = "UPDATE posting SET {} WHERE entry_id = (SELECT entry_id FROM bank_decision WHERE id = :id)"
MORE = PART.format("amount = amount + 1")
BACK = OWN.format("undone_at = decided_at, undone_why = 'x'")
CHANGES = [
    *((name, MORE) for name in NAMES if name not in {"held", "undone"}),
    ("collected", f"{MORE} AND what = 'dues'"),
    ("collected", f"{MORE} AND what = 'entry'"),
    *((name, GONE) for name in NAMES if name != "held"),
    ("split", f"{GONE} AND what = 'entry'"),
    ("booked", f"{GONE} AND what = 'double'"),
    ("collected", f"{GONE} AND what = 'entry'"),
    ("given", PART.format("entry_id = (SELECT entry_id FROM bank_decision WHERE key = 'b')")),
    ("given", PART.format("what = 'entry'")),
    ("given", PART.format("thing_id = thing_id + 1")),
    ("spent", PART.format("thing_id = thing_id + 1")),
    ("posted", PART.format("entry_id = 1")),
    ("posted", OWN.format("entry_id = 1")),
    ("posted", OWN.format("kind = 'given'")),
    ("posted", OWN.format("amount = amount + 1")),
    (
        "posted",
        OWN.format("bank_line_id = bank_line_id - 1, undone_at = decided_at, undone_why = 'x'"),
    ),
    ("posted", OWN.format("bank_account_id = bank_account_id + 1")),
    ("posted", OWN.format("unit_id = unit_id + 1")),
    ("posted", BACK),
    ("mirrored", BACK),
    ("undone", OWN.format("undone_at = NULL, undone_why = NULL")),
    ("held", OWN.format("kind = 'posted'")),
    ("posted", OWN.format("kind = 'held'")),
    ("posted", ENTRY.format("unit_id = unit_id + 1")),
    ("posted", ENTRY.format("debit = 2 * debit, credit = 2 * credit")),
    ("posted", f"{ENTRY.format('account_id = account_id + 1')} AND debit > 0"),
    ("posted", "UPDATE bank_line SET credit = credit + 1 WHERE credit = 200000"),
    ("posted", "UPDATE entry SET kind = 'receipt' WHERE kind = 'bank-identified'"),
]


def test_each_change_of_a_decided_line_is_named_in_its_place(decisions: dict[str, int]) -> None:
    missed = []
    for name, change in CHANGES:
        with undone(read_session()) as session:
            session.execute(text(change), {"id": decisions[name]})
            places = named(session)
        if f"bank_decision:{decisions[name]}" not in places:
            missed.append((name, change, places))
    assert missed == []
    assert named(read_session()) == set(), "nothing was left changed"


def test_a_reversal_of_what_stands_decided_is_named(decisions: dict[str, int]) -> None:
    """One that points elsewhere is not the reversal of what was undone either."""
    swap = (
        "UPDATE entry SET reverses_id = (SELECT entry_id FROM bank_decision WHERE id = :stands)"
        " WHERE reverses_id = (SELECT entry_id FROM bank_decision WHERE id = :back)"
    )
    both = {"stands": decisions["twice"], "back": decisions["undone"]}
    with undone(read_session()) as session:
        session.execute(text(swap), both)
        assert named(session) == {f"bank_decision:{number}" for number in both.values()}


def named(session: Session) -> set[str]:
    """Return the places of the faults of decisions."""
    return {fault.place for fault in verify.faults(session)}
