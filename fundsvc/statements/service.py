"""Drawing statements from the books: the sums of a fund by account and row, and their proof."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from fundsvc import clock
from fundsvc.books.sums import OF_SUMS, Names, among, summed
from fundsvc.driver import scope as units_of
from fundsvc.errors import Reason, Refusal
from fundsvc.gettext import gettext as _
from fundsvc.statements.options import Options
from fundsvc.statements.reference import NONE, TODAY_SCHEME, Reference, UnitFact, load
from fundsvc.statements.report import Report, Seal
from fundsvc.text import short_unit
from ledger.statements import LineKey, Place, Scope, Side, Sum, build

if TYPE_CHECKING:
    from fundsvc.driver import Reader
    from ledger.accounts import AccountType


@dataclass(frozen=True, slots=True)
class Asked:
    """Options with everything looked up, and the reference data they were looked up in."""

    scope: Scope
    fund_id: int
    fund_name: str
    unit: UnitFact | None
    province_name: str | None
    only_units: tuple[str, ...]
    reference: Reference


class MapAsked(Protocol):
    """What is asked of provinces: which one, and on which map."""

    @property
    def province(self) -> str | None: ...

    @property
    def provinces(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person can choose from when asking for a statement, as codes and names."""

    funds: tuple[tuple[str, str], ...]
    provinces: tuple[tuple[str, str], ...]
    old_provinces: tuple[tuple[str, str], ...]
    units: tuple[tuple[str, str], ...]


def choices(session: "Reader", language: str = "vi") -> Choices:
    """Return the funds, the provinces of both maps and the units this person may see."""
    reference = load(session, language)
    provinces = [(fact.key, fact.name) for fact in reference.provinces.values()]
    return Choices(
        funds=tuple((code, name) for code, (_id, name) in reference.funds.items()),
        provinces=tuple(pair for pair in provinces if pair[0].startswith(f"{TODAY_SCHEME}:")),
        old_provinces=tuple(
            pair for pair in provinces if not pair[0].startswith(f"{TODAY_SCHEME}:")
        ),
        units=tuple((unit.code, short_unit(unit.name)) for unit in reference.units.values()),
    )


def fund_statement(session: "Reader", options: Options, language: str = "vi") -> Report:
    """Draw the statement of a fund, of all, one province or one unit.

    A session that is limited to some units sees their books only, and the report says so.

    Raises:
        Refusal: an option names what does not exist, or what this person may not see.
        UnprovenError: the books contradict themselves; run `fundsvc verify`.
    """
    asked = look_up(session, options, language)
    scope, reference = asked.scope, asked.reference
    sums, counts = _sums(session, asked)
    places = _places(asked, {part.place for part in sums})
    statement = build(scope, sums, reference.labels, counts, places)
    issued_by = asked.unit or issuer(reference)
    return Report(
        statement=statement,
        fund_name=asked.fund_name,
        province_name=asked.province_name,
        unit_name=asked.unit.name if asked.unit else None,
        issuer_name=issued_by.name if issued_by else "",
        issuer_address=issued_by.address if issued_by else "",
        rows_by="unit" if scope.province and not scope.unit else "province",
        names={row.place: name for row in statement.rows if (name := _name(asked, row.place))},
        only_units=asked.only_units,
        seal=Seal(reference.sealed.number, reference.sealed.head),
        drawn_at=clock.now(),
    )


def look_up(session: "Reader", options: Options, language: str = "vi") -> Asked:
    """Look up what the options name.

    Who may see one unit only gets the statement of that unit when none was named.

    Raises:
        Refusal: with a reason for every option that names nothing this person may see.
    """
    reference, limited = load(session, language), units_of(session) is not None
    if limited and len(reference.units) == 1 and not (options.unit or options.province):
        options = replace(options, unit=next(iter(reference.units.values())).code)
    reasons: list[Reason] = []
    fund_id, fund_name = reference.funds.get(options.fund, (0, ""))
    if not fund_id:
        known = ", ".join(reference.funds)
        reasons.append(
            Reason(_("Không có quỹ này. Các quỹ: %(known)s.", known=known), field="fund")
        )
    unit = reference.unit(options.unit) if options.unit else None
    if options.unit and unit is None:
        reasons.append(Reason(_("Không có đơn vị mang mã này."), field="unit"))
    provinces, why = map_of(reference, options)
    if why:
        reasons.append(why)
    if reasons:
        raise Refusal(*reasons)
    province = reference.province(options.province) if options.province else None
    return Asked(
        scope=Scope(
            fund=options.fund,
            first=options.first,
            last=options.last,
            province=options.province,
            unit=options.unit,
            provinces=provinces,
        ),
        fund_id=fund_id,
        fund_name=fund_name,
        unit=unit,
        province_name=province.title if province else None,
        only_units=(
            tuple(fact.name for fact in reference.units.values())
            if limited and unit is None
            else ()
        ),
        reference=reference,
    )


def conditions(asked: Asked, names: Names) -> list[str]:
    """Return what holds for the keys of a fund, unit and province, as text."""
    scope, reference = asked.scope, asked.reference
    found = [f"{names.fund_id} = {asked.fund_id:d}"]
    if asked.unit is not None:
        found.append(f"{names.unit_id} = {asked.unit.id:d}")
    if scope.province is not None:
        found.append(standing_in(*places_of(reference, scope.province, scope.provinces), names))
    return found


def places_of(
    reference: Reference, key: str, provinces: str
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what is drawn as a province: the ids that entries may state, and those of units.

    What an entry of such a unit does not state stands in the province all the same.
    """
    wanted = [place for place, drawn in reference.drawn_as[provinces].items() if drawn == key]
    home = tuple(unit.id for unit in reference.units.values() if unit.province_id in wanted)
    return tuple(place for place in wanted if place is not None), home


def standing_in(recorded: Collection[int], home: Collection[int], names: Names) -> str:
    """Hold that an entry's own province is among some, or else its posting's unit is."""
    by_unit = f"{names.province_id} = 0 AND {among(names.unit_id, home)}"
    return f"{among(names.province_id, recorded)} OR ({by_unit})" if recorded else by_unit


def map_of(reference: Reference, options: MapAsked) -> tuple[str, Reason | None]:
    """Return the map to draw provinces on, and why the province cannot be drawn on it."""
    key = options.province
    if key is None or key == NONE:
        return options.provinces or "now", None
    fact = reference.province(key)
    if fact is None:
        why = _("Không có tỉnh mang mã này; mã viết như 2025:44 hoặc 2004:45, hoặc none.")
        return "now", Reason(why, field="province")
    if fact.successor_id is None:
        return options.provinces or "now", None
    if options.provinces == "now":
        successor = reference.provinces[reference.today(fact.id) or fact.successor_id]
        why = _(
            "%(old)s nay thuộc %(new)s: xin chọn %(key)s, hoặc xem tỉnh như lúc ghi sổ (then).",
            old=fact.title,
            new=successor.name,
            key=successor.key,
        )
        return "now", Reason(why, field="province")
    return "then", None


_NOTHING = None, 0, 0


def _sums(session: "Reader", asked: Asked) -> tuple[list[Sum], dict[LineKey, int]]:
    """Sum the fund by account and row, and count the entries behind each line.

    All accounts are read, though a statement shows half of them: the others prove it.
    """
    scope, reference = asked.scope, asked.reference
    by_unit = scope.province is not None or asked.unit is not None
    drawn_as = reference.drawn_as[scope.provinces]
    kinds: dict[int, tuple[AccountType, LineKey | None]] = {}
    places: dict[tuple[int, int], Place] = {}
    amounts: dict[tuple[Place, LineKey | None], tuple[AccountType, int, int]] = {}
    counts: dict[LineKey, int] = {}
    for (account_id, unit_id, province_id), before, debit, credit, entries in summed(
        session,
        ("account", "unit", "province"),
        scope.first,
        scope.last,
        conditions(asked, OF_SUMS),
        carried=False,
    ):
        place = places.get((unit_id, province_id))
        if place is None:
            unit = reference.units[unit_id]
            key = drawn_as[province_id or unit.province_id]
            place = places[unit_id, province_id] = key, unit.code if by_unit else None
        kind = kinds.get(account_id)
        if kind is None:
            account = reference.accounts[account_id]
            side = account.line and (Side.of(account.kind), account.line)
            kind = kinds[account_id] = account.kind, side or None
        line = kind[1]
        _kind, opening, inside = amounts.get((place, line), _NOTHING)
        amounts[place, line] = kind[0], opening - before, inside + credit - debit
        if line is not None:
            counts[line] = counts.get(line, 0) + entries
    sums = []
    for (place, line), (account_type, opening, inside) in amounts.items():
        name = line and line[1]
        sums.append(Sum(place, account_type, name, before=True, amount=opening))
        sums.append(Sum(place, account_type, name, before=False, amount=inside))
    return sums, counts


def _places(asked: Asked, found: Collection[Place]) -> list[Place]:
    """Return the rows in their order, with those that stand even without money.

    All provinces, by their keys; or the units of the one province, then what others received from
    it and spent in it; or the provinces of the one unit's entries, its home first.
    """
    scope, reference = asked.scope, asked.reference
    standing: list[Place]
    if asked.unit is not None:
        home = reference.drawn_as[scope.provinces][asked.unit.province_id]
        standing = [(scope.province or home, asked.unit.code)]
    elif scope.province is None:
        keys = reference.standing(scope.provinces, scope.first, scope.last)
        return sorted({*found, *((key, None) for key in keys)}, key=_in_order)
    else:
        standing = [
            (scope.province, unit.code)
            for unit in reference.units.values()
            if unit.kind == "provincial"
            and reference.drawn_as[scope.provinces][unit.province_id] == scope.province
        ]
    return [*standing, *sorted(set(found).difference(standing), key=_in_order)]


def _in_order(place: Place) -> tuple[str, str]:
    """Order rows by province, then unit; `none` comes after all keys, which begin with digits."""
    province, unit = place
    return province or "", unit or ""


def _name(asked: Asked, place: Place) -> str | None:
    """Return what a row is called: its unit in a statement of one province, else its province."""
    key, code = place
    reference = asked.reference
    if asked.scope.province and not asked.scope.unit:
        unit = reference.unit(code) if code else None
        return unit.name if unit else None
    province = reference.province(key) if key else None
    return province.title if province else None


def issuer(reference: Reference) -> UnitFact | None:
    """Return who issues a statement that is not of one unit: the centre, if it can be seen."""
    units = reference.units.values()
    return next((unit for unit in units if unit.kind == "centre"), next(iter(units), None))
