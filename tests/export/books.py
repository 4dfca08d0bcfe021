"""Books to export, and what they say of themselves."""

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books.models import Account
from fundsvc.books.totals import totals
from fundsvc.config import Settings
from fundsvc.db import read_session, snapshot, transaction
from fundsvc.export import service
from fundsvc.export.journal import Place
from fundsvc.export.service import Exported
from fundsvc.units.models import Unit
from tests.export.programs import Figures, standing
from tests.statements.conftest import set_up
from tests.support import apps
from tests.support.databases import Databases

# Codes that look the same once they are made to fit into the name of an account.
ALIKE = ("qk.5", "qk-5", "Qk_5", "QK-5")


@contextmanager
def empty_books(databases: Databases, engine: str, folder: Path) -> Iterator[Session]:
    """Make a service with units and accounts on a database of its own."""
    with databases.fresh(engine) as url:
        settings = Settings(
            database_url=url,
            secret_key="k" * 64,
            data_key="d" * 64,
            base_url="http://localhost",
            instance_dir=folder,
        )
        with apps.made(settings):
            session = read_session()
            set_up(session)
            add_alike(session)
            yield session
            session.rollback()


def add_alike(session: Session) -> None:
    """Add units and an account with awkward codes."""
    with transaction():
        for code in ALIKE:
            session.add(Unit(code=code, name=code, folded=code.casefold(), kind="branch"))
        awkward = "138.viettel-2", 'Đầu: "cuối", [2024-01-01] type:X; \\', "x", "asset"
        code, name, name_en, kind = awkward
        session.add(Account(code=code, name=name, name_en=name_en, type=kind))
        keys.forget(session)


def export(kind: str, file: Path, first: date | None = None, last: date | None = None) -> Exported:
    """Export the books of the open application to a file."""
    with file.open("w", encoding="utf-8", newline="") as out:
        told = service.export(snapshot(), kind, first, last, out.write)
    read_session().rollback()
    return told


def ours(session: Session, first: date, last: date) -> Figures:
    """Return the figures of the books themselves: at every month end, and on the last day."""
    session.rollback()
    known = keys.read(session)
    accounts, funds, units, provinces = (
        {number: code for code, number in ids.items()}
        for ids in (known.accounts, known.funds, known.units, known.provinces)
    )

    def place(key: tuple[int, ...]) -> Place:
        return Place(accounts[key[0]], funds[key[1]], units[key[2]])

    three, four = ("account", "fund", "unit"), ("account", "fund", "unit", "province")
    figures = Figures()
    for end in month_ends(first, last):
        found = {place(total.key): total.after for total in totals(session, three, end, end)}
        figures.ends[end] = standing(found)
    for total in totals(session, three, first, last):
        if total.debit or total.credit:
            figures.turnover[place(total.key)] = total.debit, total.credit
    homes = {unit.id: unit.province_id for unit in session.scalars(select(Unit))}
    for total in totals(session, four, first, last):
        province = provinces.get(total.key[3] or homes[total.key[2]] or 0, "none")
        key = place(total.key), province
        figures.provinces[key] = figures.provinces.get(key, 0) + total.after
    figures.provinces = {key: amount for key, amount in figures.provinces.items() if amount}
    return figures


def month_ends(first: date, last: date) -> list[date]:
    """Return the last day of each month, and the last day of all."""
    months = [
        date(number // 12, number % 12 + 1, 1)
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    ends = (month.replace(day=monthrange(month.year, month.month)[1]) for month in months)
    return sorted({min(end, last) for end in ends})
