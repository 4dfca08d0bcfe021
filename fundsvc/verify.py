"""Check everything that must hold: the journal, its seals, and each slice's facts against it."""

import csv
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import click
from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.orm import Session

from fundsvc.books import verify as books
from fundsvc.books.models import Entry
from fundsvc.books.verify import Fault
from fundsvc.db import snapshot
from fundsvc.donations import annual_verify as annual
from fundsvc.dues import verify as dues
from fundsvc.errors import NotFound
from fundsvc.evidence import service as evidence
from fundsvc.evidence.models import StoredFile
from fundsvc.evidence.service import DamagedFileError
from fundsvc.online import verify as online
from fundsvc.periods import acts_verify as closings
from fundsvc.periods import verify as periods
from fundsvc.receipts import verify as receipts
from fundsvc.reconciliation import verify as reconciliation
from fundsvc.repayments import verify as repayments
from fundsvc.seals import verify as seals
from fundsvc.settlements import verify as settlements
from fundsvc.sms import verify as sms
from fundsvc.spending import verify as spending
from fundsvc.verifying import deeds, donors, entry_acts, rights, sources, stated
from fundsvc.verifying.facts import FACTS, disagreeing, lonely, misfiled, others_named
from fundsvc.vouchers import verify as vouchers
from fundsvc.workbench import signed_verify as signed_months
from fundsvc.workbench import verify as workbench
from ledger.check import NoListError, read_heads
from ledger.words import grouped

HEAD: Final = re.compile(r"[0-9A-Fa-f]{8,64}", re.ASCII)
NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


Progress = Callable[[int, int], None]
"""Told how much of the longest check is done, of how much."""


def steps(
    session: Session, published: Mapping[int, str] | None = None, tell: Progress | None = None
) -> dict[str, Callable[[], Iterator[Fault]]]:
    """Return the checks by name, in the order they are made.

    `published` are heads known from elsewhere, by the numbers of their seals.
    """
    checks: dict[str, Callable[[], Iterator[Fault]]] = {
        "database": partial(_damaged, session),
        "journal": partial(books.faults, session),
        "seals": partial(seals.faults, session, published, tell),
    }
    for facts in FACTS:
        checks[facts.name] = partial(_agreeing, session, facts.name)
    return checks | {
        "sources": partial(sources.faults, session),
        "acts": partial(entry_acts.faults, session),
        "deeds": partial(deeds.faults, session),
        "roles and bounds": partial(rights.faults, session),
        "donors": partial(others_named, session),
        "donors' proofs": partial(donors.faults, session),
        "contacts": partial(misfiled, session),
        "dues": partial(dues.faults, session),
        "sms totals": partial(sms.faults, session),
        "pushes": partial(sms.lost, session),
        "settlements": partial(settlements.faults, session),
        "card payments": partial(online.faults, session),
        "bank lines": partial(reconciliation.faults, session),
        "bank decisions": partial(workbench.faults, session),
        "bank months": partial(signed_months.faults, session),
        "receipts": partial(receipts.faults, session),
        "receipts' facts": partial(stated.faults, session),
        "annual receipts": partial(annual.faults, session),
        "vouchers": partial(vouchers.faults, session),
        "payees": partial(spending.faults, session),
        "repayments": partial(repayments.faults, session),
        "periods": partial(periods.faults, session),
        "closings": partial(closings.faults, session),
        "kept files": partial(_kept_files, session),
    }


def faults(
    session: Session, published: Mapping[int, str] | None = None, tell: Progress | None = None
) -> Iterator[Fault]:
    """Yield every fault of the books and of what they stand on."""
    for name, check in steps(session, published, tell).items():
        yield from _read(name, check)


def _read(name: str, check: Callable[[], Iterator[Fault]]) -> Iterator[Fault]:
    """Make one check; what cannot even be read is a fault too, and the other checks go on.

    Raises:
        DBAPIError: there is nothing to go on with: the database cannot be reached any more, or has
            no books.
    """
    try:
        yield from check()
    except (ValueError, TypeError, LookupError, ArithmeticError, DBAPIError) as error:
        session = snapshot()
        if isinstance(error, DBAPIError) and not _has_books(session):
            raise
        why = _("Không đọc được: %(why)s", why=str(getattr(error, "orig", error))[:300])
        yield Fault("unreadable", name, why)


def _has_books(session: Session) -> bool:
    """Whether the database still answers, and the journal is there."""
    try:
        session.execute(select(Entry.id).limit(1)).all()
    except DataError:
        return True  # It answers, though what it holds cannot be read.
    except DBAPIError as error:
        snapshot()
        return "malformed" in str(error.orig)
    return True


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
@click.option(
    "--head",
    "stated",
    multiple=True,
    metavar="NUMBER:HEAD",
    help="Mã niêm phong đã công bố, như in trên biên nhận; nhắc lại được.",
)
@click.option(
    "--heads",
    "kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Danh sách niêm phong đã giữ (CSV của `fundsvc heads`).",
)
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
@click.pass_context
def verify(
    context: click.Context, *, stated: tuple[str, ...], kept: Path | None, as_json: bool
) -> None:
    """Kiểm tra mọi điều phải đúng của sổ sách; im lặng là không có lỗi.

    Với mã niêm phong đã công bố, cả sổ bị làm lại từ đầu hay cắt bớt cũng lộ ra.
    """
    published = _published(stated, kept)
    found: list[Fault] = []
    # All checks look at one moment, or what is sealed and posted meanwhile would look like a fault.
    session, bar = snapshot(), _Bar(shown=sys.stderr.isatty())
    checks = steps(session, published, bar.part)
    for place, (name, check) in enumerate(checks.items()):
        bar.step(name, place, len(checks))
        for fault in _read(name, check):
            found.append(fault)
            if not as_json:
                bar.clear()
                click.echo(f"{fault.place}: {fault.text}")
    bar.clear()
    if as_json:
        document = {"faults": [fault.as_json() for fault in found]}
        click.echo(json.dumps(document, ensure_ascii=False))
    context.exit(1 if found else 0)


def _published(stated: tuple[str, ...], kept: Path | None) -> dict[int, str]:
    """Return the heads given on the command line, by the numbers of their seals."""
    heads = {}
    for text_ in stated:
        number, _colon, head = text_.partition(":")
        if not (HEAD.fullmatch(head) and NUMBER.fullmatch(number)):
            msg = f"--head {text_!r}: viết số niêm phong, dấu hai chấm, rồi mã"
            raise click.UsageError(msg)
        heads[int(number)] = head.lower()
    if kept is not None:
        try:
            heads.update({number: head for number, (_seal, head) in read_heads(kept)})
        except (ValueError, KeyError, TypeError, OSError, csv.Error) as error:
            # What Python says of a row that cannot be read is not for people.
            told = isinstance(error, NoListError)
            msg = f"--heads {kept}: {error if told else 'không phải danh sách niêm phong'}"
            raise click.UsageError(msg) from error
    return heads


class _Bar:
    """A line on the terminal: which check is made, and how far it is."""

    WIDTH: Final = 24

    def __init__(self, *, shown: bool) -> None:
        self._shown, self._name, self._place, self._steps = shown, "", 0, 1

    def step(self, name: str, place: int, steps: int) -> None:
        """Begin a check."""
        self._name, self._place, self._steps = name, place, steps
        self._draw(0.0, "")

    def part(self, done: int, total: int) -> None:
        """Tell how much of a check is done."""
        self._draw(done / total if total else 1.0, f" {grouped(done)}/{grouped(total)}")

    def clear(self) -> None:
        """Leave the line empty for what is printed next."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def _draw(self, share: float, told: str) -> None:
        if self._shown:
            full = round(self.WIDTH * (self._place + share) / self._steps)
            bar = "█" * full + "░" * (self.WIDTH - full)
            click.echo(f"\r\x1b[K{bar} {self._name}{told}", nl=False, err=True)
