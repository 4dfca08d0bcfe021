"""Codes, names and provinces that a statement speaks of, kept in memory until they change.

The database draws a new mark with every change of them (`migrations/guards/reference`), whoever
makes it; the mark is read with the newest seal, which every statement tells anyway.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from fundsvc.books.standing import Sealed, standing
from fundsvc.books.sums import believe
from fundsvc.driver import as_day, read_plain, scope
from fundsvc.gettext import gettext as _
from ledger.accounts import CARRIED, AccountType
from ledger.statements import LineKey, Side

if TYPE_CHECKING:
    from fundsvc.driver import Reader

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

    @property
    def title(self) -> str:
        """What a statement calls it: an old province by its name is often a new one too."""
        return self.name if self.successor_id is None else _("%(name)s (cũ)", name=self.name)


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
    drawn_as: Mapping[str, Mapping[int | None, str]]
    """The key that each recorded province, or none, is drawn as on the map `now` or `then`."""
    by_key: Mapping[str, ProvinceFact]

    def province(self, key: str) -> ProvinceFact | None:
        """Return the province of a key such as `2025:44`."""
        return self.by_key.get(key)

    def unit(self, code: str) -> UnitFact | None:
        """Return the unit of a code, if there is one that the session may see."""
        return next((unit for unit in self.units.values() if unit.code == code), None)

    def today(self, province_id: int | None) -> int | None:
        """Return the province of today's map that a province became part of."""
        return _today(self.provinces, province_id)

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


def load(session: "Reader", language: str = "vi") -> Reference:
    """Return the reference data, with names in a language where the books have them."""
    engine, now, allowed = session.get_bind(), standing(session), scope(session)
    believe(session, now.sealed.last_entry)
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


def _today(provinces: Mapping[int, ProvinceFact], province_id: int | None) -> int | None:
    while province_id is not None:
        successor = provinces[province_id].successor_id
        if successor is None:
            break
        province_id = successor
    return province_id


@dataclass(frozen=True, slots=True)
class _Kept:
    """The reference data of one mark, by languages, of all units."""

    mark: str
    by_language: dict[str, Reference] = field(default_factory=dict)


_kept: Final[WeakKeyDictionary[Any, _Kept]] = WeakKeyDictionary()


def _read(session: "Reader", *, english: bool) -> Reference:
    session.flush()
    accounts = [
        AccountFact(number, code, (english and name_en) or name, AccountType(kind), line)
        for number, code, kind, line, name, name_en in read_plain(session, _ACCOUNTS)
    ]
    provinces = {fact.id: fact for fact in _provinces(session)}
    then = {None: NONE} | {number: fact.key for number, fact in provinces.items()}
    return Reference(
        sealed=Sealed(),
        funds={
            code: (number, (english and name_en) or name)
            for number, code, name, name_en in read_plain(session, _FUNDS)
        },
        provinces=provinces,
        units={row[0]: UnitFact(*row) for row in read_plain(session, _UNITS)},
        accounts={fact.id: fact for fact in accounts},
        labels={
            (Side.of(fact.kind), fact.line): fact.name
            # The lowest code of a line names it, so it is set last.
            for fact in sorted(accounts, key=lambda fact: fact.code, reverse=True)
            if fact.line is not None and fact.code not in CARRIED
        },
        drawn_as={
            "then": then,
            "now": {number: then[_today(provinces, number)] for number in then},
        },
        by_key={fact.key: fact for fact in provinces.values()},
    )


_ACCOUNTS: Final = "SELECT id, code, type, line, name, name_en FROM account"
_FUNDS: Final = "SELECT id, code, name, name_en FROM fund ORDER BY id"
_UNITS: Final = "SELECT id, code, name, address, kind, province_id FROM unit ORDER BY code"
_PROVINCES: Final = """
SELECT id, scheme, code, name, valid_from, valid_to, successor_id
FROM province ORDER BY scheme DESC, code
"""


def _provinces(session: "Reader") -> Iterable[ProvinceFact]:
    for number, scheme, code, name, since, until, successor in read_plain(session, _PROVINCES):
        days = as_day(since), until and as_day(until)
        yield ProvinceFact(number, f"{scheme}:{code}", name, *days, successor)
