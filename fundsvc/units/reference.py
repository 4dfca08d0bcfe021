"""The provinces of both schemes, and the centre.

The 63 provinces became 34 on 1 July 2025: Nghị quyết 202/2025/QH15, codes by Quyết định
19/2025/QĐ-TTg.
"""

import csv
import io
from datetime import date, timedelta
from importlib.resources import files

from sqlalchemy import Connection, insert, select

from fundsvc.text import fold
from fundsvc.units.models import Province, Unit

CENTRE = "TW"
CENTRE_NAME = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam"
REFORM = date(2025, 7, 1)
OLD_SINCE = date(2004, 1, 1)


def load(connection: Connection) -> None:
    """Add what is missing: the 34, the 63 with their successors, and the centre `TW`."""
    if connection.scalar(select(Province.id).limit(1)) is None:
        _load_provinces(connection)
    if connection.scalar(select(Unit.id).where(Unit.code == CENTRE)) is None:
        connection.execute(
            insert(Unit).values(
                code=CENTRE,
                name=CENTRE_NAME,
                folded=fold(CENTRE_NAME),
                kind="centre",
                address="Hà Nội",
            )
        )


def _load_provinces(connection: Connection) -> None:
    content = files("fundsvc.units").joinpath("provinces.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(content)))
    now: dict[str, int] = {}
    for code, name in sorted({row["new_code"]: row["new_name"] for row in rows}.items()):
        facts = {"scheme": "2025", "code": code, "name": name, "valid_from": REFORM}
        result = connection.execute(insert(Province).values(facts).returning(Province.id))
        now[code] = result.scalar_one()
    connection.execute(
        insert(Province),
        [
            {
                "scheme": "2004",
                "code": row["old_code"],
                "name": row["old_name"],
                "valid_from": OLD_SINCE,
                "valid_to": REFORM - timedelta(days=1),
                "successor_id": now[row["new_code"]],
            }
            for row in rows
        ],
    )
