"""Commands of units: `units import` and `units list`."""

import json
import sys
from pathlib import Path

import click


@click.group("units")
def group() -> None:
    """Đơn vị thành viên."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Chỉ xem trước, không ghi.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def import_command(file: Path, dry_run: bool, as_json: bool) -> None:
    """Nhập tệp đơn vị FILE (CSV UTF-8), tất cả hoặc không dòng nào.

    Cột: code,name,kind,parent,province,address,valid_from,valid_to, thứ tự tùy ý.
    """
    from fundsvc.db import transaction
    from fundsvc.units import importing

    data = file.read_bytes()
    with transaction() as session:
        report = importing.import_units(session, data, commit=not dry_run, by=None)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        for line in importing.told(report):
            click.echo(line, err=bool(report.refused_count))
    if report.refused_count:
        sys.exit(1)


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def list_command(as_json: bool) -> None:
    """Liệt kê các đơn vị."""
    from fundsvc.db import read_session
    from fundsvc.units import service

    found = service.listed(read_session())
    if as_json:
        units = [facts.as_json() for facts in found]
        click.echo(json.dumps({"units": units}, ensure_ascii=False))
        return
    for facts in found:
        click.echo(f"{facts.code:<16} {facts.kind:<12} {facts.province or '':<8} {facts.name}")
