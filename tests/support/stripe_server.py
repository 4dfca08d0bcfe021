"""The fake Stripe over HTTP: keys, idempotency, forms of nested names, and a page to pay on."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from tests.support.stripe import KEY, FakeStripe, Thing
from tests.support.stripe_api import answer, error

_NAMES = re.compile(r"[^\[\]]+")
_OK = 200
PAGE = (
    b'<!doctype html><html lang=en><link rel=icon href="data:,"><title>Stripe</title>'
    b"<form method=post><button>Pay</button></form>"
)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request; the fake and its lock belong to the server's own subclass."""

    protocol_version = "HTTP/1.1"
    # Head and body leave together: sent in two, the second waits 40 ms for the first's receipt.
    wbufsize = -1
    fake: ClassVar[FakeStripe]
    guard: ClassVar[threading.Lock]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is named there
        """Say nothing."""

    def do_GET(self) -> None:
        """Show the page to pay on, or answer the API."""
        parts = urlsplit(self.path)
        if parts.path.startswith("/pay/"):
            self._send(_OK, PAGE, "text/html")
            return
        self._answer(parts.path, parts.query)

    def do_POST(self) -> None:
        """Pay, or answer the API."""
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if not self.path.startswith("/pay/"):
            self._answer(self.path, text)
            return
        session = self.fake.objects[self.path.removeprefix("/pay/")]
        with self.guard:
            self.fake.pay(session["id"])
        self.send_response(303)
        self.send_header("Location", session["success_url"])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, path: str, text: str) -> None:
        params = _nested(parse_qsl(text, keep_blank_values=True))
        with self.guard:
            self.fake.requests.append((self.command, path))
            status, told = self._decide(path, params)
        self._send(status, json.dumps(told).encode(), "application/json")

    def _decide(self, path: str, params: Thing) -> tuple[int, Thing]:
        fake = self.fake
        if fake.down:
            return 503, error("api_error", "down", "api_error")
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return 401, error("api_key_invalid", "Invalid API Key provided")
        key = self.headers.get("Idempotency-Key") if self.command == "POST" else None
        if key and key in fake.answers:
            asked, told = fake.answers[key]
            if asked != params:
                why = "Keys for idempotent requests can only be used with the same parameters"
                return 400, error("idempotency_key_in_use", why, "idempotency_error")
            return _OK, told
        status, told = answer(fake, self.command, path, params)
        if key and status == _OK:
            fake.answers[key] = (params, json.loads(json.dumps(told)))
        return status, told

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Request-Id", "req_fake")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(at: datetime) -> Iterator[FakeStripe]:
    """Run a fake as a server of this machine."""
    fake = FakeStripe(int(at.timestamp()))
    handler = type("Handler", (_Handler,), {"fake": fake, "guard": threading.Lock()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _nested(pairs: list[tuple[str, str]]) -> Thing:
    """Read `a[b][0]=c` as Stripe does."""
    found: Thing = {}
    for name, value in pairs:
        *way, last = _NAMES.findall(name)
        place = found
        for step in way:
            place = place.setdefault(step, {})
        place[last if last not in place else f"{last}{len(place)}"] = value
    return found
