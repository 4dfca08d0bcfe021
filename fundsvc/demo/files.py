"""The files of the demo year: campaigns, operators' messages and a bank's statement, as bytes."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from fundsvc.clock import VN
from fundsvc.demo import people
from fundsvc.demo.span import Span, chance, likely
from fundsvc.text import fold

OPERATORS = {"viettel": 48, "mobifone": 25, "vinaphone": 22, "vietnamobile": 5}
STATES_AMOUNTS = "vinaphone"
SMS_COLUMNS = (
    "operator",
    "request_id",
    "msisdn",
    "short_code",
    "message",
    "received_at",
    "amount",
    "status",
    "province",
)
BANK_OPENING = 186_500_000
BANK_LINES = 340


@dataclass(frozen=True, slots=True)
class Campaign:
    """A made-up drive: how it is written, when it runs, how many answer."""

    short_code: str
    keyword: str
    grammar: str
    unit_value: int
    first: tuple[int, int]
    last: tuple[int, int]
    messages: int


CAMPAIGNS = (
    Campaign("1402", "TRIAN", "single", 20_000, (1, 12), (2, 26), 1_500),
    Campaign("1403", "TSNT", "units", 10_000, (4, 19), (6, 15), 2_000),
    Campaign("1407", "MAIAM", "thousands", 1_000, (7, 1), (8, 31), 1_500),
)


@dataclass(frozen=True, slots=True)
class File:
    """A file that arrives on a day."""

    on: date
    name: str
    data: bytes


def campaigns(span: Span) -> bytes:
    """Return the file of campaigns."""
    rows = [
        (
            drive.short_code,
            drive.keyword,
            drive.grammar,
            drive.unit_value,
            "nghia-tinh",
            "TW",
            date(span.year, *drive.first).isoformat(),
            date(span.year, *drive.last).isoformat(),
        )
        for drive in CAMPAIGNS
    ]
    header = ("short_code", "keyword", "grammar", "unit_value", "fund", "unit", "starts", "ends")
    return _csv(header, rows)


def messages(span: Span) -> list[File]:
    """Return one file per campaign with the messages that have come by the last day."""
    return [
        File(
            on=min(date(span.year, *drive.last) + timedelta(days=4), span.last),
            name=f"{drive.keyword.lower()}-{span.year}.csv",
            data=_messages(span, drive),
        )
        for drive in CAMPAIGNS
        if date(span.year, *drive.first) < span.last
    ]


def _messages(span: Span, drive: Campaign) -> bytes:
    rng = chance(f"sms {drive.keyword}")
    first, last = date(span.year, *drive.first), date(span.year, *drive.last)
    rows = []
    for number in range(drive.messages):
        operator = rng.choices(list(OPERATORS), list(OPERATORS.values()))[0]
        text, amount = _message(rng, drive)
        slip = likely(rng, 4)
        failed = likely(rng, 8)
        on = span.some_day(rng, first, last)
        moment = datetime.combine(on, time(6), VN) + timedelta(seconds=rng.randrange(60_000))
        row = {
            "operator": operator,
            "request_id": f"DEMO-{drive.keyword}-{number:05}",
            "msisdn": f"84{people.phone(rng)[1:]}",
            "short_code": drive.short_code,
            "message": f"UNGHO {text}" if slip else text,
            "received_at": moment.isoformat(),
            "amount": str(amount) if operator == STATES_AMOUNTS and not slip else "",
            "status": "failed" if failed else "ok",
            "province": _province(rng) if drive.grammar == "thousands" else "",
        }
        if on < span.last:
            rows.append(row)
    rows.sort(key=lambda row: row["received_at"])
    return _csv(SMS_COLUMNS, [[row[name] for name in SMS_COLUMNS] for row in rows])


def _message(rng: Random, drive: Campaign) -> tuple[str, int]:
    word = rng.choice((drive.keyword, drive.keyword, drive.keyword.lower(), drive.keyword.title()))
    if drive.grammar == "single":
        return word, drive.unit_value
    if drive.grammar == "units":
        count = rng.choices((1, 2, 5, 10, 20, 100), (45, 25, 15, 10, 4, 1))[0]
        return rng.choice((f"{word} {count}", f"{word}{count}")), count * drive.unit_value
    count = rng.choices((10, 20, 50, 100, 200, 1_000), (20, 30, 25, 17, 7, 1))[0]
    return f"{word} {count}{rng.choice('Kk')}", count * drive.unit_value


def _province(rng: Random) -> str:
    """Return a province for the few messages whose sender told one, of either map."""
    if likely(rng, 900):
        return ""
    return rng.choice(("2025:44", "2025:40", "2025:01", "2025:66", "2004:44", "2004:62"))


def bank_statement(span: Span) -> File:
    """Return the statement of the centre's Agribank account from March on, with its balances."""
    rng = chance("bank")
    first, last = date(span.year, 3, 2), date(span.year, 10, 30)
    lines = [_transfer(span.some_day(rng, first, last), rng) for _number in range(BANK_LINES)]
    for month in range(3, 11):
        memo = f"PHI DICH VU SMS BANKING THANG {month:02}"
        lines.append((date(span.year, month, 27), memo, -22_000, ""))
    lines = sorted(line for line in lines if line[0] < span.last)
    balance = BANK_OPENING
    rows = []
    for number, (on, memo, amount, payer) in enumerate(lines):
        balance += amount
        rows.append(
            (
                1 + number // 40,
                f"{on:%d/%m/%Y}",
                "",
                "",
                str(3_000_000 + number * 37),
                memo,
                f"{-amount:,}" if amount < 0 else "",
                f"{amount:,}" if amount > 0 else "",
                f"{balance:,}",
                payer,
            )
        )
    header = (
        "PageId",
        "Date",
        "Time",
        "DocumentNumber",
        "ReferenceNumber",
        "TransactionDetails",
        "DebitAmount",
        "CreditAmount",
        "Balance",
        "OffsetAccount",
    )
    on = min(last + timedelta(days=3), span.last)
    return File(on, f"agribank-{span.year}.csv", _csv(header, rows))


def _transfer(on: date, rng: Random) -> tuple[date, str, int, str]:
    name = fold(people.person(rng)).upper()
    words = rng.choice(
        (
            "ung ho quy nghia tinh Truong Son",
            "ung ho nha tinh nghia",
            "chuyen tien tri an chien si Truong Son",
            "UH dong doi kho khan",
            "chuyen tien",
        )
    )
    amount = rng.choices(
        (100_000, 200_000, 300_000, 500_000, 1_000_000, 2_000_000, 5_000_000),
        (24, 24, 10, 18, 12, 8, 4),
    )[0]
    return on, f"{name} {words}", amount, ""


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
