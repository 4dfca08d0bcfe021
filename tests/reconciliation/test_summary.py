"""The counting rule and the running balance, by example and in general."""

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fundsvc.reconciliation.reader import Line
from fundsvc.reconciliation.summary import Break, Counting, Summary

PRINTS = st.lists(st.sampled_from("abcd"), max_size=12)


def take(stored: Counter[str], file: list[str]) -> list[tuple[str, int]]:
    """Store a file's new lines by the counting rule and return them."""
    counting = Counting(lambda _day: dict(stored))
    numbered = [(print_, counting.occurrence(line(2, fingerprint=print_))) for print_ in file]
    new = [(print_, number) for print_, number in numbered if number]
    stored.update(print_ for print_, _number in new)
    return new


def line(
    row: int, credit: int = 0, debit: int = 0, balance: int | None = None, fingerprint: str = ""
) -> Line:
    """Return a line of 1 September 2024."""
    return Line(
        row=row,
        booked_on=date(2024, 9, 1),
        at_time="",
        doc_no="",
        reference="",
        memo="",
        counterparty="",
        debit=debit,
        credit=credit,
        balance=balance,
        fingerprint=fingerprint,
    )


def test_two_equal_lines_in_one_file_stay_two() -> None:
    stored: Counter[str] = Counter()
    assert take(stored, ["a", "b", "a"]) == [("a", 1), ("b", 1), ("a", 2)]


def test_the_same_file_again_adds_nothing() -> None:
    stored: Counter[str] = Counter()
    take(stored, ["a", "b", "a"])
    assert take(stored, ["a", "b", "a"]) == []


def test_a_later_file_with_one_more_equal_line_adds_one() -> None:
    stored: Counter[str] = Counter()
    take(stored, ["a"])
    assert take(stored, ["a", "a", "c"]) == [("a", 2), ("c", 1)]


@given(st.lists(st.integers(), unique=True, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_overlapping_halves_of_one_statement_give_it_once(
    numbers: list[int], one: int, other: int
) -> None:
    whole = [str(number) for number in numbers]
    stored: Counter[str] = Counter()
    take(stored, whole[: max(one, other)])
    take(stored, whole[min(one, other) :])
    assert stored == Counter(whole)


@given(PRINTS, PRINTS)
def test_a_line_that_the_file_has_once_need_not_be_remembered(
    stored: list[str], file: list[str]
) -> None:
    once = {print_ for print_, count in Counter(file).items() if count == 1}
    all_kept, few_kept = (
        Counting(lambda _day: Counter(stored), *alone) for alone in ((), (once.__contains__,))
    )
    for print_ in file:
        found = line(2, fingerprint=print_)
        assert few_kept.occurrence(found) == all_kept.occurrence(found)
        assert few_kept.one_more(found) == all_kept.one_more(found)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 7)), max_size=20))
def test_days_that_come_again_are_counted_on(file: list[tuple[str, int]]) -> None:
    asked: list[date] = []

    def stored(day: date) -> dict[str, int]:
        asked.append(day)
        return {f"a{day.day}": 1}

    counting = Counting(stored)
    seen: Counter[str] = Counter()
    for letter, day in file:
        print_ = f"{letter}{day}"
        found = line(2, fingerprint=print_)._replace(booked_on=date(2024, 9, day))
        seen[print_] += 1
        known = letter == "a" and seen[print_] == 1
        assert counting.occurrence(found) == (0 if known else seen[print_])
    # No day is asked for with each line again, however a file jumps.
    assert len(asked) <= 2 * len(set(asked)) + 1


@given(st.lists(PRINTS, max_size=5))
def test_what_is_stored_is_the_most_that_any_file_held(files: list[list[str]]) -> None:
    stored: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    for file in files:
        new = take(stored, file)
        expected |= Counter(file)
        assert len(set(new)) == len(new)
    assert stored == expected


def test_the_balance_runs_on_from_where_the_bank_printed_it() -> None:
    summary = Summary()
    for found in (
        line(2, credit=500),
        line(3, credit=100, balance=1_600),
        line(4, debit=50),
        line(5, credit=10, balance=1_560),
        line(6, credit=10, balance=1_600),
        line(7, debit=5, balance=1_595),
        line(8, credit=1),
    ):
        summary.add(found)
    assert summary.opening == 1_000
    assert summary.closing == 1_596
    assert summary.breaks == [Break(row=6, expected=1_570, found=1_600)]
    assert (summary.lines, summary.sum_in, summary.sum_out) == (7, 621, 55)


def test_a_bank_that_prints_no_balance_has_none() -> None:
    summary = Summary()
    summary.add(line(2, credit=500))
    assert (summary.opening, summary.closing, summary.breaks) == (None, None, [])
