"""Rules: tested before they are kept, counted, and off when people decide otherwise thrice."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.reconciliation.models import BankLine
from fundsvc.workbench import rule_checks, rules
from fundsvc.workbench.choices import Given, Posted
from fundsvc.workbench.decisions import decide
from fundsvc.workbench.models import MatchRule
from fundsvc.workbench.proposals import propose
from fundsvc.workbench.rule_facts import RuleFacts
from tests.reconciliation.importing import add
from tests.reconciliation.test_gifts import line
from tests.support.forms import send
from tests.workbench.test_proposals import imported

pytestmark = pytest.mark.usefixtures("app", "clock")
OK, MISSING, REFUSED = 200, 404, 422
SAVINGS = RuleFacts(
    words="lãi nhập vốn", into=True, kind="posted", what="515", why="Lãi tiền gửi", most=500_000
)


@pytest.fixture
def lines(app: object) -> list[int]:
    """Five lines that meet the rule, one that is too large, one of other words."""
    del app
    add("VCB1")
    imported(
        *(line("100.000", "LAI NHAP VON", doc=f"7.{n}") for n in range(5)),
        line("900.000", "LAI NHAP VON", doc="8.1"),
        line("100.000", "ung ho", doc="8.2"),
    )
    with transaction() as session:
        return list(session.scalars(select(BankLine.id).order_by(BankLine.id)))


def keep(facts: RuleFacts = SAVINGS, key: str = "r1") -> int:
    """Keep a rule and return its number."""
    with transaction() as session:
        return rules.save(session, "VCB1", facts, key=key, by=1).id


def accept(line_id: int, choice: object = None, key: str = "") -> None:
    """Decide a line as its first proposal says, or otherwise."""
    with transaction() as session:
        best = propose(session, [line_id])[line_id][0]
        decide(
            session,
            line_id,
            choice or best.choice,  # type: ignore[arg-type]
            by=1,
            key=key or f"d{line_id}",
            proposal=None if choice else best,
        )


def test_a_rule_says_what_it_does_and_proposes_it(session: Session, lines: list[int]) -> None:
    number = keep()
    assert SAVINGS.sentence == (
        "Nếu là tiền vào và nội dung có “lãi nhập vốn” và số tiền không quá 500.000 đ"
        " thì đề nghị ghi vào tài khoản 515: Lãi tiền gửi."
    )
    found = propose(session, lines)
    mine = [one for one in found[lines[0]] if one.rule_id == number]
    assert [one.choice for one in mine] == [Posted("515", "Lãi tiền gửi")]
    assert not any(one.sure for made in found.values() for one in made)
    assert not any(one.rule_id for one in found[lines[5]] + found[lines[6]])


def test_the_test_counts_how_people_decided(session: Session, lines: list[int]) -> None:
    accept(lines[0], Posted("515", "Lãi"))
    accept(lines[1], Given())
    account = rule_checks.account_of(session, "VCB1")
    found = rules.tested(session, account, SAVINGS)
    assert (found.lines, found.amount, found.same, found.otherwise) == (5, 500_000, 1, 1)
    keep()
    session.rollback()
    assert rules.tested(session, account, SAVINGS).overlapped == found.lines


def test_three_in_a_row_decided_otherwise_switch_it_off(session: Session, lines: list[int]) -> None:
    keep()
    accept(lines[0], Given())
    accept(lines[1], Given())
    accept(lines[2], Posted("515", "Lãi tiền gửi"))
    [row] = rules.listed(session)
    assert (row.used, row.agreed, row.overruled, row.off_on) == (3, 1, 2, None)
    for n in (3, 4):
        accept(lines[n], Given())
    session.rollback()
    assert session.scalars(select(MatchRule.off_at)).one() is None
    imported(line("70.000", "lai nhap von", doc="9.9"))
    session.rollback()
    accept(session.scalars(select(BankLine.id).order_by(BankLine.id.desc())).first() or 0, Given())
    session.rollback()
    [row] = rules.listed(session)
    assert row.off_on is not None
    assert "Ba lần liền" in row.off_why
    assert rules.off_by_itself(session, rules.YEAR) == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        (RuleFacts("ab", into=True, kind="given"), "words"),
        (RuleFacts("hoi phi", into=False, kind="given"), "then"),
        (RuleFacts("hoi phi", into=True, kind="given", least=5, most=2), "most"),
        (RuleFacts("hoi phi", into=True, kind="collected", who="KHONGCO"), "who"),
        (RuleFacts("tien dien", into=False, kind="spent", what="house"), "who"),
        (RuleFacts("tien dien", into=False, kind="posted", what="999", why="x"), "then"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(session: Session, facts: RuleFacts, field: str) -> None:
    with pytest.raises(Refusal) as told:
        rule_checks.checked(session, facts)
    assert field in {reason.field for reason in told.value.reasons}


def test_the_page_keeps_only_what_was_tested(
    signed_in: Callable[..., FlaskClient], session: Session, lines: list[int]
) -> None:
    assert lines
    browser, page = signed_in("treasurer"), "/workbench/rules/new"
    typed = {
        "key": "k-rule", "account": "VCB1", "side": "in", "words": "lai nhap von",
        "then": "account:515", "why": "Lãi tiền gửi",
    }  # fmt: skip
    assert send(browser, page, **typed, save="1").status_code == OK
    assert session.scalar(select(MatchRule.id)) is None
    shown = send(browser, page, **typed).text
    assert "Thử trên 12 tháng qua" in shown
    named = shown.split('name="tested" value="')[1].split('"')[0]
    other = typed | {"save": "1", "tested": named, "words": "ung ho"}
    assert send(browser, page, **other).status_code == OK
    assert send(browser, page, **typed, save="1", tested=named).location == "/workbench/rules"
    session.rollback()
    number = session.scalars(select(MatchRule.id)).one()
    assert "lai nhap von" in browser.get("/workbench/rules").text
    wrong = send(browser, page, **typed | {"then": "x"})
    assert (wrong.status_code, "Lãi tiền gửi" in wrong.text) == (REFUSED, True)
    send(browser, page, f"/workbench/rules/{number}/off")
    assert "Đã tắt" in browser.get("/workbench/rules").text
    assert send(browser, page, "/workbench/rules/999/off").status_code == MISSING


def test_a_key_is_for_one_rule(session: Session, lines: list[int]) -> None:
    assert lines
    assert keep() == keep()
    with pytest.raises(Conflict):
        keep(RuleFacts("hoi phi", into=True, kind="given"))
    session.rollback()
    assert len(rules.listed(session)) == 1


@pytest.mark.parametrize(
    ("guard", "statement"),
    [
        ("match_rule_kept", "DELETE FROM match_rule"),
        ("match_rule_kept", "UPDATE match_rule SET facts = '{}'"),
        ("match_rule_use_append_only", "UPDATE match_rule_use SET agreed = agreed"),
        ("match_rule_use_append_only", "DELETE FROM match_rule_use"),
    ],
)
def test_guards_keep_rules_and_their_use(lines: list[int], guard: str, statement: str) -> None:
    keep()
    accept(lines[0])
    with pytest.raises(DBAPIError) as told, transaction() as session:
        session.execute(text(statement))
    # PostgreSQL names the guard beside the message, SQLite within.
    where = getattr(getattr(told.value.orig, "diag", None), "constraint_name", None)
    assert guard in (where or str(told.value.orig))
