"""Storm: pushes shuffled, doubled and at once, against a real server that is killed at random.

usage: python -m tests.sms.storm [--pushes 10000] [--kills 50] [--clients 8] [--engine sqlite ...]

The server is `fundsvc serve`, and what is killed (SIGKILL, all its processes together) is the whole
of it, its background work too. A client that gets no answer sends again, as gateways do. In the end
everything that was answered with 2xx must be booked, once, and nothing else. It measures nothing.
"""

import argparse
import http.client
import json
import os
import queue
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import create_engine, text

from fundsvc import clock
from fundsvc.cli import cli
from tests.support import messages, postgres, pushes
from tests.support.databases import ENGINES, Databases

ROOT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "fundsvc.cli")
ANSWER_SECONDS, PAUSE_SECONDS, START_SECONDS = 20.0, 0.05, 60.0
CAMPAIGN = """short_code,keyword,grammar,unit_value,fund,unit,starts,ends
1400,TS,units,20000,nghia-tinh,TW,{first},{last}
"""


class Server:
    """A server of its own process group, so that all of it is killed at once."""

    def __init__(self, url: str, folder: Path) -> None:
        """Set up campaign and gateway; `start` starts it."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.environment = {
            **os.environ,
            "FUNDSVC_DATABASE_URL": url,
            "FUNDSVC_INSTANCE_DIR": str(folder),
            "FUNDSVC_BASE_URL": f"http://localhost:{self.port}",
        }
        day = clock.today()
        first, last = day - timedelta(days=2), day + timedelta(days=2)
        campaign = folder / "campaigns.csv"
        campaign.write_text(CAMPAIGN.format(first=first, last=last), encoding="utf-8")
        self.command("campaign", "import", str(campaign))
        self.command(
            "gateway",
            "add",
            "vcom",
            "--form",
            "vcom",
            "--client-id",
            "demo",
            "--secret",
            pushes.KEY,
        )
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> str:
        """Run a command of the program, in this process, and return what it prints.

        Raises:
            RuntimeError: it failed.
        """
        done = CliRunner().invoke(cli, arguments, env=self.environment)
        if done.exit_code:
            raise RuntimeError(f"{arguments}: {done.output}") from done.exception  # noqa: EM102, TRY003
        return done.stdout

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it does not.
        """
        self._process = subprocess.Popen(
            [*PROGRAM, "serve", "--port", str(self.port)],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(PAUSE_SECONDS)
            else:
                return
        raise RuntimeError("the server does not start")  # noqa: EM101, TRY003

    def kill(self) -> None:
        """Kill it, wherever it is, with all its processes."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@dataclass
class Storm:
    """What the clients share: deliveries to be made, and what was answered."""

    port: int
    left: "queue.Queue[tuple[str, pushes.Made]]" = field(default_factory=queue.Queue)
    new: Counter[str] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send_all(self) -> None:
        """Make deliveries until none is left; one without an answer is made again."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
        with closing(wire):
            while not self.left.empty():
                try:
                    name, made = self.left.get_nowait()
                except queue.Empty:
                    break
                try:
                    wire.request(made.method, made.path, made.body, made.headers)
                    answer = wire.getresponse()
                    said = answer.read()
                except (OSError, http.client.HTTPException):
                    wire.close()  # It opens itself again.
                    self.left.put((name, made))
                    time.sleep(PAUSE_SECONDS)
                else:
                    self._note(name, made, answer.status, said)

    def _note(self, name: str, made: pushes.Made, status: int, said: bytes) -> None:
        with self.lock:
            if status == 503:
                self.left.put((name, made))
            elif status != 200:
                self.wrong.append(f"{name}: {status} {said[:200]!r}")
            else:
                self.done += 1
                self.answered.add(name)
                self.new[name] += json.loads(said)["data"]["code"] == 200


def run(
    url: str, folder: Path, *, count: int, kills: int, clients: int = 8, seed: int = 1400
) -> dict[str, int]:
    """Let it storm; return the figures, which have been found right.

    Raises:
        AssertionError: something was lost or doubled.
    """
    rng = random.Random(seed)  # noqa: S311 - made-up data, no secret
    server = Server(url, folder)
    storm = Storm(server.port)
    gross = 0
    deliveries = []
    for number in range(count):
        units = rng.choice((1, 1, 2, 5, 10, 100))
        row = messages.one(
            request_id=f"S{number:06d}",
            operator=rng.choice(tuple(pushes.TELCOS)),
            msisdn=f"849{rng.randrange(10**8):08d}",
            message=f"TS {units}",
            received_at=clock.now().isoformat(timespec="seconds"),
        )
        gross += units * 20_000
        deliveries += [(row["request_id"], pushes.vcom(row))] * 2
    rng.shuffle(deliveries)
    for delivery in deliveries:
        storm.left.put(delivery)
    server.start()
    threads = [threading.Thread(target=storm.send_all) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        # Not among the very last, so that each server that is begun anew has something to do.
        for mark in sorted(rng.sample(range(1, len(deliveries) * 9 // 10), kills)):
            while storm.done < mark and any(thread.is_alive() for thread in threads):
                time.sleep(0.001)
            server.kill()
            server.start()
        for thread in threads:
            thread.join()
    finally:
        server.kill()
    return _found(server, storm, url, count=count, kills=kills, gross=gross)


def _found(
    server: Server, storm: Storm, url: str, *, count: int, kills: int, gross: int
) -> dict[str, int]:
    server.command("sms", "handle")
    assert json.loads(server.command("verify", "--json")) == {"faults": []}
    engine = create_engine(url)
    with engine.connect() as connection:
        items = connection.execute(
            text("SELECT count(*), count(DISTINCT external_id) FROM inbox_item"
                 " WHERE state = 'handled'")
        ).one()  # fmt: skip
        booked = connection.execute(
            text("SELECT count(*), sum(amount) FROM sms_message WHERE status = 'booked'")
        ).one()
        entries = connection.execute(
            text("SELECT count(*), count(DISTINCT source || external_id) FROM entry")
        ).one()
        others = connection.scalar(text("SELECT count(*) FROM inbox_item WHERE state <> 'handled'"))
    engine.dispose()
    assert storm.wrong == []
    assert len(storm.answered) == count
    assert max(storm.new.values()) == 1, "one push was new twice"
    assert tuple(items) == (count, count)
    assert (int(booked[0]), int(booked[1])) == (count, gross)
    assert tuple(entries) == (count, count)
    assert others == 0
    return {
        "pushes": count,
        "deliveries answered": storm.done,
        "kills": kills,
        "booked": int(booked[0]),
        "gross": int(booked[1]),
        "new but never told so": count - storm.new.total(),
    }


def main(given: Sequence[str] | None = None) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pushes", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1400)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    arguments = parser.parse_args(given)
    for engine in arguments.engine:
        with tempfile.TemporaryDirectory(
            prefix="fundsvc-storm-", ignore_cleanup_errors=True
        ) as name:
            watch = postgres.watch(Path(name))
            start = time.monotonic()
            try:
                with Databases(Path(name)).fresh(engine) as url:
                    figures = run(
                        url,
                        Path(name),
                        count=arguments.pushes,
                        kills=arguments.kills,
                        clients=arguments.clients,
                        seed=arguments.seed,
                    )
            finally:
                watch.communicate()  # It ends the server, if there is one.
            seconds = time.monotonic() - start
            print(f"{engine}: {json.dumps(figures)} in {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
