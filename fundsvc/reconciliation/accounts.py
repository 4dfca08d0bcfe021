"""Set up bank accounts: each gets its own ledger account below 112."""

import re

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.books import keys
from fundsvc.books import service as books
from fundsvc.db import check_scope
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.reconciliation import lists
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.models import BankAccount
from fundsvc.text import clean
from ledger.accounts import AccountType, bank_account_code

_CODE = re.compile(r"[A-Z0-9]{2,12}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{4,24}", re.ASCII)
BANK_LENGTH = 100


def add_bank_account(
    session: Session, *, code: str, bank: str, number: str, fund: str, unit: str, by: int | None
) -> AccountFacts:
    """Add a bank account and its ledger account 112.CODE; the same again changes nothing.

    Raises:
        Refusal: the code, the number, the fund or the unit cannot be.
        Conflict: the code or the number at this bank belongs to another account.
        OutOfScopeError: the unit is not one of the session's.
    """
    code, number = code.strip().upper(), "".join(number.split())
    bank = clean(bank, BANK_LENGTH, "bank")
    reasons = []
    if not _CODE.fullmatch(code):
        reasons.append(Reason(_("Mã gồm 2 đến 12 chữ A–Z hoặc số."), field="code"))
    if not bank:
        reasons.append(Reason(_("Chưa có tên ngân hàng."), field="bank"))
    if not _NUMBER.fullmatch(number):
        reasons.append(Reason(_("Số tài khoản gồm 4 đến 24 chữ số."), field="number"))
    if reasons:
        raise Refusal(*reasons)
    known = keys.read(session)
    fund_id, unit_id = known.fund(fund), known.unit(unit)
    check_scope(session, {unit_id})
    if _is_there(session, code, bank, number, fund_id, unit_id):
        return lists.account(session, code, counted=True)
    name = f"{bank} {number}"
    account_id = books.add_account(
        session,
        code=bank_account_code(code),
        name=name,
        name_en=name,
        kind=AccountType.ASSET,
        line=None,
    )
    session.add(
        BankAccount(
            code=code,
            bank=bank,
            number=number,
            fund_id=fund_id,
            unit_id=unit_id,
            account_id=account_id,
        )
    )
    facts = {"bank": bank, "number": number, "fund": fund, "unit": unit}
    audit.record(session, "bank-account.add", f"bank-account:{code}", facts, by=by)
    session.flush()
    return lists.account(session, code, counted=True)


def _is_there(
    session: Session, code: str, bank: str, number: str, fund_id: int, unit_id: int
) -> bool:
    """Say whether this very account is there; refuse one that is half the same."""
    query = select(BankAccount).where(
        (BankAccount.code == code) | ((BankAccount.bank == bank) & (BankAccount.number == number))
    )
    found = session.scalars(query).all()
    said = (code, bank, number, fund_id, unit_id)
    for other in found:
        if said == (other.code, other.bank, other.number, other.fund_id, other.unit_id):
            return True
        if other.code == code:
            why = _("Mã %(code)s đã thuộc một tài khoản ngân hàng khác.", code=code)
            raise Conflict(Reason(why, field="code"))
        why = _("Số tài khoản này đã có với mã %(code)s.", code=other.code)
        raise Conflict(Reason(why, field="number"))
    return False
