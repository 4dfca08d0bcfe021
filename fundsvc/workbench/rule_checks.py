"""What a rule may say: its words, amounts and choice are looked at before it is kept."""

import hashlib
import json
from collections.abc import Iterator
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.donors.service import LONGEST_NAME
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.reconciliation.models import BankAccount
from fundsvc.spending.models import LINES
from fundsvc.text import clean, fold
from fundsvc.workbench.rule_facts import COLLECTED, GIVEN, POSTED, SPENT, RuleFacts
from ledger.money import MAX_DONG

LONGEST_WORDS, LONGEST_WHY, FEWEST = 60, 300, 3
SIDES: Final = {
    GIVEN: (True,),
    COLLECTED: (True,),
    SPENT: (False,),
    POSTED: (True, False),
}
"""Whether each kind is for money in (True), out (False) or both."""


def digest(account: str, facts: RuleFacts) -> str:
    """Return what names a rule's very words, so that what is saved is what was tested."""
    said = json.dumps([account, facts.as_json()], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def checked(session: Session, facts: RuleFacts) -> RuleFacts:
    """Return a rule in the form it is kept in.

    Raises:
        Refusal: with a reason for everything that cannot be.
    """
    words = clean(facts.words, LONGEST_WORDS, "words")
    who, why = clean(facts.who, LONGEST_NAME, "who"), clean(facts.why, LONGEST_WHY, "why")
    reasons = [*_conditions(facts, words), *_choice(session, facts, who, why)]
    if reasons:
        raise Refusal(*reasons)
    return RuleFacts(
        words=words,
        into=facts.into,
        kind=facts.kind,
        least=facts.least,
        most=facts.most,
        what=facts.what if facts.kind in {SPENT, POSTED} else "",
        who=who if facts.kind in {SPENT, COLLECTED} else "",
        why=why if facts.kind in {SPENT, POSTED} else "",
    )


def _conditions(facts: RuleFacts, words: str) -> Iterator[Reason]:
    if len(fold(words)) < FEWEST:
        yield Reason(_("Ghi ít nhất 3 chữ có trong nội dung."), field="words")
    for name, amount in (("least", facts.least), ("most", facts.most)):
        if amount is not None and not 1 <= amount <= MAX_DONG:
            yield Reason(_("Số tiền này không thể có."), field=name)
    if facts.least and facts.most and facts.least > facts.most:
        yield Reason(_("Số tiền cao nhất nhỏ hơn số thấp nhất."), field="most")
    if facts.kind not in SIDES or facts.into not in SIDES[facts.kind]:
        yield Reason(_("Loại này không hợp với tiền vào hoặc tiền ra."), field="then")


def _choice(session: Session, facts: RuleFacts, who: str, why: str) -> Iterator[Reason]:
    known = keys.read(session)
    if facts.kind == SPENT and facts.what not in LINES:
        yield Reason(_("Không có mục chi này."), field="then")
    if facts.kind == SPENT and not who:
        yield Reason(_("Chưa có người nhận tiền."), field="who")
    if facts.kind in {SPENT, POSTED} and not why:
        yield Reason(_("Chưa có nội dung."), field="why")
    if facts.kind == POSTED and facts.what not in known.accounts:
        yield Reason(_("Không có tài khoản này."), field="then")
    if facts.kind == COLLECTED and who and who not in known.units:
        yield Reason(_("Không có đơn vị này."), field="who")


def account_of(session: Session, code: str) -> BankAccount:
    """Return a bank account by its code.

    Raises:
        NotFound: there is none, or not for this person.
    """
    found = session.scalar(select(BankAccount).where(BankAccount.code == code))
    if found is None:
        raise NotFound(Reason(_("Không có tài khoản ngân hàng này."), field="account"))
    return found
