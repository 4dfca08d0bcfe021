"""Codes and ids: what the journal's rows call by number, people and recipes call by code."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Integer, String, column, select, table
from sqlalchemy.orm import Session

from fundsvc.books.models import Account, Fund
from fundsvc.db import forget_on_rollback
from fundsvc.errors import Reason, Refusal

# Units and provinces live in another slice; their codes are read by the tables' names.
_UNIT = table("unit", column("id", Integer), column("code", String))
_PROVINCE = table(
    "province", column("id", Integer), column("scheme", String), column("code", String)
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The ids of all codes: accounts, funds, units and provinces (as `2025:44`)."""

    accounts: dict[str, int]
    funds: dict[str, int]
    units: dict[str, int]
    provinces: dict[str, int]

    def account(self, code: str) -> int:
        """Return an account's id, or refuse an unknown code."""
        found = self.accounts.get(code)
        if found is None:  # The sentence is made only then: looking it up costs more than the id.
            why = _("Không có tài khoản %(code)s.", code=code)
            raise Refusal(Reason(why, field="account"))
        return found

    def fund(self, code: str) -> int:
        """Return a fund's id, or refuse an unknown code."""
        found = self.funds.get(code)
        if found is None:
            why = _("Không có quỹ %(code)s.", code=code)
            raise Refusal(Reason(why, field="fund"))
        return found

    def unit(self, code: str) -> int:
        """Return a unit's id, or refuse an unknown code."""
        found = self.units.get(code)
        if found is None:
            why = _("Không có đơn vị %(code)s.", code=code)
            raise Refusal(Reason(why, field="unit"))
        return found

    def province(self, code: str | None) -> int | None:
        """Return a province's id, None for none, or refuse an unknown code."""
        if code is None or code == "none":
            return None
        found = self.provinces.get(code)
        if found is None:
            why = _("Không có tỉnh, thành phố %(code)s.", code=code)
            raise Refusal(Reason(why, field="province"))
        return found


def read(session: Session) -> Keys:
    """Return the keys, read once per session and again after `forget`."""
    found = session.info.get("keys")
    if not isinstance(found, Keys):
        found = _read(session)
        session.info["keys"] = found
        forget_on_rollback(session, "keys")
    return found


def forget(session: Session) -> None:
    """Read the keys anew the next time; whoever adds an account or a unit calls this."""
    session.info.pop("keys", None)


def _read(session: Session) -> Keys:
    provinces = session.execute(select(_PROVINCE)).all()
    return Keys(
        accounts=_pairs(session, select(Account.code, Account.id)),
        funds=_pairs(session, select(Fund.code, Fund.id)),
        units=_pairs(session, select(_UNIT.c.code, _UNIT.c.id)),
        provinces={f"{row.scheme}:{row.code}": row.id for row in provinces},
    )


def _pairs(session: Session, statement: Any) -> dict[str, int]:
    return {code: number for code, number in session.execute(statement)}  # noqa: C416 - typed rows
