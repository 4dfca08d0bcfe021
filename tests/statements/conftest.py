"""Books for the tests of statements: the worked example, posted through the one way in."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books import keys, service
from fundsvc.db import transaction
from fundsvc.units.models import Province, Unit
from ledger.accounts import AccountType
from tests.statements import worked


def set_up(session: Session) -> None:
    """Add the units of the worked examples, and the bank account's ledger account."""
    with transaction():
        provinces = {
            f"{row.scheme}:{row.code}": row.id for row in session.scalars(select(Province))
        }
        centre = session.execute(select(Unit).filter_by(code="TW")).scalar_one()
        for code, home in worked.HOMES.items():
            if code != "TW":
                session.add(
                    Unit(
                        code=code,
                        name=f"Hội Trường Sơn {code}",
                        folded=f"hoi truong son {code.casefold()}",
                        kind="provincial" if home else "traditional",
                        parent_id=centre.id,
                        province_id=provinces[home] if home else None,
                    )
                )
        service.add_account(
            session,
            code=worked.BANK.code,
            name=worked.BANK.name,
            name_en=worked.BANK.name_en,
            kind=AccountType.ASSET,
            line=None,
        )
        keys.forget(session)


def post(session: Session, entries: list[worked.Numbered]) -> list[int]:
    """Post entries; one that takes another back is posted as its reversal."""
    ids: list[int] = []
    with transaction():
        for number, (entry, of) in enumerate(entries, 1):
            if of is None:
                posted = service.post(session, entry, source="test", external_id=str(number))
            else:
                posted = service.reverse(
                    session, ids[of - 1], on=entry.date, reason=entry.description, maker_id=None
                )
            ids.append(posted.id)
    return ids


@pytest.fixture
def example(session: Session) -> worked.Example:
    """The worked example of September, in the books."""
    set_up(session)
    found = worked.read("september.txt")
    post(session, found.entries)
    return found
