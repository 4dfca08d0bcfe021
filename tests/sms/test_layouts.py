"""Files of operators: columns known by their words, named once on a page, and turned into ours."""

import io
from datetime import date

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import transaction
from fundsvc.errors import Conflict, NotFound, Refusal, Unrecognised
from fundsvc.sms import forms, layouts, mapping, profiles, service
from fundsvc.sms.layouts import COMPACT, DAY_FIRST, ISO, MONTH_FIRST, Profile
from fundsvc.sms.models import SmsProfile
from fundsvc.sms.reader import Reader
from fundsvc.sms.register import Register
from fundsvc.sms.resolver import Resolver
from tests import corpus
from tests.sms.conftest import Import
from tests.sms.test_reading import terms
from tests.support import messages

WORDS = ("Nhà mạng", "Mã giao dịch", "Số thuê bao", "Đầu số", "Nội dung", "Thời gian", "Số tiền",
         "Trạng thái")  # fmt: skip
PLAIN = ("Nha mang", "Ma giao dich", "So thue bao", "Dau so", "Noi dung", "Thoi gian", "So tien",
         "Trang thai")  # fmt: skip
ENGLISH = ("Telco", "Transaction ID", "Phone number", "Short code", "Content", "Received time",
           "Price", "Result")  # fmt: skip
BOTH = ("Nhà mạng/Telco (*)", "Mã GD", "Số điện thoại/Phone", "ĐẦU SỐ", "Nội dung tin nhắn",
        "Thời điểm nhận", "Số tiền (VNĐ)", "Kết quả")  # fmt: skip
CELLS = ("VinaPhone", "A1", "0912 345 678", "1400", "TS 5", "05/07/2026 08:30", "100.000 đ",
         "Thành công")  # fmt: skip
# As the file of one operator might be that says neither who it is nor what failed.
STRANGE = ("STT", "Định danh", "Khách", "Tin", "Lúc")
STRANGE_CELLS = ("1", "A1", "84912345678", "TS 5", "07/05/2026 8:30:05")
STRANGE_PROFILE = Profile(
    "Viettel tháng",
    {"request_id": "Định danh", "msisdn": "Khách", "message": "Tin", "received_at": "Lúc"},
    {"operator": "viettel", "short_code": "1400"},
    MONTH_FIRST,
)


def table(head: tuple[str, ...], *rows: tuple[str, ...], by: str = ";", above: str = "") -> bytes:
    return (above + "\n".join(by.join(cells) for cells in (head, *rows)) + "\n").encode()


@pytest.mark.parametrize("head", [WORDS, PLAIN, ENGLISH, BOTH])
@pytest.mark.parametrize("by", [";", ",", "\t"])
def test_the_words_of_operators_are_known(head: tuple[str, ...], by: str) -> None:
    found = layouts.find(io.BytesIO(table(head, CELLS, by=by)))
    assert (found.delimiter, found.header, found.width) == (by, 1, 8)
    assert found.order == (*range(8), None)


def test_what_stands_above_the_header_is_passed_over(bring: Import) -> None:
    above = "sep=;\nCông ty Viễn thông;;;;;;;\n\nKỳ;07/2026;;;;;;\n"
    report = bring(table(WORDS, CELLS, ("X", *CELLS[1:]), above=above), commit=False)
    assert [(row.row, row.field) for row in report.refused] == [(7, "operator")]
    assert (report.messages, report.gross, report.first) == (1, 100_000, date(2026, 7, 5))


def test_a_file_in_an_operators_words_is_booked_like_ours(bring: Import) -> None:
    assert bring(table(WORDS, CELLS)).gross == 100_000
    own = messages.one(
        operator="vinaphone", request_id="A1", received_at="2026-07-05 08:30:00",
        msisdn="0912345678", amount="100000",
    )  # fmt: skip
    again = bring([own])
    assert (again.new, again.known, again.refused_count) == (0, 1, 0)


@pytest.mark.parametrize(
    "head",
    [
        (*WORDS, "Mã tin"),
        WORDS[:-1],
        tuple("x" if name == "Thời gian" else name for name in WORDS),
    ],
)
def test_words_that_are_missing_or_twofold_must_be_said_by_a_person(head: tuple[str, ...]) -> None:
    with pytest.raises(Unrecognised):
        layouts.find(io.BytesIO(table(head, CELLS[: len(head)] + ("x",) * (len(head) - 8))))


def test_a_workbook_is_told_to_be_one() -> None:
    with pytest.raises(Refusal, match="Excel"):
        layouts.find(io.BytesIO(b"PK\x03\x04" + b"\x00" * 100))


@pytest.mark.parametrize("name", corpus.FILES)
def test_another_kind_of_file_is_no_table_to_name_columns_of(name: str) -> None:
    assert layouts.look(io.BytesIO(corpus.FILES[name])) is None
    with pytest.raises(Refusal) as refusal:
        layouts.find(io.BytesIO(corpus.FILES[name]), STRANGE_PROFILE)
    assert refusal.value.reasons[0].row == 1


@pytest.mark.parametrize(
    ("raw", "days", "read"),
    [
        ("05/07/2026 08:30:00", DAY_FIRST, "2026-07-05 08:30:00"),
        ("5-7-2026 8:30", DAY_FIRST, "2026-07-05 08:30:00"),
        ("08:30:07 05/07/2026", DAY_FIRST, "2026-07-05 08:30:07"),
        ("05/07/2026 08:30:00", MONTH_FIRST, "2026-05-07 08:30:00"),
        ("20260705083007", COMPACT, "2026-07-05 08:30:07"),
        ("2026-07-05 08:30:00", DAY_FIRST, "2026-07-05 08:30:00"),
        ("2026-07-05T08:30:00+07:00", ISO, "2026-07-05T08:30:00+07:00"),
        ("05/07/26 08:30:00", DAY_FIRST, "05/07/26 08:30:00"),
        ("05/07/2026", DAY_FIRST, "05/07/2026"),
        ("٠٥/07/2026 08:30:00", DAY_FIRST, "٠٥/07/2026 08:30:00"),
        ("05/07/2026 08:30 CH", DAY_FIRST, "05/07/2026 08:30 CH"),
    ],
)
def test_moments_are_turned_only_when_they_have_the_form(raw: str, days: str, read: str) -> None:
    assert forms.moment(raw, days) == read


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("20.000", "20000"), ("1,234,000 VND", "1234000"), ("20000đ", "20000"), ("", ""),
        ("20.000,00", "20.000,00"), ("1.00", "1.00"), ("-20.000", "-20.000"), ("20 000", "20 000"),
        ("1.000,000", "1.000,000"), ("0" * 50 + ".000", "0" * 50 + ".000"),
    ],
)  # fmt: skip
def test_amounts_are_turned_only_when_they_are_whole_dong(raw: str, amount: str) -> None:
    assert forms._amount(raw) == amount


@pytest.mark.parametrize(
    ("raw", "phone"),
    [
        ("0912 345 678", "0912345678"), ("0912.345-678", "0912345678"),
        ("'84912345678", "84912345678"),
        ("849+12345678", "849+12345678"), ("8491234567O", "8491234567O"),
    ],
)  # fmt: skip
def test_phones_lose_only_what_parts_their_figures(raw: str, phone: str) -> None:
    assert forms._phone(raw) == phone


@pytest.mark.parametrize("text", corpus.TEXTS)
@pytest.mark.parametrize("profile", [None, STRANGE_PROFILE])
def test_no_text_in_any_column_breaks_a_file_in_other_words(
    text: str, profile: Profile | None
) -> None:
    head, good = (STRANGE, STRANGE_CELLS) if profile else (WORDS, CELLS)
    rows = [";".join(head)]
    for place in range(len(good)):
        cells = list(good)
        cells[place] = '"' + text.replace('"', '""') + '"'
        rows.append(";".join(cells))
    amounts, reader = amounts_of("\r\n".join(rows).encode("utf-8", "surrogatepass"), profile)
    assert len(amounts) + reader.refused.count == reader.lines
    assert set(amounts) <= {None, 100_000}


@pytest.mark.parametrize("name", corpus.spoilt(b"a,b\n1,2\n"))
@pytest.mark.parametrize("profile", [None, STRANGE_PROFILE])
def test_a_spoilt_file_in_other_words_gives_no_wrong_amount(
    name: str, profile: Profile | None
) -> None:
    head, good = (STRANGE, STRANGE_CELLS) if profile else (WORDS, CELLS)
    rows = [tuple(f"A{n}" if cell == "A1" else cell for cell in good) for n in range(50)]
    try:
        amounts, _reader = amounts_of(corpus.spoilt(table(head, *rows, by=","))[name], profile)
    except Refusal:
        return
    assert set(amounts) <= {None, 100_000}


def amounts_of(data: bytes, profile: Profile | None) -> tuple[list[int | None], Reader]:
    """Return the amounts of a file's readable rows, and who read them."""
    register = Register([terms()])
    resolver = Resolver(register, ("viettel", "vinaphone"), {})
    reader = Reader(register, resolver, profile)
    chunks = list(reader.chunks(io.BytesIO(data)))
    found = [resolver.outcomes[number] for chunk in chunks for number in chunk.outcome]
    return [outcome.amount for outcome in found], reader


@pytest.mark.parametrize("amount", corpus.NEVER_AMOUNTS)
def test_what_is_no_amount_is_never_one_in_other_words_either(amount: str) -> None:
    turned = forms._amount(amount)
    assert not turned.strip().isdigit() or turned.strip() == amount.strip()


def test_a_profile_reads_what_nobody_would_recognise(bring: Import, session: Session) -> None:
    data = table(STRANGE, STRANGE_CELLS)
    with pytest.raises(Unrecognised):
        bring(data)
    with transaction() as writing:
        profiles.keep(writing, STRANGE_PROFILE, by=None)
        report = service.import_sms(
            writing, io.BytesIO(data), name="a.csv", format="Viettel tháng", commit=True, by=None
        )
    assert (report.messages, report.gross, report.first) == (1, 100_000, date(2026, 7, 5))
    assert report.by_campaign[0].operator == "viettel"
    assert profiles.fitting(session, io.BytesIO(data)) == [STRANGE_PROFILE]
    assert profiles.fitting(session, io.BytesIO(table(WORDS, CELLS))) == []


def test_a_profile_is_kept_once_and_can_be_forgotten(app: Flask, session: Session) -> None:
    with transaction() as writing:
        profiles.keep(writing, STRANGE_PROFILE, by=None)
    with pytest.raises(Conflict), transaction() as writing:
        profiles.keep(writing, STRANGE_PROFILE, by=None)
    assert profiles.names(session) == ["Viettel tháng"]
    with transaction() as writing:
        profiles.forget(writing, "Viettel tháng", by=None)
    with pytest.raises(NotFound), transaction() as writing:
        profiles.forget(writing, "Viettel tháng", by=None)
    with pytest.raises(Refusal, match="csv"):
        profiles.named(session, "Viettel tháng")


def test_the_database_keeps_one_profile_of_a_name_and_known_forms_only(app: Flask) -> None:
    for rows in ([("a", "iso"), ("a", "iso")], [("b", "odd")]):
        with pytest.raises(IntegrityError), transaction() as session:
            session.add_all(
                SmsProfile(name=name, columns={}, fixed={}, days=days, made_at=clock.now())
                for name, days in rows
            )


def chosen(**typed: str) -> dict[str, str]:
    return {
        "operator": "viettel", "request_id": "c1", "msisdn": "c2", "code": "1400",
        "message": "c3", "received_at": "c4", "days": MONTH_FIRST, "name": "Viettel tháng",
    } | typed  # fmt: skip


def strange() -> layouts.Table:
    found = layouts.look(io.BytesIO(table(STRANGE, STRANGE_CELLS)))
    assert found
    return found


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_is_chosen_becomes_a_profile(app: Flask) -> None:
    assert mapping.read(chosen(), strange()) == STRANGE_PROFILE


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"request_id": ""}, {"request_id"}),
        ({"request_id": "c9"}, {"request_id"}),
        ({"request_id": "c2"}, {"request_id", "msisdn"}),
        ({"operator": ""}, {"operator"}),
        ({"operator": "beeline"}, {"operator"}),
        ({"code": ""}, {"short_code"}),
        ({"code": "１４００"}, {"code", "short_code"}),
        ({"amount": "x"}, {"amount"}),
        ({"days": "odd"}, {"days"}),
        ({"name": " "}, {"name"}),
        ({"name": "x" * 61}, {"name"}),
        ({"name": "a\x01"}, {"name"}),
    ],
)
def test_what_is_not_chosen_well_is_told_beside_its_field(
    app: Flask, typed: dict[str, str], fields: set[str]
) -> None:
    with pytest.raises(Refusal) as refusal:
        mapping.read(chosen(**typed), strange())
    assert {reason.field for reason in refusal.value.reasons} == fields


def test_the_form_is_filled_in_as_far_as_words_are_known() -> None:
    found = layouts.look(io.BytesIO(table((*WORDS, "Mã tin"), (*CELLS, "x"))))
    assert found
    guessed = mapping.guess(found)
    assert "request_id" not in guessed, "two columns could be it"
    assert (guessed["received_at"], guessed["days"]) == ("c5", DAY_FIRST)
    assert guessed["status"] == "c7"
