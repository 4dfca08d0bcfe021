"""Tables of layouts that nobody knows: how they begin, and how they are read by what was chosen."""

import io
from datetime import date, datetime

import pytest

from fundsvc.errors import Refusal, Unrecognised
from fundsvc.reconciliation import mapping
from fundsvc.reconciliation.foreign import Beginning, look
from fundsvc.reconciliation.formats import read_file
from fundsvc.reconciliation.mapping import Chosen
from fundsvc.reconciliation.understanding import Understood, understand
from tests import corpus
from tests.reconciliation.test_formats import workbook

TODAY = date(2024, 10, 1)
HEAD = "Ngày GD;Diễn giải GD;Rút ra;Gửi vào;Số dư hiện tại;Mã tham chiếu"
LINES = (
    "01/09/2024;ung ho mien Bac;;50.000;150.000;FT1",
    "13/09/2024;mua gao;20.000;;130.000;FT2",
    "14/09/2024;ung ho;;70.000;200.000;FT3",
)
PLACES = {"date": 0, "memo": 1, "debit": 2, "credit": 3, "balance": 4, "reference": 5}


def table(*rows: str, head: str = HEAD, above: tuple[str, ...] = ()) -> bytes:
    return "\r\n".join((*above, head, *rows, "")).encode("utf-8", "replace")


def begun(data: bytes) -> Beginning:
    found = look(data)
    assert found
    return found


def understood(data: bytes, places: dict[str, int] | None = None, days: str = "") -> Understood:
    chosen = Chosen(places or PLACES, days)
    return understand(chosen, begun(data), bank="ACB", today=TODAY)


def refused(data: bytes, places: dict[str, int] | None = None) -> dict[str | None, str]:
    with pytest.raises(Refusal) as told:
        understood(data, places)
    return {reason.field: str(reason.text) for reason in told.value.reasons}


def test_the_header_is_found_below_what_a_bank_writes_above_it() -> None:
    above = (
        "NGAN HANG THU;Chi nhanh;Ha Noi;;;",
        "Chủ tài khoản;Hội;Số tài khoản;0011;Từ ngày;01/09/2024",
        ";;;;;",
    )
    found = begun(table(*LINES, above=above))
    assert (found.at, found.header[0]) == (3, "Ngày GD")
    assert found.whole
    [day, memo, *_rest] = found.columns()
    assert (day.key, day.name, day.samples[0]) == ("c0", "Ngày GD", "01/09/2024")
    assert memo.samples == ("ung ho mien Bac", "mua gao", "ung ho")


def test_columns_of_one_name_or_none_are_told_apart_by_their_letter() -> None:
    head = "Ngày;Nội dung;Số tiền;Số tiền;;"
    names = [one.name for one in begun(table(*LINES, head=head + "Mã")).columns()]
    assert names == ["Ngày", "Nội dung", "Số tiền (cột C)", "Số tiền (cột D)", "Cột E", "Mã"]


@pytest.mark.parametrize("name", sorted(corpus.FILES))
def test_what_is_no_statement_is_no_table_to_map(name: str) -> None:
    look(corpus.FILES[name])
    assert look(b"a;b;c\n1;2;3\n") is None


def test_words_of_headers_fill_the_form_in() -> None:
    head = "Ngày giao dịch;Nội dung;Ghi nợ (VND);Ghi có (VND);Số dư (VND);Số tham chiếu"
    assert mapping.guess(begun(table(*LINES, head=head))) == {
        "date": "c0", "memo": "c1", "debit": "c2", "credit": "c3", "balance": "c4",
        "reference": "c5",
    }  # fmt: skip
    head = "Ngày;Diễn giải;Nợ/Có;Số tiền;Số dư;Mã GD"
    assert mapping.guess(begun(table(*LINES, head=head))) == {
        "date": "c0", "memo": "c1", "mark": "c2", "amount": "c3", "balance": "c4",
        "reference": "c5",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({}, {"date", "memo", "credit"}),
        ({"date": "c0", "memo": "c0", "credit": "c3", "debit": "c2"}, {"date", "memo"}),
        ({"date": "c0", "memo": "c1", "credit": "c3"}, {"debit"}),
        ({"date": "c0", "memo": "c1", "debit": "c3"}, {"credit"}),
        ({"date": "c0", "memo": "c1", "amount": "c2", "credit": "c3"}, {"amount"}),
        ({"date": "c0", "memo": "c1", "mark": "c2"}, {"amount"}),
        (
            {"date": "c0", "memo": "c1", "debit": "c2", "credit": "c3", "mark": "c4"},
            {"mark"},
        ),
        ({"date": "c0", "memo": "c1", "debit": "c2", "credit": "c99"}, {"credit"}),
    ],
)
def test_bad_choices_are_refused_beside_their_fields(
    typed: dict[str, str], fields: set[str]
) -> None:
    with pytest.raises(Refusal) as told:
        mapping.read(typed, begun(table(*LINES)))
    assert {reason.field for reason in told.value.reasons} == fields


def test_a_table_is_read_as_it_was_mapped() -> None:
    found = understood(table(*LINES, "Tổng cộng;;20.000;120.000;;"))
    assert found.profile
    assert (found.summary.sum_in, found.summary.sum_out) == (120_000, 20_000)
    assert (found.told.opening, found.told.closing) == (100_000, 200_000)
    assert (found.asked, found.profile.days) == ((), "d/m/yyyy")
    assert found.profile.amounts == "1.000.000,00"
    assert "balance" in found.profile.identity
    again = read_file(table(*LINES), layout=None, bank="ACB", today=TODAY,
                      profiles=(found.profile,))  # fmt: skip
    assert [line.reference for line in again] == ["FT1", "FT2", "FT3"]


def test_another_header_is_another_layout() -> None:
    profile = understood(table(*LINES)).profile
    assert profile
    changed = table(*(f"{line};x" for line in LINES), head=f"{HEAD};Kênh")
    with pytest.raises(Unrecognised):
        read_file(changed, layout=None, bank="ACB", today=TODAY, profiles=(profile,))


@pytest.mark.parametrize(
    ("amounts", "grammar", "worth"),
    [
        (("1.500.000", "20.000"), "1.000.000,00", 1_500_000),
        (("1,500,000.00", "20,000.00"), "1,000,000.00", 1_500_000),
        (("1500000", "20000"), "1000000", 1_500_000),
        (("1 500 000", "20 000"), "1 000 000", 1_500_000),
        (("1\u00a0500\u00a0000,00", "20\u00a0000,00"), "1 000 000", 1_500_000),
    ],
)
def test_the_file_decides_how_amounts_are_written(
    amounts: tuple[str, str], grammar: str, worth: int
) -> None:
    rows = (f"13/09/2024;a;;{amounts[0]};;1", f"14/09/2024;b;{amounts[1]};;;2")
    found = understood(table(*rows))
    assert found.profile
    assert (found.summary.sum_in, found.summary.sum_out) == (worth, 20_000)
    assert found.profile.amounts == grammar


def test_two_grammars_in_one_file_are_refused_with_the_cell() -> None:
    rows = ("13/09/2024;a;;50.000;;1", "14/09/2024;b;;50,000;;2")
    assert "50,000" in refused(table(*rows))["credit"]


@pytest.mark.parametrize("amount", corpus.NEVER_AMOUNTS)
def test_what_is_no_amount_keeps_the_columns_from_being_kept(amount: str) -> None:
    clear = amount.replace(";", "").replace('"', "").replace("\r", "").replace("\n", "")
    if not clear.strip():
        return
    rows = ("13/09/2024;a;;50.000;;1", f"14/09/2024;b;;{clear};;2")
    found = look(table(*rows))
    if found is not None:
        with pytest.raises(Refusal):
            understand(Chosen(PLACES), found, bank="ACB", today=TODAY)


def test_days_are_asked_only_where_the_file_does_not_decide() -> None:
    rows = ("05/07/2024;a;;50.000;;1", "06/08/2024;b;;50.000;;2")
    open_question = understood(table(*rows))
    assert open_question.profile is None
    first, second = open_question.asked
    assert (first.form, first.cell, first.day) == ("d/m/yyyy", "05/07/2024", date(2024, 7, 5))
    assert (second.form, second.day) == ("m/d/yyyy", date(2024, 5, 7))
    answered = understood(table(*rows), days="m/d/yyyy")
    assert answered.profile
    assert (answered.profile.days, answered.summary.first) == ("m/d/yyyy", date(2024, 5, 7))
    assert understood(table(*rows), days="yyyy-mm-dd").profile is None
    for row, form in (
        ("13/07/2024", "d/m/yyyy"),
        ("07/13/2024", "m/d/yyyy"),
        ("2024-07-13", "yyyy-mm-dd"),
        ("01/12/2024", "m/d/yyyy"),  # The first of December is still to come.
    ):
        found = understood(table(f"{row} 08:30;a;;50.000;;1"))
        assert found.profile
        assert (found.profile.days, found.asked) == (form, ())


def test_a_column_that_holds_no_days_is_refused() -> None:
    places = PLACES | {"date": 5, "reference": 0}
    why = "“FT1”: Ngày phải viết như 31/12/2026 hoặc 2026-12-31."
    assert refused(table(*LINES), places)["date"] == why


def test_one_column_with_a_sign() -> None:
    rows = ("13/09/2024;a;-20.000;;;1", "14/09/2024;b;+50.000;;;2")
    places = {"date": 0, "memo": 1, "amount": 2}
    found = understood(table(*rows), places)
    assert found.profile
    assert (found.profile.sign, found.summary.sum_in, found.summary.sum_out) == (
        "signed", 50_000, 20_000,
    )  # fmt: skip


def test_one_column_with_a_mark_beside() -> None:
    rows = ("13/09/2024;a;Nợ;20.000;;1", "14/09/2024;b;Có;50.000;;2")
    places = {"date": 0, "memo": 1, "mark": 2, "amount": 3}
    found = understood(table(*rows), places)
    assert (found.summary.sum_in, found.summary.sum_out) == (50_000, 20_000)
    odd = refused(table(*rows, "15/09/2024;c;Khác;10.000;;3"), places)
    assert odd == {"mark": "“Khác”: Không rõ dấu này là tiền ra hay tiền vào."}


def test_money_out_below_zero_in_its_own_column() -> None:
    rows = ("13/09/2024;a;-20.000;;;1", "14/09/2024;b;;50.000;;2")
    found = understood(table(*rows))
    assert found.profile
    assert (found.profile.sign, found.summary.sum_out) == ("minus-debit", 20_000)
    mixed = refused(table(*rows, "15/09/2024;c;20.000;;;3"))
    assert "cả số âm và số dương" in mixed["debit"]
    assert "số âm" in refused(table("13/09/2024;a;;-20.000;;1"))["credit"]


def test_the_balance_tells_when_in_and_out_were_mixed_up() -> None:
    places = PLACES | {"debit": 3, "credit": 2}
    assert "bị ngược" in refused(table(*LINES), places)["credit"]


def test_a_balance_on_some_lines_only_does_not_tell_lines_apart() -> None:
    rows = ("13/09/2024;a;;20.000;;1", "13/09/2024;b;;50.000;170.000;2")
    profile = understood(table(*rows)).profile
    assert profile
    assert "balance" not in profile.identity


def test_a_workbook_with_days_and_numbers_of_excel() -> None:
    head = ["Ngày GD", "Diễn giải GD", "Số tiền"]
    rows = [[datetime(2024, 9, day), f"dòng {day}", amount]  # noqa: DTZ001 - Excel knows no zone
            for day, amount in ((1, 50_000), (2, -20_000), (3, 7))]  # fmt: skip
    found = understood(
        workbook([["Sao kê tháng 9"], [], head, *rows]), {"date": 0, "memo": 1, "amount": 2}
    )
    assert found.profile
    assert (found.summary.sum_in, found.summary.sum_out, found.asked) == (50_007, 20_000, ())
    assert found.summary.first == date(2024, 9, 1)


def test_a_broken_workbook_is_no_table() -> None:
    assert look(b"PK\x03\x04" + io.BytesIO(b"x" * 100).read()) is None
