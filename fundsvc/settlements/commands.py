"""Commands of settlements: `import settlement` and `settlement list`."""

import json
import sys
from pathlib import Path

import click


@click.command("settlement")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Nhận quyết toán; không có thì chỉ xem trước.")
@click.option("--replace", is_flag=True, help="Thay số của kỳ đã nhập mà chưa ghi sổ gì.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def import_settlement(file: Path, commit: bool, replace: bool, as_json: bool) -> None:
    """Nhập bảng quyết toán của nhà mạng từ FILE (CSV, XLSX), tất cả hoặc không gì cả.

    Cột: operator,period_from,period_to,short_code,keyword,messages,gross,fee,net,paid_on,
    bank_reference; thứ tự tùy ý.
    """
    from contextlib import nullcontext

    from fundsvc.db import read_session, transaction
    from fundsvc.settlements import importing, told

    with transaction() if commit else nullcontext(read_session()) as session:
        report = importing.import_settlements(
            session, file.read_bytes(), name=file.name, commit=commit, replace=replace, by=None
        )
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        for line in told.imported(report):
            click.echo(line)
    if report.refused_count:
        sys.exit(1)


@click.group(name="settlement")
def group() -> None:
    """Đối soát và quyết toán nhà mạng."""


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def list_settlements(as_json: bool) -> None:
    """Liệt kê quyết toán: số Hội ghi nhận, số nhà mạng báo, tiền ngân hàng nhận."""
    from fundsvc.db import read_session
    from fundsvc.settlements import counting, listing, told
    from fundsvc.templating.filters import day, dong, number

    session = read_session()
    found = listing.every(session, counting.by_day(session))
    if as_json:
        rows = [facts.as_json() for facts in found]
        click.echo(json.dumps({"settlements": rows}, ensure_ascii=False))
        return
    for facts in found:
        click.echo(
            f"{facts.id:>4}  {told.operator(facts.operator):<14} {facts.short_code}"
            f" {facts.keyword:<12} {day(facts.period_from)}–{day(facts.period_to)}"
            f"  {number(facts.counted.messages)} / {number(facts.reported.messages)} tin"
            f"  {dong(facts.counted.gross)} / {dong(facts.reported.gross)}"
            f"  nhận {dong(facts.received)}  còn {dong(facts.remaining)}"
            f"  {told.state(facts.state)[1]}"
        )
    if not found:
        click.echo("Chưa có quyết toán nào. Bắt đầu bằng fundsvc import settlement.")
