"""What the bank said of each line, against the sealed entry that booked it.

An entry carries the fingerprint of its line and the line's memo, and both are part of its leaf in
the seal. So whoever changes what a line says would have to change a sealed entry too.
"""

from collections.abc import Iterator
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry
from fundsvc.books.verify import Fault
from fundsvc.reconciliation.booking import SILENT, source_of
from fundsvc.reconciliation.layouts import BY_NAME
from fundsvc.reconciliation.models import BankAccount, BankLine, BankNotice
from fundsvc.reconciliation.notices import KIND
from fundsvc.reconciliation.reader import all_said, fingerprint, identify
from fundsvc.reconciliation.understanding import IDENTITY

_AT_ONCE: Final = 5_000
_IDENTITIES: Final = tuple(
    dict.fromkeys(
        (
            *(layout.identity for layout in BY_NAME.values()),
            IDENTITY,
            (*IDENTITY, "balance"),
        )
    )
)
"""All the ways in which some layout tells one line from another."""


def faults(session: Session) -> Iterator[Fault]:
    """Yield lines of the bank that say something else than when they were booked."""
    last: dict[str, tuple[str, ...]] = {}
    for row in session.execute(_lines(), execution_options={"yield_per": _AT_ONCE}):
        line: BankLine = row.BankLine
        agrees = (
            row.source == source_of(row.code)
            and row.external_id == f"{line.fingerprint}:{line.occurrence}"
            and row.description == (line.memo or SILENT)
        )
        if not (agrees and _is_right(line, row.gateway, row.notice, last)):
            why = _(
                "Dòng sao kê ngày %(day)s của %(account)s (dòng %(row)s của tệp) không còn như khi"
                " ghi sổ: nội dung, số hiệu, số dư hoặc ngân hàng đối ứng khác với bút toán"
                " %(entry)s đã niêm phong.",
                day=f"{line.booked_on:%d/%m/%Y}",
                account=row.code,
                row=line.row,
                entry=line.entry_id,
            )
            yield Fault("bank-words", f"bank-line:{line.id}", why)


def _lines() -> Select[BankLine, str, str, str, str, str, str]:
    """Select the lines with their entries and, where a gateway's notice made them, the notice."""
    made = and_(BankNotice.bank_line_id == BankLine.id, BankNotice.made_line)
    return (
        select(
            BankLine,
            BankAccount.code,
            Entry.source,
            Entry.external_id,
            Entry.description,
            BankNotice.gateway,
            BankNotice.external_id.label("notice"),
        )
        .join(BankAccount, BankAccount.id == BankLine.bank_account_id)
        .join(Entry, Entry.id == BankLine.entry_id)
        .outerjoin(BankNotice, made)
        .order_by(BankLine.id)
    )


def _is_right(
    line: BankLine, gateway: str | None, notice: str | None, last: dict[str, tuple[str, ...]]
) -> bool:
    """Say whether a line has its fingerprint; `last` is the way that a file's lines have theirs."""
    if gateway is not None and notice is not None:
        return line.fingerprint == fingerprint((KIND, gateway, notice))
    said = all_said(
        line.booked_on,
        line.at_time,
        (line.doc_no, line.reference, line.memo, line.counterparty),
        line.debit,
        line.credit,
        line.balance,
    )
    known = last.get(line.file_sha256)
    if known is not None and line.fingerprint == identify(said, known):
        return True
    for identity in _IDENTITIES:
        if line.fingerprint == identify(said, identity):
            last[line.file_sha256] = identity
            return True
    return False
