"""Background work: book what was pushed, seal what was booked, send letters, do jobs."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from fundsvc.outbox.sending import Sender

INTERVAL: Final = 60.0
"""Seconds between seals when little is booked."""
MUCH: Final = 2_000
"""So many entries are sealed at once: statements read those that are not sealed one by one."""
ALL: Final = 600.0
"""Seconds that a single round may send letters."""
REST: Final = 5.0
"""Seconds before jobs are begun again whose process failed."""
PUSHED: Final = (
    "fundsvc.sms.handling:handle",
    "fundsvc.reconciliation.notices:handle",
    "fundsvc.reconciliation.background:run",
    "fundsvc.online.background:run",
    "fundsvc.giving.background:run",
    "fundsvc.workbench.automatic:run",
)
"""What books the pushes of each kind, and does what is due of others."""
KINDS: Final = {
    "sms": "fundsvc.sms.background:run",
    "bank": "fundsvc.reconciliation.large:run",
    "annual": "fundsvc.donations.annual_job:run",
}
"""What does the jobs of each kind."""
ATTACHED: Final = {
    "receipt": "fundsvc.receipts.printing:pdf",
    "annual": "fundsvc.donations.annual_printing:freeze_pdf",
}
"""What gives the bytes of the attachments of each kind."""
_LOOK: Final = 1.0
_log = logging.getLogger(__name__)


@click.command()
@click.option("--once", is_flag=True, help="Làm một lượt rồi thôi.")
@click.option("--jobs", is_flag=True, help="Chỉ làm những việc đang chờ, rồi thôi.")
@click.option(
    "--parent", type=click.IntRange(1), metavar="PID", help="Dừng khi tiến trình cha này không còn."
)
def worker(*, once: bool, jobs: bool, parent: int | None) -> None:
    """Việc nền: ghi sổ tin từ cổng, niêm phong sổ, gửi thư, đọc tệp lớn; chạy cho đến khi dừng."""
    if once:
        handle_pushes()
        look(due=True)
        send_letters(_sender(), most=ALL)
        do_jobs()
        return
    if jobs:
        signal.signal(signal.SIGTERM, _stop_once)
        do_jobs(_gone(parent))
        return
    stopping, beside, sender = _Stopping(parent), _Beside(), _sender()
    due_at = time.monotonic()
    try:
        while not stopping():
            due = time.monotonic() >= due_at
            if _round(beside, due=due, stop=stopping) or due:
                due_at = time.monotonic() + INTERVAL
            if not (beside.busy and _on_sqlite()):
                send_letters(sender, stopping)
            time.sleep(_LOOK)
    finally:
        beside.end()


def handle_pushes(stop: Callable[[], bool] = lambda: False) -> None:
    """Book what gateways pushed since the last look; if that fails, the rest goes on."""
    for target in PUSHED:
        try:
            _named(target)(stop)
        except Exception:  # noqa: BLE001 - told to the log, and tried again
            _log.exception("what was pushed waits for %s", target)


def look(*, due: bool, stop: Callable[[], bool] = lambda: False) -> bool:
    """Seal what is there if it is time or much; return whether anything was sealed."""
    from fundsvc.books.sealing import unsealed  # noqa: PLC0415 - as above
    from fundsvc.db import read_session  # noqa: PLC0415 - as above
    from fundsvc.seals.service import seal_new  # noqa: PLC0415 - as above

    session = read_session()
    try:
        session.rollback()
        waiting = unsealed(session)
        return bool(waiting and (due or waiting >= MUCH) and seal_new(stop=stop))
    finally:
        session.rollback()


def send_letters(
    sender: "Sender", stop: Callable[[], bool] = lambda: False, *, most: float | None = None
) -> None:
    """Send the letters that are due; if that fails, the rest goes on."""
    from fundsvc.outbox.sending import ROUND  # noqa: PLC0415 - as above

    try:
        sender.send(stop, most=ROUND if most is None else most)
    except Exception:  # noqa: BLE001 - told to the log, and tried again
        _log.exception("letters wait")


def do_jobs(stop: Callable[[], bool] = lambda: False) -> None:
    """Do the jobs that wait, in this process."""
    from fundsvc.jobs.running import run_all  # noqa: PLC0415 - as above

    run_all({kind: _named(target) for kind, target in KINDS.items()}, stop=stop)


def _sender() -> "Sender":
    from fundsvc.outbox.sending import Sender  # noqa: PLC0415 - as above

    return Sender({kind: partial(_fetch, target) for kind, target in ATTACHED.items()})


def _fetch(target: str, ref: str) -> bytes:
    """Return an attachment; what makes it is imported when the first one is wanted."""
    data: bytes = _named(target)(ref)
    return data


def _named(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _round(beside: "_Beside", *, due: bool, stop: Callable[[], bool]) -> bool:
    """Look once at everything; return whether anything was sealed."""
    try:
        busy = beside.look()
        if not busy:
            handle_pushes(stop)  # They would wait for the import that goes on.
        # On SQLite a job is the only writer: nothing is booked beside it, and a seal would wait.
        return not (busy and _on_sqlite()) and look(due=due, stop=stop)
    except Exception:  # noqa: BLE001 - told to the log, and tried again
        # Whatever it was, books that nobody seals are worse than a line in the log a minute.
        _log.exception("background work failed; it goes on")
        return False


class _Beside:
    """The process that does jobs, begun when some wait, so that sealing goes on meanwhile."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._not_before = 0.0

    def look(self) -> bool:
        """See that waiting jobs are done; say whether any is being done."""
        from fundsvc.db import read_session  # noqa: PLC0415 - as above
        from fundsvc.jobs.service import any_free  # noqa: PLC0415 - as above

        if not self._runs() and time.monotonic() >= self._not_before:
            session = read_session()
            session.rollback()
            if any_free(session):
                parent = str(os.getpid())
                command = [sys.executable, "-m", "fundsvc.cli", "worker", "--jobs", "--parent"]
                self._process = subprocess.Popen([*command, parent])  # noqa: S603 - ourselves
            session.rollback()
        return self.busy

    @property
    def busy(self) -> bool:
        """Whether jobs were being done at the last look."""
        return self._process is not None

    def end(self) -> None:
        """Stop the process; what it was doing waits for another."""
        if self._process:
            self._process.terminate()
            self._process.wait()

    def _runs(self) -> bool:
        if self._process is None:
            return False
        ended = self._process.poll()
        if ended is None:
            return True
        self._process = None
        if ended:
            self._not_before = time.monotonic() + REST
        return False


def _on_sqlite() -> bool:
    from fundsvc.db import db  # noqa: PLC0415 - as above

    return db.engine.dialect.name == "sqlite"


def _gone(parent: int | None) -> Callable[[], bool]:
    return lambda: parent is not None and os.getppid() != parent


def _stop_once(*_signal: object) -> None:
    """End this process; told again by another, it goes on putting its job back."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


class _Stopping:
    """True once somebody asked to stop, or the parent is gone."""

    def __init__(self, parent: int | None) -> None:
        self._gone = _gone(parent)
        self._asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def __call__(self) -> bool:
        return self._asked or self._gone()

    def _ask(self, _number: int, _frame: object) -> None:
        self._asked = True
