"""A worker killed in the middle of a job: another takes it up, nothing is doubled or lost.

The processes are real: `fundsvc worker` and the one that it begins for jobs.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from fundsvc import worker
from fundsvc.books.models import Entry
from fundsvc.config import Settings
from fundsvc.db import Base, transaction
from fundsvc.evidence import service as evidence
from fundsvc.jobs import running
from fundsvc.jobs.models import DONE, RUNNING, Job
from fundsvc.reconciliation import large
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankLine
from fundsvc.sms import background, campaigns
from fundsvc.sms.models import SmsMessage
from fundsvc.uploads import Upload
from fundsvc.verify import faults
from tests.support import messages

# More than either kind of job books at once, so that it can be met half done.
ROWS = 15_000
PATIENCE = 60.0

Start = Callable[..., "subprocess.Popen[bytes]"]

pytestmark = [pytest.mark.slow, pytest.mark.by_turns, pytest.mark.timeout(240)]


@pytest.fixture
def start(settings: Settings) -> Iterator[Start]:
    """Begin a worker, or a server, on the test's database; those left end with the test."""
    begun: list[subprocess.Popen[bytes]] = []

    def run(*words: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "FUNDSVC_DATABASE_URL": settings.database_url,
            "FUNDSVC_SECRET_KEY": settings.secret_key,
            "FUNDSVC_DATA_KEY": settings.data_key,
            "FUNDSVC_INSTANCE_DIR": str(settings.instance_dir),
        }
        command = [sys.executable, "-m", "fundsvc.cli", *(words or ["worker"])]
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        begun.append(process)
        return process

    yield run
    for process in begun:
        if process.poll() is None:  # Nothing is left to be shown by an orderly end.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def job_id(app: Flask) -> int:
    """A large file that was looked at and shall be booked."""
    made = messages.make("viettel", ROWS)
    promised = Upload(evidence.keep(made.csv()), "lon.csv")
    with transaction() as session:
        campaigns.import_campaigns(session, messages.CAMPAIGNS, by=None)
        looked = background.look_at(session, promised, key="a", lines=len(made.rows), by=1)
        job = background.book(session, looked, by=1)
        session.delete(looked)
        return job.id


def test_a_job_is_taken_up_again_after_kill_9(start: Start, job_id: int, session: Session) -> None:
    for _death in range(2):
        process = start()
        hold(process, job_id)
        assert stored(session) == 0, "nothing of a job that goes on is there yet"
        kill_all(process)
        Path(running._path(job_id)).unlink(missing_ok=True)
        assert state(session, job_id) == RUNNING
        assert stored(session) == 0
        let_the_lease_run_out()
    start()
    await_(lambda: state(session, job_id) == DONE)
    told = session.get_one(Job, job_id).told
    assert told
    assert told["new"] == stored(session) == ROWS
    booked = session.scalar(select(func.count()).where(Entry.source == "sms:viettel"))
    assert booked == told["messages"]
    assert list(faults(session)) == []


def test_a_statement_is_taken_up_again_after_kill_9(start: Start, session: Session) -> None:
    job_id = statement()
    process = start()
    hold(process, job_id)
    assert stored(session, BankLine) == 0, "nothing of a job that goes on is there yet"
    kill_all(process)
    assert stored(session, BankLine) == 0
    let_the_lease_run_out()
    start()
    await_(lambda: state(session, job_id) == DONE)
    told = session.get_one(Job, job_id).told
    assert told
    assert told["new"] == stored(session, BankLine) == ROWS
    assert session.scalar(select(func.count()).where(Entry.source == "bank:BIG")) == ROWS
    assert list(faults(session)) == []


def test_a_stopped_worker_leaves_its_job_to_the_next(
    start: Start, job_id: int, session: Session
) -> None:
    process = start()
    held = hold(process, job_id)
    process.terminate()
    for pid in held:
        await_(lambda pid=pid: is_told_to_end(pid))  # type: ignore[misc]
        os.kill(pid, signal.SIGCONT)
    process.wait(PATIENCE)
    session.rollback()
    left = session.get_one(Job, job_id)
    assert (left.state, left.tries, stored(session)) == ("waiting", 0, 0)
    start()
    await_(lambda: state(session, job_id) == DONE)
    assert stored(session) == ROWS


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_the_server_begins_its_worker_anew_when_it_was_killed(start: Start, app: Flask) -> None:
    server = start("serve", "--port", str(free_port()))

    def work() -> set[int]:
        return {pid for pid in children(server.pid) if "worker" in words_of(pid)}

    await_(lambda: len(work()) == 1)
    (first,) = work()
    time.sleep(2)  # So that it is no race with the start.
    os.kill(first, signal.SIGKILL)
    await_(lambda: bool(work() - {first}))


def statement() -> int:
    """A large statement that was looked at and shall be booked."""
    head = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\n"
    rows = (f"1,01/09/2024,7.{number},,50.000,,ung ho {number}\n" for number in range(ROWS))
    sha256 = evidence.keep((head + "".join(rows)).encode())
    with transaction() as session:
        add_bank_account(
            session,
            code="BIG",
            bank="VCB",
            number="00110044",
            fund="nghia-tinh",
            unit="TW",
            by=None,
        )
        promised = Upload(sha256, "lon.csv", {"account": "BIG", "layout": None})
        looked_id = large.look_at(session, promised, key="a", lines=ROWS, by=1).id
    worker.do_jobs()
    with transaction() as session:
        return large.book(session, session.get_one(Job, looked_id), by=1).id


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def words_of(pid: int) -> str:
    """Return what a process was begun with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """Return the processes that a process began, by any of its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(number) for number in task.read_text().split()]
    return found


def await_(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def hold(process: "subprocess.Popen[bytes]", job_id: int) -> list[int]:
    """Wait until a job goes on and stop what does it there, however quick it is."""
    await_(lambda: running.done(job_id) > 0)
    held = children(process.pid)
    assert held
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    return held


def is_told_to_end(pid: int) -> bool:
    """Say whether a stopped process will find a SIGTERM when it goes on."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = int(status.partition("ShdPnd:")[2].split()[0], 16)
    return bool(pending >> (signal.SIGTERM - 1) & 1)


def kill_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill a worker and the process it began, as a power cut would."""
    for number in (process.pid, *children(process.pid)):
        os.kill(number, signal.SIGKILL)
    process.wait()


def let_the_lease_run_out() -> None:
    with transaction() as session:
        past = "2020-01-01T00:00:00.000000+00:00"
        session.execute(text(f"UPDATE job SET lease_until = '{past}' WHERE state = 'running'"))


def state(session: Session, job_id: int) -> str:
    session.rollback()
    session.expire_all()
    return session.get_one(Job, job_id).state


def stored(session: Session, what: type[Base] = SmsMessage) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(what)) or 0
