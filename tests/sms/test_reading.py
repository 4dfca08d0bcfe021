"""A file of messages as a stream: columns, moments, campaigns by day, faults with their place."""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fundsvc.clock import VN
from fundsvc.errors import Refusal
from fundsvc.sms import reader as rooms
from fundsvc.sms.columns import Chunk
from fundsvc.sms.grammar import Rule, Why
from fundsvc.sms.moments import Moments, read_moment
from fundsvc.sms.reader import Reader
from fundsvc.sms.register import Register, Terms, clash
from fundsvc.sms.resolver import BOOKED, FAILED, UNKNOWN, Outcome, Resolver
from tests import corpus
from tests.support import messages


def terms(keyword: str = "ts", **facts: object) -> Terms:
    known = {
        "id": 1,
        "short_code": "1400",
        "rule": Rule(keyword, "units", 20_000),
        "starts": date(2026, 7, 1),
        "ends": date(2026, 8, 31),
        "fund": "nghia-tinh",
        "unit": "TW",
    }
    return Terms(**known | facts)  # type: ignore[arg-type]


def read(
    rows: Iterable[dict[str, str]] | bytes, *campaigns: Terms
) -> tuple[list[Outcome], list[tuple[int, str | None]], Reader, list[Chunk]]:
    """Return the outcome of each readable row, and row and field of each refused one."""
    data = rows if isinstance(rows, bytes) else messages.Messages(rows=list(rows)).csv()
    register = Register(campaigns or (terms(),))
    resolver = Resolver(register, ("viettel", "mobifone"), {"2025:44"})
    reader = Reader(register, resolver)
    chunks = list(reader.chunks(io.BytesIO(data)))
    outcomes = [resolver.outcomes[number] for chunk in chunks for number in chunk.outcome]
    return outcomes, [(row.row, row.field) for row in reader.refused.rows], reader, chunks


def outcome(**cells: str) -> Outcome | str | None:
    """Return what one row comes to, or the field it is refused for."""
    outcomes, refused, _reader, _chunks = read([messages.one(**cells)])
    return outcomes[0] if outcomes else refused[0][1]


@pytest.mark.parametrize(
    ("cells", "status", "amount"),
    [
        ({}, BOOKED, 100_000),
        ({"status": "ok"}, BOOKED, 100_000),
        ({"amount": "100000"}, BOOKED, 100_000),
        ({"amount": " 0100000 "}, BOOKED, 100_000),
        ({"operator": " Viettel "}, BOOKED, 100_000),
        ({"msisdn": "+84912345678"}, BOOKED, 100_000),
        ({"message": "TS", "amount": "40000"}, BOOKED, 40_000),
        ({"message": "TS 5 trieu", "amount": "100000"}, BOOKED, 100_000),
        ({"message": "TS"}, UNKNOWN, None),
        ({"message": "TS", "amount": "0"}, UNKNOWN, None),
        ({"message": "TS 0", "amount": "0"}, UNKNOWN, None),
        ({"message": ""}, UNKNOWN, None),
        ({"message": "XX 5", "amount": "100000"}, UNKNOWN, None),
        ({"short_code": "1401"}, UNKNOWN, None),
        ({"status": "failed"}, FAILED, None),
        ({"status": "failed", "amount": "77"}, FAILED, None),
        ({"received_at": "2026-06-30T23:59:59+07:00"}, UNKNOWN, None),
        ({"received_at": "2026-06-30T17:00:00+00:00"}, BOOKED, 100_000),
        ({"received_at": "2026-08-31 23:59:59"}, BOOKED, 100_000),
        ({"received_at": "2026-09-01 00:00:00"}, UNKNOWN, None),
    ],
)
def test_what_becomes_of_a_message(cells: dict[str, str], status: str, amount: int | None) -> None:
    found = outcome(**cells)
    assert isinstance(found, Outcome)
    assert (found.status, found.amount) == (status, amount)


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("operator", "beeline"),
        ("operator", ""),
        ("request_id", ""),
        ("request_id", "a b"),
        ("request_id", "mã"),
        ("request_id", "x" * 101),
        ("msisdn", ""),
        ("msisdn", "09123"),
        ("msisdn", "8491234567x"),
        ("msisdn", "84912345٦78"),
        ("msisdn", "9" * 16),
        ("short_code", ""),
        ("short_code", "14oo"),
        ("short_code", "１４００"),
        ("received_at", ""),
        ("received_at", "2026-07-05T08:30:00"),
        ("received_at", "2026-07-05"),
        ("received_at", "05/07/2026 08:30:00"),
        ("received_at", "2026-02-30 08:30:00"),
        ("received_at", "2026-07-05 24:00:00"),
        ("received_at", "2026-07-05 08:30:60"),
        ("received_at", "0001-01-01 00:00:00"),
        ("received_at", "2026-07-05T08:30:00+99:00"),
        ("received_at", "1783215000"),
        ("amount", "20.000"),
        ("amount", "20 000"),
        ("amount", "-20000"),
        ("amount", "1e5"),
        ("amount", "100000.0"),
        ("amount", "90000"),
        ("amount", "1000000000000001"),
        ("status", "pending"),
        ("message", "TS 5\x00"),
        ("message", "x" * 2_001),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row(field: str, cell: str) -> None:
    assert outcome(**{field: cell}) == field


@pytest.mark.parametrize("amount", corpus.NEVER_AMOUNTS)
def test_what_is_no_amount_is_never_one(amount: str) -> None:
    found = outcome(message="TS", amount=amount)
    if amount.strip():
        assert found in {"amount", None}  # None: too long a cell for a row at all.
    else:
        assert isinstance(found, Outcome)
        assert found.status == UNKNOWN


@pytest.mark.parametrize("text", corpus.TEXTS)
@pytest.mark.parametrize("field", messages.NAMES)
def test_no_text_in_any_column_breaks_the_reader(text: str, field: str) -> None:
    row = messages.one(**{field: text})
    raw = messages.Messages(rows=[row, messages.one(request_id="VI2")])
    out = "\r\n".join([",".join(messages.NAMES), *(_line(row) for row in raw.rows)])
    outcomes, refused, reader, _chunks = read(out.encode("utf-8", "surrogatepass"))
    assert len(outcomes) + len(refused) == reader.lines
    assert all(found.amount in {None, 100_000} for found in outcomes)


def _line(row: dict[str, str]) -> str:
    return ",".join('"' + row[name].replace('"', '""') + '"' for name in messages.NAMES)


@pytest.mark.parametrize("name", corpus.FILES)
def test_another_kind_of_file_is_refused_whole(name: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(corpus.FILES[name])
    assert refusal.value.reasons[0].row == 1


@pytest.mark.parametrize("name", corpus.spoilt(b"a,b\n1,2\n"))
def test_a_spoilt_file_gives_no_wrong_amount(name: str) -> None:
    good = messages.Messages(rows=[messages.one(request_id=f"VI{n}") for n in range(200)]).csv()
    try:
        outcomes, _refused, _reader, _chunks = read(corpus.spoilt(good)[name])
    except Refusal:
        return
    assert {found.amount for found in outcomes} <= {None, 100_000}


def test_columns_may_come_in_any_order_with_others_between() -> None:
    made = messages.Messages(rows=[messages.one(note="x", province="2025:44")])
    names = ("note", *reversed(messages.NAMES), "province")
    outcomes, refused, _reader, _chunks = read(made.csv(names, bom=True))
    assert not refused
    assert (outcomes[0].amount, outcomes[0].province) == (100_000, "2025:44")


@pytest.mark.parametrize(
    "header",
    [b"", b"\n", b"operator,request_id\n", ",".join((*messages.NAMES, "operator")).encode()],
)
def test_a_header_must_name_each_column_once(header: bytes) -> None:
    with pytest.raises(Refusal):
        read(header)


def test_faults_tell_their_rows_and_all_of_them_are_counted() -> None:
    rows = [messages.one(request_id=f"VI{n}", amount="" if n % 2 else "x") for n in range(4_001)]
    outcomes, refused, reader, _chunks = read(rows)
    assert len(outcomes) == 2_000
    assert (reader.refused.count, len(refused)) == (2_001, 1_000)
    assert refused[:2] == [(2, "amount"), (4, "amount")]


def test_rows_of_another_width_are_refused_and_blank_ones_passed_over() -> None:
    head = ",".join(messages.NAMES)
    good = ",".join(messages.one().values())
    data = f"{head}\n{good}\n\n{good},x\n{good}\nviettel\n".encode()
    outcomes, refused, reader, _chunks = read(data)
    assert len(outcomes) == 2
    assert refused == [(4, None), (6, None)]
    assert reader.lines == 4


def test_a_quote_that_never_closes_ends_the_reading_there() -> None:
    head = ",".join(messages.NAMES)
    good = ",".join(messages.one().values())
    data = f'{head}\n{good}\n"{good}\n'.encode() + b"x" * 200_000
    outcomes, refused, reader, _chunks = read(data)
    assert len(outcomes) == 1
    assert (refused, reader.lines) == ([(3, None)], 2)


def test_bytes_that_are_no_utf8_are_refused_in_their_row() -> None:
    made = messages.Messages(
        rows=[messages.one(), messages.one(message="TS 5 \N{LATIN SMALL LETTER E}")]
    )
    outcomes, refused, _reader, _chunks = read(made.csv().replace(b"TS 5 e", b"TS 5 \xe9"))
    assert (len(outcomes), refused) == (1, [(3, "message")])


@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)),  # noqa: DTZ001 - the offset follows
    st.sampled_from([0, 7, -5, 14, 5.5]),
)
def test_a_moment_is_the_same_however_it_is_read(at: datetime, hours: float) -> None:
    aware = at.replace(microsecond=0, tzinfo=VN).astimezone(UTC) - timedelta(hours=hours - 7)
    sign, minutes = "-" if hours < 0 else "+", round(abs(hours) * 60)
    raw = f"{at:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02}:{minutes % 60:02}"
    raw = raw if at.year >= 1000 else raw.rjust(25, "0")
    expected = read_moment(raw)
    moments, days = Moments().read([raw, raw])
    assert expected is not None
    assert abs(expected - aware) < timedelta(hours=2)  # Vietnam's own offset changed before 1975.
    assert moments[0] == moments[1] == expected.isoformat(timespec="microseconds")
    assert days[0] == expected.astimezone(VN).date()


def test_the_text_of_vietnam_time_has_no_offset() -> None:
    moments, days = Moments().read(["2026-07-01 03:00:00"])
    assert (moments, days) == (["2026-06-30T20:00:00.000000+00:00"], (date(2026, 7, 1),))


def test_mixed_forms_in_one_column_are_each_read_by_their_own() -> None:
    raws = ["2026-07-01 03:00:00", "2026-07-01T03:00:00Z", "2026-07-01T03:00:00.25+07:00", "x"]
    moments, days = Moments().read(raws)
    assert moments == [
        "2026-06-30T20:00:00.000000+00:00",
        "2026-07-01T03:00:00.000000+00:00",
        "2026-06-30T20:00:00.250000+00:00",
        None,
    ]
    assert days == [date(2026, 7, 1)] * 3 + [None]


def test_a_keyword_may_come_again_on_other_days_at_another_price() -> None:
    later = terms(
        id=2, starts=date(2026, 9, 1), ends=date(2026, 9, 30), rule=Rule("ts", "units", 10_000)
    )
    rows = [messages.one(), messages.one(received_at="2026-09-01 00:00:00", request_id="VI2")]
    outcomes, _refused, _reader, _chunks = read(rows, terms(), later)
    assert [(found.campaign_id, found.amount) for found in outcomes] == [(1, 100_000), (2, 50_000)]


def test_a_message_that_two_campaigns_could_mean_is_nobodys() -> None:
    rows = messages.several(messages.one(message="TS5 3"), messages.one(message="TS 3"))
    outcomes, _refused, _reader, _chunks = read(rows, terms(), terms("ts5", id=2))
    assert [found.why for found in outcomes] == [Why.TWO_CAMPAIGNS, None]


@pytest.mark.parametrize(
    ("starts", "ends", "clashes"),
    [
        (date(2026, 8, 31), date(2026, 9, 5), True),
        (date(2026, 9, 1), date(2026, 9, 5), False),
        (date(2026, 6, 1), date(2026, 6, 30), False),
        (date(2026, 6, 1), date(2026, 12, 31), True),
    ],
)
def test_campaigns_clash_on_any_common_day(starts: date, ends: date, clashes: bool) -> None:
    other = terms(starts=starts, ends=ends)
    assert clash(terms(), other) == clash(other, terms()) == clashes
    assert not clash(terms(), terms("tsx", starts=starts, ends=ends))


def test_nothing_is_remembered_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fundsvc.sms.resolver._MOST_REMEMBERED", 100)
    monkeypatch.setattr(rooms, "CHUNK", 50)
    rows = [messages.one(request_id=f"VI{n}", message=f"TS 5 tang bac {n}") for n in range(1_000)]
    outcomes, _refused, reader, _chunks = read(rows)
    assert [found.amount for found in outcomes] == [100_000] * 1_000
    assert len(reader._checker.resolver) <= 100
