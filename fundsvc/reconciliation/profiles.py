"""Profiles of a bank account: kept when somebody mapped a file, found again, taken away."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import Conflict, NotFound
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.foreign import Profile, heading
from fundsvc.reconciliation.models import BankAccount, BankFile, BankProfile
from fundsvc.reconciliation.understanding import IDENTITY


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile as the page of its account shows it; `used` counts the files booked by it."""

    number: int
    name: str
    words: dict[str, str]
    days: str
    amounts: str
    sign: str
    made_at: datetime
    used: int


def of_account(session: Session, account: AccountFacts) -> tuple[Profile, ...]:
    """Return the profiles by which files of an account are read, the newest first."""
    return tuple(_profile(row, account) for row in session.scalars(_standing(account)))


def listed(session: Session, account: AccountFacts) -> list[Kept]:
    """Return the profiles of an account with how often each was used."""
    counts = session.execute(
        select(BankFile.layout, func.count())
        .where(BankFile.bank_account_id == account.id)
        .group_by(BankFile.layout)
    )
    used = {name: int(count) for name, count in counts}
    return [
        Kept(
            number=row.number,
            name=name,
            words=dict(row.columns["words"]),
            days=row.days,
            amounts=row.amounts,
            sign=row.sign,
            made_at=row.made_at,
            used=used.get(name, 0),
        )
        for row in session.scalars(_standing(account))
        if (name := _name(account, row.number))
    ]


def keep(session: Session, account: AccountFacts, profile: Profile, *, by: int | None) -> Profile:
    """Keep how a file was mapped; the same again changes nothing.

    Another one for the same header takes its place: two would be a question for every file.
    """
    session.scalars(
        select(BankAccount.id).where(BankAccount.id == account.id).with_for_update()
    ).one()
    for row in session.scalars(_standing(account)).all():
        known = _profile(row, account)
        if known == replace(profile, name=known.name):
            return known
        if known.header == profile.header:
            _take_away(session, account, row, by=by)
    numbers = select(func.max(BankProfile.number)).where(BankProfile.bank_account_id == account.id)
    row = BankProfile(
        unit_id=account.unit_id,
        bank_account_id=account.id,
        number=(session.scalar(numbers) or 0) + 1,
        columns={
            "header": list(profile.header),
            "places": dict(profile.at),
            "words": {name: words[0] for name, words in profile.columns.items()},
        },
        amounts=profile.amounts,
        days=profile.days,
        sign=profile.sign,
        running="balance" in profile.identity,
        made_at=clock.now(),
        made_by=by,
    )
    session.add(row)
    kept = _profile(row, account)
    audit.record(session, "bank-profile.keep", f"bank-profile:{kept.name}", _facts(row), by=by)
    session.flush()
    return kept


def remove(session: Session, account: AccountFacts, number: int, *, by: int | None) -> None:
    """Take a profile away; what was booked by it stays.

    Raises:
        NotFound: the account never had it.
        Conflict: it was taken away before.
    """
    found = session.scalars(
        select(BankProfile)
        .where(BankProfile.bank_account_id == account.id, BankProfile.number == number)
        .with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    if found.removed_at is not None:
        raise Conflict(_("Mẫu này đã bỏ rồi."))
    _take_away(session, account, found, by=by)


def _take_away(
    session: Session, account: AccountFacts, row: BankProfile, *, by: int | None
) -> None:
    row.removed_at, row.removed_by = clock.now(), by
    name = _name(account, row.number)
    audit.record(session, "bank-profile.remove", f"bank-profile:{name}", {}, by=by)
    session.flush()


def _standing(account: AccountFacts) -> Select[BankProfile]:
    return (
        select(BankProfile)
        .where(BankProfile.bank_account_id == account.id, BankProfile.removed_at.is_(None))
        .order_by(BankProfile.number.desc())
    )


def _profile(row: BankProfile, account: AccountFacts) -> Profile:
    return Profile(
        name=_name(account, row.number),
        bank=account.bank,
        columns={name: (word,) for name, word in row.columns["words"].items()},
        amounts=row.amounts,
        days=row.days,
        identity=(*IDENTITY, "balance") if row.running else IDENTITY,
        notes=True,
        either=True,
        sign=row.sign,
        header=heading(row.columns["header"]),
        at=row.columns["places"],
    )


def _name(account: AccountFacts, number: int) -> str:
    return f"{account.code.lower()}-{number}"


def _facts(row: BankProfile) -> dict[str, Any]:
    return {"columns": row.columns, "amounts": row.amounts, "days": row.days, "sign": row.sign}
