"""The command `reverse ID --reason R [--date D]`, the same for all that can be taken back."""

import json
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fundsvc.books.reversing import Reversed

LARGEST_ID = 2**63 - 1


def reversing(name: str) -> "Callable[[Callable[..., Reversed]], Callable[..., None]]":
    """Make a command of a function `(session, number, *, on, reason, by)`.

    `name` is what the JSON document calls the thing's number.
    """

    def dress(act: "Callable[..., Reversed]") -> Callable[..., None]:
        @click.argument("number", metavar="ID", type=click.IntRange(1, LARGEST_ID))
        @click.option("--reason", required=True, help="Lý do; được lưu trong sổ, không ghi họ tên.")
        @click.option("--date", "day", metavar="YYYY-MM-DD", help="Không ghi là hôm nay.")
        @click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
        @wraps(act)
        def run(*, number: int, reason: str, day: str | None, as_json: bool) -> None:
            from fundsvc.db import transaction
            from fundsvc.text import parse_day

            on = parse_day(day, "date") if day else None
            with transaction() as session:
                done = act(session, number, on=on, reason=reason, by=None)
            _show({name: number}, done, as_json=as_json)

        return run

    return dress


def _show(thing: dict[str, int], done: "Reversed", *, as_json: bool) -> None:
    from flask_babel import gettext as _

    if as_json:
        facts = {
            "entry": done.entry_id,
            "reversal": done.reversal_id,
            "new": done.new,
            "date": done.on.isoformat(),
            "reason": done.reason,
        }
        click.echo(json.dumps(thing | facts, ensure_ascii=False))
        return
    (number,) = thing.values()
    day = f"{done.on:%d/%m/%Y}"
    if done.new:
        click.echo(_("Đã ghi đảo khoản số %(id)d, ngày %(day)s.", id=number, day=day))
    else:
        click.echo(_("Khoản số %(id)d đã ghi đảo từ trước, ngày %(day)s.", id=number, day=day))
