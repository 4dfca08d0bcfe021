"""Codes, names and provinces that a statement speaks of, kept in memory until they change.

The database draws a new mark with every change of them (`migrations/guards/reference`), whoever
makes it; the mark is read with the newest seal, which every statement tells anyway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.books.models import Account, Fund
from fundsvc.books.sealing import Sealed, standing
from fundsvc.units.models import Province, Unit
from ledger.accounts import CARRIED, AccountType
from ledger.statements import LineKey, Side

NONE = "none"
"""The province of what belongs to no province."""
TODAY_SCHEME = "2025"


@dataclass(frozen=True, slots=True)
class ProvinceFact:
    """A province of one scheme, and the one it became part of."""

    id: int
    key: str
    name: str
    valid_from: date
    valid_to: date | None
    successor_id: int | None


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A unit as a statement names it."""

    id: int
    code: str
    name: str
    address: str
    kind: str
    province_id: int | None


@dataclass(frozen=True, slots=True)
class AccountFact:
    """An account as books name it, and what it is to a statement."""

    id: int
    code: str
    name: str
    kind: AccountType
    line: str | None


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference data by their ids; `units` are those that the session may see.

    `sealed` is the newest seal at the moment the data was asked for.
    """

    sealed: Sealed

    funds: Mapping[str, tuple[int, str]]
    provinces: Mapping[int, ProvinceFact]
    units: Mapping[int, UnitFact]
    accounts: Mapping[int, AccountFact]
    labels: Mapping[LineKey, str]

    def province(self, key: str) -> ProvinceFact | None:
        """Return the province of a key such as `2025:44`."""
        return next((fact for fact in self.provinces.values() if fact.key == key), None)

    def unit(self, code: str) -> UnitFact | None:
        """Return the unit of a code, if there is one that the session may see."""
        return next((unit for unit in self.units.values() if unit.code == code), None)

    def today(self, province_id: int | None) -> int | None:
        """Return the province of today's map that a province became part of."""
        while province_id is not None:
            successor = self.provinces[province_id].successor_id
            if successor is None:
                break
            province_id = successor
        return province_id

    def drawn(self, province_id: int | None, provinces: str) -> int | None:
        """Return the province a recorded one is drawn as, on the map `now` or `then`."""
        return self.today(province_id) if provinces == "now" else province_id

    def key(self, province_id: int | None) -> str:
        """Return the key of a province, `none` for no province."""
        return NONE if province_id is None else self.provinces[province_id].key

    def standing(self, provinces: str, first: date, last: date) -> list[str]:
        """Return the provinces that have a row even without money, in order, and `none`.

        On today's map these are the 34; as recorded, those that were valid on some day of the
        period.
        """
        keys = [
            fact.key
            for fact in self.provinces.values()
            if (
                fact.key.startswith(f"{TODAY_SCHEME}:")
                if provinces == "now"
                else fact.valid_from <= last and (fact.valid_to is None or fact.valid_to >= first)
            )
        ]
        return [*sorted(keys), NONE]


def load(session: Session, language: str = "vi") -> Reference:
    """Return the reference data, with names in a language where the books have them."""
    engine, now, allowed = session.get_bind(), standing(session), db.scope(session)
    kept = _kept.get(engine)
    if kept is None or kept.mark != now.mark:
        # What is read from here on is as new as the mark or newer; then the mark differs again.
        kept = _kept[engine] = _Kept(now.mark)
    every = kept.by_language.get(language)
    if every is None:
        every = kept.by_language[language] = _read(session, english=language == "en")
    units = every.units
    if allowed is not None:
        units = {fact.id: fact for fact in units.values() if fact.id in allowed}
    return replace(every, units=units, sealed=now.sealed)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The reference data of one mark, by languages, of all units."""

    mark: str
    by_language: dict[str, Reference] = field(default_factory=dict)


_kept: Final[WeakKeyDictionary[Engine | Connection, _Kept]] = WeakKeyDictionary()


def _read(session: Session, *, english: bool) -> Reference:
    accounts = session.execute(
        select(Account.id, Account.code, Account.type, Account.line, Account.name, Account.name_en)
    ).all()
    funds = session.execute(
        select(Fund.id, Fund.code, Fund.name, Fund.name_en).order_by(Fund.id)
    ).all()
    return Reference(
        sealed=Sealed(),
        funds={row.code: (row.id, (english and row.name_en) or row.name) for row in funds},
        provinces=_provinces(session),
        units={fact.id: fact for fact in _units(session)},
        accounts={
            row.id: AccountFact(
                row.id,
                row.code,
                (english and row.name_en) or row.name,
                AccountType(row.type),
                row.line,
            )
            for row in accounts
        },
        labels={
            (Side.of(AccountType(row.type)), row.line): (english and row.name_en) or row.name
            # The lowest code of a line names it, so it is set last.
            for row in sorted(accounts, key=lambda row: row.code, reverse=True)
            if row.line is not None and row.code not in CARRIED
        },
    )


def _provinces(session: Session) -> dict[int, ProvinceFact]:
    rows = session.execute(
        select(
            Province.id,
            Province.scheme,
            Province.code,
            Province.name,
            Province.valid_from,
            Province.valid_to,
            Province.successor_id,
        ).order_by(Province.scheme.desc(), Province.code)
    )
    facts = (ProvinceFact(row.id, f"{row.scheme}:{row.code}", *row[3:]) for row in rows)
    return {fact.id: fact for fact in facts}


def _units(session: Session) -> Iterable[UnitFact]:
    rows = session.execute(
        select(Unit.id, Unit.code, Unit.name, Unit.address, Unit.kind, Unit.province_id).order_by(
            Unit.code
        )
    )
    return (UnitFact(*row) for row in rows)
