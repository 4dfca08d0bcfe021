"""Rules that treasurers write: tested on twelve months, counted, and off when overruled thrice."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.models import Account, Posting
from fundsvc.errors import Conflict, NotFound, Reason
from fundsvc.reconciliation.models import BankAccount, BankDecision, BankGift, BankLine
from fundsvc.workbench.choices import Proposal
from fundsvc.workbench.lines import Line
from fundsvc.workbench.models import MatchRule, MatchRuleUse
from fundsvc.workbench.rule_checks import account_of, checked
from fundsvc.workbench.rule_facts import GIVEN, RuleFacts, from_json
from ledger.money import MAX_DONG

SCORE: Final = 78
THRICE: Final = 3
"""So many times in a row: a rule that was right hundreds of times may be wrong now and then, but
three in a row mean that things are no longer as it says."""
YEAR: Final = timedelta(days=365)
SHOWN: Final = 5
# What follows is stored, so it is not translated.
_BY_ITSELF: Final = "Ba lần liền người quyết định khác với quy tắc"
_BY_HAND: Final = "Người dùng tắt quy tắc"


@dataclass(frozen=True, slots=True)
class Tested:
    """What a rule would have proposed in twelve months, and how people decided those lines.

    `same` were decided as it says, `otherwise` differently, the rest waits; `overlapped` meet
    another rule that is on. `sample` are some of them: day, memo, amount.
    """

    lines: int = 0
    amount: int = 0
    same: int = 0
    otherwise: int = 0
    overlapped: int = 0
    sample: tuple[tuple[date, str, int], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the figures as they are kept with the rule."""
        kept = asdict(self)
        kept.pop("sample")
        return kept


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule in the list, with how often people agreed and decided otherwise."""

    id: int
    account: str
    facts: RuleFacts
    agreed: int
    overruled: int
    made_on: date
    off_on: date | None
    off_why: str

    @property
    def used(self) -> int:
        """How many lines were decided on which it had a say."""
        return self.agreed + self.overruled


def tested(session: Session, account: BankAccount, facts: RuleFacts) -> Tested:
    """Return what a rule would have done with the account's lines of the last twelve months."""
    side = BankLine.credit if facts.into else BankLine.debit
    query = (
        select(
            BankLine.booked_on,
            BankLine.memo,
            BankLine.counterparty,
            BankLine.reference,
            BankLine.debit,
            BankLine.credit,
            case((BankGift.bank_line_id.is_not(None), "promised"), else_=BankDecision.kind),
            BankDecision.entry_id,
        )
        .outerjoin(
            BankDecision,
            (BankDecision.bank_line_id == BankLine.id)
            & BankDecision.undone_at.is_(None)
            & (BankDecision.kind != "held"),
        )
        .outerjoin(BankGift, BankGift.bank_line_id == BankLine.id)
        .where(
            BankLine.bank_account_id == account.id,
            BankLine.booked_on > clock.today() - YEAR,
            side.between(facts.least or 1, facts.most or MAX_DONG),
        )
        .order_by(BankLine.booked_on.desc(), BankLine.id.desc())
    )
    others = [rule for _row, rule in _on(session, {account.id})]
    lines = amount = overlapped = 0
    sample: list[tuple[date, str, int]] = []
    kinds: list[tuple[str, int | None]] = []
    for on, memo, who, ref, debit, credit, kind, entry_id in session.execute(query):
        said = f"{memo} {who} {ref}"
        if not facts.fits(debit=debit, credit=credit, said=said):
            continue
        lines, amount = lines + 1, amount + (credit or debit)
        overlapped += any(one.fits(debit=debit, credit=credit, said=said) for one in others)
        if len(sample) < SHOWN:
            sample.append((on, memo, credit or debit))
        if kind is not None:
            kinds.append((kind, entry_id))
    booked = _accounts(session, [entry_id for _kind, entry_id in kinds if entry_id])
    same = sum(_as_said(facts, kind, booked.get(entry_id or 0, set())) for kind, entry_id in kinds)
    return Tested(lines, amount, same, len(kinds) - same, overlapped, tuple(sample))


def _accounts(session: Session, entries: Sequence[int]) -> dict[int, set[str]]:
    """Return which accounts some entries have."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for start in range(0, len(entries), 1_000):
        query = (
            select(Posting.entry_id, Account.code)
            .join(Account, Account.id == Posting.account_id)
            .where(Posting.entry_id.in_(entries[start : start + 1_000]))
        )
        for entry_id, code in session.execute(query):
            found[entry_id].add(code)
    return found


def _as_said(facts: RuleFacts, kind: str, accounts: set[str]) -> bool:
    # A gift by its code is a gift all the more.
    meant = {GIVEN: {GIVEN, "promised"}}.get(facts.kind, {facts.kind})
    return kind in meant and (facts.account is None or facts.account in accounts)


def save(session: Session, code: str, facts: RuleFacts, *, key: str, by: int | None) -> MatchRule:
    """Keep a rule together with what its test says now; the same key again changes nothing.

    Raises:
        NotFound: there is no such account.
        Refusal: the rule cannot be.
        Conflict: the key was used for another rule.
    """
    account, facts = account_of(session, code), checked(session, facts)
    earlier = session.scalar(select(MatchRule).where(MatchRule.key == key))
    if earlier is not None:
        if (earlier.bank_account_id, earlier.facts) != (account.id, facts.as_json()):
            raise Conflict(Reason(_("Biểu mẫu này đã được gửi với nội dung khác."), field="key"))
        return earlier
    row = MatchRule(
        unit_id=account.unit_id,
        bank_account_id=account.id,
        key=key,
        facts=facts.as_json(),
        tested=tested(session, account, facts).as_json(),
        made_at=clock.now(),
        made_by=by,
    )
    session.add(row)
    session.flush()
    audit.record(session, "match-rule.add", f"match-rule:{row.id}", facts.as_json(), by=by)
    return row


def switch_off(session: Session, rule_id: int, *, by: int | None) -> None:
    """Switch a rule off; one that is off stays so.

    Raises:
        NotFound: there is no such rule, or not for this person.
    """
    row = session.scalar(select(MatchRule).where(MatchRule.id == rule_id).with_for_update())
    if row is None:
        raise NotFound
    if row.off_at is None:
        _off(session, row, by=by, why=_BY_HAND)


def _off(session: Session, row: MatchRule, *, by: int | None, why: str) -> None:
    row.off_at, row.off_by, row.off_why = clock.now(), by, why
    session.flush()
    audit.record(session, "match-rule.off", f"match-rule:{row.id}", {"why": why}, by=by)


def learn(session: Session, decision: BankDecision, line: BankLine) -> None:
    """Note what a person's decision says of the rules that fit its line; off after three others."""
    if decision.automatic or decision.kind == "held":
        return
    said = f"{line.memo} {line.counterparty} {line.reference}"
    booked = _accounts(session, [decision.entry_id] if decision.entry_id else [])
    for row, facts in _on(session, {line.bank_account_id}):
        if not facts.fits(debit=line.debit, credit=line.credit, said=said):
            continue
        accounts = booked.get(decision.entry_id or 0, set())
        agreed = decision.rule_id == row.id or _as_said(facts, decision.kind, accounts)
        session.add(
            MatchRuleUse(
                rule_id=row.id, decision_id=decision.id, unit_id=row.unit_id, agreed=agreed
            )
        )
        session.flush()
        if not agreed and _last_overruled(session, row.id):
            _off(session, row, by=None, why=_BY_ITSELF)


def _last_overruled(session: Session, rule_id: int) -> bool:
    """Say whether the last three lines on which a rule had a say were decided otherwise."""
    last = session.execute(
        select(MatchRuleUse.agreed, BankDecision.undone_at)
        .join(BankDecision, BankDecision.id == MatchRuleUse.decision_id)
        .where(MatchRuleUse.rule_id == rule_id)
        .order_by(MatchRuleUse.decision_id.desc())
        .limit(THRICE)
    ).all()
    return len(last) == THRICE and not any(
        agreed and undone_at is None for agreed, undone_at in last
    )


def _on(session: Session, accounts: set[int]) -> list[tuple[MatchRule, RuleFacts]]:
    query = (
        select(MatchRule)
        .where(MatchRule.bank_account_id.in_(accounts), MatchRule.off_at.is_(None))
        .order_by(MatchRule.id)
    )
    return [(row, from_json(row.facts)) for row in session.scalars(query)]


def proposals(session: Session, lines: Sequence[Line]) -> Iterator[tuple[int, Proposal]]:
    """Yield what rules that are on say of lines; a rule is never sure."""
    by_account = defaultdict(list)
    for row, facts in _on(session, {line.purse.id for line in lines}):
        by_account[row.bank_account_id].append((row, facts))
    for line in lines:
        for row, facts in by_account[line.purse.id]:
            if facts.fits(debit=line.debit, credit=line.credit, said=line.said):
                label = facts.act[:1].upper() + facts.act[1:]
                why = _("Theo quy tắc: %(rule)s", rule=facts.sentence)
                yield line.id, Proposal(facts.choice(line), label, SCORE, (why,), rule_id=row.id)


def listed(session: Session) -> list[RuleRow]:
    """Return all rules in scope, those that are on first, the newest first."""
    wrong = or_(~MatchRuleUse.agreed, BankDecision.undone_at.is_not(None))
    counted = (
        select(
            MatchRuleUse.rule_id,
            func.count().label("used"),
            func.sum(case((wrong, 1), else_=0)).label("overruled"),
        )
        .join(BankDecision, BankDecision.id == MatchRuleUse.decision_id)
        .group_by(MatchRuleUse.rule_id)
        .subquery()
    )
    query = (
        select(MatchRule, BankAccount.code, counted.c.used, counted.c.overruled)
        .join(BankAccount, BankAccount.id == MatchRule.bank_account_id)
        .outerjoin(counted, counted.c.rule_id == MatchRule.id)
        .order_by(MatchRule.off_at.is_not(None), MatchRule.id.desc())
    )
    return [
        RuleRow(
            id=row.id,
            account=code,
            facts=from_json(row.facts),
            agreed=int(used or 0) - int(overruled or 0),
            overruled=int(overruled or 0),
            made_on=row.made_at.astimezone(clock.VN).date(),
            off_on=row.off_at.astimezone(clock.VN).date() if row.off_at else None,
            off_why=row.off_why or "",
        )
        for row, code, used, overruled in session.execute(query)
    ]


def off_by_itself(session: Session, since: timedelta) -> int:
    """Return how many rules were switched off by themselves not long ago."""
    query = select(func.count()).select_from(MatchRule)
    query = query.where(MatchRule.off_at > clock.now() - since, MatchRule.off_by.is_(None))
    return session.scalar(query.where(MatchRule.off_why == _BY_ITSELF)) or 0
