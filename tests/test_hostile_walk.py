"""Every page with nonsense in its address, its query, its form or the body sent to it.

Each test walks a quarter of the pages with one application, for a fresh one per value would take an
hour, and names all faults it found at once. What broke most meets every field; of the rest each
page meets a share, another page another share, and on the next day each page the next. `make walk`
lets every page meet everything, on both engines.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from fundsvc.db import db
from tests import corpus
from tests.support.hostile import FORM, encoded, token_of
from tests.support.turns import ALL, TODAY

SignedIn = Callable[..., FlaskClient]

QUARTERS = 4
T = TypeVar("T")
# As they stand in an address: NUL, bytes that are no UTF-8, digits that are none, and the rest.
WRITTEN = (
    "%00",
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "%C0%AF",
    "%E2%80%AE",
    "%F0%9F%98%80",
    "9223372036854775807",
    "9223372036854775808",
    "9" * 30,
    "9" * 400,
    "-1",
    "0",
    "1e3",
    "%C2%B2",
    "%D9%A1",
    "NaN",
    "..%2F..%2Fetc%2Fpasswd",
    "%27%20OR%201=1--",
    "{{7*7}}",
    "%25s%25n",
    "a" * 3000,
    "=1+1",
    "0000-00-00",
    "2024-02-30",
    "9999-99-99",
    "%20",
    "%FF",
)
KEYS = (*WRITTEN, *(encoded({"": key})[1:] for key in corpus.NEVER_KEYS if len(key) < 10_000))
# What broke most, each in its own way.
ALWAYS = ("%00", "%FF", "9" * 30)
VALUES = (
    *(value for value in WRITTEN if value not in ALWAYS),
    *(
        encoded({"": value})[1:]
        for value in (*corpus.UNKEEPABLE[::3], *corpus.ODD[::4], *corpus.FORMULAS[::3], "x" * 5_000)
    ),
)
NEVER_DAYS = tuple(encoded({"": day})[1:] for day in corpus.NEVER_DAYS[:-1])
DAYS = frozenset({"from", "to", "month", "year"})
NO_FIELDS = frozenset({"csrf_token", "viewport", "color-scheme", "theme-color"})
# What pages ask of an address, whether or not it is a field on them.
OFTEN = ("from", "to", "fund", "unit", "after", "before")
ALSO = {
    "/card-payments": ("before",),
    "/clearing/unidentified": ("after",),
    "/donations.csv": ("q", "province"),
    "/donors": ("q",),
    "/donors.csv": ("q",),
    "/donors/1/merge": ("q",),
    "/dues": ("year",),
    "/dues/new": ("month",),
    "/entries/1": ("back",),
    "/give": ("lang",),
    "/imports/bank": ("account",),
    "/letters": ("state",),
    "/periods": ("year",),
    "/periods/carry-forward": ("year",),
    "/preferences": ("language", "text", "next"),
    "/receipts/again.pdf": ("proof",),
    "/search": ("q",),
    "/spending.csv": ("line",),
    "/statements/fund": ("province", "provinces"),
    "/statements/fund.csv": ("province", "provinces"),
    "/statements/fund.json": ("province", "provinces"),
    "/statements/fund/entries": ("province", "provinces", "line", "part"),
    "/statements/general-ledger": ("account", "province", "provinces", "at"),
    "/statements/general-ledger.json": ("account", "province"),
    "/statements/journal": ("province", "at"),
    "/statements/journal.csv": ("province",),
    "/statements/trial-balance": ("province", "provinces", "by"),
    "/statements/trial-balance.csv": ("province", "by"),
    "/units": ("q", "kind", "province"),
    "/v": ("number", "c"),
    "/v/NT-2024-000001": ("c",),
    "/v/NT-2024-000001/proof.json": ("c",),
    "/v/XN-2024-000001": ("c",),
    "/voucher-templates/new": ("voucher",),
    "/vouchers": ("kind", "state", "number", "mine"),
    "/vouchers.csv": ("kind", "state", "number", "mine"),
    "/vouchers/new": ("kind",),
    "/workbench/compare": ("month",),
}
BODIES = (
    (corpus.nested_json(), "application/json"),
    (b'{"amount": 1e999}', "application/json"),
    (b'{"a": "\\ud800"}', "application/json"),
    (b"\xff\xfe\x00", "application/json"),
    (b"", "application/json"),
    (b"a" * 2_000_000, FORM),
    (b"&" * 100_000, FORM),
    (b"\xff" * 1000, FORM),
    (b"a=%00&csrf_token=%FF", FORM),
    (b"%ff%fe=%00", FORM),
    (b"--x\r\n", "multipart/form-data"),
    (b"--x\r\n\r\n", "multipart/form-data; boundary=x"),
    (b"--x\r\nContent-Disposition: form-data\r\n\r\n1", "multipart/form-data; boundary=x"),
    (b"", "multipart/form-data; boundary=" + "x" * 5_000),
    (b"x", "text/plain; charset=nonsense"),
    (b"a=1", "text/plain; charset=\xff".encode("latin-1").decode("latin-1")),
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("failures_are_answers"),
]
quarters = pytest.mark.parametrize("quarter", range(QUARTERS))


def share(values: Sequence[T], at: int, least: int) -> Iterator[T]:
    """Yield the values that a place in the walk meets today; the next places meet the others."""
    count = len(values) if ALL else min(least, len(values))
    for number in range(count):
        yield values[((at + TODAY) * count + number) % len(values)]


@quarters
def test_in_an_address(app: Flask, signed_in: SignedIn, quarter: int) -> None:
    faults = []
    treasurer, admin = signed_in("treasurer"), signed_in("admin")
    for at, rule in enumerate(rules(app, "GET")[quarter::QUARTERS]):
        for browser, keys in ((treasurer, share(KEYS, at, 8)), (admin, share(KEYS, at, 3))):
            for key in keys if rule.arguments else ("",):
                address = key.join(re.split(r"<[^>]*>", rule.rule))
                status = browser.get(address).status_code
                if status >= 500:
                    faults.append((address[:80], status))
    assert faults == []


@quarters
def test_in_a_query(app: Flask, signed_in: SignedIn, quarter: int) -> None:
    """In all fields of a page at once, and in each alone: the first that refuses hides others."""
    browser = signed_in("treasurer")
    faults = []
    taken = db.engine.pool.checkedout()  # type: ignore[attr-defined]  # a pool that counts
    for at, (path, names, own) in enumerate(questions(app, browser, quarter)):
        asked = [
            "&".join(f"{quote(name)}={value}" for name in names) for value in share(VALUES, at, 3)
        ]
        for number, name in enumerate(names):
            values = (*ALWAYS, *share(VALUES, at + number, 1))
            if name in DAYS:
                values += NEVER_DAYS if name in own else tuple(share(NEVER_DAYS, at + number, 1))
            asked += (f"{name}={value}" for value in values)
        for query in asked:
            status = browser.get(f"{path}?{query}").status_code
            if status >= 500:
                faults.append((path, query[:80], status))
        assert browser.get(f"{path}?%FF%00=%00").status_code == 400, path
        assert db.engine.pool.checkedout() == taken, f"{path} keeps a connection"  # type: ignore[attr-defined]  # as above
    assert faults == []


@quarters
def test_in_a_form(app: Flask, signed_in: SignedIn, quarter: int) -> None:
    faults = []
    for role in ("treasurer", "admin"):
        browser = signed_in(role)
        token = token_of(browser.get("/settings").text)
        for at, rule in enumerate(rules(app, "POST")[quarter::QUARTERS]):
            if rule.endpoint == "security.logout":
                continue
            path = re.sub(r"<[^>]+>", "1", rule.rule)
            names = fields(browser, path) or ()
            for value in share(WRITTEN, at, 6) if names else WRITTEN[:1]:
                written = "&".join(f"{quote(name)}={value}" for name in names)
                answer = browser.post(path, data=f"csrf_token={token}&{written}", content_type=FORM)
                if answer.status_code >= 500:
                    faults.append((role, path, value, answer.status_code))
        assert browser.get("/settings").status_code == 200, "signed out on the way"
    assert faults == []


@quarters
def test_in_a_body(app: Flask, client: FlaskClient, signed_in: SignedIn, quarter: int) -> None:
    faults = []
    treasurer = signed_in("treasurer")
    for at, rule in enumerate(rules(app, "POST")[quarter::QUARTERS]):
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for browser, least in ((treasurer, 6), (client, 2)):
            for body, kind in share(BODIES, at, least):
                status = browser.post(path, data=body, content_type=kind).status_code
                if not 400 <= status < 500:
                    faults.append((path, kind[:30], body[:20], status))
    assert faults == []


def questions(
    app: Flask, browser: FlaskClient, quarter: int
) -> Iterator[tuple[str, Collection[str], Collection[str]]]:
    """Yield each page of a treasurer with what it may be asked, and which of it are its own."""
    plain = {rule.rule for rule in rules(app, "GET") if not rule.arguments}
    for path in sorted(plain | ALSO.keys())[quarter::QUARTERS]:
        found = fields(browser, path)
        if found is not None or path in ALSO:
            own = {*(found or ()), *ALSO.get(path, ())}
            yield path, sorted({*own, *OFTEN}), own


def fields(browser: FlaskClient, path: str) -> list[str] | None:
    """Return the names of the fields on a page; None if there is no such page."""
    page = browser.get(path)
    if page.status_code != 200:
        return None
    return sorted(set(re.findall(r'\sname="([^"]+)"', page.text)) - NO_FIELDS)


def rules(app: Flask, method: str) -> list[Rule]:
    """Return the routes that take a method."""
    found = (rule for rule in app.url_map.iter_rules() if method in (rule.methods or ()))
    return sorted(found, key=lambda rule: (rule.rule, rule.endpoint))
