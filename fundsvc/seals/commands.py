"""Commands of seals: `seal`, `heads`, `proof`."""

import json
import sys
from pathlib import Path

import click


@click.command("seal")
@click.option("--wait", default=30.0, show_default=True, type=click.FloatRange(0, 3600),
              help="Chờ tối đa bao nhiêu giây các bút toán đang ghi dở.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def seal(*, wait: float, as_json: bool) -> None:
    """Niêm phong các bút toán mới; không có gì mới thì không làm gì."""
    from flask_babel import gettext as _

    from fundsvc.books.sealing import last_seal, unsealed
    from fundsvc.db import read_session
    from fundsvc.seals.service import seal_new

    entries = 0
    watched = sys.stderr.isatty()

    def tell(made: object) -> None:
        nonlocal entries
        entries += made.entries  # type: ignore[attr-defined]  # a seal
        if watched:
            click.echo(f"\r{entries:,} …", nl=False, err=True)

    seals = seal_new(tell, patience=wait)
    if watched and seals:
        click.echo("", err=True)
    session = read_session()
    last, left = last_seal(session), unsealed(session)
    if as_json:
        told = {"seals": seals, "entries": entries, "unsealed": left}
        newest = {"sealed_through": {"seal": last.number, "head": last.head}}
        click.echo(json.dumps(told | newest, ensure_ascii=False))
        return
    if seals:
        text = _("Đã niêm phong %(entries)d bút toán; niêm phong số %(number)d: %(head)s",
                 entries=entries, number=last.number, head=last.head)  # fmt: skip
    elif last.number:
        text = _("Không có bút toán mới; niêm phong số %(number)d: %(head)s",
                 number=last.number, head=last.head)  # fmt: skip
    else:
        text = _("Chưa có bút toán nào để niêm phong.")
    click.echo(text)
    if left:
        click.echo(
            _("Còn %(left)d bút toán vừa ghi hoặc đang ghi dở, để lần sau.", left=left), err=True
        )


@click.command("heads")
@click.option("--after", default=0, type=click.IntRange(0), help="Chỉ sau niêm phong số này.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Ghi ra tệp này.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def heads(*, after: int, out: Path | None, as_json: bool) -> None:
    """Danh sách niêm phong (CSV), để giữ ở nơi khác và đối chiếu về sau."""
    from dataclasses import asdict

    from fundsvc.db import read_session
    from fundsvc.seals import listing

    found = listing.every(read_session(), after)
    if as_json:
        told = [asdict(seal) | {"head": seal.head} for seal in found]
        drawn = iter([json.dumps({"seals": told}), "\n"])
    else:
        drawn = listing.lines(found)
    if out is None:
        for line in drawn:
            click.echo(line, nl=False)
        return
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            file.writelines(drawn)
    except OSError as error:
        msg = f"Không ghi được tệp {out}: {error.strerror}"
        raise click.ClickException(msg) from error
    click.echo(f"Đã ghi {out}.", err=True)


@click.command("proof")
@click.argument("number", metavar="ENTRY", type=click.IntRange(1, 2**63 - 1))
@click.option("--json", "as_json", is_flag=True, help="Bằng chứng luôn là một tài liệu JSON.")
def proof(*, number: int, as_json: bool) -> None:
    """Bằng chứng (JSON) rằng bút toán số ENTRY nằm dưới một niêm phong."""
    del as_json
    from fundsvc.db import read_session
    from fundsvc.seals import proofs

    click.echo(json.dumps(proofs.proof(read_session(), number), ensure_ascii=False))
