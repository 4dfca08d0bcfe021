#!/usr/bin/env python3
"""Measure giving on a campaign's page over HTTP against a bare endpoint that only inserts.

usage: benchmarks/giving.py [--engine sqlite ...] [--on disk] [--seconds 60] [--repeat 1]

`ours` is `fundsvc serve --no-worker` taking the form of `/give/<campaign>`: fields read and
checked, name, phone and e-mail sealed, the promise with its memo code committed, the way to the
page with the QR answered. `bare` is the bare endpoint of `push.py` with the same form as its body.
Eight clients send over connections that stay open; each form has a key of its own, and every twenty
forms come from another address, for one address alone may give 120 times a minute.

The money comes by the bank: `donations booked` is the rate at which notices that name these
promises become lines of the bank, donations and numbered receipts (`fundsvc bank-gateway handle`).
The numbers of the receipts are then looked at: 1 to n without a gap.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import push
from benchmarks.support.databases import ENGINES, Databases, databases
from benchmarks.support.table import (
    HEAD,
    Row,
    compared,
    limited,
    machine,
    print_rows,
)

SLUG = "nha-tinh-nghia"
AIM, LONGEST = 0.5, 0.05
MOST_BOOKED = 1_000


def prepare(found: Databases, folder: Path) -> dict[str, str]:
    """Make books with one published page and a gateway; return the environment of its server."""
    environment = {
        **os.environ,
        "FUNDSVC_DATABASE_URL": found.fresh("ours"),
        "FUNDSVC_INSTANCE_DIR": str(folder),
        "FUNDSVC_PROXIES": "1",
    }
    account = ("bank-account", "add", "VCB1", "--bank", "Vietcombank", "--number", "0011004455")
    push.program(environment, *account, "--fund", "nghia-tinh", "--unit", "TW")
    push.program(environment, "bank-gateway", "add", "sepay", "--form", "sepay", "--secret", "khoa")
    subprocess.run([sys.executable, __file__, "--publish"], check=True, cwd=ROOT, env=environment)
    return environment


def publish() -> None:
    """Publish the page in the books of the environment."""
    with _service(), _transaction() as session:
        from fundsvc.giving import page_facts, pages

        facts = page_facts.PageFacts(
            slug=SLUG,
            fund="nghia-tinh",
            unit="TW",
            title="Nhà tình nghĩa",
            story="Dựng nhà cho cựu chiến binh.",
            bank_account_id=1,
            bank_bin="970436",
            account_holder="HOI TRUYEN THONG TRUONG SON",
        )
        pages.make(session, facts, by=None)
        pages.publish(session, SLUG, by=None)


def notify() -> None:
    """Put notices of the bank that name promises into the inbox; print how many."""
    from sqlalchemy import select

    from fundsvc import clock
    from fundsvc.inbox import service as inbox

    at = clock.now().strftime("%Y-%m-%d %H:%M:%S")
    with _service(), _transaction() as session:
        from fundsvc.giving.models import Pledge

        rows = session.execute(select(Pledge.code, Pledge.amount).limit(MOST_BOOKED)).all()
        told = [
            inbox.Delivery("bank:sepay", str(number), _notice(number, code, amount, at))
            for number, (code, amount) in enumerate(rows, 1)
        ]
        inbox.receive_all(session, told)
    print(len(told))


def check() -> None:
    """Say how many receipts there are, if their numbers run from 1 without a gap."""
    from sqlalchemy import select

    from fundsvc.db import read_session

    with _service():
        from fundsvc.receipts.models import Receipt

        numbers = sorted(read_session().scalars(select(Receipt.number)))
    found = [int(number.rpartition("-")[2]) for number in numbers]
    assert found == list(range(1, len(found) + 1)), "the numbers have gaps"
    print(len(found))


def _notice(number: int, code: str, amount: int, at: str) -> bytes:
    told = {
        "id": number,
        "transactionDate": at,
        "accountNumber": "0011004455",
        "content": f"{code} UNG HO",
        "transferType": "in",
        "transferAmount": amount,
    }
    return json.dumps(told).encode()


def _service() -> Any:
    from fundsvc.app import create_app

    return create_app(web=False).app_context()


def _transaction() -> Any:
    from fundsvc.db import transaction

    return transaction()


def load(port: int, kind: str, seconds: float) -> dict[str, Any]:
    """Give for some seconds; return the rate and the durations' median and 99th hundredth."""
    enough = int(push.MOST_A_SECOND / 4 * (seconds + push.WARM) / push.CLIENTS)
    work = [_forms(kind, number, enough) for number in range(push.CLIENTS)]
    found: list[list[float]] = []
    ready = threading.Barrier(push.CLIENTS)
    threads = [
        threading.Thread(
            target=lambda made=made: found.append(push.send(port, made, seconds, ready))
        )
        for made in work
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == push.CLIENTS, "a client was refused"
    return push.told_of(found, seconds)


def _forms(kind: str, client: int, count: int) -> list[bytes]:
    made = []
    for number in range(count):
        key = f"{client:08x}{number:024x}"
        fields = {
            "key": key,
            "choice": "200000",
            "amount": "",
            "name": "Nguyễn Thị Thử",
            "email": f"thu{client}-{number}@example.org",
            "phone": "",
            "method": "bank",
        }
        path, form = f"/give/{SLUG}", urlencode(fields).encode()
        content = "application/x-www-form-urlencoded"
        if kind == "bare":
            path, content = "/webhooks/sms/vcom", "application/json"
            form = json.dumps({"request_id": key, **fields}).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content}\r\n"
            f"X-Forwarded-For: 10.{client}.{number // 20 // 250}.{number // 20 % 250}\r\n"
            f"Content-Length: {len(form)}\r\n\r\n"
        )
        made.append(head.encode() + form)
    return made


def run_one(kind: str, found: Databases, seconds: float) -> dict[str, float]:
    """Measure one kind once, on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="fundsvc-bench-") as name:
        if kind == "bare":
            url, environment = push.prepare(kind, found, Path(name))
        else:
            url, environment = "", prepare(found, Path(name))
        found.settle()
        told = push.serve_and_load(
            kind, url, environment, [__file__, "--kind", kind], seconds=seconds
        )
        if kind == "ours":
            told["booked"] = _booked(environment)
        return told


def _booked(environment: dict[str, str]) -> float:
    ourselves = [sys.executable, __file__]
    subprocess.run([*ourselves, "--notify"], check=True, cwd=ROOT, env=environment)
    start = time.perf_counter()
    push.program(environment, "bank-gateway", "handle", "--json")
    took = time.perf_counter() - start
    done = subprocess.run(
        [*ourselves, "--check"], check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE
    )
    return int(done.stdout) / took


def rows(rounds: dict[str, list[dict[str, float]]], where: str) -> list[Row]:
    """Return the rows of the table."""

    def of(kind: str, figure: str) -> list[float]:
        return [told[figure] for told in rounds[kind]]

    return [
        compared(
            "giving over HTTP",
            where,
            "bare insert endpoint",
            ours=of("ours", "rate"),
            theirs=of("bare", "rate"),
            unit="/s",
            at_least=AIM,
        ),
        limited("giving, p50", where, ours=of("ours", "p50"), unit="s", at_most=None),
        limited("giving, p99", where, ours=of("ours", "p99"), unit="s", at_most=LONGEST),
        limited("donations booked", where, ours=of("ours", "booked"), unit="/s", at_most=None),
    ]


def measure(arguments: argparse.Namespace, engine: str) -> None:
    """Let the kinds alternate and print the rows."""
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    with databases(engine, on=arguments.on) as found:
        for _ in range(arguments.repeat):
            for kind, told in rounds.items():
                told.append(run_one(kind, found, arguments.seconds))
    where = f"{engine}, {push.CLIENTS} clients" + (", on disk" if arguments.on == "disk" else "")
    print_rows(rows(rounds, where), arguments.rows)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--on", choices=("memory", "disk"), default="memory")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each run")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--rows", type=Path, help="add the rows to this file, as JSON lines")
    parser.add_argument("--load", type=int, metavar="PORT", help="the clients, as JSON")
    parser.add_argument("--kind", help="what the clients send to")
    for act in (publish, notify, check):
        parser.add_argument(f"--{act.__name__}", action="store_true", help=act.__doc__)
    arguments = parser.parse_args()
    acts = [act for act in (publish, notify, check) if getattr(arguments, act.__name__)]
    if acts:
        acts[0]()
    elif arguments.load:
        print(json.dumps(load(arguments.load, arguments.kind, arguments.seconds)))
    else:
        print(f"{machine()}\n\n{HEAD}")
        for engine in arguments.engine:
            measure(arguments, engine)


if __name__ == "__main__":
    main()
