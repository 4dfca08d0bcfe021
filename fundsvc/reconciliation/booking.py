"""Book a statement's new lines and keep them, in bulk: one entry a line, by the recipes."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Column, Text, insert, literal, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import bulk
from fundsvc.db import Big
from fundsvc.reconciliation.facts import AccountFacts, Twin
from fundsvc.reconciliation.layouts import FEE
from fundsvc.reconciliation.models import BankLine, BankTwin
from fundsvc.reconciliation.reader import Line
from fundsvc.reconciliation.signed import hold_open, signed_until
from ledger import recipes

# What an entry says when the bank's line says nothing. It is stored, so it is not translated.
_SILENT = "Dòng sao kê không có nội dung"
_OWN = (
    "row", "at_time", "doc_no", "reference", "memo", "counterparty",
    "debit", "credit", "balance", "fingerprint", "occurrence",
)  # fmt: skip
_NUMBERS = {"row", "debit", "credit", "balance", "occurrence"}


def source_of(code: str) -> str:
    """Return the source that entries of a bank account's lines carry."""
    return f"bank:{code}"


def book(
    session: Session,
    account: AccountFacts,
    lines: Iterable[Line],
    occurrences: list[int],
    *,
    sha256: str,
    by: int | None,
) -> int:
    """Book the lines that have an occurrence above 0 and return how many they were.

    Money in becomes unidentified money (3381), the bank's own fee an expense (615), other money
    out is left to be identified (1388); so the books equal the bank at once.

    Raises:
        Refusal: a line lies in a closed month, or in one whose reconciliation is signed.
    """
    columns = [Column(name, Big if name in _NUMBERS else Text) for name in _OWN]
    with bulk.staging(session, *columns) as stage:
        templates = _templates(stage, account)
        until = signed_until(session, account.id)
        stage.write(_rows(lines, occurrences, templates, until))
        booked = stage.post(maker_id=by)
        waiting = stage.table.c
        session.execute(
            insert(BankLine).from_select(
                [
                    "bank_account_id", "unit_id", "file_sha256", "booked_on", "entry_id", *_OWN
                ],
                select(
                    literal(account.id),
                    literal(account.unit_id),
                    literal(sha256),
                    waiting.date,
                    waiting.entry_id,
                    *(waiting[name] for name in _OWN),
                ).order_by(waiting.n),
            )
        )  # fmt: skip
    return booked


def keep_twins(
    session: Session, account: AccountFacts, twins: Iterable[Twin], *, sha256: str
) -> None:
    """Keep the lines of a statement that are booked already, for a gateway told of them."""
    session.add_all(
        BankTwin(
            bank_account_id=account.id,
            unit_id=account.unit_id,
            file_sha256=sha256,
            **asdict(twin),
        )
        for twin in twins
    )
    session.flush()


def _templates(stage: bulk.Stage, account: AccountFacts) -> tuple[int, int, int]:
    """Register the three recipes of this account: money in, fee, other money out."""
    source = source_of(account.code)
    facts: dict[str, Any] = {
        "bank_account": account.code,
        "on": clock.today(),
        "unit": account.unit,
        "fund": account.fund,
        "amount": 1,
        "description": _SILENT,
    }
    return (
        stage.template(recipes.bank_credit(**facts), source),
        stage.template(recipes.bank_fee(**facts), source),
        stage.template(recipes.bank_debit(**facts), source),
    )


def _rows(
    lines: Iterable[Line],
    occurrences: list[int],
    templates: tuple[int, int, int],
    until: date | None,
) -> Iterator[tuple[Any, ...]]:
    """Yield the new lines as the stage wants them."""
    into, fee, out = templates
    for n, (line, occurrence) in enumerate(zip(lines, occurrences, strict=True), 1):
        if not occurrence:
            continue
        hold_open(until, line.booked_on)
        template = into if line.credit else fee if is_fee(line) else out
        yield (
            n,
            template,
            line.booked_on.isoformat(),
            f"{line.fingerprint}:{occurrence}",
            line.credit or line.debit,
            line.memo or None,
            None,
            line.row,
            line.at_time,
            line.doc_no,
            line.reference,
            line.memo,
            line.counterparty,
            line.debit,
            line.credit,
            line.balance,
            line.fingerprint,
            occurrence,
        )


def is_fee(line: Line) -> bool:
    """Say whether a line surely is the bank's own fee."""
    return FEE.holds(line.memo, line.debit)
