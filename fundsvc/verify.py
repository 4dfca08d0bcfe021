"""Check everything that must hold: the journal in itself, and each slice's facts against it."""

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial

import click
from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.books import verify as books
from fundsvc.books.verify import Fault
from fundsvc.db import read_session
from fundsvc.errors import NotFound
from fundsvc.evidence import service as evidence
from fundsvc.evidence.models import StoredFile
from fundsvc.evidence.service import DamagedFileError
from fundsvc.receipts import verify as receipts
from fundsvc.sms import verify as sms
from fundsvc.verified import FACTS, disagreeing, lonely
from fundsvc.vouchers import verify as vouchers


def steps(session: Session) -> dict[str, Callable[[], Iterator[Fault]]]:
    """Return the checks by name, in the order they are made."""
    checks: dict[str, Callable[[], Iterator[Fault]]] = {
        "database": partial(_damaged, session),
        "journal": partial(books.faults, session),
    }
    for facts in FACTS:
        checks[facts.name] = partial(_agreeing, session, facts.name)
    return checks | {
        "sms totals": partial(sms.faults, session),
        "receipts": partial(receipts.faults, session),
        "vouchers": partial(vouchers.faults, session),
        "kept files": partial(_kept_files, session),
    }


def faults(session: Session) -> Iterator[Fault]:
    """Yield every fault of the books and of what they stand on."""
    for check in steps(session).values():
        yield from check()


def _agreeing(session: Session, name: str) -> Iterator[Fault]:
    facts = next(found for found in FACTS if found.name == name)
    yield from disagreeing(session, facts)
    yield from lonely(session, facts)


def _damaged(session: Session) -> Iterator[Fault]:
    """What SQLite itself says of its file; PostgreSQL keeps checksums of its own pages."""
    if session.get_bind().dialect.name != "sqlite":
        return
    for (told,) in session.execute(text("PRAGMA quick_check(20)")):
        if told != "ok":
            yield Fault("database", "database", str(told))
    for table, row, parent, _number in session.execute(text("PRAGMA foreign_key_check")):
        why = _("Dòng %(row)s tham chiếu đến %(parent)s không tồn tại.", row=row, parent=parent)
        yield Fault("database", f"{table}:{row}", why)


def _kept_files(session: Session) -> Iterator[Fault]:
    """Files kept as evidence that are gone, or are no longer what was kept."""
    for sha256, name in session.execute(select(StoredFile.sha256, StoredFile.name)):
        try:
            with evidence.opened(sha256):
                continue
        except NotFound:
            why = _("Tệp đã lưu %(name)s không còn.", name=name)
        except DamagedFileError:
            why = _("Tệp đã lưu %(name)s đã bị thay đổi.", name=name)
        yield Fault("file", f"file:{sha256}", why)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
@click.pass_context
def verify(context: click.Context, *, as_json: bool) -> None:
    """Kiểm tra mọi điều phải đúng của sổ sách; im lặng là không có lỗi."""
    found: list[Fault] = []
    watched = sys.stderr.isatty()
    for name, check in steps(read_session()).items():
        if watched:
            click.echo(f"{name} …", err=True)
        for fault in check():
            found.append(fault)
            if not as_json:
                click.echo(f"{fault.place}: {fault.text}")
    if as_json:
        document = {"faults": [fault.as_json() for fault in found]}
        click.echo(json.dumps(document, ensure_ascii=False))
    context.exit(1 if found else 0)
