"""A unit-treasurer sees and touches only own units: no page to A ever holds what is B's.

Two units are filled with everything a unit can have; each text and amount of B has a mark that
nothing else has. Then A opens every page there is, with the keys of its own things and of B's.
"""

import io
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from fundsvc.books.models import Posting
from fundsvc.db import OutOfScopeError, limit, reach, read_session, set_scope, transaction
from fundsvc.donations.models import Donation
from fundsvc.donors.service import DonorFacts
from fundsvc.dues import service as dues
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.spending import service as spending
from fundsvc.staff import people
from fundsvc.staff.models import StaffUser, StaffUserRole
from fundsvc.text import fold
from fundsvc.units.models import Unit
from tests.support import gifts

SignIn = Callable[..., FlaskClient]
DAY = date(2024, 9, 10)
# Marks in texts, in folded texts, and in amounts as pages and files write them.
MARK = {"A": "Hoacuc", "B": "Hoasen"}
AMOUNT = {"A": 3_141_592, "B": 2_718_281}

pytestmark = pytest.mark.usefixtures("clock")


@dataclass(frozen=True)
class Filled:
    """A unit with everything, and the keys of its things."""

    code: str
    donation: int
    donor: int
    payment: int
    total: int
    receipt: str
    bank_account: str


def fill(letter: str) -> Filled:
    """Make a unit with a branch below it, and book one of each thing for it."""
    mark, amount, code = MARK[letter], AMOUNT[letter], f"UNIT-{letter}"
    with transaction() as session:
        name = f"Hội {mark}"
        unit = Unit(code=code, name=name, folded=fold(name), kind="provincial", address=mark)
        session.add(unit)
        session.flush()
        branch = f"Chi hội {mark}"
        session.add(
            Unit(
                code=f"{code}-1",
                name=branch,
                folded=fold(branch),
                kind="branch",
                parent_id=unit.id,
            )
        )
    donor = DonorFacts(name=f"Người {mark}", address=f"Phố {mark}", phone="0912345678")
    given = gifts.give(
        unit=code,
        amount=amount,
        donor=donor,
        earmark=f"cho {mark}",
        note=f"ghi {mark}",
        on_behalf_of=f"nhà {mark}",
    )
    gifts.give(unit=f"{code}-1", amount=amount, donor=donor)
    with transaction() as session:
        donor_id = session.get_one(Donation, given.id).donor_id or 0
        total = dues.record_total(session, dues.Total(code, "dues", date(2024, 9, 1), amount, DAY))
        spent = spending.Spent(code, "dues", "admin", 1_000, DAY, f"Ông {mark}", f"Mua {mark}")
        payment = spending.record_payment(session, spent)
        add_bank_account(
            session,
            code=f"NH{letter}",
            bank=f"Nhà băng {mark}",
            number=f"00112233{ord(letter)}",
            fund="nghia-tinh",
            unit=code,
            by=None,
        )
    number = gifts.receipt(given.id)
    return Filled(code, given.id, donor_id, payment.id, total.id, number, f"NH{letter}")


@pytest.fixture
def units(app: Flask) -> dict[str, Filled]:
    """The two units."""
    return {letter: fill(letter) for letter in "AB"}


def marks(letter: str) -> list[str]:
    """Return the marks of a unit, in every form in which a page or a file may hold them."""
    amount = AMOUNT[letter]
    dotted = f"{amount:,}".replace(",", ".")
    return [MARK[letter], MARK[letter].lower(), str(amount), dotted, str(2 * amount)]


def paths(app: Flask, filled: Filled) -> list[str]:
    """Return every address that can be read, with the keys of one unit's things in it."""
    keys = {
        "code": [filled.code, f"{filled.code}-1", filled.bank_account],
        "donation_id": [str(filled.donation), str(filled.donation + 1)],
        "donor_id": [str(filled.donor)],
        "payment_id": [str(filled.payment)],
        "total_id": [str(filled.total)],
        "number": [filled.receipt],
        "kind": ["json", "csv", "xlsx", "pdf", "html"],
        "filename": ["app.css"],
        "username": ["x"],
        "raw_month": ["2024-09"],
        "token": ["x"],
    }
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()):
            continue
        plain = re.sub(r"<(?:[^:>]*:)?(\w+)>", r"{\1}", rule.rule)
        choices = [keys.get(name, ["1"]) for name in sorted(rule.arguments)]
        found += [
            plain.format(**dict(zip(sorted(rule.arguments), chosen, strict=True)))
            for chosen in itertools.product(*choices)
        ]
    asked = "fund=nghia-tinh&from=2024-01-01&to=2024-12-31"
    found += [f"/search?q={word}" for word in ("hoa", "người", "phố", "1", "UNIT", "NT", "TS")]
    found += [f"/donors?q=hoa&unit={filled.code}", f"/donors/{filled.donor}/merge?q=hoa"]
    found += [f"/donations?q=hoa&unit={filled.code}", "/donations.csv?from=2024-01-01"]
    for path in ("/statements/fund", "/statements/fund.json", "/statements/fund/entries"):
        found += [f"{path}?{asked}", f"{path}?{asked}&unit={filled.code}"]
        found += [
            f"{path}?{asked}&province=none",
            f"{path}?fund=dues&from=2024-01-01&to=2024-12-31",
        ]
    found += [f"/dues?fund=dues&year=2024&unit={filled.code}", f"/dues/new?unit={filled.code}"]
    found += [f"/spending?unit={filled.code}", f"/units?q=hoa&unit={filled.code}"]
    return found


def test_no_page_to_one_unit_holds_what_is_anothers(
    app: Flask, signed_in: SignIn, units: dict[str, Filled]
) -> None:
    own = signed_in("unit-treasurer", units=["UNIT-A"])
    seen = ""
    # Each address once: those without a key are the same for both.
    for path in dict.fromkeys([*paths(app, units["A"]), *paths(app, units["B"])]):
        answer = own.get(path)
        assert answer.status_code < 500, path
        held = _readable(answer.data)
        for mark in marks("B"):
            assert mark not in held, f"{path} shows {mark}"
        seen += held
    # The marks can be seen at all, and the units below one's own are one's own.
    for mark in (*marks("A")[:1], marks("A")[3], "Chi hội Hoacuc"):
        assert mark in seen


def test_a_treasurer_of_all_sees_both(
    app: Flask, signed_in: SignIn, units: dict[str, Filled]
) -> None:
    browser = signed_in("treasurer")
    seen = "".join(
        _readable(browser.get(path).data)
        for letter in "AB"
        for path in (f"/donations/{units[letter].donation}", "/dues?fund=dues&year=2024")
    )
    assert MARK["A"] in seen
    assert MARK["B"] in seen


@pytest.mark.parametrize("other", ["treasurer", "approver", "auditor"])
def test_another_role_does_not_widen_a_unit_treasurers_reach(
    signed_in: SignIn, units: dict[str, Filled], session: Session, other: str
) -> None:
    """The pages and commands refuse such a person; one in the table all the same stays within."""
    own = signed_in("unit-treasurer", units=["UNIT-A"])
    with transaction() as database:
        user_id = database.scalars(select(StaffUserRole.user_id)).one()
        database.add(StaffUserRole(user_id=user_id, role=other))
    assert own.get(f"/donations/{units['A'].donation}").status_code == 200
    assert own.get(f"/donations/{units['B'].donation}").status_code == 404
    person = people.by_key(session, session.scalars(select(StaffUser.key)).one())
    assert person
    own_units = select(Unit.id).where(Unit.code.in_(["UNIT-A", "UNIT-A-1"]))
    assert person.scope == frozenset(session.scalars(own_units))


def _readable(data: bytes) -> str:
    """Return a response as text: what a spreadsheet or a PDF packs is unpacked."""
    if data.startswith(b"PK"):
        import zipfile

        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return "".join(packed.read(name).decode() for name in packed.namelist())
    if data.startswith(b"%PDF"):
        import pypdfium2

        document = pypdfium2.PdfDocument(data)
        try:
            return "".join(page.get_textpage().get_text_bounded() for page in document)
        finally:
            document.close()
    return data.decode("utf-8", "replace")


def test_anothers_thing_looks_like_no_thing(signed_in: SignIn, units: dict[str, Filled]) -> None:
    own = signed_in("unit-treasurer", units=["UNIT-A"])
    other = units["B"]
    made_up = "NT-2024-999999"
    for path, foreign, missing in (
        ("/units/{}", other.code, "UNIT-X"),
        ("/donations/{}", other.donation, 9_999_999),
        ("/spending/{}", other.payment, 9_999_999),
        ("/dues/{}", other.total, 9_999_999),
        ("/receipts/{}", other.receipt, made_up),
        ("/receipts/{}.pdf", other.receipt, made_up),
        ("/bank-accounts/{}", other.bank_account, "NHX"),
    ):
        answers = [own.get(path.format(key)) for key in (foreign, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        bodies = [_same(answers[0].text, path, foreign), _same(answers[1].text, path, missing)]
        assert bodies[0] == bodies[1], path


def test_anothers_thing_cannot_be_changed(
    app: Flask, signed_in: SignIn, units: dict[str, Filled], session: Session
) -> None:
    own = signed_in("unit-treasurer", units=["UNIT-A"])
    token = re.search(r'name="csrf_token" value="([^"]+)"', own.get("/settings").text)
    assert token
    other = units["B"]
    postings = select(Posting.entry_id, Posting.line)
    before = session.execute(postings).all()
    for path, missing, typed in (
        (f"/donations/{other.donation + 1}/receipt", "/donations/9999999/receipt", {}),
        *(
            (f"/{place}/{key}/reverse", f"/{place}/9999999/reverse", {"reason": "Thử ghi đảo"})
            for place, key in (
                ("donations", other.donation + 1),
                ("spending", other.payment),
                ("dues", other.total),
            )
        ),
        (
            f"/receipts/{other.receipt}/void",
            "/receipts/NT-2024-999999/void",
            {"reason": "Thử hủy của đơn vị khác"},
        ),
    ):
        answers = [own.post(at, data={"csrf_token": token[1], **typed}) for at in (path, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], path
    for path, typed in (
        (
            "/donations/new",
            {
                "unit": other.code,
                "fund": "nghia-tinh",
                "amount": "50.000",
                "received_on": "2024-09-10",
                "key": "k1",
                "anonymous": "1",
            },
        ),
        (
            "/dues/new",
            {
                "unit": other.code,
                "fund": "base",
                "month": "2024-08",
                "amount": "50.000",
                "paid_on": "2024-09-10",
                "paid_into": "111",
                "key": "k2",
            },
        ),
        (
            "/spending/new",
            {
                "unit": other.code,
                "fund": "dues",
                "line": "admin",
                "amount": "1.000",
                "paid_on": "2024-09-10",
                "payee": "x",
                "purpose": "y",
                "paid_from": "111",
                "key": "k3",
            },
        ),
    ):
        answer = own.post(path, data={"csrf_token": token[1], **typed})
        assert 400 <= answer.status_code < 500, path
        assert MARK["B"] not in answer.text, path
    session.rollback()
    assert session.execute(postings).all() == before


def _same(text: str, path: str, key: object) -> str:
    """Return a page without what must differ: the address asked for, and tokens of forms."""
    text = re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", text)
    return text.replace(quote(path.format(key), safe=""), "PATH").replace(f"“{key}”", "KEY")


def test_the_database_room_holds_the_scope_for_every_query_and_write(
    app: Flask, units: dict[str, Filled], session: Session
) -> None:
    """The same session, one person after the other: nothing of the first is left in a cache."""
    ids = {unit.code: unit.id for unit in session.scalars(select(Unit))}
    donations = select(Donation.id, Donation.unit_id)
    for code in ("UNIT-A", "UNIT-B", "UNIT-A"):
        set_scope(session, {ids[code]})
        assert {row.unit_id for row in session.execute(donations)} == {ids[code]}
        assert {row.unit_id for row in session.scalars(select(Posting))} == {ids[code]}
    set_scope(session, set())
    assert session.execute(donations).all() == []
    set_scope(session, None)
    assert len(session.execute(donations).all()) == 4
    made = session.get_one(Donation, units["A"].donation)
    foreign = Donation(
        unit_id=ids["UNIT-B"],
        fund_id=made.fund_id,
        amount=1,
        received_on=DAY,
        method="cash",
        entry_id=made.entry_id,
        key="k",
        recorded_at=made.recorded_at,
    )
    with transaction() as writing:
        set_scope(writing, {ids["UNIT-A"]})
        writing.add(foreign)
        with pytest.raises(OutOfScopeError):
            writing.flush()
        writing.expunge(foreign)


def test_a_second_name_of_a_table_is_limited_too(
    session: Session, units: dict[str, Filled]
) -> None:
    """A query may name a table twice, or by another name, in its list, joins or conditions."""
    of_a, of_b = (
        frozenset(session.scalars(select(Unit.id).where(Unit.code == code)))
        for code in ("UNIT-A", "UNIT-B")
    )
    other = aliased(Donation)
    asked = (
        select(other.unit_id),
        select(other.unit_id).join(Donation, Donation.id == other.id),
        select(Unit.id).join(other, other.unit_id == Unit.id),
        select(Unit.id).outerjoin(other, other.unit_id == Unit.id).where(other.id.is_not(None)),
        select(Donation.unit_id).where(exists().where(other.id == Donation.id)),
    )
    for query in asked:
        set_scope(session, None)
        assert len(set(session.scalars(query))) >= len(units)
        for own in (of_a, of_b, of_a | of_b, of_b):
            set_scope(session, own)
            assert set(session.scalars(query)) == own, str(query)


def test_a_session_begins_within_the_reach_that_was_set_before(
    app: Flask, units: dict[str, Filled]
) -> None:
    of_donations = select(Donation.unit_id)
    own = frozenset([read_session().scalars(select(Unit.id).where(Unit.code == "UNIT-A")).one()])
    with app.app_context():
        limit(own)
        assert reach() == own
        assert set(read_session().scalars(of_donations)) == own
        limit(frozenset())
        assert reach() == frozenset()
        assert read_session().scalars(of_donations).all() == []
    with app.app_context():
        assert reach() is None
        assert len(read_session().scalars(of_donations).all()) > len(units)
