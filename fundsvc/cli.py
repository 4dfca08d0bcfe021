"""The command line: a table of commands that are imported only when they are called.

A command of a slice lives in the slice (`fundsvc/<slice>/commands.py`); this file says where, opens
the application around it, and turns a refusal into exit code 1 with its reasons.
"""

import json
import re
import sys
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import click

from fundsvc import loading
from fundsvc.clickwords import said, spoken

REFUSED = 1
_FIGURES = re.compile(r"-?[0-9]{1,19}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is found (`module:name`), and its line in the list of commands."""

    target: str
    help: str
    # Whether it needs the application, and with it the database as it should be.
    within_app: bool = True


class Figures(click.ParamType[int]):
    """A whole number in ASCII figures; click itself also takes `1_000`, `٣` and ` 3 `."""

    def __init__(self, plain: click.ParamType[int]) -> None:
        self.plain = plain
        self.name = plain.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, str) and not _FIGURES.fullmatch(value):
            self.fail(f"{value[:40]!r} không phải là số nguyên.", param, ctx)
        return self.plain.convert(value, param, ctx)


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def __init__(self, *args: Any, places: dict[str, Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.places, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self.places.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = place.target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return _wrapped(command, within_app=place.within_app)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, place.help) for name, place in self.places.items()]
        for name, command in self.commands.items():
            rows.append((name, command.get_short_help_str()))
        with formatter.section(said("Commands")):
            formatter.write_dl(sorted(rows))

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [said(piece) for piece in super().collect_usage_pieces(ctx)]

    def main(self, *args: Any, **extra: Any) -> Any:
        with spoken():
            return super().main(*args, **extra)


IMPORTS = {
    "bank": Place("fundsvc.reconciliation.commands:import_bank", "Đọc sao kê ngân hàng."),
    "settlement": Place(
        "fundsvc.settlements.commands:import_settlement", "Đọc bảng quyết toán của nhà mạng."
    ),
    "sms": Place("fundsvc.sms.commands:import_sms", "Đọc tin nhắn ủng hộ từ nhà mạng."),
}

EXPORTS = {
    "books": Place("fundsvc.export.commands:books", "Toàn bộ sổ cho hledger hoặc beancount."),
}

PLACES = {
    "bank-account": Place("fundsvc.reconciliation.commands:group", "Tài khoản ngân hàng."),
    "bank-gateway": Place(
        "fundsvc.reconciliation.push_commands:group", "Cổng tin báo ngân hàng và khóa của cổng."
    ),
    "campaign": Place("fundsvc.sms.commands:group", "Đợt vận động nhắn tin."),
    "db": Place("fundsvc.cli:db", "Cơ sở dữ liệu.", within_app=False),
    "demo": Place("fundsvc.demo:demo", "Nạp năm mẫu với người và số liệu đặt ra."),
    "donation": Place("fundsvc.donations.commands:group", "Ghi nhận khoản ủng hộ."),
    "dues": Place("fundsvc.dues.commands:group", "Hội phí và Chân quỹ theo tháng."),
    "export": Place("fundsvc.cli:exports", "Xuất sổ sách ra ngoài.", within_app=False),
    "gateway": Place("fundsvc.sms.push_commands:group", "Cổng tin nhắn và khóa của cổng."),
    "heads": Place("fundsvc.seals.commands:heads", "Danh sách niêm phong của sổ."),
    "import": Place("fundsvc.cli:imports", "Đọc tệp từ bên ngoài.", within_app=False),
    "online": Place("fundsvc.online.commands:group", "Ủng hộ qua thẻ: Stripe."),
    "opening": Place("fundsvc.periods.opening_commands:group", "Số dư đầu kỳ khi mở sổ."),
    "payment": Place("fundsvc.spending.commands:group", "Ghi khoản chi."),
    "proof": Place("fundsvc.seals.commands:proof", "Bằng chứng niêm phong của một bút toán."),
    "period": Place("fundsvc.periods.commands:group", "Khóa sổ và mở lại sổ theo tháng."),
    "reconcile": Place("fundsvc.workbench.commands:group", "Đối soát sao kê ngân hàng."),
    "receipt": Place("fundsvc.donations.receipt_commands:group", "Biên nhận."),
    "seal": Place("fundsvc.seals.commands:seal", "Niêm phong các bút toán mới."),
    "serve": Place("fundsvc.cli:serve", "Chạy máy chủ web.", within_app=False),
    "sms": Place("fundsvc.sms.push_commands:sms", "Tin nhắn nhận từ cổng."),
    "settlement": Place("fundsvc.settlements.commands:group", "Đối soát và quyết toán nhà mạng."),
    "statement": Place("fundsvc.statements.commands:group", "Báo cáo."),
    "units": Place("fundsvc.units.commands:group", "Đơn vị thành viên."),
    "user": Place("fundsvc.staff.commands:group", "Người dùng và vai trò."),
    "verify": Place("fundsvc.verify:verify", "Kiểm tra mọi điều phải đúng của sổ sách."),
    "vietqr": Place(
        "fundsvc.giving.commands:vietqr", "In nội dung của mã VietQR.", within_app=False
    ),
    "voucher": Place("fundsvc.vouchers.commands:group", "Chứng từ: lập, duyệt, ghi sổ, in."),
    "worker": Place("fundsvc.worker:worker", "Việc nền: niêm phong sổ mỗi phút, đọc tệp lớn."),
}

cli = LazyGroup(
    name="fundsvc",
    help="Quỹ của Hội Truyền thống Trường Sơn: ủng hộ, biên nhận, báo cáo.",
    places=PLACES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
imports = LazyGroup(name="import", help="Đọc tệp từ bên ngoài vào sổ.", places=IMPORTS)
exports = LazyGroup(name="export", help="Xuất sổ sách cho chương trình khác.", places=EXPORTS)


@click.group()
def db() -> None:
    """Cơ sở dữ liệu."""


@db.command()
def upgrade() -> None:
    """Đưa lược đồ và danh mục (quỹ, tỉnh, tài khoản, TW) lên bản mới nhất."""
    from sqlalchemy import create_engine

    from fundsvc import config, schema
    from fundsvc.db import equip

    settings = config.load()
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.database_url)
    equip(engine)
    try:
        schema.upgrade(engine)
    finally:
        engine.dispose()
    click.echo("Cơ sở dữ liệu đã ở bản mới nhất.", err=True)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Địa chỉ lắng nghe.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", type=click.IntRange(1, 64), help="Số tiến trình (SQLite: luôn là 1).")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--worker/--no-worker", default=True, help="Chạy kèm việc nền (mặc định có).")
def serve(host: str, port: int, workers: int | None, threads: int, *, worker: bool) -> None:
    """Chạy máy chủ web cho đến khi dừng bằng Ctrl-C."""
    from fundsvc.serving import run

    run(host=host, port=port, workers=workers, threads=threads, beside=worker)


def main() -> None:
    """Run the command line; the entry point that the package installs."""
    loading.begin()
    cli.main(prog_name="fundsvc")


def _wrapped(command: click.Command, *, within_app: bool) -> click.Command:
    """Return a command, and all below it, that reads figures and tells refusals within the app.

    It is a copy: the command of the slice stays as it is for who calls it by itself.
    """
    if isinstance(command, LazyGroup):
        return command
    made = copy(command)
    # Click keeps what --help says with a command; the copy says it in the language of commands.
    made._help_option = None  # noqa: SLF001 - there is no other way to make it ask again
    made.options_metavar = said(command.options_metavar or "")
    if isinstance(made, click.Group):
        made.subcommand_metavar = said(made.subcommand_metavar)
        made.commands = {
            name: _wrapped(child, within_app=within_app) for name, child in made.commands.items()
        }
        return made
    made.params = [_reading_figures(parameter) for parameter in command.params]
    if command.callback is not None:
        made.callback = partial(_call, command.callback, made, within_app=within_app)
    return made


def _reading_figures(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter.type, type(click.INT)):
        return parameter
    made = copy(parameter)
    made.type = Figures(parameter.type)
    return made


def _call(
    callback: Callable[..., Any],
    command: click.Command,
    *,
    within_app: bool,
    **arguments: Any,
) -> None:
    ctx = click.get_current_context()
    from fundsvc import config, reading
    from fundsvc.errors import Refusal, from_ledger
    from ledger.errors import LedgerError

    try:
        if not within_app:
            loading.done()
            callback(**arguments)
        elif not reading.done_alone(callback, arguments, config.load().database_url):
            from fundsvc.app import create_app

            ctx.with_resource(create_app(web=False).app_context())
            loading.done()
            callback(**arguments)
    except Refusal as refusal:
        _tell(refusal, as_json=_wants_json(command, ctx))
    except LedgerError as error:
        _tell(from_ledger(error), as_json=_wants_json(command, ctx))
    except config.BadSettingError as error:
        click.echo(str(error), err=True)
    except Exception as error:
        if not _schema_is_missing(error):
            raise
        click.echo("Cơ sở dữ liệu chưa sẵn sàng; hãy chạy: fundsvc db upgrade", err=True)
        click.echo(str(error.orig).strip(), err=True)  # type: ignore[attr-defined]
    else:
        return
    ctx.exit(REFUSED)


def _wants_json(command: click.Command, ctx: click.Context) -> bool:
    return any(
        "--json" in option.opts and ctx.params.get(option.name or "") for option in command.params
    )


def _tell(refusal: Any, *, as_json: bool) -> None:
    """Write a refusal: one JSON document on stdout if asked, else a line per reason on stderr."""
    if as_json:
        document = {"refused": [reason.as_json() for reason in refusal.reasons]}
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for reason in refusal.reasons:
        place = [f"dòng {reason.row}"] if reason.row is not None else []
        place += [reason.field] if reason.field else []
        click.echo(
            ": ".join([", ".join(place), str(reason.text)] if place else [str(reason.text)]),
            err=True,
        )


def _schema_is_missing(error: Exception) -> bool:
    """Whether the database lacks a table or cannot be reached, as before `db upgrade`."""
    if "sqlalchemy" not in sys.modules:
        return False
    from sqlalchemy.exc import DBAPIError

    return isinstance(error, DBAPIError) and any(
        sign in str(error.orig)
        for sign in (
            "no such table",
            "no such column",
            "does not exist",
            "unable to open",
            "connection failed",
        )
    )


if __name__ == "__main__":
    main()
