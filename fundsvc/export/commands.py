"""The command `fundsvc export books`: the whole journal for another accounting program."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click

FORMATS = ("hledger", "beancount")


@click.command("books")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), required=True, help="Chương trình sẽ đọc tệp."
)
@click.option(
    "--from", "first", metavar="D", help="Ngày đầu, YYYY-MM-DD; số dư trước đó mang sang."
)
@click.option("--to", "last", metavar="D", help="Ngày cuối, YYYY-MM-DD.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Ghi ra tệp này; không có thì in ra màn hình.",
)
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON; cần --out.")
def books(
    kind: str, first: str | None, last: str | None, out: Path | None, *, as_json: bool
) -> None:
    """Xuất toàn bộ nhật ký cho hledger hoặc beancount, kèm số dư từng cuối tháng để đối chiếu."""
    if as_json and out is None:
        why = "--json thì cần --out."
        raise click.UsageError(why)
    from fundsvc.db import snapshot
    from fundsvc.export import service

    days = service.read_days(first, last)
    with _opened(out) as file:
        told = service.export(
            snapshot(), kind, *days, lambda piece: file.write(piece.encode("utf-8"))
        )
    if as_json:
        document = {
            "entries": told.entries,
            "postings": told.postings,
            "format": kind,
            "from": told.first.isoformat() if told.first else None,
            "to": told.last.isoformat() if told.last else None,
            "out": str(out),
        }
        click.echo(json.dumps(document, ensure_ascii=False))
    elif out is not None:
        click.echo(f"Đã ghi {out}: {told.entries} bút toán, {told.postings} dòng định khoản.")


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Open where to write: a file appears whole, or what was there stays.

    Raises:
        Refusal: the file cannot be written.
    """
    if out is None:
        yield click.open_file("-", "wb")
        return
    from fundsvc.errors import Reason, Refusal

    try:
        target = out.resolve()
        if target.exists() and not target.is_file():
            # A pipe or a device is no file that another could be put in the place of.
            with target.open("wb") as file:
                yield file
            return
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as file:
                yield file
            part.replace(target)
        finally:
            with suppress(OSError):
                part.unlink()
    except OSError as error:
        why = f"Không ghi được tệp {out}: {error.strerror}"
        raise Refusal(Reason(why, field="out")) from error
