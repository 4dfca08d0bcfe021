"""Commands of dues: `dues record`, `dues reverse`."""

import json
from typing import TYPE_CHECKING, Any

import click

from fundsvc.books.commands import reversing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fundsvc.books.reversing import Reversed


@click.group("dues")
def group() -> None:
    """Hội phí và chân quỹ theo tháng của đơn vị."""


@group.command("record")
@click.option("--unit", required=True, metavar="U", help="Mã đơn vị.")
@click.option("--fund", required=True, metavar="F", help="Quỹ: dues hoặc base.")
@click.option("--month", required=True, metavar="YYYY-MM", help="Nộp cho tháng.")
@click.option("--amount", required=True, metavar="A", help="Số đồng: 1000000 hoặc 1.000.000.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="Ngày thu; không ghi là hôm nay.")
@click.option("--paid-into", default="111", show_default=True, help="Tài khoản: 111 hoặc 112.X.")
@click.option("--key", metavar="K", help="Khóa chống ghi trùng: cùng khóa không ghi hai lần.")
@click.option("--additional", is_flag=True, help="Khoản thêm, dù giống khoản đã ghi.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def record_command(
    *,
    unit: str,
    fund: str,
    month: str,
    amount: str,
    day: str | None,
    paid_into: str,
    key: str | None,
    additional: bool,
    as_json: bool,
) -> None:
    """Ghi tổng số một đơn vị thu được cho một tháng."""
    from flask_babel import gettext as _

    from fundsvc import clock
    from fundsvc.db import transaction
    from fundsvc.dues.service import Total, record_total
    from fundsvc.fields import parse_key, parse_month
    from fundsvc.text import parse_day, parse_dong

    total = Total(
        unit=unit,
        fund=fund,
        month=parse_month(month),
        amount=parse_dong(amount),
        paid_on=parse_day(day, "date") if day else clock.today(),
        paid_into=paid_into,
    )
    key = parse_key(key) if key is not None else None
    with transaction() as session:
        # Who names a key means this very request, so an equal total is a further one.
        additional = additional or key is not None
        done = record_total(session, total, key=key, additional=additional)
    told = {"total": done.id, "entry": done.entry_id, "new": done.new}
    facts = {
        "unit": total.unit,
        "fund": total.fund,
        "month": f"{total.month:%Y-%m}",
        "amount": total.amount,
        "paid_on": total.paid_on.isoformat(),
        "paid_into": total.paid_into,
    }
    if as_json:
        click.echo(json.dumps(told | facts, ensure_ascii=False))
    elif done.new:
        click.echo(_("Đã ghi sổ khoản số %(id)d.", id=done.id))
    else:
        click.echo(_("Khoản số %(id)d đã ghi sổ từ trước.", id=done.id))


@group.command("reverse")
@reversing("total")
def reverse_command(session: "Session", number: int, **told: Any) -> "Reversed":
    """Ghi đảo khoản thu số ID: số âm, khoản cũ vẫn còn trong sổ."""
    from fundsvc.dues.service import reverse_total

    return reverse_total(session, number, **told)
