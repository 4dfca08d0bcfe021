"""Made-up books of any size, the same every time, written through `fundsvc.books.bulk`.

They are those of one association over two years. What units do month by month is the same in small
and in large books: every unit collects dues and sends contributions, every province gets its
payments. What grows are the gifts: of a hundred, 85 are text messages to the centre, 5 are
lines of the bank's statement, 5 turn out to be donations from a province, and 5 are handed over at
a counter of a unit.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

from sqlalchemy.orm import Session

from fundsvc.books import bulk, keys, service
from fundsvc.db import transaction
from fundsvc.seals.service import seal_new
from fundsvc.units.importing import import_units
from fundsvc.units.service import all_units
from ledger import recipes
from ledger.accounts import AccountType
from ledger.entries import Entry

FIRST, LAST = date(2024, 11, 1), date(2026, 10, 31)
DAYS = (LAST - FIRST).days + 1
BANK = "bench"
GIFTS = "nghia-tinh"
OPERATORS = ("viettel", "mobifone", "vinaphone", "vietnamobile")
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """A row to be booked: how, on which day, how much, and where the money came from or went."""

    recipe: tuple[str, ...]
    on: date
    amount: int
    province: str | None = None


def prepare(session: Session) -> dict[str, str | None]:
    """Bring in the units and a bank account; return the units with their provinces."""
    data = files("fundsvc.demo").joinpath("units.csv").read_bytes()
    import_units(session, data, commit=True, by=None)
    service.add_account(
        session,
        code=f"112.{BANK}",
        name="Tài khoản đo",
        name_en="Measured account",
        kind=AccountType.ASSET,
        line=None,
    )
    provinces = {number: code for code, number in keys.read(session).provinces.items()}
    return {
        unit.code: provinces[unit.province_id] if unit.province_id else None
        for unit in all_units(session)
    }


def events(count: int, units: dict[str, str | None]) -> list[Event]:
    """Return exactly `count` events in the order of their days."""
    rng = random.Random(20261123)  # noqa: S311 - made-up data, no secret
    provinces = sorted({province for province in units.values() if province})
    local = sorted(code for code, province in units.items() if province)
    months = [date(year, month, 1) for year in (2024, 2025, 2026) for month in range(1, 13)]
    months = [month for month in months if FIRST <= month <= LAST]
    found = [
        Event((kind, unit), month + timedelta(days=rng.randrange(28)), 100_000 * rng.randint(1, 30))
        for month in months
        for unit in local
        for kind in ("dues", "base")
    ]
    found += [
        Event(("payment", line), month + timedelta(days=rng.randrange(28)), 10**6, province)
        for month in months
        for province in provinces
        for line in ("gift", "visit")
    ]
    if len(found) > count:
        found = rng.sample(found, count)
    made = {"sms": _sms, "line": _line, "bank": _bank, "cash": _cash}
    kinds = rng.choices(list(made), (85, 5, 5, 5), k=count - len(found))
    found += [made[kind](rng, provinces, local) for kind in kinds]
    return sorted(found, key=lambda event: event.on)


def _day(rng: random.Random) -> date:
    return FIRST + timedelta(days=rng.randrange(DAYS))


def _sms(rng: random.Random, _provinces: list[str], _units: list[str]) -> Event:
    operator = rng.choices(OPERATORS, (46, 29, 21, 4))[0]
    return Event(("sms", operator), _day(rng), 20_000 * rng.choice((1, 1, 1, 2, 5)))


def _line(rng: random.Random, _provinces: list[str], _units: list[str]) -> Event:
    return Event(("line",), _day(rng), 10_000 * rng.randint(1, 500))


def _bank(rng: random.Random, provinces: list[str], _units: list[str]) -> Event:
    return Event(("bank",), _day(rng), 10_000 * rng.randint(1, 500), rng.choice(provinces))


def _cash(rng: random.Random, _provinces: list[str], units: list[str]) -> Event:
    return Event(("cash", rng.choice(units)), _day(rng), 50_000 * rng.randint(1, 100))


def entry(event: Event) -> Entry:
    """Book an event by the recipe that the service books it by."""
    kind, *which = event.recipe
    name = which[0] if which else ""
    facts: recipes.Facts = {
        "on": event.on,
        "unit": name if kind in {"cash", "dues", "base"} else "TW",
        "fund": {"dues": "dues", "base": "base"}.get(kind, GIFTS),
        "amount": event.amount,
        "description": "Bút toán đo tốc độ",
        "province": event.province,
    }
    if kind in {"dues", "base"}:
        book = recipes.dues_total if kind == "dues" else recipes.base_total
        return book(paid_into="111", **facts)
    match kind:
        case "sms":
            return recipes.sms_message(operator=name, **facts)
        case "line":
            return recipes.bank_credit(bank_account=BANK, **facts)
        case "bank":
            return recipes.bank_donation(**facts)
        case "cash":
            return recipes.cash_donation(**facts)
        case _:
            return recipes.payment(line=name, paid_from=f"112.{BANK}", **facts)


def write(count: int, *, tail: int = 0) -> None:
    """Fill an empty, migrated database and seal all but the last entries."""
    with transaction() as session:
        units = prepare(session)
    whole = events(count, units)
    cut = count - min(tail, count)
    for at in range(0, cut, BATCH):
        _book(whole[at : min(at + BATCH, cut)], at)
    if tail:
        seal_new()
        _book(whole[cut:], cut)


def _book(part: list[Event], before: int) -> None:
    with transaction() as session:
        _post(session, part, before)


def _post(session: Session, part: list[Event], before: int) -> None:
    provinces = keys.read(session).provinces
    numbers: dict[tuple[str, ...], int] = {}
    with bulk.staging(session) as stage:
        for event in part:
            if event.recipe not in numbers:
                numbers[event.recipe] = stage.template(entry(event), "bench")
        stage.load([])
        stage.write(
            (
                n,
                numbers[event.recipe],
                event.on.isoformat(),
                f"{before + n}",
                event.amount,
                None,
                provinces[event.province] if event.province else None,
            )
            for n, event in enumerate(part, start=1)
        )
        stage.post(maker_id=None)
