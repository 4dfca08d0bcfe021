"""The files of the demo year: campaigns, operators' messages and a bank's statement, as bytes."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random

from fundsvc.clock import VN
from fundsvc.demo import people
from fundsvc.demo.span import Span, chance, likely
from fundsvc.text import fold

OPERATORS = {"viettel": 48, "mobifone": 25, "vinaphone": 22, "vietnamobile": 5}
STATES_AMOUNTS = "vinaphone"
FEES = {"viettel": 300, "mobifone": 300, "vinaphone": 250, "vietnamobile": 0}
"""What operators keep of each message, in đồng."""
SETTLED, SETTLED_AFTER = ("TRIAN", "TSNT"), timedelta(days=55)
SHORT, MISSING = ("mobifone", "TSNT"), 3
"""Who reports fewer messages of one unit than came in, and how many."""
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
    return as_csv(header, rows)


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
    rows = [row for row, _amount in _sent(span, drive)]
    return as_csv(SMS_COLUMNS, [[row[name] for name in SMS_COLUMNS] for row in rows])


@lru_cache(maxsize=3)  # The drives: their messages, settlements and the statement tell of the same.
def _sent(span: Span, drive: Campaign) -> Sequence[tuple[dict[str, str], int]]:
    """Return the messages that have come, and what each is worth: nothing if it failed."""
    rng = chance(f"sms {drive.keyword}")
    first, last = date(span.year, *drive.first), date(span.year, *drive.last)
    rows: list[tuple[dict[str, str], int]] = []
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
            rows.append((row, 0 if slip or failed else amount))
    return sorted(rows, key=lambda sent: sent[0]["received_at"])


@dataclass(frozen=True, slots=True)
class Settled:
    """What an operator reports and pays for a drive; amounts in đồng."""

    operator: str
    drive: Campaign
    first: date
    last: date
    messages: int
    gross: int
    paid_on: date

    @property
    def fee(self) -> int:
        """What the operator keeps."""
        return self.messages * FEES[self.operator]

    @property
    def reference(self) -> str:
        """What the bank's memo says."""
        return f"DS{self.operator[:3].upper()}{self.drive.short_code}"


def settled(span: Span) -> list[Settled]:
    """Return what operators have reported and paid by the last day; one reports too little."""
    found = []
    for drive in (drive for drive in CAMPAIGNS if drive.keyword in SETTLED):
        first, last = date(span.year, *drive.first), date(span.year, *drive.last)
        if last + SETTLED_AFTER >= span.last:
            continue
        sent = _sent(span, drive)
        for operator in OPERATORS:
            worth = [amount for row, amount in sent if row["operator"] == operator and amount]
            less = MISSING if (operator, drive.keyword) == SHORT else 0
            found.append(
                Settled(
                    operator=operator,
                    drive=drive,
                    first=first,
                    last=last,
                    messages=len(worth) - less,
                    gross=sum(worth) - less * drive.unit_value,
                    paid_on=last + SETTLED_AFTER,
                )
            )
    return found


def settlements(span: Span) -> bytes:
    """Return the file of what operators report."""
    header = (
        "operator", "period_from", "period_to", "short_code", "keyword", "messages", "gross",
        "fee", "net", "paid_on", "bank_reference",
    )  # fmt: skip
    rows = [
        (
            part.operator,
            part.first.isoformat(),
            part.last.isoformat(),
            part.drive.short_code,
            part.drive.keyword,
            part.messages,
            part.gross,
            part.fee,
            part.gross - part.fee,
            part.paid_on.isoformat(),
            part.reference,
        )
        for part in settled(span)
    ]
    return as_csv(header, rows)


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
    lines += [
        (part.paid_on, f"{part.reference} thanh toan tin nhan ung ho", part.gross - part.fee, "")
        for part in settled(span)
    ]
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
    return File(on, f"agribank-{span.year}.csv", as_csv(header, rows))


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


def as_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return rows as a CSV file, as banks and operators write it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()
