"""Lines of money in that carry the memo code of a promise become the donation that was promised.

Only a code with its right check letter counts, and only one of them: two promises in one memo, or
money in the account of another fund or unit than the page's, is left for a person to decide. What
names a promise and cannot be given waits with its reason (`waiting`): none of it is forgotten.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from fundsvc.books.reversing import is_undone
from fundsvc.donations.models import Donation
from fundsvc.errors import Refusal
from fundsvc.giving import becoming, codes
from fundsvc.giving import service as giving
from fundsvc.giving.models import CampaignPage, Pledge
from fundsvc.reconciliation import decided, waiting
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.models import BankAccount, BankGift, BankLine
from fundsvc.reconciliation.reader import Line

_AT_ONCE: Final = 500
_log = logging.getLogger(__name__)


def standing() -> Select[int]:
    """Return the ids of lines that are a donation, as a query; one taken back frees its line."""
    return (
        select(BankGift.bank_line_id)
        .join(Donation, Donation.id == BankGift.donation_id)
        .where(~is_undone(Donation.entry_id))
    )


def of_lines(
    session: Session, account: AccountFacts, lines: Iterable[Line], occurrences: Iterable[int]
) -> int:
    """Give what lines of a file say that were just booked; return how many donations it became.

    `occurrences` are those by which the lines are kept, 0 for one that is not new.
    """
    named = {
        (line.fingerprint, occurrence): line.memo
        for line, occurrence in zip(lines, occurrences, strict=True)
        if occurrence and line.credit and codes.find(line.memo)
    }
    memos: list[tuple[int, str]] = []
    rest = iter({fingerprint for fingerprint, _occurrence in named})
    while some := list(islice(rest, _AT_ONCE)):
        rows = session.execute(
            select(BankLine.id, BankLine.fingerprint, BankLine.occurrence).where(
                BankLine.bank_account_id == account.id, BankLine.fingerprint.in_(some)
            )
        )
        memos += [
            (row.id, named[row.fingerprint, row.occurrence])
            for row in rows
            if (row.fingerprint, row.occurrence) in named
        ]
    return of_memos(session, account, sorted(memos))


def of_memos(session: Session, account: AccountFacts, memos: Iterable[tuple[int, str]]) -> int:
    """Give what memos of lines say, each with the line's id; return how many donations it became.

    A gateway and a statement may each cut the memo of one line short, so each has its say.
    """
    named = [(line_id, found) for line_id, memo in memos if (found := codes.find(memo))]
    # Looked for together: what only looks like a code must not cost a look at its line.
    promised = giving.by_codes(session, (code for _line_id, found in named for code in found))
    said = [
        (line_id, known)
        for line_id, found in named
        if (known := [promised[code] for code in found if code in promised])
    ]
    if not said:
        return 0
    # What all of them need is held here, or the session would forget it and ask again for each.
    held = [session.get_one(BankAccount, account.id), *becoming.ground(session, promised.values())]
    given = sum(
        _of_some(session, account, said[at : at + _AT_ONCE]) for at in range(0, len(said), _AT_ONCE)
    )
    held.clear()
    return given


def _of_some(
    session: Session, account: AccountFacts, said: Sequence[tuple[int, list[Pledge]]]
) -> int:
    """Give what lines say that were just told, unless they became something or are a person's.

    The lines are held first: who decides one at the same moment goes before or after.
    """
    numbers = {line_id for line_id, _promised in said}
    of_account = BankLine.id.in_(numbers) & (BankLine.bank_account_id == account.id)
    lines = {
        line.id: line
        for line in session.scalars(
            select(BankLine)
            .where(of_account)
            .order_by(BankLine.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    free = decided.waiting() & ~decided.of_person()
    rest = set(session.scalars(select(BankLine.id).where(of_account, free)))
    noted = waiting.noted(session, numbers)
    used = becoming.used_origins(session, map(_origin, numbers))
    given = 0
    for line_id, promised in said:
        if line_id not in rest:
            continue
        again = line_id in noted or _origin(line_id) in used
        if _give(session, lines[line_id], promised, first=not again):
            rest.discard(line_id)
            given += 1
        else:
            noted.add(line_id)
    return given


def again(session: Session, line_id: int, found: Collection[str], *, by: int | None = None) -> bool:
    """Try a line that waits once more, for these codes; return whether it became a donation.

    Since the first time its money may have become something else, or its entry been taken back.
    """
    line = session.get_one(BankLine, line_id, with_for_update=True)
    if not _is(session, line_id, decided.waiting()):
        why = _("Dòng tiền này đã thành việc khác, hoặc bút toán của nó đã ghi đảo.")
        waiting.note(session, line, [], why, heals=False)
        return False
    if by is None and _is(session, line_id, decided.of_person()):
        return False
    promised = giving.by_codes(session, found)
    return _give(session, line, [promised[code] for code in found if code in promised], by=by)


def _give(
    session: Session,
    line: BankLine,
    named: Sequence[Pledge],
    *,
    by: int | None = None,
    first: bool = False,
) -> bool:
    """Give a line to what it names, or note why it waits; `first` when it never did either."""
    if not line.credit or not named:
        return False
    found = [one.code for one in named]
    promised = [one for one in named if _fits(session, line, one)]
    if len(promised) != 1:
        why = (
            _("Nội dung có mã của nhiều lượt đăng ký ủng hộ; cần người chọn.")
            if promised
            else _("Tiền vào tài khoản của quỹ hoặc đơn vị khác với trang ủng hộ.")
        )
        waiting.note(session, line, found, why, heals=False)
        return False
    try:
        # What cannot be given now stays unidentified money, and the other lines go on.
        with session.begin_nested():
            given = becoming.becomes(
                session,
                promised[0],
                origin=_origin(line.id)
                if first
                else becoming.free_origin(session, _origin(line.id)),
                amount=line.credit,
                received_on=line.booked_on,
                method="bank",
                by=by,
            )
            gift = BankGift(
                bank_line_id=line.id, donation_id=given.donation_id, unit_id=line.unit_id
            )
            session.add(gift)
            session.flush()
    except Refusal as refusal:
        _log.warning("line %s of the bank waits: %s", line.id, refusal)
        waiting.note(session, line, found, str(refusal), heals=True)
        return False
    if not first:
        waiting.over(session, line.id)
    return True


def _origin(line_id: int) -> str:
    return f"bank-line:{line_id}"


def _is(session: Session, line_id: int, what: ColumnElement[bool]) -> bool:
    return session.scalar(select(BankLine.id).where(BankLine.id == line_id, what)) is not None


def _fits(session: Session, line: BankLine, promised: Pledge) -> bool:
    """Say whether an account holds money of the fund and unit that the promise is for."""
    page = session.get_one(CampaignPage, promised.page_id)
    mine = session.get_one(BankAccount, line.bank_account_id)
    return (page.fund_id, page.unit_id) == (mine.fund_id, mine.unit_id)
