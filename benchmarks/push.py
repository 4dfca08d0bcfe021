#!/usr/bin/env python3
"""Measure pushes over HTTP against a bare endpoint that only inserts, on the same server.

usage: benchmarks/push.py [--engine sqlite ...] [--on disk] [--seconds 4] [--repeat 3]

`ours` is `fundsvc serve --no-worker` taking pushes in the V-COM form at `/webhooks/sms/<gateway>`:
checksum, fields, keyed hash, sealed body, one row of the inbox with its guards and indexes, commit,
answer in the gateway's words. `bare` is a Flask application of one view on the same gunicorn, with
as many processes and threads: it reads the same JSON and puts it with one INSERT and a commit by
the driver into a table with a unique key. Eight clients send over connections that stay open, what
they send is made beforehand. The kinds alternate, each on a database of its own; the first moments
of a run do not count. p50 and p99 are of single requests, as a client sees them.

Booking is not in it, for it is not in the request: `pushes handled` is the rate at which
`fundsvc sms handle` books what has gathered.
"""

import argparse
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.support.databases import ENGINES, Databases, databases
from benchmarks.support.table import (
    HEAD,
    Row,
    compared,
    limited,
    machine,
    print_rows,
)

CLIENTS, THREADS, WARM = 8, 8, 0.5
MOST_A_SECOND = 6_000
AIM = 0.5
BARE = """CREATE TABLE pushed (id {key}, source text, external_id text, body {blob}, at text,
UNIQUE (source, external_id))"""
INSERT = "INSERT INTO pushed (source, external_id, body, at) VALUES ({0}, {0}, {0}, {0})"
CAMPAIGN = """short_code,keyword,grammar,unit_value,fund,unit,starts,ends
1400,TS,units,20000,nghia-tinh,TW,{first},{last}
"""


# --- the two servers -------------------------------------------------------------------------


def serve_bare(url: str, port: int) -> None:
    """Serve the bare endpoint until stopped."""
    from gunicorn.app.base import BaseApplication

    workers = 1 if url.startswith("sqlite") else min(4, os.cpu_count() or 1)
    options = {
        "bind": f"127.0.0.1:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "keepalive": 5,
        "loglevel": "warning",
        "control_socket_disable": True,
    }

    class Server(BaseApplication):  # type: ignore[misc,unused-ignore]  # gunicorn has no types
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return bare_app(url)

    Server().run()


def bare_app(url: str) -> Any:
    """Return an application of one view."""
    from flask import Flask, request

    app = Flask("bare")
    own = threading.local()
    alone = threading.Lock()
    lite = url.startswith("sqlite")

    def connection() -> Any:
        if not hasattr(own, "connection"):
            own.connection = _connect(url)
        return own.connection

    @app.post("/webhooks/sms/vcom")
    def push() -> dict[str, dict[str, int]]:
        body = request.get_data()
        facts = ("sms:vcom", json.loads(body)["request_id"], body, "2026-07-01")
        if lite:
            with alone:
                connection().execute(INSERT.format("?"), facts)
                connection().commit()
        else:
            connection().execute(INSERT.format("%s"), facts)
            connection().commit()
        return {"data": {"code": 200}}

    return app


def _connect(url: str) -> Any:
    if url.startswith("sqlite"):
        made = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("PRAGMA synchronous = FULL")
        return made
    import psycopg

    return psycopg.connect(url)


def prepare(kind: str, found: Databases, folder: Path) -> tuple[str, dict[str, str]]:
    """Make the database of a kind; return its URL and the environment of its server."""
    if kind == "bare":
        if found.engine == "postgresql":
            url = found.blank(kind)
        else:
            found.drop(kind)
            url = found.url(kind)
        lite = found.engine == "sqlite"
        key = "integer PRIMARY KEY" if lite else "bigserial PRIMARY KEY"
        made = _connect(url)
        made.execute(BARE.format(key=key, blob="blob" if lite else "bytea"))
        made.commit()
        made.close()
        return url, {**os.environ}
    from fundsvc import clock
    from tests.support.pushes import KEY

    url = found.fresh(kind)
    environment = {
        **os.environ,
        "FUNDSVC_DATABASE_URL": url,
        "FUNDSVC_INSTANCE_DIR": str(folder),
    }
    day = clock.today()
    campaign = folder / "campaigns.csv"
    first, last = day - timedelta(days=2), day + timedelta(days=2)
    campaign.write_text(CAMPAIGN.format(first=first, last=last), encoding="utf-8")
    for arguments in (
        ("campaign", "import", str(campaign)),
        ("gateway", "add", "vcom", "--form", "vcom", "--client-id", "demo", "--secret", KEY),
    ):
        program(environment, *arguments)
    return url, environment


def program(environment: dict[str, str], *arguments: str) -> str:
    """Run our program and return what it printed."""
    command = [sys.executable, "-m", "fundsvc.cli", *arguments]
    done = subprocess.run(
        command, check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


# --- the clients, in a process of their own --------------------------------------------------


def load(port: int, seconds: float) -> dict[str, Any]:
    """Send for some seconds; return the rate and the durations' median and 99th hundredth."""
    enough = int(MOST_A_SECOND * (seconds + WARM) / CLIENTS)
    work = [_requests(number, enough) for number in range(CLIENTS)]
    found: list[list[float]] = []
    ready = threading.Barrier(CLIENTS)
    threads = [
        threading.Thread(target=lambda made=made: found.append(send(port, made, seconds, ready)))
        for made in work
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told_of(found, seconds)


def told_of(found: list[list[float]], seconds: float) -> dict[str, Any]:
    """Return the rate and the durations' median and 99th hundredth, in seconds."""
    every = sorted(duration for durations in found for duration in durations)
    return {
        "rate": len(every) / seconds,
        "p50": every[len(every) // 2],
        "p99": every[len(every) * 99 // 100],
    }


def _requests(client: int, count: int) -> list[bytes]:
    from fundsvc import clock
    from tests.support import messages, pushes

    at = clock.now().isoformat(timespec="seconds")
    made = []
    for number in range(count):
        row = messages.one(request_id=f"B{client}-{number:06d}", message="TS 5", received_at=at)
        push = pushes.vcom(row)
        head = (
            f"POST {push.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(push.body)}\r\n\r\n"
        )
        made.append(head.encode() + push.body)
    return made


def send(port: int, made: list[bytes], seconds: float, ready: threading.Barrier) -> list[float]:
    """Send over one connection; return how long each request took."""
    durations: list[float] = []
    with socket.create_connection(("127.0.0.1", port), 30) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.wait()
        start = time.perf_counter() + WARM
        end = start + seconds
        for request in made:
            before = time.perf_counter()
            if before >= end:
                break
            wire.sendall(request)
            answer = wire.recv(65_536)
            while not _is_whole(answer):
                answer += wire.recv(65_536)
            assert answer[:12] in {b"HTTP/1.1 200", b"HTTP/1.1 303"}, answer[:500]
            if before >= start:
                durations.append(time.perf_counter() - before)
    return durations


def _is_whole(answer: bytes) -> bool:
    head, parted, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    return bool(parted) and len(body) >= length


# --- the table -------------------------------------------------------------------------------


def run_one(kind: str, found: Databases, seconds: float) -> dict[str, float]:
    """Measure one kind once, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        url, environment = prepare(kind, found, Path(name))
        found.settle()
        told = serve_and_load(kind, url, environment, [__file__], seconds=seconds)
        if kind == "ours":
            start = time.perf_counter()
            handled = json.loads(program(environment, "sms", "handle", "--json"))["handled"]
            told["handled"] = handled / (time.perf_counter() - start)
        return told


def serve_and_load(
    kind: str, url: str, environment: dict[str, str], loader: list[str], *, seconds: float
) -> dict[str, float]:
    """Begin a server of a kind, let the clients of another process load it, and end it."""
    port = free_port()
    serve = (
        [sys.executable, __file__, "--serve-bare", url, str(port)]
        if kind == "bare"
        else [sys.executable, "-m", "fundsvc.cli", "serve", "--no-worker", "--port", str(port)]
    )
    with subprocess.Popen(serve, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            _await(port)
            command = [sys.executable, *loader, "--load", str(port), "--seconds", f"{seconds}"]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        finally:
            server.terminate()
    told: dict[str, float] = json.loads(done.stdout)
    return told


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(6)  # Until every process of it has loaded the application.
            return
    raise TimeoutError(port)


def measure(arguments: argparse.Namespace, engine: str) -> None:
    """Let the kinds alternate and print the rows."""
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    with databases(engine, on=arguments.on) as found:
        for _ in range(arguments.repeat):
            for kind, told in rounds.items():
                told.append(run_one(kind, found, arguments.seconds))
    where = f"{engine}, {CLIENTS} clients" + (", on disk" if arguments.on == "disk" else "")
    print_rows(_rows(rounds, where), arguments.rows)


def _rows(rounds: dict[str, list[dict[str, float]]], where: str) -> list[Row]:
    def of(kind: str, figure: str) -> list[float]:
        return [told[figure] for told in rounds[kind]]

    names = {"rate": "pushes over HTTP", "p50": "push, p50", "p99": "push, p99"}
    rows = [
        compared(
            work,
            where,
            "bare insert endpoint",
            ours=of("ours", figure),
            theirs=of("bare", figure),
            unit="/s" if figure == "rate" else "s",
            at_least=AIM if figure == "rate" else None,
        )
        for figure, work in names.items()
    ]
    booked = limited("pushes handled", where, ours=of("ours", "handled"), unit="/s", at_most=None)
    return [*rows, booked]


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--on", choices=("memory", "disk"), default="memory")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rows", type=Path, help="add the rows to this file, as JSON lines")
    parser.add_argument("--serve-bare", nargs=2, metavar=("URL", "PORT"), help="the bare server")
    parser.add_argument("--load", type=int, metavar="PORT", help="the clients, as JSON")
    arguments = parser.parse_args()
    if arguments.serve_bare:
        sys.argv[1:] = []
        serve_bare(arguments.serve_bare[0], int(arguments.serve_bare[1]))
    elif arguments.load:
        print(json.dumps(load(arguments.load, arguments.seconds)))
    else:
        print(f"{machine()}\n\n{HEAD}")
        for engine in arguments.engine:
            measure(arguments, engine)


if __name__ == "__main__":
    main()
