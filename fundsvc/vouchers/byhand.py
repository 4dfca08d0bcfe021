"""What no voucher books by hand: what a fund has of its own, and what funds and units owe anew.

Equity (4311, 421, 911) changes when books are opened and when a year is carried forward. What funds
and units owe each other (136, 336) comes about by transfer forms, which name a resolution, and by
what the bank tells. Vouchers settle it and no more: else money bound to a purpose could leave its
fund by two vouchers, each in balance by itself.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from fundsvc.books import keys, lows
from fundsvc.books.models import Account, Fund
from fundsvc.books.summary import NET_TYPES
from fundsvc.books.totals import Columns
from fundsvc.errors import Reason, Refusal
from fundsvc.templating import in_language
from fundsvc.units.models import Unit
from fundsvc.vouchers.drafting import Draft
from fundsvc.vouchers.kinds import JOURNAL, KINDS, TRANSFER
from ledger.accounts import DUE_FROM, DUE_TO, AccountType
from ledger.entries import Posting
from ledger.words import grouped

BETWEEN: Final = (DUE_FROM, DUE_TO)


def equity(session: Session) -> frozenset[str]:
    """Return the accounts that only openings and the carrying forward change."""
    query = select(Account.code).where(Account.type == AccountType.EQUITY.value)
    return frozenset(session.scalars(query))


def net_accounts(session: Session) -> frozenset[str]:
    """Return the accounts that make up what a fund has of its own."""
    return frozenset(session.scalars(select(Account.code).where(Account.type.in_(NET_TYPES))))


def refused(code: str, equities: Collection[str], *, debit: bool) -> str | None:
    """Say why no line by hand stands on a side of an account; None when one may."""
    if code in equities:
        return _(
            "Tài khoản %(code)s chỉ thay đổi khi mở sổ (Số dư đầu kỳ) và khi kết chuyển cuối năm,"
            " không ghi bằng tay; muốn chuyển tiền giữa các quỹ hoặc đơn vị, hãy lập Giấy chuyển"
            " quỹ, kèm số nghị quyết.",
            code=code,
        )
    if code.startswith(DUE_FROM) and debit:
        return _(
            "Không ghi tay Nợ %(code)s: khoản phải thu nội bộ chỉ phát sinh từ Giấy chuyển quỹ, ghi"
            " tay chỉ để thanh toán (Có %(code)s). Muốn chuyển tiền giữa các quỹ hoặc đơn vị, hãy"
            " lập Giấy chuyển quỹ, kèm số nghị quyết.",
            code=code,
        )
    if code.startswith(DUE_TO) and not debit:
        return _(
            "Không ghi tay Có %(code)s: khoản phải trả nội bộ chỉ phát sinh từ Giấy chuyển quỹ, ghi"
            " tay chỉ để thanh toán (Nợ %(code)s). Muốn chuyển tiền giữa các quỹ hoặc đơn vị, hãy"
            " lập Giấy chuyển quỹ, kèm số nghị quyết.",
            code=code,
        )
    return None


def is_offered(code: str, equities: Collection[str], kind: str) -> bool:
    """Say whether a form of a kind offers an account: one that a line may name on some side."""
    sides = (True, False) if kind == JOURNAL else (KINDS[kind].money == "out",)
    return any(refused(code, equities, debit=debit) is None for debit in sides)


def wrong_lines(session: Session, draft: Draft) -> Iterator[Reason]:
    """Yield which lines of a draft stand where no line by hand may."""
    if draft.kind == TRANSFER:
        return
    equities = equity(session)
    for place, line in enumerate(draft.lines, start=1):
        debit = bool(line.debit) if draft.kind == JOURNAL else KINDS[draft.kind].money == "out"
        if draft.kind == JOURNAL and debit == bool(line.credit):
            continue  # Of a line on both sides or on none that alone is told.
        why = refused(line.account, equities, debit=debit)
        if why is not None:
            yield Reason(why, place, "line_account")


def hold_settled(session: Session, lines: tuple[Posting, ...], *, since: date, field: str) -> None:
    """Hold that a voucher settles no more than a fund of a unit is owed, or owes.

    The caller has locked the units, or two could both settle the same.

    Raises:
        Refusal: 136 would stand on its credit side or 336 on its debit side, on that day or later.
    """
    settled: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for line in lines:
        if line.account.startswith(BETWEEN):
            settled[line.account, line.fund, line.unit] += abs(line.debit - line.credit)
    reasons = []
    for (code, fund, unit), amount in settled.items():
        low = owed(session, code, fund, unit, since)
        if amount > low.amount:
            why = _(
                "Chỉ thanh toán được số còn nợ: tài khoản %(code)s của %(fund)s, %(unit)s đến ngày"
                " %(day)s còn %(rest)s đ, chứng từ ghi giảm %(amount)s đ. Muốn chuyển thêm tiền"
                " giữa các quỹ hoặc đơn vị, hãy lập Giấy chuyển quỹ, kèm số nghị quyết.",
                code=code,
                fund=fund_name(session, fund),
                unit=unit_name(session, unit),
                day=f"{low.on:%d/%m/%Y}",
                rest=grouped(max(low.amount, 0)),
                amount=grouped(amount),
            )
            reasons.append(Reason(why, field=field))
    if reasons:
        raise Refusal(*reasons)


def hold_unpaid(session: Session, lines: tuple[Posting, ...], *, since: date) -> None:
    """Hold that what an entry made owed is owed still, before it is taken back.

    Raises:
        Refusal: it was paid, so that after the reversal the other side would owe it back, which no
            voucher could settle.
    """
    for line in lines:
        amount = line.debit + line.credit
        if not line.account.startswith(BETWEEN):
            continue
        rest = owed(session, line.account, line.fund, line.unit, since).amount
        if amount > rest:
            why = _(
                "Khoản nợ này đã thanh toán: trong %(amount)s đ chỉ còn %(rest)s đ. Nếu chứng từ"
                " thanh toán hoặc quyết định đối soát sai, hãy ghi đảo chứng từ hoặc hoàn tác quyết"
                " định đó trước; nếu tiền đã chuyển thật, hãy lập Giấy chuyển quỹ theo chiều ngược"
                " lại, kèm số nghị quyết.",
                amount=grouped(amount),
                rest=grouped(max(rest, 0)),
            )
            raise Refusal(Reason(why, field="reason"))


def owed(session: Session, code: str, fund: str, unit: str, since: date) -> lows.Low:
    """Return the least that is owed on 136 or 336 of a fund and unit from a day on, in đồng."""
    known = keys.read(session)
    account_id, fund_id, unit_id = known.account(code), known.fund(fund), known.unit(unit)

    def here(columns: Columns) -> list[ColumnElement[bool]]:
        return [
            columns.account_id == account_id,
            columns.fund_id == fund_id,
            columns.unit_id == unit_id,
        ]

    return lows.lowest(session, since, here, credit=code.startswith(DUE_TO))


def fund_name(session: Session, code: str) -> str:
    """Return what a fund is called in the language of the reader."""
    fund = session.execute(select(Fund).where(Fund.code == code)).scalar_one()
    return in_language(fund.name, fund.name_en)


def unit_name(session: Session, code: str) -> str:
    """Return what a unit is called."""
    return session.execute(select(Unit.name).where(Unit.code == code)).scalar_one()
