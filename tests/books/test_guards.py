"""Each guard of the journal refuses by name, on both engines, when the service is not asked.

The rows are written by plain SQL and committed for real, as somebody with a database shell would.
"""

from typing import Any

import pytest

from tests.books.shell import ENTRY, Shell, counts, refuses

SHUT = (
    "INSERT INTO period (unit_id, month, state, closed_at, closing)"
    " VALUES (:unit, '2026-01-01', 'closed', '2026-02-01 00:00:00+00:00', '{}')"
)
INCOMPLETE = {"postgresql": "entry_complete", "sqlite": "FOREIGN KEY"}


def test_a_good_entry_is_taken(shell: Shell) -> None:
    shell.good(2)
    shell.connection.commit()
    assert counts(shell)[1] == (2, "")


def test_entry_out_of_balance(shell: Shell) -> None:
    postings = (shell.posting(1, 500, entry=2), shell.posting(2, -499, entry=2))
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2))


def test_entry_balanced_over_funds_but_not_in_each(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, fund=shell.funds[0]),
        shell.posting(2, -500, entry=2, fund=shell.funds[1]),
    )
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2))


def test_entry_balanced_over_units_but_not_in_each(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, unit=shell.units[0]),
        shell.posting(2, -500, entry=2, unit=shell.units[1]),
    )
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2))


def test_entry_of_four_lines_out_of_balance_in_one_fund(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, lines=4),
        shell.posting(2, -400, entry=2, lines=4),
        shell.posting(3, 400, entry=2, lines=4, fund=shell.funds[1]),
        shell.posting(4, -500, entry=2, lines=4, fund=shell.funds[1]),
    )
    refuses(shell, "posting_balanced", lambda: shell.book(*postings, number=2, lines=4))


def test_entry_without_postings(shell: Shell) -> None:
    refuses(shell, INCOMPLETE, lambda: shell.book(number=2))


def test_entry_without_its_last_posting(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, lines=3),
        shell.posting(2, -500, entry=2, lines=3),
    )
    refuses(shell, INCOMPLETE, lambda: shell.book(*postings, number=2, lines=3))


def test_entry_without_a_middle_posting(shell: Shell) -> None:
    postings = (
        shell.posting(1, 500, entry=2, lines=3),
        shell.posting(3, -500, entry=2, lines=3),
    )
    guard = {"postgresql": "entry_complete", "sqlite": "posting_with_entry"}
    refuses(shell, guard, lambda: shell.book(*postings, number=2, lines=3))


@pytest.mark.parametrize("lines", [2, 4])
def test_a_balanced_pair_added_to_an_old_entry(shell: Shell, lines: int) -> None:
    pair = (shell.posting(3, 900, lines=lines), shell.posting(4, -900, lines=lines))
    guard = INCOMPLETE if lines == 4 else "ck_posting_line"
    refuses(shell, guard, lambda: shell.add(*pair))


def test_a_posting_put_again_on_an_old_line(shell: Shell) -> None:
    pair = (shell.posting(1, 500), shell.posting(2, -500))
    guard = {"postgresql": "pk_posting", "sqlite": "UNIQUE constraint failed: posting"}
    refuses(shell, guard, lambda: shell.add(*pair))


def test_postings_of_no_entry(shell: Shell) -> None:
    pair = (shell.posting(1, 900, entry=77), shell.posting(2, -900, entry=77))
    guard = {"postgresql": "posting_with_entry", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard, lambda: shell.add(*pair))


def test_a_posting_of_another_date_than_its_entry(shell: Shell) -> None:
    pair = (
        shell.posting(1, 900, entry=2, date="'2026-01-06'"),
        shell.posting(2, -900, entry=2, date="'2026-01-06'"),
    )
    guard = {"postgresql": "posting_with_entry", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard, lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("name", ["account", "fund", "unit"])
def test_a_posting_of_something_unknown(shell: Shell, name: str) -> None:
    pair = (
        shell.posting(1, 900, entry=2, **{name: 999}),
        shell.posting(2, -900, entry=2, **{name: 999}),
    )
    guard = {"postgresql": "posting_references", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard, lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("facts", [{"unit": 999}, {"province": 999}, {"reverses": 999}])
def test_an_entry_of_something_unknown(shell: Shell, facts: dict[str, Any]) -> None:
    pair = (shell.posting(1, 900, entry=2), shell.posting(2, -900, entry=2))
    guard = {"postgresql": "entry_re", "sqlite": "FOREIGN KEY"}
    refuses(shell, guard, lambda: shell.book(*pair, number=2, **facts))


@pytest.mark.parametrize("amount", [10**15 + 1, 2**63 - 1])
def test_an_amount_out_of_range(shell: Shell, amount: int) -> None:
    pair = (shell.posting(1, amount, entry=2), shell.posting(2, -amount, entry=2))
    refuses(shell, "ck_posting_range", lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("sides", [{"debit": 0, "credit": 0}, {"debit": 5, "credit": 5}])
def test_a_posting_on_both_sides_or_none(shell: Shell, sides: dict[str, int]) -> None:
    pair = (shell.posting(1, 1, entry=2, **sides), shell.posting(2, -1, entry=2, **sides))
    refuses(shell, "ck_posting_one_side", lambda: shell.book(*pair, number=2))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("amount", ["'500x'", "1.5", "9223372036854775807 + 1"])
def test_an_amount_that_is_no_integer(shell: Shell, amount: str) -> None:
    pair = (
        shell.posting(1, 1, entry=2, debit=amount),
        shell.posting(2, -1, entry=2, credit=amount),
    )
    refuses(shell, "posting.debit", lambda: shell.book(*pair, number=2))


def test_an_entry_in_a_closed_month(shell: Shell) -> None:
    shell.do(
        SHUT,
        unit=shell.units[0],
    )
    shell.connection.commit()
    refuses(shell, "posting_open_period", lambda: shell.good(2))
    other = {"unit": shell.units[1], "entry": 3}
    shell.book(
        shell.posting(1, 500, **other),
        shell.posting(2, -500, **other),
        number=3,
        unit=shell.units[1],
    )
    shell.connection.commit()


def test_an_entry_of_four_lines_in_a_closed_month(shell: Shell) -> None:
    shell.do(
        SHUT,
        unit=shell.units[1],
    )
    shell.connection.commit()
    four = {"entry": 2, "lines": 4}
    postings = (
        shell.posting(1, 500, **four),
        shell.posting(2, -500, **four),
        shell.posting(3, 500, **four, unit=shell.units[1]),
        shell.posting(4, -500, **four, unit=shell.units[1]),
    )
    refuses(shell, "posting_open_period", lambda: shell.book(*postings, number=2, lines=4))


def test_one_external_id_is_booked_once(shell: Shell) -> None:
    guard = {"postgresql": "uq_entry_source", "sqlite": "entry.source, entry.external_id"}

    def book_again() -> None:
        facts = {"unit": shell.units[0], "province": None, "lines": 2, "reverses": None}
        shell.do(ENTRY.replace(":date", "'2026-01-05'"), id=9, external_id="1", **facts)

    refuses(shell, guard, book_again)


def test_one_entry_is_reversed_once(shell: Shell) -> None:
    guard = {"postgresql": "ix_entry_reverses_id", "sqlite": "entry.reverses_id"}

    def reverse_as(number: int) -> None:
        debit = shell.posting(1, 1, entry=number, debit=-500)
        credit = shell.posting(2, -1, entry=number, credit=-500)
        shell.book(debit, credit, number=number, reverses=1)

    reverse_as(2)
    shell.connection.commit()
    refuses(shell, guard, lambda: reverse_as(3))
