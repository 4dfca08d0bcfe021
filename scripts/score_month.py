#!/usr/bin/env python3
"""Score matching on a month whose truth is known: what was matched automatically, and rightly.

usage: scripts/score_month.py [--seed N] [--lines N] [--late]

Makes a month (`make_month`), sets up an empty SQLite database, reads the statements, lets automatic
acceptance run, and prints figures. With --late the promises become known only after the statements,
so that all of it is automatic acceptance's work. Exit 1 when a match is wrong or too few are made.
"""

import argparse
import csv
import io
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from fundsvc import clock, schema
from fundsvc.app import create_app
from fundsvc.books import service as books
from fundsvc.books.keys import read as read_keys
from fundsvc.config import Settings
from fundsvc.db import equip, read_session, transaction
from fundsvc.giving import codes, pages
from fundsvc.giving import service as giving
from fundsvc.giving.models import Pledge, PledgeDonation
from fundsvc.giving.page_facts import PageFacts
from fundsvc.giving.promises import Promise
from fundsvc.online.models import CardPayout
from fundsvc.reconciliation import service
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import (
    BankAccount,
    BankDecision,
    BankDecisionPart,
    BankGift,
    BankLine,
)
from fundsvc.settlements import importing
from fundsvc.settlements.models import Settlement
from fundsvc.sms import campaigns
from fundsvc.workbench import automatic
from fundsvc.workbench.choices import Mirrored, PaidOut, Promised, Proposal, Settled
from fundsvc.workbench.likeness import bare
from fundsvc.workbench.proposals import LIKELY, propose
from ledger import card_recipes
from scripts.make_month import CODED, GIFT, OWN, Line, Month, make

MOMENT = datetime(2026, 9, 30, 20, 0, tzinfo=clock.VN)
EARLY = datetime(2026, 9, 1, 6, 0, tzinfo=clock.VN)
CAMPAIGN = (
    b"short_code,keyword,grammar,unit_value,fund,unit,starts,ends\n"
    b"1400,TS,units,20000,nghia-tinh,TW,2026-07-01,2026-08-31\n"
)
AIM = 0.95


@dataclass(frozen=True)
class Score:
    """What came of a month; `alone` are automatic matches whose memo lacks the promise's code."""

    lines: int
    coded: int
    right: int
    wrong: int
    alone: int
    by_import: int
    proposed: int
    others: int

    @property
    def share(self) -> float:
        """The share of the coded lines that were matched automatically."""
        return self.right / self.coded


def load(month: Month, *, late: bool) -> None:
    """Bring a month into an empty database, and let automatic acceptance run."""
    with clock.fixed(EARLY):
        _set_up(month)
        if not late:
            _promise(month)
    with clock.fixed(MOMENT):
        for account in OWN:
            data = month.statement(account).encode()
            read = service.read(
                read_session(), data, name=f"{account}.csv", account_code=account, commit=True
            )
            with transaction() as session:
                report = service.import_bank(session, read, by=None)
            if not report.committed:
                raise RuntimeError(report.refused)
    if late:
        with clock.fixed(EARLY):
            _promise(month)
    with clock.fixed(MOMENT):
        automatic.accept(commit=True)


def _set_up(month: Month) -> None:
    facts: dict[str, Any] = {"bank": "VCB", "unit": "TW", "by": None}
    with transaction() as session:
        found = {
            code: add_bank_account(session, code=code, number=number, fund="nghia-tinh", **facts)
            for code, number in OWN.items()
        }
        base = add_bank_account(session, code="BASE1", number="0055667788", fund="base", **facts)
        for slug, fund, account in (
            ("nha-tinh-nghia", "nghia-tinh", found["VCB1"]),
            ("chan-quy", "base", base),
        ):
            page = PageFacts(
                slug=slug,
                fund=fund,
                unit="TW",
                title=slug,
                story=slug,
                bank_account_id=account.id,
                bank_bin="970436",
                account_holder="HOI",
            )
            pages.make(session, page, by=None)
            pages.publish(session, slug, by=None)
        campaigns.import_campaigns(session, CAMPAIGN, by=None)
    with transaction() as session:
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(month.settlements[0]))
        writer.writeheader()
        writer.writerows(month.settlements)
        report = importing.import_settlements(
            session, out.getvalue().encode(), name="q.csv", commit=True, by=None
        )
        if not report.committed:
            raise RuntimeError(report.refused)
        _send(session, month)


def _send(session: Session, month: Month) -> None:
    """Book the payouts as sent."""
    known = read_keys(session)
    for row in month.payouts:
        on = date.fromisoformat(row["sent_on"])
        parts = [("nghia-tinh", "TW", row["amount"])]
        entry = card_recipes.payout(parts, on=on, unit="TW", description="Stripe chuyển tiền")
        posted = books.post(session, entry, source="stripe", external_id=row["payout"])
        session.add(
            CardPayout(
                unit_id=known.unit("TW"),
                payout=row["payout"],
                amount=row["amount"],
                currency="vnd",
                settled=row["amount"],
                sent_on=on,
                arrives_on=on,
                state="sent",
                entry_id=posted.id,
                noted_at=clock.now(),
            )
        )
    session.flush()


def _promise(month: Month) -> None:
    """Make the promises, with the codes that the month's lines carry."""
    drawn = iter([row["code"] for row in month.promises])
    with transaction() as session, patch.object(codes, "draw", lambda: next(drawn)):
        found = {slug: pages.by_slug(session, slug) for slug in ("nha-tinh-nghia", "chan-quy")}
        for n, row in enumerate(month.promises):
            said = Promise(amount=row["amount"], name=row["name"])
            giving.pledge(session, found[row["page"]], said, f"month-{n}")


def score(month: Month) -> Score:
    """Return how what was matched compares with the truth."""
    session = read_session()
    session.rollback()
    truth = {(line.account, line.doc): line for line in month.lines}
    lines = {
        row.id: truth[code, row.doc_no]
        for row, code in session.execute(
            select(BankLine, BankAccount.code).join(
                BankAccount, BankAccount.id == BankLine.bank_account_id
            )
        )
    }
    by_import = _codes(session, select(BankGift.bank_line_id, BankGift.donation_id))
    decided = _codes(
        session,
        select(BankDecision.bank_line_id, BankDecisionPart.thing_id)
        .join(BankDecisionPart, BankDecisionPart.decision_id == BankDecision.id)
        .where(BankDecision.automatic, BankDecisionPart.what == "donation"),
    )
    automatic_ids = set(
        session.scalars(select(BankDecision.bank_line_id).where(BankDecision.automatic))
    )
    matched: dict[int, str] = dict.fromkeys(automatic_ids, "") | by_import | decided
    right = sum(lines[n].kind == GIFT and lines[n].ref == code for n, code in matched.items())
    alone = sum(not code or code not in bare(lines[n].memo) for n, code in matched.items())
    rest = [number for number in lines if number not in matched]
    others = ("settlement", "payout", "mirror", "slip")
    proposed = propose(session, rest)
    told = [number for number in rest if lines[number].kind in others]
    found = sum(_is_right(session, lines[n], proposed[n], lines) for n in told)
    coded = sum(line.kind in CODED for line in month.lines)
    return Score(
        lines=len(lines),
        coded=coded,
        right=right,
        wrong=len(matched) - right,
        alone=alone,
        by_import=len(by_import),
        proposed=found,
        others=len(told),
    )


def _codes(session: Session, query: Any) -> dict[int, str]:
    """Return the code of the promise that each line's donation came from."""
    gifts = query.subquery()
    line_id, donation_id = gifts.c
    rows = session.execute(
        select(line_id, Pledge.code)
        .join(PledgeDonation, PledgeDonation.donation_id == donation_id)
        .join(Pledge, Pledge.id == PledgeDonation.pledge_id)
    )
    return {number: code for number, code in rows}  # noqa: C416 - rows, no pairs


def _is_right(session: Session, line: Line, made: list[Proposal], lines: dict[int, Line]) -> bool:
    """Say whether the first proposal of a line, which a person sees, is the truth."""
    if not made or made[0].score < LIKELY:
        return False
    match made[0].choice:
        case Settled(number):
            return session.get_one(Settlement, number).bank_reference == line.ref
        case PaidOut(number):
            return session.get_one(CardPayout, number).payout == line.ref
        case Mirrored(number):
            return (lines[number].kind, lines[number].ref) == (line.kind, line.ref)
        case Promised(number):
            return session.get_one(Pledge, number).code == line.ref
        case _:
            return False


def told(found: Score) -> list[str]:
    """Return the figures as lines of text."""
    return [
        f"lines                              {found.lines}",
        f"with a code                        {found.coded}",
        f"matched automatically              {found.right + found.wrong}",
        f"  as they came in                  {found.by_import}",
        f"  right                            {found.right}",
        f"  wrong                            {found.wrong}",
        f"  of the coded lines               {found.share:.1%} (aim {AIM:.0%})",
        f"  by the amount alone              {found.alone}",
        f"others and slips proposed first    {found.proposed} of {found.others}",
    ]


def main() -> None:
    """Read the command line, score a month and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--late", action="store_true")
    asked = parser.parse_args()
    month = make(asked.seed, asked.lines)
    with tempfile.TemporaryDirectory(prefix="fundsvc-month-") as name:
        url = f"sqlite:///{name}/month.sqlite"
        engine = create_engine(url)
        equip(engine)
        schema.upgrade(engine)
        engine.dispose()
        settings = Settings(
            database_url=url,
            secret_key="k" * 64,
            data_key="d" * 64,
            base_url="http://localhost",
            instance_dir=Path(name) / "instance",
        )
        with create_app(settings, web=False).app_context():
            start = time.monotonic()
            load(month, late=asked.late)
            found = score(month)
            took = time.monotonic() - start
    print("\n".join(told(found)))
    print(f"seed {asked.seed}, {took:.1f} s")
    if found.wrong or found.alone or found.share < AIM:
        sys.exit(1)


if __name__ == "__main__":
    main()
