"""What lines of the bank probably are: all that is known of them, weighed, the best first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.workbench import coded, others, rules, seen, wording
from fundsvc.workbench.choices import MOST, Choice, Given, Held, Promised, Proposal
from fundsvc.workbench.lines import Line, Purse, by_ids, purses

LIKELY: Final = 60
"""From here on something is likely; below it is possible, and the amount alone stays below."""
TOGETHER: Final = 3
"""What a second kind of evidence for the same choice adds, never up to what is sure."""
CERTAIN: Final = 95
CHUNK: Final = 500
"""So many lines are looked at with one round of queries."""
_COMMON: Final = (Given, Promised)


def propose(session: Session, line_ids: Sequence[int]) -> dict[int, list[Proposal]]:
    """Return proposals for lines of the bank, the best first; lines that nothing fits have none.

    Some ten queries for each few hundred lines. Lines out of the session's scope are left out.
    """
    known = purses(session)
    made: dict[int, list[Proposal]] = {}
    numbers = iter(dict.fromkeys(line_ids))
    while chunk := list(islice(numbers, CHUNK)):
        lines = by_ids(session, known, chunk)
        gathered: defaultdict[int, list[Proposal]] = defaultdict(list)
        for line_id, proposal in _all(session, known, lines):
            gathered[line_id].append(proposal)
        for line in lines:
            made[line.id] = ranked(gathered[line.id])
    return made


def _all(
    session: Session, known: dict[int, Purse], lines: Sequence[Line]
) -> Iterator[tuple[int, Proposal]]:
    if not lines:
        return
    yield from coded.proposals(session, lines)
    yield from others.settlements(session, lines)
    yield from others.payouts(session, lines)
    yield from others.mirrors(session, known, lines)
    yield from rules.proposals(session, lines)
    yield from seen.payers(session, lines)
    yield from seen.by_hand(session, lines)
    yield from wording.proposals(session, lines)


def ranked(found: Iterable[Proposal]) -> list[Proposal]:
    """Return the best proposals, each choice once with all its reasons.

    What is sure stays so only while nothing else is likely: another promise, a settlement, a
    payout, a transfer or a rule. That the payer gave before says nothing against a code. Of equals
    at the top neither is sure.
    """
    merged: dict[Choice, Proposal] = {}
    for one in sorted(found, key=lambda one: -one.score):
        before = merged.get(one.choice)
        if before is None:
            merged[one.choice] = one
            continue
        score = before.score
        if before.score < CERTAIN and one.score >= LIKELY:
            score = min(before.score + TOGETHER, CERTAIN)
        reasons = tuple(dict.fromkeys((*before.reasons, *one.reasons)))
        merged[one.choice] = replace(
            before, score=score, reasons=reasons, rule_id=before.rule_id or one.rule_id
        )
    best = sorted(merged.values(), key=lambda one: -one.score)
    against = [one for one in best if one.score >= LIKELY and not _common(one)]
    sure = [one for one in best if one.sure]
    if len(sure) != 1 or any(one is not sure[0] for one in against):
        best = [replace(one, sure=False) for one in best]
    return best[:MOST]


def _common(one: Proposal) -> bool:
    """Say whether a proposal says the same as a code does: that somebody gave."""
    if isinstance(one.choice, Held):
        return False
    return isinstance(one.choice, _COMMON) and not (isinstance(one.choice, Promised) and one.sure)


def strength(score: int) -> str:
    """Return how sure a score is, in a word."""
    if score >= CERTAIN:
        return _("gần như chắc")
    return _("rất có thể") if score >= LIKELY else _("có thể")
