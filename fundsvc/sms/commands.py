"""Commands of SMS donations: `campaign import|list` and `import sms`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fundsvc.imports import ImportReport

PROGRESS_FROM_BYTES = 5_000_000
BAR = 24


@click.group(name="campaign")
def group() -> None:
    """Đợt vận động nhắn tin."""


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def import_file(file: Path, as_json: bool) -> None:
    """Nhận các đợt vận động từ FILE (CSV), tất cả hoặc không gì cả.

    Cột: short_code,keyword,grammar,unit_value,fund,unit,starts,ends; không bắt buộc: most_units
    (số đơn vị nhiều nhất một tin), most_daily (số tin một ngày của một thuê bao), fee_viettel,
    fee_vinaphone, … (phí nhà mạng, phần trăm).
    """
    from fundsvc.db import transaction
    from fundsvc.sms import campaigns, told

    with transaction() as session:
        report = campaigns.import_campaigns(session, file.read_bytes(), by=None)
    _tell(report, told.campaigns(report), as_json=as_json)


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def list_campaigns(as_json: bool) -> None:
    """Liệt kê các đợt vận động với số tin nhắn và số tiền đã ghi sổ."""
    from fundsvc.db import read_session
    from fundsvc.sms import campaigns
    from fundsvc.templating.filters import dong, number

    found = campaigns.list_campaigns(read_session())
    if as_json:
        rows = [facts.as_json() for facts in found]
        click.echo(json.dumps({"campaigns": rows}, ensure_ascii=False))
        return
    for facts in found:
        click.echo(
            f"{facts.short_code:<6} {facts.keyword:<12} {facts.grammar:<10}"
            f" {dong(facts.unit_value):>12}  {facts.fund}/{facts.unit}"
            f"  {facts.starts} – {facts.ends}  {number(facts.messages)} tin nhắn"
            f"  {dong(facts.gross)}"
        )
    if not found:
        click.echo("Chưa có đợt vận động nào. Bắt đầu bằng fundsvc campaign import.")


@click.command("sms")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format", "format_", metavar="NAME", help="Mẫu đã giữ; không có thì tự nhận các cột."
)
@click.option("--commit", is_flag=True, help="Ghi sổ; không có thì chỉ xem trước.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def import_sms(file: Path, format_: str | None, commit: bool, as_json: bool) -> None:
    """Nhập tin nhắn ủng hộ từ FILE của nhà mạng (CSV).

    Cột: operator,request_id,msisdn,short_code,message,received_at,amount,status; thứ tự tùy ý, tên
    tiếng Việt cũng được (Nhà mạng, Mã giao dịch, Số thuê bao, Đầu số, Nội dung, Thời gian, Số tiền,
    Trạng thái). Tệp có cột khác thì chọn cột một lần trên trang Nhập tin nhắn và giữ làm mẫu.
    """
    from fundsvc.db import read_session, transaction
    from fundsvc.sms import service, told

    # A file that is wrong in itself is refused before anybody has to wait for it.
    if file.stat().st_size >= PROGRESS_FROM_BYTES:
        with file.open("rb") as stream:
            faulty = service.look_for_faults(
                read_session(), stream, format=format_, progress=_progress(file)
            )
        if faulty:
            _tell(faulty, told.messages(faulty), as_json=as_json)
    # A preview, too, does its work in a transaction, and takes it back.
    with file.open("rb") as stream, transaction() as session:
        report = service.import_sms(
            session,
            stream,
            name=file.name,
            format=format_,
            commit=commit,
            by=None,
            progress=_progress(file),
        )
    _tell(report, told.messages(report), as_json=as_json)


def _tell(report: "ImportReport", lines: list[str], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)
    if report.refused_count:
        sys.exit(1)


def _progress(file: Path) -> Callable[[int], None] | None:
    """Return what draws a bar of progress on stderr, for files that take more than a moment."""
    if file.stat().st_size < PROGRESS_FROM_BYTES:
        return None
    from time import perf_counter

    from fundsvc.templating.filters import number
    from fundsvc.uploads import count_lines

    with file.open("rb") as stream:
        total = max(count_lines(stream), 1)
    started = perf_counter()
    ending = "\r" if sys.stderr.isatty() else "\n"

    def draw(lines: int) -> None:
        full = min(BAR * lines // total, BAR)
        bar = "█" * full + "░" * (BAR - full)
        speed = round(lines / max(perf_counter() - started, 1e-9))
        said = f"{bar} {number(lines)}/{number(total)} dòng, {number(speed)} dòng/giây  "
        click.echo(said + ending, err=True, nl=False)

    return draw
