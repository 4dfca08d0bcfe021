"""The rule on made-up entries: what balances is taken, what does not is named."""

from collections import defaultdict
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import Entry, Posting, reversal_of
from ledger.errors import UnbalancedError

DAY = date(2026, 1, 31)
books = st.tuples(st.sampled_from(["base", "dues", "nghia-tinh"]), st.sampled_from(["TW", "HT-44"]))
moves = st.lists(st.tuples(books, st.integers(1, 10**12)), min_size=1, max_size=8)


def entry_of(given_moves: list[tuple[tuple[str, str], int]]) -> Entry:
    """Book each amount from one account to another within its fund and unit."""
    postings: list[Posting] = []
    for (fund, unit), amount in given_moves:
        postings += [
            Posting("111", fund, unit, debit=amount),
            Posting("7114", fund, unit, credit=amount),
        ]
    return Entry(DAY, "other", "", "TW", tuple(postings))


@given(moves)
def test_a_reversal_leaves_nothing(given_moves: list[tuple[tuple[str, str], int]]) -> None:
    entry = entry_of(given_moves)
    sums: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for posting in (*entry.postings, *reversal_of(entry, DAY, "").postings):
        sums[posting.account, posting.fund, posting.unit] += posting.debit - posting.credit
    assert not any(sums.values())
    assert reversal_of(reversal_of(entry, DAY, ""), DAY, "").postings == entry.postings


@given(moves, st.data())
def test_an_entry_that_lacks_a_dong_names_the_fund_and_unit(
    given_moves: list[tuple[tuple[str, str], int]], data: st.DataObject
) -> None:
    postings = list(entry_of(given_moves).postings)
    place = data.draw(st.integers(0, len(postings) - 1))
    spoilt = postings[place]
    postings[place] = Posting(
        spoilt.account,
        spoilt.fund,
        spoilt.unit,
        spoilt.debit + 1 if spoilt.debit else 0,
        spoilt.credit + 1 if spoilt.credit else 0,
    )
    with pytest.raises(UnbalancedError) as error:
        Entry(DAY, "other", "", "TW", tuple(postings))
    assert (error.value.fund, error.value.unit) == (spoilt.fund, spoilt.unit)
    assert abs(error.value.difference) == 1
