"""Made-up SMS donations with what they come to, counted while they are made.

Not the generator of the shared samples: texts, mistakes and shares are this one's own, and it
knows the answer by building each message from the amount, never by reading the text back.
"""

import csv
import io
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from fundsvc.clock import VN

NAMES = (
    "operator",
    "request_id",
    "msisdn",
    "short_code",
    "message",
    "received_at",
    "amount",
    "status",
)
FIRST, LAST = date(2026, 7, 1), date(2026, 8, 31)
CAMPAIGNS = (
    b"short_code,keyword,grammar,unit_value,fund,unit,starts,ends\n"
    b"1400,TS,units,20000,nghia-tinh,TW,2026-07-01,2026-08-31\n"
    b"1405,TRUONGSON,single,18000,nghia-tinh,TW,2026-07-01,2026-08-31\n"
    b"1409,NTTS,thousands,1000,base,TW,2026-07-01,2026-08-31\n"
)
WORDS = ("", "", " ung ho", " ủng hộ các bác", ", kính tặng", "!", " xin gửi quỹ\ttri ân")
SLIPS = (
    "TX 5",
    "TS",
    "TS 0",
    "TS 101",
    "TS 5.000",
    "NTTS 50",
    "",
    "xin chao",
    "TS 5 trieu",
    "TSX 5",
)


@dataclass(slots=True)
class Messages:
    """Rows of one operator's file, and what a correct import of them comes to."""

    rows: list[dict[str, str]] = field(default_factory=list)
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    gross: Counter[tuple[str, str]] = field(default_factory=Counter)
    failed: int = 0
    unknown: int = 0
    repeated: int = 0

    def csv(self, names: tuple[str, ...] = NAMES, *, bom: bool = False) -> bytes:
        """Return the rows as a file with these columns."""
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue().encode("utf-8-sig" if bom else "utf-8", "surrogatepass")


def make(operator: str, count: int, seed: int = 1) -> Messages:
    """Make an operator's messages, some failed, some slips, some sent twice."""
    rng = random.Random(f"{operator}:{seed}")  # noqa: S311 - made-up data, no secret
    made = Messages()
    for n in range(count):
        code, text, amount = _message(rng)
        chance = rng.random()
        status, unknown = rng.choice(("", "ok", "OK ")), False
        if chance < 0.03:
            status = "failed"
            made.failed += 1
        elif chance < 0.06:
            code, text, unknown = "1400", rng.choice(SLIPS), True
            made.unknown += 1
        else:
            key = (code, {"1400": "TS", "1405": "TRUONGSON", "1409": "NTTS"}[code])
            made.messages[key] += 1
            made.gross[key] += amount
        row = _row(rng, operator, f"{operator[:2]}-{seed}-{n:07d}", code, text, status)
        if not unknown and rng.random() < 0.5:
            row["amount"] = f"{amount}"
        made.rows.append(row)
        if rng.random() < 0.02:
            made.rows.insert(rng.randrange(len(made.rows)), dict(row))
            made.repeated += 1
    return made


def _message(rng: random.Random) -> tuple[str, str, int]:
    code = rng.choice(("1400", "1400", "1405", "1409"))
    after = rng.choice(WORDS)
    if code == "1405":
        return code, rng.choice(("TRUONGSON", "TruongSon", "trườngsơn")) + after, 18_000
    gap = rng.choice(("", " ", "   "))
    if code == "1400":
        n = rng.choice((1, 1, 1, 2, 3, 5, 10, 99, 100))
        return code, rng.choice(("TS", "ts", "Tş")) + gap + str(n) + after, n * 20_000
    n = rng.choice((1, 10, 20, 50, 500, 2000))
    return (
        code,
        f"{rng.choice(('NTTS', 'ntts'))}{gap}{n}{rng.choice(('K', 'k', ' K'))}{after}",
        n * 1000,
    )


def _row(
    rng: random.Random, operator: str, request_id: str, code: str, text: str, status: str
) -> dict[str, str]:
    at = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=VN) + timedelta(
        seconds=rng.randrange(62 * 86_400)
    )
    return {
        "operator": operator,
        "request_id": request_id,
        "msisdn": "849" + "".join(rng.choice("0123456789") for _ in range(8)),
        "short_code": code,
        "message": text,
        "received_at": at.isoformat() if rng.random() < 0.9 else f"{at:%Y-%m-%d %H:%M:%S}",
        "amount": "",
        "status": status,
    }


def one(**cells: str) -> dict[str, str]:
    """Return one good row with some cells changed."""
    return {
        "operator": "viettel",
        "request_id": "VI1",
        "msisdn": "84912345678",
        "short_code": "1400",
        "message": "TS 5",
        "received_at": "2026-07-05T08:30:00+07:00",
        "amount": "",
        "status": "",
    } | cells


def several(*rows: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give rows ids of their own, in order."""
    for n, row in enumerate(rows, 1):
        yield row | {"request_id": f"VI{n}"}
