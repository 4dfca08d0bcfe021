"""A real browser against a real server with the demo year; Debian's chromium drives it.

Cards are taken by our own small Stripe, and a bank's gateway may tell of money.
"""

import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import make_url
from werkzeug.serving import make_server

from fundsvc import clock
from fundsvc.app import create_app
from fundsvc.config import Settings
from fundsvc.db import db, transaction
from fundsvc.demo import loader
from fundsvc.reconciliation import senders
from tests.support import notices, stripe
from tests.support.databases import Databases
from tests.support.stripe import FakeStripe
from tests.support.stripe_server import serving

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
BOOKS = "books.sqlite"
# A busy machine takes longer than the usual five seconds to book and answer; how long it may take
# is measured by the benchmarks.
expect.set_options(timeout=30_000)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service with the demo year, and the Stripe that it takes cards by."""

    address: str
    app: Flask
    stripe: FakeStripe


@pytest.fixture(scope="session")
def demo_year(databases: Databases) -> Path:
    """The folder with the demo year, which the first process of the run that asks loads."""
    folder = databases.folder / "demo-year"
    with databases.alone("demo-year"):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            with databases.fresh("sqlite") as url:
                app = create_app(settings_of(url, unfinished / "instance"))
                with app.app_context():
                    with transaction() as session:
                        loader.load(session, _quietly)
                        senders.add(session, "casso", "casso", [notices.KEY], by=None)
                    db.session.remove()
                    db.engine.dispose()  # What was written last goes from beside the file into it.
                shutil.copyfile(make_url(url).database or "", unfinished / BOOKS)
            unfinished.rename(folder)
    return folder


def settings_of(url: str, instance: Path) -> Settings:
    """Return the settings of a service on some books."""
    return Settings(
        database_url=url,
        secret_key="k" * 64,
        data_key="d" * 64,
        base_url="http://127.0.0.1",
        instance_dir=instance,
        stripe_key=stripe.KEY,
        stripe_webhook_secret=stripe.SECRET,
    )


@pytest.fixture(scope="session")
def service(demo_year: Path) -> Iterator[Service]:
    """A server in a thread of this process, on books of its own."""
    with (
        tempfile.TemporaryDirectory() as name,
        socket.create_server(("127.0.0.1", 0)) as door,
        serving(clock.now()) as fake,
    ):
        # Stripe sends donors back to this address, so it is known before the service is made.
        port = door.getsockname()[1]
        folder = shutil.copytree(demo_year, Path(name) / "books")
        own = settings_of(f"sqlite:///{folder / BOOKS}", folder / "instance")
        settings = replace(own, base_url=f"http://127.0.0.1:{port}", stripe_api_base=fake.url)
        app = create_app(settings)
        server = make_server("127.0.0.1", port, app, threaded=True, fd=door.fileno())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Service(settings.base_url, app, fake)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for the whole run."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page; what the browser complains of fails the test."""
    context = browser.new_context()
    page = context.new_page()
    complaints = listen(page)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def treasurer(browser: Browser, service: Service) -> Iterator[BrowserContext]:
    """The treasurer's browser, signed in by the form."""
    context = browser.new_context(base_url=service.address)
    page = context.new_page()
    sign_in(page, "thuquy")
    page.close()
    yield context
    context.close()


def _quietly(_step: str) -> None:
    """Tell nobody how far the demo year is."""


def sign_in(page: Page, username: str) -> None:
    """Sign in by the form, as a person does."""
    page.goto("/sign-in")
    page.get_by_label("Tên đăng nhập").fill(username)
    page.get_by_label("Mật khẩu").fill(loader.PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Đăng nhập").click()
    page.wait_for_url("**/")


def listen(page: Page) -> list[str]:
    """Return the list that a page's complaints will stand in."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in {"error", "warning"} else None
        ),
    )
    return complaints
