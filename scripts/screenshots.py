#!/usr/bin/env python3
"""Take the pictures of docs/screenshots: the demo year in a browser, always on the same day.

usage: scripts/screenshots.py [FOLDER]

The database is made in a temporary folder and thrown away; a bank's gateway tells of the money that
turns the page of giving green. Wants Debian's chromium, or the one that playwright brought.
"""

import io
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final

from flask import Flask
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import create_engine
from werkzeug.serving import WSGIRequestHandler, make_server

from fundsvc import clock, schema
from fundsvc.app import create_app
from fundsvc.config import Settings
from fundsvc.db import transaction
from fundsvc.demo import loader, plan
from fundsvc.demo.giving import ACCOUNT, SLUG
from fundsvc.reconciliation import notices, senders
from fundsvc.seals.service import seal_new

FOLDER: Final = Path(__file__).parent.parent / "docs" / "screenshots"
MOMENT: Final = datetime(2026, 11, 20, 9, 30, tzinfo=clock.VN)
LARGEST: Final = 120_000
COLOURS: Final = 128
SECRET: Final = "khoa-cua-nam-mau"  # noqa: S105 - of a database that is thrown away
NUMBER: Final = next(number for code, _bank, number, *_of in plan.BANK_ACCOUNTS if code == ACCOUNT)
PHONE: Final = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
DESK: Final = {"viewport": {"width": 1280, "height": 800}}
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
STATEMENT: Final = "/statements/fund?fund=nghia-tinh&from=2026-01-01&to=2026-10-31"


class _Quiet(WSGIRequestHandler):
    """Tells nothing of requests."""

    def log_request(self, *_args: Any, **_options: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with clock.fixed(MOMENT), tempfile.TemporaryDirectory() as place:
        app = _demo(Path(place))
        with _served(app) as address, sync_playwright() as playwright:
            chromium = playwright.chromium
            path = shutil.which("chromium") or chromium.executable_path
            browser = chromium.launch(executable_path=path, args=list(FLAGS))
            for name, page in chain(_donor(browser, address, app), _treasurer(browser, address)):
                _keep(page, folder / f"{name}.png")
            browser.close()


def _demo(place: Path) -> Flask:
    """Make the service with the demo year, and the door by which a bank tells of money."""
    url = f"sqlite:///{place / 'demo.sqlite'}"
    engine = create_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    settings = Settings(
        database_url=url,
        secret_key="k" * 64,
        data_key="d" * 64,
        base_url="http://localhost",
        instance_dir=place,
    )
    app = create_app(settings)
    with app.app_context():
        with transaction() as session:
            loader.load(session, _quietly)
            senders.add(session, "sepay", "sepay", [SECRET], by=None)
        seal_new()
    return app


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    """Serve on a port that is free; every request is of the one moment."""
    inner = app.wsgi_app

    def then(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with clock.fixed(MOMENT):
            return inner(environ, start_response)

    app.wsgi_app = then  # type: ignore[method-assign]
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        server = make_server(
            "127.0.0.1", port, app, threaded=True, request_handler=_Quiet, fd=door.fileno()
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}"
        server.shutdown()
        thread.join()


def _donor(browser: Browser, address: str, app: Flask) -> Iterator[tuple[str, Page]]:
    """Give by VietQR on a phone, from the campaign's page to the verified receipt."""
    page = browser.new_context(base_url=address, **PHONE).new_page()  # type: ignore[arg-type]
    page.goto(f"/give/{SLUG}")
    page.get_by_label("500.000 đ", exact=True).check()
    # Taller than the phone, so that the campaign and the amounts are in one picture.
    page.set_viewport_size({"width": 360, "height": 1_180})
    page.evaluate("scrollTo(0, 0)")
    yield "give-phone", page
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("Họ và tên").fill("Nguyễn Thị Mẫu")
    page.get_by_role("button", name="Chuyển khoản bằng VietQR").click()
    page.locator(".qr svg").wait_for()
    yield "vietqr-phone", page
    _bank_tells(page, app)
    page.get_by_role("heading", name="Đã nhận, xin cảm ơn").wait_for()
    yield "thanks-phone", page
    page.get_by_role("main").get_by_role("link", name="Kiểm tra biên nhận").click()
    page.get_by_text("Biên nhận có hiệu lực").wait_for()
    yield "verify-phone", page


def _bank_tells(page: Page, app: Flask) -> None:
    """Let the gateway tell of the money that the page asks for."""
    shown = {
        name: page.locator(f"#c-{name}").get_attribute("data-value") for name in ("amount", "memo")
    }
    line = {
        "id": 1,
        "gateway": "Vietcombank",
        "transactionDate": f"{MOMENT - timedelta(minutes=1):%Y-%m-%d %H:%M:%S}",
        "accountNumber": NUMBER,
        "content": shown["memo"],
        "transferType": "in",
        "transferAmount": int(shown["amount"] or 0),
        "referenceCode": "",
    }
    headers = {"Authorization": f"Apikey {SECRET}"}
    answer = page.request.post("/webhooks/bank/sepay", data=line, headers=headers)
    with app.app_context():
        done = notices.handle()
        seal_new()
    if not answer.ok or done != {"handled": 1}:
        sys.exit(f"the bank's notice was not booked: {answer.status} {dict(done)}")


def _treasurer(browser: Browser, address: str) -> Iterator[tuple[str, Page]]:
    """Look at the treasurer's pages on a desk."""
    context = browser.new_context(base_url=address, **DESK)  # type: ignore[arg-type]
    page = _signed_in(context)
    for name, path in (
        ("home-desktop", "/"),
        ("workbench-desktop", "/workbench/AGRNT"),
        ("fund-statement-desktop", STATEMENT),
        ("sms-desktop", "/sms"),
    ):
        page.goto(path, wait_until="networkidle")
        yield name, page


def _signed_in(context: BrowserContext) -> Page:
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("Tên đăng nhập").fill(loader.USERS[0].username)
    page.get_by_label("Mật khẩu").fill(loader.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/")
    return page


def _keep(page: Page, path: Path) -> None:
    """Keep a picture with few colours, so that it is small, and nothing else in its file."""
    page.evaluate("document.fonts.ready")
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > LARGEST:
        sys.exit(f"{path.name} has {size} bytes")
    print(f"{path.name}  {size:,}")


def _quietly(_step: str) -> None:
    """Tell nobody how far the demo year is."""


if __name__ == "__main__":
    main()
