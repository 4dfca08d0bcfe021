#!/usr/bin/env python3
"""Send a large file of messages through the page, as a person does, and tell how long it takes.

usage: benchmarks/large_file.py [--messages 1000000] [--engine sqlite ...] [--kill] [--bad-row N]

A real server (`fundsvc serve` with its worker) on a database of its own: the file is uploaded, read
as a job, looked at, booked as another job, and counted. With --kill the worker and the process
that does the job are killed by SIGKILL halfway through the booking; nothing may be lost or doubled.
With --bad-row one amount has a letter O in it: the file must be refused with that row, and nothing
booked. Seconds are from sending to the page that tells the outcome; memory is the most that the
process of the job had.
"""

import argparse
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.databases import ENGINES, databases
from benchmarks.support.messages import CAMPAIGNS, write_file
from benchmarks.support.table import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 900


class Person:
    """A treasurer at a browser, as far as these pages need one."""

    def __init__(self, port: int, cookie: str) -> None:
        """Take the address of the server and the cookie of somebody signed in."""
        self.port, self.cookie = port, cookie
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/imports/sms")[2])
        assert found, "not signed in"
        self.token = found[1]

    def get(self, address: str) -> tuple[int, str, str]:
        """Return status, where it leads, and the page."""
        return self._ask("GET", address, None, {})

    def post(self, address: str, file: Path | None = None) -> tuple[int, str, str]:
        """Send the form of a page, with a file or without."""
        mark = b"--a-mark-that-no-file-holds"
        token = b'Content-Disposition: form-data; name="csrf_token"\r\n\r\n' + self.token.encode()
        parts = [token]
        if file:
            head = b'Content-Disposition: form-data; name="file"; filename="lon.csv"\r\n'
            parts.append(head + b"Content-Type: text/csv\r\n\r\n" + file.read_bytes())
        body = b"".join(b"--" + mark + b"\r\n" + part + b"\r\n" for part in parts)
        kind = {"Content-Type": f"multipart/form-data; boundary={mark.decode()}"}
        return self._ask("POST", address, body + b"--" + mark + b"--\r\n", kind)

    def _ask(
        self, method: str, address: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers |= {"Cookie": f"fundsvc={self.cookie}", "Host": f"localhost:{self.port}"}
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Location") or "", text


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--kill", action="store_true", help="kill the worker halfway")
    parser.add_argument("--bad-row", type=int, help="spoil the amount in this row")
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        path = Path(name, "lon.csv")
        write_file(path, arguments.messages)
        if arguments.bad_row:
            spoil(path, arguments.bad_row)
        for engine in arguments.engine:
            with databases(engine, on="memory") as found:
                measure(engine, found.fresh(), path, Path(name, engine), arguments)


def spoil(path: Path, number: int) -> None:
    """Put a letter O into the amount of a row, counted as a spreadsheet does."""
    lines = path.read_text(encoding="utf-8").split("\n")
    cells = lines[number - 1].rsplit(",", 2)
    lines[number - 1] = f"{cells[0]},2O000,{cells[2]}"
    path.write_text("\n".join(lines), encoding="utf-8")


def measure(
    engine: str, url: str, path: Path, instance: Path, arguments: argparse.Namespace
) -> None:
    """Send the file and tell what came of it."""
    with running(url, instance) as (app, port, process):
        person = Person(port, sign_in(app))
        start = time.monotonic()
        status, address, _text = person.post("/imports/sms", path)
        assert status == 303, status
        sent = time.monotonic() - start
        memory = follow(person, address, process.pid)
        page = person.get(address)[2]
        looked = time.monotonic() - start
        print(f"{engine}: sent {sent:.1f} s, looked at {looked:.1f} s, {memory} MB", flush=True)
        if arguments.bad_row:
            assert f'>{arguments.bad_row}</th><td data-label="Cột">amount</td>' in page
            assert counted() == (0, 0)
            print(f"{engine}: row {arguments.bad_row} was refused, nothing is booked", flush=True)
            return
        start = time.monotonic()
        status, booking, _text = person.post(address)
        assert status == 303, status
        memory = follow(person, booking, process.pid, kill=arguments.kill)
        took = time.monotonic() - start
        told = re.search(r"Đã nhận ([0-9.]+) tin nhắn mới", person.get(booking)[2])
        assert told, "nothing was booked"
        messages, entries = counted()
        assert told[1].replace(".", "") == str(messages), (told[1], messages)
        rate = arguments.messages / took
        print(
            f"{engine}: booked {messages:,} messages and {entries:,} entries in {took:.1f} s"
            f" ({rate:,.0f} rows/s), {memory} MB",
            flush=True,
        )


@contextmanager
def running(url: str, instance: Path) -> "Iterator[tuple[Any, int, Any]]":
    """Give the application within its context, and a server on the same database."""
    from fundsvc.app import create_app
    from fundsvc.config import load
    from fundsvc.db import transaction
    from fundsvc.sms import campaigns

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {
        "FUNDSVC_DATABASE_URL": url,
        "FUNDSVC_INSTANCE_DIR": str(instance),
        "FUNDSVC_BASE_URL": f"http://localhost:{port}",
    }
    app = create_app(load(given))
    with app.app_context():
        with transaction() as session:
            campaigns.import_campaigns(session, CAMPAIGNS, by=None)
        command = [sys.executable, "-m", "fundsvc.cli", "serve", "--port", str(port)]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ | given) as process:
            try:
                until = time.monotonic() + 30
                while not answers(port):
                    assert time.monotonic() < until, "the server does not answer"
                    time.sleep(0.2)
                yield app, port, process
            finally:
                process.terminate()


def answers(port: int) -> bool:
    """Say whether somebody listens at a port."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def sign_in(app: Any) -> str:
    """Return the cookie of a new treasurer."""
    from tests.support.people import signed_in

    cookie = signed_in(app, "treasurer").get_cookie("fundsvc")
    assert cookie
    return str(cookie.value)


def follow(person: Person, address: str, server: int, *, kill: bool = False) -> int:
    """Wait until a job has ended; return the most memory of its process, in MB."""
    most, shown = 0, 0.0
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        status, _leads, text = person.get(f"{address}/progress")
        found = re.search(
            r'"done":\s*([0-9]+).*"state":\s*"(\w+)".*"total":\s*([0-9]+)', text, re.DOTALL
        )
        if status == 200 and found:
            done, state, total = int(found[1]), found[2], int(found[3])
            if state in {"done", "failed"}:
                print(flush=True)
                return most
            most = max([most, *(memory(pid) for pid, said in workers(server) if "--jobs" in said)])
            if time.monotonic() - shown > 1:
                shown = time.monotonic()
                print(f"\r{done:,} of {total:,}   ", end="", flush=True)
            if kill and done > total // 2:
                kill = False
                for pid, _said in workers(server):
                    os.kill(pid, signal.SIGKILL)
                print(" killed", flush=True)
        time.sleep(0.2)
    sys.exit("the job does not end")


def workers(server: int) -> list[tuple[int, str]]:
    """Return the worker of a server and the process that it began for jobs, with their words."""
    begun: dict[int, list[tuple[int, str]]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        parent = re.search(r"fundsvc\.cli worker .*--parent ([0-9]+)", said)
        if parent:
            begun.setdefault(int(parent[1]), []).append((int(folder.name), said))
    own = begun.get(server, [])
    return own + [job for pid, _said in own for job in begun.get(pid, [])]


def memory(pid: int) -> int:
    """Return the most memory that a process had, in MB."""
    try:
        found = re.search(r"VmHWM:\s*([0-9]+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) // 1024 if found else 0


def counted() -> tuple[int, int]:
    """Return how many messages and how many entries of messages there are."""
    from sqlalchemy import func, select

    from fundsvc.books.models import Entry
    from fundsvc.db import read_session
    from fundsvc.sms.models import SmsMessage

    session = read_session()
    session.rollback()
    messages = session.scalar(select(func.count()).select_from(SmsMessage)) or 0
    entries = select(func.count()).where(Entry.source.startswith("sms:"))
    return messages, session.scalar(entries) or 0


if __name__ == "__main__":
    main()
