"""The command `fundsvc statement`: a statement as text, data or document."""

import sys
from pathlib import Path

import click

FORMATS = ("json", "csv", "xlsx", "pdf", "html")
BINARY = frozenset({"xlsx", "pdf"})


@click.group(name="statement")
def group() -> None:
    """Báo cáo từ sổ sách."""


@group.command("fund")
@click.option("--fund", required=True, metavar="F", help="Quỹ: base, dues, nghia-tinh.")
@click.option("--province", metavar="P", help="Chỉ một tỉnh: 2025:44, 2004:45, hoặc none.")
@click.option("--unit", metavar="U", help="Chỉ một đơn vị; TW là Trung ương Hội.")
@click.option("--from", "first", required=True, metavar="D", help="Ngày đầu, YYYY-MM-DD.")
@click.option("--to", "last", required=True, metavar="D", help="Ngày cuối, YYYY-MM-DD.")
@click.option(
    "--provinces",
    type=click.Choice(("then", "now")),
    help="Tỉnh như lúc ghi sổ (then) hay theo 34 tỉnh hiện nay (now, mặc định).",
)
@click.option("--format", "kind", type=click.Choice(FORMATS), help="Không ghi thì in văn bản.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Ghi ra tệp này.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def fund_command(kind: str | None, out: Path | None, as_json: bool, **typed: str | None) -> None:
    """Báo cáo thu chi quỹ của một tỉnh, một đơn vị, hay tất cả."""
    _check_call(kind, out, typed, as_json=as_json)
    from fundsvc.db import read_session
    from fundsvc.statements import formats, schemas
    from fundsvc.statements.service import fund_statement

    named = {"from": typed.pop("first"), "to": typed.pop("last"), **typed}
    options = schemas.read_options({name: text for name, text in named.items() if text})
    session = read_session()
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


def _check_call(
    kind: str | None, out: Path | None, typed: dict[str, str | None], *, as_json: bool
) -> None:
    """Refuse options that contradict each other, before anything is loaded."""
    why = None
    if typed["province"] and typed["unit"]:
        why = "Chỉ một trong hai: --province hoặc --unit."
    elif as_json and kind not in {None, "json"} and out is None:
        why = f"--json cùng --format {kind} thì cần --out."
    elif kind in BINARY and out is None and sys.stdout.isatty():
        why = f"--format {kind} cần --out, hoặc chuyển hướng ra tệp."
    if why:
        raise click.UsageError(why)
