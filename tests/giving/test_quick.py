"""The form of giving by one statement: the same promise, the same refusals as the longer way."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, func, select
from sqlalchemy.orm import Session

from fundsvc import clock as service_clock
from fundsvc.db import db, transaction
from fundsvc.driver import run_plain
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.giving import codes, pages, quick
from fundsvc.giving.models import CampaignPage, Pledge
from fundsvc.giving.promises import cleaned
from fundsvc.giving.service import digest_of, email, phone, row_of
from tests.support.giving import PROMISE, SLUG, published

pytestmark = pytest.mark.usefixtures("clock", "page")

DESK = quick.Desk()


@pytest.fixture
def page(app: Flask) -> str:
    """A page that has taken a promise, so that its number is known."""
    del app
    made = published()
    promise("first")
    return made


def promise(key: str, **other: Any) -> str:
    return DESK.promise(SLUG, replace(PROMISE, **other), key)


def count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Pledge)) or 0


def test_one_statement_writes_all_that_was_promised(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    def run(connection: Connection, statement: str, values: Sequence[Any]) -> Any:
        said.append("at once")
        return run_plain(connection, statement, values)

    monkeypatch.setattr(quick, "run_plain", run)
    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        token = promise("k1", email="an@example.org", phone="0912 000 111", province=None)
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    assert said == ["at once"]
    made = session.scalars(select(Pledge).where(Pledge.token == token)).one()
    page = pages.by_slug(session, SLUG)
    assert (made.page_id, made.unit_id, made.key) == (page.id, page.unit_id, "k1")
    assert (made.amount, made.name, made.state) == (PROMISE.amount, PROMISE.name, "open")
    assert (email(made), phone(made)) == ("an@example.org", "0912 000 111")
    assert codes.is_code(made.code)
    assert made.made_at == service_clock.now()


@pytest.mark.parametrize("province", [None, "2025:44"])
def test_nobody_reads_while_waiting_for_the_others(
    session: Session, monkeypatch: pytest.MonkeyPatch, province: str | None
) -> None:
    reading: list[bool] = []
    keep = DESK._gathering.keep

    def held(row: quick.Row) -> str | None:
        reading.append(session.in_transaction())
        return keep(row)

    monkeypatch.setattr(DESK._gathering, "keep", held)
    promise("k1", province=province)
    assert reading == [False]


def test_the_same_form_is_one_promise_and_other_words_are_refused(session: Session) -> None:
    token = promise("k1")
    with service_clock.fixed(service_clock.now() + timedelta(days=1)):
        assert promise("k1") == token
        with pytest.raises(Conflict):
            promise("k1", amount=PROMISE.amount + 1)
    assert count(session) == 2


@pytest.mark.parametrize("shut", ["closed", "over", "early"])
def test_a_page_that_takes_nothing_any_more_takes_nothing_at_once(
    session: Session, shut: str
) -> None:
    today = service_clock.today()
    with transaction() as writing:
        if shut == "closed":
            pages.close(writing, SLUG, by=None)
        else:
            kept = writing.scalars(select(CampaignPage)).one()
            kept.closes_on = today - timedelta(days=1) if shut == "over" else None
            kept.opens_on = today + timedelta(days=1) if shut == "early" else None
    with pytest.raises(Refusal):
        promise("k1")
    with pytest.raises(NotFound):
        DESK.promise("khong-co", PROMISE, "k1")
    assert count(session) == 1


def test_a_code_that_was_drawn_before_is_drawn_anew(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = session.scalars(select(Pledge.code)).one()
    session.rollback()
    free = codes.draw()
    drawn = iter([taken, taken, free])
    monkeypatch.setattr(codes, "draw", lambda: next(drawn))
    token = promise("k1")
    assert session.scalar(select(Pledge.code).where(Pledge.token == token)) == free
    assert count(session) == 2


def test_what_comes_at_once_is_kept_together_and_each_key_once(
    app: Flask, session: Session
) -> None:
    start = threading.Barrier(10)
    told: list[tuple[str, str]] = []

    def send(key: str) -> None:
        with app.app_context():
            start.wait()
            told.append((key, promise(key, email=f"{key}@example.org", phone="0912 000 111")))

    threads = [threading.Thread(target=send, args=(f"k{number % 5}",)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 10
    assert len(set(told)) == 5
    assert count(session) == 6
    for key, token in told:
        made = session.scalars(select(Pledge).where(Pledge.key == key)).one()
        assert (made.token, email(made)) == (token, f"{key}@example.org")


def test_nobody_fails_for_the_words_of_another(session: Session) -> None:
    page = pages.by_slug(session, SLUG).id
    good, bad = (row(session, page, key) for key in ("k1", "k2"))
    bad.told["method"] = "gold"
    assert quick.keep([good, bad]) == [None, None]
    assert count(session) == 1
    assert quick.keep([good]) == [good.told["token"]]
    closed = row(session, page, "k3")._replace(slug="khac")
    again = row(session, page, "k1")
    new = row(session, page, "k0")
    assert quick.keep([closed, again, new]) == [None, None, new.told["token"]]
    assert count(session) == 3


def row(session: Session, page_id: int, key: str) -> quick.Row:
    told, province = cleaned(lambda: session, PROMISE)
    facts = row_of(told, province, key=key, digest=digest_of(page_id, told))
    session.rollback()
    return quick.Row(facts, page_id, SLUG, service_clock.today())
