"""hledger and beancount read what we export, and agree with our books to the đồng."""

import re
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.books.models import Entry
from fundsvc.db import read_session, transaction
from fundsvc.demo import loader
from tests.export.books import ALIKE, empty_books, export, ours
from tests.export.programs import (
    FORMATS,
    Figures,
    beancount_entries,
    beancount_figures,
    check,
    hledger_ends,
    hledger_figures,
    hledger_sums,
)
from tests.statements import worked
from tests.support.databases import ENGINES, Databases

# Accounts of assets and liabilities begin so.
OWNED = ("1", "3")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=clock.VN)


def agree(file: Path, kind: str, wanted: Figures, first: date) -> None:
    """Hold that a program finds in a file what the books say."""
    done = check(kind, file)
    assert (done.returncode, done.stderr) == (0, "")
    found = (hledger_figures if kind == "hledger" else beancount_figures)(file, first)
    assert found.provinces == wanted.provinces
    assert found.turnover == wanted.turnover
    for end, balances in wanted.ends.items():
        before = [on for on in found.ends if on <= end]
        assert (found.ends[max(before)] if before else {}) == balances, end
    if kind == "hledger":
        own = hledger_ends(file)
        for end, balances in wanted.ends.items():
            assert own.get(f"{end:%Y-%m}", {}) == balances, end


def agree_by_queries(file: Path, wanted: Figures) -> None:
    """Hold that hledger answers questions by tag as the books do."""
    last = wanted.ends[max(wanted.ends)]
    for tag in ("fund", "unit"):
        assert hledger_sums(file, "--pivot", tag) == {}  # Each is a book that balances by itself.
        owned: defaultdict[str, int] = defaultdict(int)
        for place, amount in last.items():
            code = getattr(place, tag).casefold()  # A query of hledger reads either case alike.
            owned[code] += amount if place.account.startswith(OWNED) else 0
        for code in sorted(owned)[:3]:
            query = "type:AL", f"tag:{tag}=^{re.escape(code)}$"
            assert sum(hledger_sums(file, *query).values()) == owned[code]
    provinces: defaultdict[str, list[int]] = defaultdict(list)
    for (_place, province), amount in wanted.provinces.items():
        provinces[province].append(amount)
    for province, amounts in provinces.items():
        found = hledger_sums(file, f"tag:province=^{province}$")
        assert sorted(found.values()) == sorted(amounts)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_demo_year_agrees(app: Flask, tmp_path: Path) -> None:
    with clock.fixed(NOW), transaction() as session:
        loader.load(session, lambda _step: None)
    first, last = date(2025, 12, 31), date(2026, 11, 23)
    wanted = ours(read_session(), first, last)
    assert len(wanted.ends) == 12
    for kind in FORMATS:
        told = export(kind, tmp_path / kind)
        assert (told.first, told.last) == (first, last)
        agree(tmp_path / kind, kind, wanted, first)
        # The figures of a part of the year are held by the assertions alone.
        export(kind, tmp_path / f"part.{kind}", date(2026, 3, 15), date(2026, 9, 30))
        done = check(kind, tmp_path / f"part.{kind}")
        assert (done.returncode, done.stderr) == (0, "")


DAYS = st.integers(0, 75).map(lambda number: date(2024, 8, 10) + timedelta(days=number))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
SPECS = st.fixed_dictionaries(
    {
        "on": DAYS,
        "unit": st.sampled_from([*worked.HOMES, *ALIKE]),
        "fund": st.sampled_from(["base", "dues", "nghia-tinh"]),
        "amount": st.integers(1, 10**13) | st.sampled_from([1, 20_000]),
        "description": TEXTS | st.just('(a) | "b"; c:d, e\n'),
        "province": st.sampled_from([None, "2004:44", "2025:44", "2025:46"]),
        "kind": st.integers(0, 7),
        "to": st.sampled_from([*worked.HOMES, *ALIKE]),
        "voucher": st.none() | TEXTS,
        "taken_back": st.none() | st.integers(0, 20),
    }
)


def post(specs: list[dict[str, Any]]) -> None:
    """Post entries; some are reversed days later."""
    with transaction() as session:
        for number, spec in enumerate(specs):
            facts = {name: spec[name] for name in ("on", "unit", "fund", "amount", "province")}
            facts["description"] = spec["description"]
            entry = worked.every_kind(facts, spec["to"])[spec["kind"]]
            external_id = f"{number}: {spec['description']}"
            posted = books.post(
                session, entry, source="test", external_id=external_id, voucher=spec["voucher"]
            )
            if spec["taken_back"] is not None:
                on = entry.date + timedelta(days=spec["taken_back"])
                books.reverse(session, posted.id, on=on, reason="sai", maker_id=None)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
# Both programs are started for each book, so a book that fails is shown as it is, not made smaller.
@settings(max_examples=3, deadline=None, phases=(Phase.reuse, Phase.generate))
@given(
    specs=st.lists(SPECS, min_size=12, max_size=40),
    asked=st.tuples(st.none() | DAYS, st.none() | DAYS),
)
def test_any_book_agrees(
    databases: Databases,
    engine: str,
    specs: list[dict[str, Any]],
    asked: tuple[date | None, date | None],
) -> None:
    first, last = sorted(asked) if all(asked) else asked  # type: ignore[type-var]
    with TemporaryDirectory() as folder, empty_books(databases, engine, Path(folder)) as session:
        post(specs)
        for kind in FORMATS:
            file = Path(folder) / kind
            told = export(kind, file, first, last)
            assert told.first is not None
            assert told.last is not None
            wanted = ours(session, told.first, told.last)
            agree(file, kind, wanted, told.first)
            if kind == "hledger":
                agree_by_queries(file, wanted)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_province_is_what_the_statement_says_of_it(session: Session, tmp_path: Path) -> None:
    """Entries that state no province stand in their unit's, in both programs as in the statement.

    The days asked for begin within the book, so that what is carried in is looked at too.
    """
    from fundsvc.statements.options import Options
    from fundsvc.statements.service import fund_statement
    from tests.statements.conftest import post as post_worked
    from tests.statements.conftest import set_up

    set_up(session)
    post_worked(session, worked.random_book(5, 60))
    days = sorted(session.scalars(select(Entry.date)))
    first, last = days[len(days) // 3], days[-1]
    files = {kind: tmp_path / kind for kind in FORMATS}
    for kind, file in files.items():
        export(kind, file, first, last)
    read = beancount_entries(files["beancount"])
    compared = 0
    for fund in ("base", "dues", "nghia-tinh"):
        options = Options(fund, first, last, provinces="then")
        rows = fund_statement(read_session(), options).statement.rows
        figures = {
            f"{row.place[0]}": (row.opening, row.receipts_total, row.payments_total, row.closing)
            for row in rows
        }
        figures = {province: wanted for province, wanted in figures.items() if any(wanted)}
        for province, wanted in figures.items():
            tag = f"tag:province=^{province}$"
            assert hledger_row(files["hledger"], first, f"tag:fund=^{fund}$", tag) == wanted
            assert beancount_row(read, fund, province, first) == wanted
        whole = tuple(sum(wanted[place] for wanted in figures.values()) for place in range(4))
        assert hledger_row(files["hledger"], first, f"tag:fund=^{fund}$") == whole
        compared += len(figures)
    read_session().rollback()
    assert compared >= 6, "several provinces have money"


def hledger_row(file: Path, first: date, *part: str) -> tuple[int, int, int, int]:
    """Return what hledger says of a part: opening, receipts, payments, closing."""

    def total(*query: str) -> int:
        return sum(hledger_sums(file, *part, *query).values())

    return (
        total("type:AL", "-e", str(first)),
        -total("type:RE", "-b", str(first)),
        total("type:X", "-b", str(first)),
        total("type:AL"),
    )


def beancount_row(
    entries: list[Any], fund: str, province: str, first: date
) -> tuple[int, int, int, int]:
    """Return what beancount reads of a province: opening, receipts, payments, closing."""
    opening = receipts = payments = closing = 0
    for entry in entries:
        for posting in getattr(entry, "postings", ()):
            if (posting.meta["fund"], posting.meta["province"]) != (fund, province):
                continue
            amount, root = int(posting.units.number), posting.account.partition(":")[0]
            if root in {"Assets", "Liabilities"}:
                closing += amount
                opening += amount if entry.date < first else 0
            elif entry.date >= first:
                receipts -= amount if root in {"Income", "Equity"} else 0
                payments += amount if root == "Expenses" else 0
    return opening, receipts, payments, closing


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_hledger_draws_its_own_reports(session: Session, tmp_path: Path) -> None:
    from tests.statements.conftest import post as post_worked
    from tests.statements.conftest import set_up

    set_up(session)
    post_worked(session, worked.random_book(5, 40))
    file = tmp_path / "book"
    export("hledger", file)
    end = ours(session, date(2024, 1, 1), date(2024, 12, 31)).ends[date(2024, 12, 31)]
    for query, begins in (("type:A", "1"), ("type:L", "3"), ("type:C", "11"), ("type:X", "68")):
        found = sum(hledger_sums(file, query).values())
        starts = (begins,) if query == "type:C" else tuple(begins)
        assert found == sum(
            amount for place, amount in end.items() if place.account.startswith(starts)
        )
