"""What tests of statements share: an account, a file of lines, and one call that brings it in."""

from fundsvc.db import read_session, transaction
from fundsvc.reconciliation import service
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.facts import AccountFacts, BankImportReport

HEADER = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails"
LINE = "1,0{day}/09/2024,{doc},,50.000,,ung ho"


def add(
    code: str,
    number: str = "0011004455",
    unit: str = "TW",
    bank: str = "VCB",
    fund: str = "nghia-tinh",
) -> AccountFacts:
    """Add a bank account and commit."""
    with transaction() as session:
        return add_bank_account(
            session, code=code, bank=bank, number=number, fund=fund, unit=unit, by=None
        )


def run(
    code: str,
    data: bytes | str,
    *,
    commit: bool = True,
    name: str = "f.csv",
    layout: str | None = None,
) -> BankImportReport:
    """Import a file and commit."""
    raw = data if isinstance(data, bytes) else data.encode()
    statement = service.read(
        read_session(), raw, name=name, account_code=code, layout=layout, commit=commit
    )
    with transaction() as session:
        return service.import_bank(session, statement, by=None)


def file(*lines: str) -> str:
    """Return a Vietcombank file."""
    return "\r\n".join((HEADER, *lines, ""))


def line(day: int = 1, doc: str = "5213.1") -> str:
    """Return a line of 50,000 đồng in."""
    return LINE.format(day=day, doc=doc)
