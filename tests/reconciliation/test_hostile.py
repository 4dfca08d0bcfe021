"""The hand-written corpus against the reader of bank files: no error, no wrong amount."""

import csv
import io
import unicodedata
from datetime import date
from pathlib import Path

import pytest

from fundsvc.errors import Refusal
from fundsvc.reconciliation.formats import read_file
from fundsvc.reconciliation.reader import Line
from tests import corpus

DATA = Path(__file__).parents[1] / "data" / "bank"
COLUMNS = ("PageId", "TNXDate", "DocNo", "Debit", "Credit", "Balance", "TransactionDetails")
GOOD = {"PageId": "1", "TNXDate": "01/09/2024", "Credit": "50.000", "TransactionDetails": "x"}


def read(data: bytes) -> tuple[list[Line], int]:
    """Return the lines and the number of refused rows; a file refused whole has neither lines."""
    try:
        lines = read_file(data, layout=None, bank="", today=date(2024, 10, 1))
    except Refusal:
        return [], 1
    return list(lines), lines.refused.count


def one(**cells: str) -> tuple[list[Line], int]:
    """Read a file of one row with some cells."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerow(GOOD | cells)
    return read(out.getvalue().encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("amount", corpus.NEVER_AMOUNTS)
@pytest.mark.parametrize("column", ["Debit", "Credit", "Balance"])
def test_what_is_no_amount_is_never_one(amount: str, column: str) -> None:
    other = {"Credit": ""} if column == "Debit" else {}
    lines, refused = one(**other, **{column: amount})
    if column == "Balance" and not amount.strip():
        assert (lines[0].balance, refused) == (None, 0)
    else:
        assert (lines, refused) == ([], 1)


@pytest.mark.parametrize(("amount", "worth"), corpus.AMOUNTS)
def test_what_may_be_an_amount_is_that_amount_or_refused(amount: str, worth: int) -> None:
    lines, refused = one(Credit=amount)
    assert [line.credit for line in lines] == ([worth] if not refused else [])


@pytest.mark.parametrize("amount", corpus.NOT_POSITIVE)
def test_nothing_and_less_is_refused(amount: str) -> None:
    assert one(Credit=amount) == ([], 1)


@pytest.mark.parametrize("day", corpus.NEVER_DAYS)
def test_what_is_no_day_is_refused(day: str) -> None:
    assert one(TNXDate=day) == ([], 1)


@pytest.mark.parametrize("text", corpus.UNKEEPABLE)
@pytest.mark.parametrize("column", ["DocNo", "TransactionDetails"])
def test_text_that_cannot_be_kept_is_refused(text: str, column: str) -> None:
    assert one(**{column: text}) == ([], 1)


@pytest.mark.parametrize("text", [*corpus.ODD, *corpus.FORMULAS])
def test_odd_text_comes_back_as_it_went_in(text: str) -> None:
    lines, refused = one(TransactionDetails=text)
    assert refused == 0
    assert lines[0].memo == unicodedata.normalize("NFC", " ".join(text.split()))
    assert lines[0].credit == 50_000


@pytest.mark.parametrize("text", corpus.LONG)
def test_a_text_of_any_length_is_told(text: str) -> None:
    lines, refused = one(TransactionDetails=text)
    assert refused == bool(text.strip())
    assert len(lines) == 1 - refused


@pytest.mark.parametrize("name", corpus.FILES)
def test_a_file_of_another_kind_is_refused_whole(name: str) -> None:
    assert read(corpus.FILES[name]) == ([], 1)


@pytest.mark.parametrize("bank", ["vietcombank", "agribank"])
def test_a_spoilt_file_is_refused_or_says_the_same(bank: str) -> None:
    whole = (DATA / f"{bank}-2024-09.csv").read_bytes()
    good = b"\r\n".join(whole.split(b"\r\n")[:4]) + b"\r\n"
    expected, refused = read(good)
    assert refused == 0
    for way, data in corpus.spoilt(good).items():
        lines, refused = read(data)
        if not refused:
            said = [line.fingerprint for line in lines]
            assert said in ([], [line.fingerprint for line in expected]), way
            assert way in {"header only", "blank rows"}
