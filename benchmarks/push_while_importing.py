#!/usr/bin/env python3
"""Push messages to a server while a large file is imported, and tell how long the answers take.

usage: benchmarks/push_while_importing.py [--messages 100000 1000000] [--engine sqlite ...]
           [--rate 50] [--on disk]

A real server (`fundsvc serve` with its worker) on a database of its own. Four clients push over
connections that stay open, each at its pace whatever happens: first for some seconds with nothing
else to do, then while `fundsvc import sms FILE --commit` runs from beginning to end. Each answer
must be 2xx. Told are median, 99th hundredth and the worst of both times. In the end every push must
be in the inbox once, and, when the worker has handled them, in the books once.

On SQLite the import holds the only write lock the whole time.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.large_file import answers
from benchmarks.push import free_port, program
from benchmarks.support.databases import ENGINES, Databases, databases
from benchmarks.support.messages import CAMPAIGNS, write_file
from benchmarks.support.table import machine

CLIENTS, QUIET_SECONDS, PATIENCE = 4, 10.0, 600.0
CAMPAIGN = """short_code,keyword,grammar,unit_value,fund,unit,starts,ends
1400,DAY,units,20000,nghia-tinh,TW,{day},{day}
"""


class Pusher:
    """A gateway that pushes at a pace, over one connection."""

    def __init__(self, port: int, number: int, pace: float) -> None:
        """Take where to push, and the seconds from one push to the next."""
        self._port, self._number, self._pace = port, number, pace
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.durations: list[float] = []
        self.refused: list[int] = []

    def start(self) -> None:
        """Begin to push."""
        self._thread.start()

    def end(self) -> None:
        """Push no more."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        from fundsvc import clock
        from tests.support import messages, pushes

        wire = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        due, sent = time.perf_counter(), 0
        while not self._stop.is_set():
            at = clock.now().isoformat(timespec="seconds")
            name = f"W{self._number}-{sent:07d}"
            row = messages.one(request_id=name, message="DAY 1", received_at=at)
            push = pushes.vcom(row)
            start = time.perf_counter()
            wire.request("POST", push.path, push.body, {"Content-Type": "application/json"})
            answer = wire.getresponse()
            answer.read()
            self.durations.append(time.perf_counter() - start)
            if answer.status != 200:
                self.refused.append(answer.status)
            sent += 1
            due += self._pace
            time.sleep(max(due - time.perf_counter(), 0))
        wire.close()


def pushing(port: int, first: int, pace: float) -> list[Pusher]:
    """Let all clients begin."""
    made = [Pusher(port, first + number, pace) for number in range(CLIENTS)]
    for one in made:
        one.start()
    return made


def ended(made: list[Pusher], when: str) -> int:
    """Let the clients end, and tell how long they waited; return how many pushes were answered."""
    for one in made:
        one.end()
    taken = sorted(duration for one in made for duration in one.durations)
    refused = [status for one in made for status in one.refused]
    print(
        f"  {when}: {len(taken):,} pushes, p50 {taken[len(taken) // 2] * 1e3:.1f} ms,"
        f" p99 {taken[len(taken) * 99 // 100] * 1e3:.1f} ms, worst {taken[-1] * 1e3:.0f} ms,"
        f" refused {len(refused)}",
        flush=True,
    )
    assert not refused, set(refused)
    return len(taken)


def measure(found: Databases, messages: int, rate: float) -> None:
    """Import one file beside the pushes."""
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        folder = Path(name)
        path, port = folder / "lon.csv", free_port()
        write_file(path, messages)
        environment = prepare(found, folder, port)
        command = [sys.executable, "-m", "fundsvc.cli", "serve", "--port", str(port)]
        with subprocess.Popen(command, cwd=ROOT, env=environment) as server:
            try:
                await_server(port)
                print(f"{found.engine}, a file of {messages:,}", flush=True)
                load(port, environment, path, CLIENTS / rate)
            finally:
                server.terminate()


def await_server(port: int) -> None:
    """Wait until the server has loaded the application, and answers at once."""
    until = time.monotonic() + 120
    took = PATIENCE
    while took > 0.1:
        assert time.monotonic() < until, "the server does not answer"
        time.sleep(0.2)
        if answers(port):
            start = time.monotonic()
            wire = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            wire.request("POST", "/webhooks/sms/nobody", b"{}")
            wire.getresponse().read()
            wire.close()
            took = time.monotonic() - start


def prepare(found: Databases, folder: Path, port: int) -> dict[str, str]:
    """Make the database with campaigns and a gateway; return the environment of the programs."""
    from fundsvc import clock
    from tests.support.pushes import KEY

    environment = {
        **os.environ,
        "FUNDSVC_DATABASE_URL": found.fresh(),
        "FUNDSVC_INSTANCE_DIR": str(folder / "instance"),
        "FUNDSVC_BASE_URL": f"http://localhost:{port}",
    }
    for number, text in enumerate((CAMPAIGNS.decode(), CAMPAIGN.format(day=clock.today()))):
        campaigns = folder / f"campaigns{number}.csv"
        campaigns.write_text(text, encoding="utf-8")
        program(environment, "campaign", "import", str(campaigns))
    given = ("--form", "vcom", "--client-id", "demo", "--secret", KEY)
    program(environment, "gateway", "add", "vcom", *given)
    return environment


def load(port: int, environment: dict[str, str], path: Path, pace: float) -> None:
    """Push in quiet, push beside the import, and see that each push is there once."""
    made = pushing(port, 0, pace)
    time.sleep(QUIET_SECONDS)
    pushed = ended(made, "alone")
    made = pushing(port, CLIENTS, pace)
    start = time.monotonic()
    program(environment, "import", "sms", str(path), "--commit", "--json")
    took = time.monotonic() - start
    pushed += ended(made, f"beside the import ({took:.1f} s)")
    kept, waiting = counted(environment)
    until = time.monotonic() + PATIENCE
    while (kept < pushed or waiting) and time.monotonic() < until:
        time.sleep(1)
        kept, waiting = counted(environment)
    assert (kept, waiting) == (pushed, 0), (kept, waiting, pushed)
    print(f"  all {pushed:,} pushes are in the inbox once, and handled", flush=True)


def counted(environment: dict[str, str]) -> tuple[int, int]:
    """Return how many pushes the inbox has, and how many of them wait."""
    from sqlalchemy import create_engine, text

    asking = "SELECT count(*), count(*) FILTER (WHERE state <> 'handled') FROM inbox_item"
    engine = create_engine(environment["FUNDSVC_DATABASE_URL"])
    with engine.connect() as connection:
        kept, waiting = connection.execute(text(asking)).one()
    engine.dispose()
    return kept, waiting


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--messages", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=["sqlite"])
    parser.add_argument("--on", choices=("memory", "disk"), default="memory")
    parser.add_argument("--rate", type=float, default=50.0, help="pushes a second, all clients")
    arguments = parser.parse_args()
    print(machine())
    for engine in arguments.engine:
        for messages in arguments.messages:
            with databases(engine, on=arguments.on) as found:
                measure(found, messages, arguments.rate)


if __name__ == "__main__":
    main()
