"""What a voucher's form offers to choose from, what makes sense first; sums of what was typed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account
from fundsvc.books.summary import funds
from fundsvc.books.tills import tills
from fundsvc.errors import Refusal
from fundsvc.templating import in_language
from fundsvc.text import parse_dong, short_unit
from fundsvc.units import service as units
from fundsvc.vouchers import byhand, schemas
from fundsvc.vouchers.kinds import JOURNAL, KINDS
from ledger.accounts import BANK, CASH, AccountType, expense, income

Pairs = list[tuple[str, str]]
_TRANSFERS: Final = (expense("transfer-out"), income("transfer-in"))
_FIRST: Final = {"in": AccountType.INCOME, "out": AccountType.EXPENSE}


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on both sides in one fund of one unit, in đồng."""

    fund: str
    unit: str
    debit: int
    credit: int

    @property
    def difference(self) -> int:
        """Debit less credit."""
        return self.debit - self.credit


def of_form(session: Session, kind: str) -> dict[str, Any]:
    """Return everything that the form of a kind offers."""
    found = units.all_units(session)
    codes = {unit.id: unit.code for unit in found}
    places = [
        (till.code, f"{till.name} ({codes[till.unit_id]})" if till.unit_id else till.name)
        for till in tills(session)
    ]
    return {
        "units": [(unit.code, short_unit(unit.name)) for unit in found],
        "funds": fund_names(session),
        "accounts": accounts(session, kind),
        "tills": places,
        "bank_tills": [place for place in places if place[0] != CASH],
        "provinces": units.province_names(session),
    }


def fund_names(session: Session) -> Pairs:
    """Return the funds by code with the names that people call them."""
    return [(fund.code, in_language(fund.name, fund.name_en)) for fund in funds(session)]


def accounts(session: Session, kind: str) -> list[tuple[str, Pairs]]:
    """Return the accounts that a line may name, in groups: what a kind is mostly about first."""
    within = {till.code for till in tills(session)}
    equities = byhand.equity(session)
    groups: defaultdict[AccountType, Pairs] = defaultdict(list)
    for row in session.scalars(select(Account).order_by(Account.code)):
        bank = row.code.partition(".")[0] == BANK
        if bank and row.code not in within:
            continue  # The account above all bank accounts, and those of units out of reach.
        if KINDS[kind].till == row.code == CASH or row.code in _TRANSFERS:
            continue  # It stands on the other side already, or takes a form of its own.
        if not byhand.is_offered(row.code, equities, kind):
            continue
        name = in_language(row.name, row.name_en)
        groups[AccountType(row.type)].append((row.code, f"{row.code} – {name}"))
    first = _FIRST.get(KINDS[kind].money or "")
    order = sorted(groups, key=lambda type_: (type_ is not first, list(AccountType).index(type_)))
    return [(str(_type_names()[type_]), groups[type_]) for type_ in order]


def sides(
    values: Mapping[str, str], fund_names: Mapping[str, str], unit_names: Mapping[str, str]
) -> list[Side]:
    """Return what was typed into a journal form so far, per fund and unit; what is no amount is 0.

    Names that nobody offered count as the codes they are.
    """
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place in range(1, schemas.places(values, JOURNAL) + 1):
        fund = values.get(f"fund-{place}") or values.get("fund", "")
        unit = values.get(f"unit-{place}") or values.get("unit", "")
        both = [_amount(values.get(f"{side}-{place}", "")) for side in ("debit", "credit")]
        if any(both):
            sums[fund, unit][0] += both[0]
            sums[fund, unit][1] += both[1]
    return [
        Side(fund_names.get(fund, fund), unit_names.get(unit, unit), *both)
        for (fund, unit), both in sums.items()
    ]


def total(values: Mapping[str, str], kind: str) -> int:
    """Return the sum of the amounts typed into the lines so far; what is no amount is 0."""
    return sum(
        _amount(values.get(f"amount-{place}", ""))
        for place in range(1, schemas.places(values, kind) + 1)
    )


def _amount(raw: str) -> int:
    try:
        return parse_dong(raw)
    except Refusal:
        return 0


def _type_names() -> dict[AccountType, str]:
    return {
        AccountType.INCOME: _("Khoản thu"),
        AccountType.EXPENSE: _("Khoản chi"),
        AccountType.ASSET: _("Tiền và khoản phải thu"),
        AccountType.LIABILITY: _("Khoản phải trả"),
        AccountType.EQUITY: _("Nguồn vốn"),
    }
