"""What tests of the workbench share: lines of a bank, decisions on them, and what stands after."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.books import service as books
from fundsvc.db import transaction
from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankLine
from fundsvc.units.importing import import_units
from fundsvc.workbench import choices
from fundsvc.workbench.decisions import Decided, decide, undo
from tests.reconciliation.importing import add, file, run


def book(code: str, *lines: str, fund: str = "nghia-tinh", unit: str = "TW") -> list[int]:
    """Book a statement of an account and return the ids of its lines, in their order."""
    add(code, number=f"00110{sum(map(ord, code))}", fund=fund, unit=unit)
    run(code, file(*lines), name=f"{code}.csv")
    with transaction() as session:
        return list(session.scalars(select(BankLine.id).order_by(BankLine.id)))[-len(lines) :]


def money_in(amount: str = "200.000", memo: str = "NGUYEN VAN A UNG HO", day: int = 2) -> str:
    return f"1,0{day}/09/2024,5213.{day},,{amount},,{memo}"


def money_out(amount: str = "150.000", memo: str = "MUA QUA", day: int = 3) -> str:
    return f"1,0{day}/09/2024,5214.{day},{amount},,,{memo}"


def hue() -> None:
    """Add a unit beside the central one."""
    data = "code,name,kind,province\nHUE,Thành hội Huế,provincial,2025:46\n".encode()
    with transaction() as session:
        assert import_units(session, data, commit=True, by=None).committed


def say(line_id: int, choice: choices.Choice, key: str = "k1") -> Decided:
    with transaction() as session:
        return decide(session, line_id, choice, by=None, key=key)


def take(decision_id: int, why: str = "Nhầm") -> None:
    with transaction() as session:
        undo(session, decision_id, by=None, why=why)


def stands(session: Session, account: str, fund: str = "nghia-tinh", unit: str = "TW") -> int:
    session.rollback()
    return books.balance(session, account=account, fund=fund, unit=unit)


def waiting(session: Session) -> int:
    session.rollback()
    query = select(func.count()).select_from(BankLine).where(decided.waiting())
    return session.scalar(query) or 0
