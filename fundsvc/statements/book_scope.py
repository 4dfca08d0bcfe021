"""What a book is about, looked up: ids for queries, names for letterheads, within the scope."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from fundsvc.books.sums import OF_SUMS, Names, among, summed
from fundsvc.driver import scope as units_of
from fundsvc.errors import Reason, Refusal
from fundsvc.gettext import gettext as _
from fundsvc.statements.book import Column, file_name
from fundsvc.statements.book_options import BookOptions
from fundsvc.statements.reference import AccountFact, Reference, UnitFact, load
from fundsvc.statements.report import MAP_NOTES, MAP_WORDS, NO_PROVINCE, Seal
from fundsvc.statements.service import issuer, map_of, places_of, standing_in
from fundsvc.text import LATEST_YEAR
from ledger.accounts import BANK

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fundsvc.driver import Reader


@dataclass(frozen=True, slots=True)
class BookScope:
    """A book's options with everything looked up; `places` are the provinces and units it is of.

    `places` is None when the book is not of one province. It has the ids of the provinces that
    entries may state, and of the units whose entries state none and stand in it all the same.
    `below` are the ids of the accounts below that of the book, if it takes them in; `moved` those
    of its accounts that have lines in it, once that is known.
    """

    options: BookOptions
    reference: Reference
    funds: Mapping[int, tuple[str, str]]
    fund_id: int | None
    unit: UnitFact | None
    account: AccountFact | None
    province_name: str | None
    provinces: str
    places: tuple[tuple[int, ...], tuple[int, ...]] | None
    only_units: tuple[str, ...]
    below: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()

    @property
    def first(self) -> date:
        """The first day of the book."""
        return self.options.first

    @property
    def last(self) -> date:
        """The last day of the book."""
        return self.options.last

    @property
    def accounts(self) -> Mapping[int, AccountFact]:
        """All accounts by their ids; whose postings are seen must be called by name."""
        return self.reference.accounts

    @property
    def seal(self) -> Seal:
        """The newest seal."""
        return Seal(self.reference.sealed.number, self.reference.sealed.head)

    def is_sealed(self, entry_id: int) -> bool:
        """Say whether the newest seal covers an entry."""
        return entry_id <= self.reference.sealed.last_entry

    @property
    def fund_names(self) -> dict[str, str]:
        """The names of funds by their codes."""
        return dict(self.funds.values())

    @property
    def issuer(self) -> UnitFact | None:
        """Whose letterhead the book bears."""
        return self.unit or issuer(self.reference)

    def file_name(self, *words: str, drawn: bool = False) -> str:
        """Return the name of a file of the book; `drawn` says that it has provinces in any case."""
        options = self.options
        of_map = MAP_WORDS[self.provinces] if options.province or drawn else ""
        place = (options.unit, options.province, of_map)
        return file_name(*words, options.fund, *place, str(self.first), str(self.last))

    def conditions(self, names: Names = OF_SUMS) -> list[str]:
        """Return the conditions of the book on keys as text, but for its days."""
        found: list[str] = []
        if self.account is not None:
            ids = (self.account.id, *self.below)
            one = f"{names.account_id} = {self.account.id:d}"
            found.append(among(names.account_id, ids) if self.below else one)
        if self.fund_id is not None:
            found.append(f"{names.fund_id} = {self.fund_id:d}")
        if self.unit is not None:
            found.append(f"{names.unit_id} = {self.unit.id:d}")
        if self.places is not None:
            found.append(standing_in(*self.places, names))
        return found

    def facts(self) -> list[str]:
        """Return what documents say below the title, but for account and days."""
        fund = self.funds[self.fund_id][1] if self.fund_id is not None else "Tất cả các quỹ"
        told = [fund]
        if self.unit is not None:
            told.append(self.unit.name)
        if self.options.province:
            told.append(f"{self.province_name or NO_PROVINCE} ({MAP_NOTES[self.provinces]})")
        if self.only_units:
            told.append("Chỉ gồm sổ của: " + "; ".join(self.only_units))
        return told

    def as_json(self) -> dict[str, Any]:
        """Return what JSON says of a book before its figures."""
        options = self.options
        return {
            "fund": options.fund,
            "province": options.province,
            "unit": options.unit,
            "only_units": list(self.only_units) or None,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "provinces": self.provinces,
            "currency": "VND",
        }

    def query(self, **changes: str | None) -> dict[str, str]:
        """Return the address parameters of the book, with some of them changed."""
        options = self.options
        asked = {
            "account": options.account,
            "alone": "1" if options.alone else None,
            "fund": options.fund,
            "unit": options.unit,
            "province": options.province,
            "provinces": options.provinces,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
        }
        return {name: value for name, value in (asked | changes).items() if value}


def look_up(session: "Reader", options: BookOptions, language: str = "vi") -> BookScope:
    """Look up what the options name.

    Who may see one unit only gets the book of that unit when none was named.

    Raises:
        Refusal: with a reason for every option that names nothing this person may see.
    """
    reference, limited = load(session, language), units_of(session) is not None
    if limited and len(reference.units) == 1 and not options.unit:
        options = replace(options, unit=next(iter(reference.units.values())).code)
    if options.alone and not accounts_below(reference, options.account or ""):
        options = replace(options, alone=False)  # Where nothing is below, nothing is left out.
    accounts = reference.accounts
    reasons: list[Reason] = []
    fund_id = reference.funds.get(options.fund, (0, ""))[0] if options.fund else None
    if fund_id == 0:
        known = ", ".join(reference.funds)
        why = _("Không có quỹ này. Các quỹ: %(known)s.", known=known)
        reasons.append(Reason(why, field="fund"))
    unit = reference.unit(options.unit) if options.unit else None
    if options.unit and unit is None:
        reasons.append(Reason(_("Không có đơn vị mang mã này."), field="unit"))
    account = next((one for one in accounts.values() if one.code == options.account), None)
    seen = _seen(session, accounts) if account is not None else frozenset[int]()
    if account is not None and account.id not in seen:
        account = None
    if options.account and account is None:
        reasons.append(Reason(_("Không có tài khoản mang số hiệu này."), field="account"))
    provinces, no_map = map_of(reference, options)
    if no_map:
        reasons.append(no_map)
    if reasons:
        raise Refusal(*reasons)
    province = reference.province(options.province) if options.province else None
    return BookScope(
        options=options,
        reference=reference,
        funds={number: (code, name) for code, (number, name) in reference.funds.items()},
        fund_id=fund_id,
        unit=unit,
        account=account,
        province_name=province.title if province else None,
        provinces=provinces,
        places=places_of(reference, options.province, provinces) if options.province else None,
        only_units=(
            tuple(fact.name for fact in reference.units.values())
            if limited and unit is None
            else ()
        ),
        below=(
            tuple(one.id for one in accounts_below(reference, account.code) if one.id in seen)
            if account is not None and not options.alone
            else ()
        ),
    )


def accounts_below(reference: Reference, code: str) -> list[AccountFact]:
    """Return the accounts below one, by code: of 138 are 1385 and 138.viettel, of 112.A none.

    A longer number is below a shorter one, as the chart of the circular numbers its levels; what
    stands behind a dot is a code of its own and has nothing below it but by another dot.
    """
    found = [
        fact
        for fact in reference.accounts.values()
        if fact.code.startswith(f"{code}.")
        or (code.isdigit() and fact.code != code and fact.code.startswith(code))
    ]
    return sorted(found, key=_by_code)


def account_choices(session: "Reader", language: str = "vi") -> tuple[tuple[str, str], ...]:
    """Return the accounts a person can choose from, by code."""
    accounts = load(session, language).accounts
    seen = sorted((accounts[number] for number in _seen(session, accounts)), key=_by_code)
    return tuple((one.code, f"{one.code} {one.name}") for one in seen)


def _by_code(account: AccountFact) -> str:
    return account.code


def balance_columns(group: str, carried: Any = "") -> tuple[Column, Column]:
    """Return the pair of columns Nợ and Có below a common heading."""
    return (
        Column("Nợ", "money", 27, group, carried),
        Column("Có", "money", 27, group, carried),
    )


def _seen(session: "Reader", accounts: Mapping[int, AccountFact]) -> frozenset[int]:
    """Return the accounts that this person may ask for.

    Another unit's bank account is none to somebody who sees some units only, unless the books of
    those units have it.
    """
    if units_of(session) is None:
        return frozenset(accounts)
    from fundsvc.books.tills import tills  # noqa: PLC0415 - who sees all needs no models

    # Who is limited to units reads within the application.
    own = {till.account_id for till in tills(cast("Session", session))}
    last = date(LATEST_YEAR, 12, 31)
    used = {total.key[0] for total in summed(session, ("account",), last, last, counted=False)}
    return frozenset(
        number
        for number, account in accounts.items()
        if not account.code.startswith(f"{BANK}.") or number in own or number in used
    )
