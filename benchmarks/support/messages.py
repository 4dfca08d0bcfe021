"""Made-up messages as operators send them, and their campaigns."""

import csv
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

VN = timezone(timedelta(hours=7))
CAMPAIGNS = b"""short_code,keyword,grammar,unit_value,fund,unit,starts,ends
1400,TS,units,20000,nghia-tinh,TW,2026-07-01,2026-08-31
1405,TRUONGSON,single,18000,nghia-tinh,TW,2026-07-01,2026-08-31
1409,NTTS,thousands,1000,nghia-tinh,TW,2026-07-01,2026-08-31
"""
OPERATORS = ("viettel", "mobifone", "vinaphone", "vietnamobile")


def write_file(path: Path, count: int) -> None:
    """Write messages as operators send them; one in a hundred failed, one in 500 is a slip."""
    rng = random.Random(count)  # noqa: S311 - made-up data, no secret
    start = datetime(2026, 7, 1, tzinfo=VN)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = "operator request_id msisdn short_code message received_at amount status"
        writer.writerow(names.split())
        for n in range(count):
            operator = rng.choices(OPERATORS, (46, 29, 21, 4))[0]
            code, text, amount = _message(rng)
            if rng.random() < 0.002:
                text, amount = f"TX {text}", ""
            writer.writerow(
                (
                    operator,
                    f"{operator[:2].upper()}{n:011d}",
                    f"849{rng.randrange(10**8):08d}",
                    code,
                    text,
                    (start + timedelta(seconds=rng.randrange(60 * 86_400))).isoformat(),
                    amount if operator == "viettel" else "",
                    "failed" if rng.random() < 0.01 else "",
                )
            )


def _message(rng: random.Random) -> tuple[str, str, str]:
    code = rng.choices(("1400", "1405", "1409"), (6, 3, 1))[0]
    if code == "1405":
        text = rng.choice(("TRUONGSON", "truongson", "Truongson"))
        return code, text + rng.choice(("", "", " xin ung ho", " ủng hộ các bác")), "18000"
    if code == "1400":
        n = rng.choices((1, 2, 3, 5, 10, 50, 100), (50, 20, 10, 10, 7, 2, 1))[0]
        text = rng.choice(("TS", "ts", "Ts")) + rng.choice(("", " ", "  ")) + str(n)
        return code, text + rng.choice(("", "", " kinh tang")), str(n * 20_000)
    n = rng.choice((10, 20, 50, 100, 500, 2000))
    return code, f"NTTS {n}{rng.choice('kK')}", str(n * 1000)


def booked(path: Path) -> list[tuple[str, str, int]]:
    """Return operator, moment and amount of each message that is booked."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (row["operator"], row["received_at"], int(row["amount"] or 20_000))
            for row in csv.DictReader(file)
            if not row["status"] and not row["message"].startswith("TX")
        ]
