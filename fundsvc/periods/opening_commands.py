"""Commands of opening balances: `opening record`, `opening import`, `opening reverse`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fundsvc.books.commands import reversing

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fundsvc.books.reversing import Reversed


@click.group("opening")
def group() -> None:
    """Số dư đầu kỳ khi mở sổ của đơn vị."""


@group.command("record")
@click.option("--unit", required=True, metavar="U", help="Mã đơn vị.")
@click.option("--fund", required=True, metavar="F", help="Quỹ: base, dues, nghia-tinh.")
@click.option("--account", required=True, metavar="A", help="Tài khoản: 111 hoặc 112.X.")
@click.option("--amount", required=True, metavar="N", help="Số đồng: 1000000 hoặc 1.000.000.")
@click.option("--date", "day", required=True, metavar="YYYY-MM-DD", help="Ngày mở sổ.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def record_command(
    *, unit: str, fund: str, account: str, amount: str, day: str, as_json: bool
) -> None:
    """Ghi số dư đầu kỳ của một tài khoản; mỗi đơn vị, quỹ, tài khoản một lần."""
    from fundsvc.db import transaction
    from fundsvc.periods.openings import Opening, record
    from fundsvc.text import parse_day, parse_dong

    opening = Opening(unit, fund, account, parse_dong(amount), parse_day(day, "date"))
    with transaction() as session:
        done = record(session, opening, by=None)
    if as_json:
        told = {"entry": done.entry_id, "new": done.new} | opening.as_json()
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        said = "Đã ghi sổ" if done.new else "Đã ghi sổ từ trước"
        click.echo(f"{said}: số dư đầu kỳ, bút toán số {done.entry_id}.")


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Ghi sổ; không ghi là chỉ xem trước.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def import_command(*, file: Path, commit: bool, as_json: bool) -> None:
    """Nhập số dư đầu kỳ từ tệp CSV (unit,fund,account,amount,date), tất cả hoặc không dòng nào."""
    from fundsvc.db import transaction
    from fundsvc.periods.opening_file import import_openings
    from ledger.words import grouped

    with transaction() as session:
        report = import_openings(session, file.read_bytes(), commit=commit, by=None)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        click.echo(
            f"{report.lines} dòng: {report.new} mới, {report.known} đã có,"
            f" {report.refused_count} bị từ chối; tổng {grouped(report.sum_in)} đ."
        )
        for row in report.refused:
            place = f"dòng {row.row}" + (f", {row.field}" if row.field else "")
            click.echo(f"{place}: {row.reason}", err=True)
        if report.committed:
            click.echo("Đã ghi sổ.")
        elif not report.refused_count:
            click.echo("Mới xem trước; thêm --commit để ghi sổ.")
    if report.refused_count:
        sys.exit(1)


@group.command("reverse")
@reversing("opening")
def reverse_command(session: "Session", number: int, **told: Any) -> "Reversed":
    """Ghi đảo số dư đầu kỳ có bút toán số ID; sau đó ghi lại được số khác."""
    from fundsvc.periods.openings import reverse

    return reverse(session, number, **told)
