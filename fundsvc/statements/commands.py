"""The command `fundsvc statement`: a statement or a book as text, data or document."""

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from fundsvc import reading

FORMATS = ("json", "csv", "xlsx", "pdf", "html")
BINARY = frozenset({"xlsx", "pdf"})
PLAIN = frozenset({None, "json", "csv", "xlsx"})
"""The formats that are drawn without templates and fonts."""
Command = Callable[..., Any]


def _options(command: Command) -> Command:
    """Give a command the options that all statements and books share, but for the fund."""
    options = (
        click.option("--province", metavar="P", help="Chỉ một tỉnh: 2025:44, 2004:45, hoặc none."),
        click.option("--unit", metavar="U", help="Chỉ một đơn vị; TW là Trung ương Hội."),
        click.option("--from", "first", required=True, metavar="D", help="Ngày đầu, YYYY-MM-DD."),
        click.option("--to", "last", required=True, metavar="D", help="Ngày cuối, YYYY-MM-DD."),
        click.option(
            "--provinces",
            type=click.Choice(("then", "now")),
            help="Tỉnh như lúc ghi sổ (then) hay theo 34 tỉnh hiện nay (now, mặc định).",
        ),
        click.option(
            "--format", "kind", type=click.Choice(FORMATS), help="Không ghi thì in văn bản."
        ),
        click.option(
            "--out", type=click.Path(dir_okay=False, path_type=Path), help="Ghi ra tệp này."
        ),
        click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON."),
    )
    for option in reversed(options):
        command = option(command)
    return command


_every_fund: Callable[[Command], Command] = click.option(
    "--fund", metavar="F", help="Chỉ một quỹ: base, dues, nghia-tinh."
)


def _is_plain(kind: str | None, **_typed: object) -> bool:
    return kind in PLAIN


@click.group(name="statement")
def group() -> None:
    """Báo cáo và sổ kế toán."""


@group.command("fund")
@click.option("--fund", required=True, metavar="F", help="Quỹ: base, dues, nghia-tinh.")
@_options
@reading.alone(_is_plain)
def fund_command(kind: str | None, out: Path | None, as_json: bool, **typed: str | None) -> None:
    """Báo cáo thu chi quỹ của một tỉnh, một đơn vị, hay tất cả."""
    if typed["province"] and typed["unit"]:
        msg = "Chỉ một trong hai: --province hoặc --unit."
        raise click.UsageError(msg)
    _check_call(kind, out, as_json=as_json)
    from fundsvc.statements import formats, schemas
    from fundsvc.statements.service import fund_statement

    options = schemas.read_options(_named(typed))
    session = reading.snapshot()
    report = fund_statement(session, options)
    session.rollback()  # Drawing takes long; nothing is held open meanwhile.
    if kind is None and not as_json:
        from fundsvc.statements.text import to_text

        drawn = to_text(report).encode()
    else:
        drawn = formats.draw(kind or "json", report)
    if out is None:
        click.echo(drawn, nl=False)
        return
    try:
        out.write_bytes(drawn)
    except OSError as error:
        msg = f"Không ghi được tệp {out}: {error.strerror}"
        raise click.ClickException(msg) from error
    if as_json:
        click.echo(formats.draw("json", report), nl=False)
    else:
        click.echo(f"Đã ghi {out}.")


@group.command("trial-balance")
@_every_fund
@_options
@reading.alone(_is_plain)
def trial_balance_command(
    kind: str | None, out: Path | None, as_json: bool, **typed: str | None
) -> None:
    """Bảng cân đối tài khoản, một dòng cho mỗi tài khoản, quỹ và đơn vị."""
    _check_call(kind, out, as_json=as_json)
    from fundsvc.statements import book_options, trial_balance

    options = book_options.read_options(_named(typed))
    session = reading.snapshot()
    balance = trial_balance.trial_balance(session, options)
    session.rollback()  # Drawing takes long; nothing is held open meanwhile.
    _give(trial_balance.book(balance), kind, out, as_json=as_json)


@group.command("general-ledger")
@click.option("--account", required=True, metavar="A", help="Số hiệu tài khoản, ví dụ 111.")
@click.option("--alone", flag_value="1", help="Riêng tài khoản này, không gồm tài khoản chi tiết.")
@_every_fund
@_options
@reading.alone(_is_plain)
def general_ledger_command(
    kind: str | None, out: Path | None, as_json: bool, **typed: str | None
) -> None:
    """Sổ cái một tài khoản, gồm tài khoản chi tiết: số dư đầu, từng dòng với số dư, số dư cuối."""
    _check_call(kind, out, as_json=as_json)
    from fundsvc.statements import book_options, general_ledger

    options = book_options.read_options(_named(typed), account=True)
    session = reading.snapshot()
    book = general_ledger.book(session, general_ledger.ledger(session, options))
    session.rollback()  # Drawing takes long; nothing is held open meanwhile.
    _give(book, kind, out, as_json=as_json)


@group.command("journal")
@_every_fund
@_options
@reading.alone(_is_plain)
def journal_command(kind: str | None, out: Path | None, as_json: bool, **typed: str | None) -> None:
    """Sổ nhật ký chung: mọi dòng định khoản theo thứ tự ngày."""
    _check_call(kind, out, as_json=as_json)
    from fundsvc.statements import book_options, journal

    options = book_options.read_options(_named(typed))
    session = reading.snapshot()
    book = journal.book(session, journal.journal(session, options))
    session.rollback()  # Drawing takes long; nothing is held open meanwhile.
    _give(book, kind, out, as_json=as_json)


def _named(typed: dict[str, str | None]) -> dict[str, str]:
    named = {"from": typed.pop("first"), "to": typed.pop("last"), **typed}
    return {name: text for name, text in named.items() if text}


def _give(book: Any, kind: str | None, out: Path | None, *, as_json: bool) -> None:
    """Write a book where it was asked for; the transaction it was read in is over."""
    from fundsvc.statements import book_formats

    wanted = kind or ("json" if as_json else "text")
    with closing(book):
        if out is None:
            book_formats.write(wanted, book, sys.stdout.buffer)
            return
        try:
            with out.open("wb") as file:
                book_formats.write(wanted, book, file)
        except OSError as error:
            msg = f"Không ghi được tệp {out}: {error.strerror}"
            raise click.ClickException(msg) from error
        if as_json:
            book_formats.write("json", book, sys.stdout.buffer)
        else:
            click.echo(f"Đã ghi {out}.")


def _check_call(kind: str | None, out: Path | None, *, as_json: bool) -> None:
    """Refuse options that contradict each other, before anything is loaded."""
    why = None
    if as_json and kind not in {None, "json"} and out is None:
        why = f"--json cùng --format {kind} thì cần --out."
    elif kind in BINARY and out is None and sys.stdout.isatty():
        why = f"--format {kind} cần --out, hoặc chuyển hướng ra tệp."
    if why:
        raise click.UsageError(why)
