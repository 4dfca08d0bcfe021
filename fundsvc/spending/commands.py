"""Commands of payments: `payment record`, `payment reverse`."""

import json
from typing import TYPE_CHECKING, Any

import click

from fundsvc.books.commands import reversing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fundsvc.books.reversing import Reversed


@click.group("payment")
def group() -> None:
    """Khoản chi của các quỹ."""


@group.command("record")
@click.option("--unit", required=True, metavar="U", help="Mã đơn vị chi.")
@click.option("--fund", required=True, metavar="F", help="Quỹ: base, dues, nghia-tinh.")
@click.option("--line", required=True, help="house gift visit health activity admin fee other.")
@click.option("--amount", required=True, metavar="A", help="Số đồng: 1000000 hoặc 1.000.000.")
@click.option("--payee", required=True, metavar="NAME", help="Người nhận tiền.")
@click.option("--purpose", required=True, metavar="TEXT", help="Nội dung chi.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="Ngày chi; không ghi là hôm nay.")
@click.option("--paid-from", default="111", show_default=True, help="Tài khoản: 111 hoặc 112.X.")
@click.option("--province", metavar="P", help="Nơi chi, như 2025:44.")
@click.option("--key", metavar="K", help="Khóa chống ghi trùng: cùng khóa không ghi hai lần.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def record_command(
    *,
    unit: str,
    fund: str,
    line: str,
    amount: str,
    payee: str,
    purpose: str,
    day: str | None,
    paid_from: str,
    province: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    """Ghi một khoản chi."""
    from flask_babel import gettext as _

    from fundsvc import clock
    from fundsvc.db import transaction
    from fundsvc.fields import parse_key
    from fundsvc.spending.schemas import LONGEST_NAME, LONGEST_PURPOSE
    from fundsvc.spending.service import Spent, record_payment
    from fundsvc.text import clean, parse_day, parse_dong

    spent = Spent(
        unit=unit,
        fund=fund,
        line=line,
        amount=parse_dong(amount),
        paid_on=parse_day(day, "date") if day else clock.today(),
        payee=clean(payee, LONGEST_NAME, "payee"),
        purpose=clean(purpose, LONGEST_PURPOSE, "purpose"),
        paid_from=paid_from,
        province=None if province in {None, "", "none"} else province,
    )
    key = parse_key(key) if key is not None else None
    with transaction() as session:
        done = record_payment(session, spent, key=key)
    told = {"payment": done.id, "entry": done.entry_id, "new": done.new}
    facts = {
        "unit": spent.unit,
        "fund": spent.fund,
        "line": spent.line,
        "amount": spent.amount,
        "paid_on": spent.paid_on.isoformat(),
        "paid_from": spent.paid_from,
        "province": spent.province,
    }
    if as_json:
        click.echo(json.dumps(told | facts, ensure_ascii=False))
    elif done.new:
        click.echo(_("Đã ghi sổ khoản chi số %(id)d.", id=done.id))
    else:
        click.echo(_("Khoản chi số %(id)d đã ghi sổ từ trước.", id=done.id))


@group.command("reverse")
@reversing("payment")
def reverse_command(session: "Session", number: int, **told: Any) -> "Reversed":
    """Ghi đảo khoản chi số ID: số âm, khoản cũ vẫn còn trong sổ."""
    from fundsvc.spending.service import reverse_payment

    return reverse_payment(session, number, **told)
