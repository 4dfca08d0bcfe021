"""Book a statement's new lines and keep them, in bulk: one entry a line, by the recipes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import islice
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Insert, Text, func, insert, literal, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import bulk
from fundsvc.columns import Big
from fundsvc.db import check_scope
from fundsvc.reconciliation.facts import AccountFacts, Twin
from fundsvc.reconciliation.layouts import FEE
from fundsvc.reconciliation.models import BankLine, BankTwin
from fundsvc.reconciliation.reader import Line
from fundsvc.reconciliation.signed import hold_open, signed_until
from ledger import recipes

# What an entry says when the bank's line says nothing. It is stored, so it is not translated.
SILENT = "Dòng sao kê không có nội dung"
_TEXTS = ("at_time", "doc_no", "reference", "counterparty", "fingerprint")
_NUMBERS = ("row", "debit", "credit", "balance", "occurrence")
AT_ONCE: Final = 10_000
"""Lines that are booked at once: their rows fit in the memory that the database sorts in."""

Numbered = tuple[int, Line, int]
"""A line with its number in the file and its occurrence."""


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
    progress: Callable[[int], None] | None = None,
) -> int:
    """Book the lines that have an occurrence above 0 and return how many they were.

    Money in becomes unidentified money (3381), the bank's own fee an expense (615), other money
    out is left to be identified (1388); so the books equal the bank at once. `progress` is told
    now and then up to which line they are booked.

    Raises:
        Refusal: a line lies in a closed month, or in one whose reconciliation is signed.
    """
    columns = [Column(name, Text) for name in _TEXTS] + [Column(name, Big) for name in _NUMBERS]
    booked = 0
    with bulk.staging(session, *columns) as stage:
        templates = _templates(stage, account)
        new = _new(lines, occurrences, signed_until(session, account.id))
        while some := list(islice(new, AT_ONCE)):
            stage.load([stage.encode(_columns(some, templates))])
            booked += stage.post(maker_id=by)
            session.execute(_keep(stage, account, sha256))
            stage.clear()
            if progress:
                progress(some[-1][0])
    return booked


def keep_twins(
    session: Session, account: AccountFacts, twins: Iterable[Twin], *, sha256: str
) -> None:
    """Keep the lines of a statement that are booked already, for a gateway told of them."""
    check_scope(session, {account.unit_id})
    facts = {
        "bank_account_id": account.id,
        "unit_id": account.unit_id,
        "file_sha256": sha256,
    }
    rest = iter(twins)
    while some := [facts | asdict(twin) for twin in islice(rest, AT_ONCE)]:
        session.execute(insert(BankTwin), some)


def _templates(stage: bulk.Stage, account: AccountFacts) -> tuple[int, int, int]:
    """Register the three recipes of this account: money in, fee, other money out."""
    source = source_of(account.code)
    facts: dict[str, Any] = {
        "bank_account": account.code,
        "on": clock.today(),
        "unit": account.unit,
        "fund": account.fund,
        "amount": 1,
        "description": SILENT,
    }
    return (
        stage.template(recipes.bank_credit(**facts), source),
        stage.template(recipes.bank_fee(**facts), source),
        stage.template(recipes.bank_debit(**facts), source),
    )


def _new(
    lines: Iterable[Line], occurrences: Iterable[int], until: date | None
) -> Iterator[Numbered]:
    """Yield the lines that are new.

    Raises:
        Conflict: one lies in what is signed.
    """
    for n, (line, occurrence) in enumerate(zip(lines, occurrences, strict=True), 1):
        if occurrence:
            hold_open(until, line.booked_on)
            yield n, line, occurrence


def _columns(
    some: Sequence[Numbered], templates: tuple[int, int, int]
) -> Mapping[str, Sequence[str]]:
    """Return new lines as columns of the stage."""
    into, fee, out = map(str, templates)
    days = {line.booked_on: line.booked_on.isoformat() for _n, line, _occurrence in some}
    n, lines, occurrence = zip(*some, strict=True)
    named = dict(zip(Line._fields, zip(*lines, strict=True), strict=True))
    debit, credit = list(map(str, named["debit"])), list(map(str, named["credit"]))
    return {
        "n": list(map(str, n)),
        "template": [into if line.credit else fee if is_fee(line) else out for line in lines],
        "date": [days[line.booked_on] for line in lines],
        "external_id": [f"{line.fingerprint}:{number}" for _n, line, number in some],
        "amount": [str(line.credit or line.debit) for line in lines],
        "description": named["memo"],
        **{name: named[name] for name in _TEXTS},
        "row": list(map(str, named["row"])),
        "debit": debit,
        "credit": credit,
        "balance": ["" if balance is None else str(balance) for balance in named["balance"]],
        "occurrence": list(map(str, occurrence)),
    }


def _keep(stage: bulk.Stage, account: AccountFacts, sha256: str) -> Insert:
    """Return the statement that keeps what was just booked, in the order of the file."""
    staged = stage.table.c
    facts: dict[str, ColumnElement[Any]] = {
        "bank_account_id": literal(account.id),
        "unit_id": literal(account.unit_id),
        "file_sha256": literal(sha256),
        "booked_on": staged.date,
        "entry_id": staged.entry_id,
        "memo": func.coalesce(staged.description, ""),
        # The stage has nothing (NULL) where the bank says nothing.
        **{name: func.coalesce(staged[name], "") for name in _TEXTS},
        **{name: staged[name] for name in _NUMBERS},
    }
    return insert(BankLine).from_select(list(facts), select(*facts.values()).order_by(staged.n))


def is_fee(line: Line) -> bool:
    """Say whether a line surely is the bank's own fee."""
    return FEE.holds(line.memo, line.debit)
