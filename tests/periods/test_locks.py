"""A gift and a closing at the same moment, step by step: one waits for the other, and then knows.

Two threads have a transaction each. The first stops with its transaction open; the second is seen
to wait; then the first commits, and what the second finds is what the test is about.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc import clock
from fundsvc.books import service as books
from fundsvc.db import db, transaction
from fundsvc.errors import Conflict, Refusal
from fundsvc.periods import locks, service
from ledger import recipes
from tests.periods.conftest import AUGUST, MOMENT, SEPTEMBER, Give

LONG_ENOUGH = 0.4
MOST = 20


class Other:
    """Somebody else's act in a thread and transaction of its own, which ends when told to."""

    def __init__(self, app: Flask, act: Callable[[Any], Any]) -> None:
        self.app, self.act = app, act
        self.did, self.may_end = threading.Event(), threading.Event()
        self.outcome: Any = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with self.app.app_context(), clock.fixed(MOMENT):
            try:
                with transaction() as session:
                    self.outcome = self.act(session)
                    self.did.set()
                    assert self.may_end.wait(MOST)
            except Exception as error:  # noqa: BLE001 - the test looks at it
                self.outcome = error
            finally:
                self.did.set()

    def is_waiting(self) -> bool:
        """Say whether it has come to nothing in a while."""
        return not self.did.wait(LONG_ENOUGH)

    def end(self) -> Any:
        """Let it commit and return what came of it."""
        self.may_end.set()
        self.thread.join(MOST)
        assert not self.thread.is_alive()
        return self.outcome


@contextmanager
def others(*found: Other) -> Iterator[None]:
    """End the others whatever happens."""
    try:
        yield
    finally:
        for other in found:
            other.may_end.set()


def book(day: date) -> Callable[[Any], Any]:
    entry = recipes.cash_donation(
        on=day, unit="TW", fund="nghia-tinh", amount=70_000, description="Thu tiền mặt"
    )
    key = f"{day}-{time.monotonic_ns()}"
    return lambda session: books.post(session, entry, source="test", external_id=key)


def close(month: date) -> Callable[[Any], Any]:
    return lambda session: service.close(
        session, "TW", month, through=True, seen=service.SEEN, by=None
    )


def test_a_closing_waits_for_a_gift_in_flight_and_counts_it(app: Flask, give: Give) -> None:
    give(date(2024, 9, 2))
    poster = Other(app, book(date(2024, 9, 30)))
    assert poster.did.wait(MOST)
    closer = Other(app, close(SEPTEMBER))
    with others(poster, closer):
        assert closer.is_waiting()
        assert poster.end().new
        (closing,) = closer.end().closed
    assert (closing.facts["entries"], closing.facts["debit"]) == (2, 170_000)


def test_a_gift_waits_for_a_closing_in_flight_and_is_refused_by_name(
    app: Flask, give: Give
) -> None:
    give(date(2024, 9, 2))
    closer = Other(app, close(SEPTEMBER))
    assert closer.did.wait(MOST)
    poster = Other(app, book(date(2024, 9, 30)))
    with others(poster, closer):
        assert poster.is_waiting()
        (closing,) = closer.end().closed
        refused = poster.end()
    assert closing.facts["debit"] == 100_000
    assert isinstance(refused, Refusal)
    assert "Tháng 09/2024" in str(refused)
    assert "đã khóa sổ ngày 05/10/2024" in str(refused)


def test_a_gift_in_flight_to_an_earlier_month_is_waited_for_too(app: Flask, give: Give) -> None:
    give(date(2024, 9, 2))
    poster = Other(app, book(date(2015, 3, 3)))
    assert poster.did.wait(MOST)
    closer = Other(app, close(SEPTEMBER))
    with others(poster, closer):
        assert closer.is_waiting()
        assert poster.end().new
        assert [each.month for each in closer.end().closed] == [date(2015, 3, 1), SEPTEMBER]


def test_a_gift_rolled_back_counts_nowhere(app: Flask, give: Give) -> None:
    give(date(2024, 9, 2))

    def fail(session: Any) -> None:
        book(date(2024, 9, 30))(session)
        poster_did.set()
        assert may_fail.wait(MOST)
        raise InterruptedError

    poster_did, may_fail = threading.Event(), threading.Event()
    poster = Other(app, fail)
    assert poster_did.wait(MOST)
    closer = Other(app, close(SEPTEMBER))
    with others(poster, closer):
        assert closer.is_waiting()
        may_fail.set()
        assert isinstance(poster.end(), InterruptedError)
        (closing,) = closer.end().closed
    assert closing.facts["debit"] == 100_000


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_gifts_of_today_and_of_other_units_wait_for_no_closing(app: Flask, give: Give) -> None:
    give(date(2024, 9, 2))
    closer = Other(app, close(SEPTEMBER))
    assert closer.did.wait(MOST)
    with others(closer):
        give(date(2024, 10, 2))
        give(date(2024, 9, 2), unit="HT-44")
        assert closer.end().closed


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_closing_gives_up_when_a_large_import_goes_on(
    app: Flask, give: Give, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "_WAIT", "100ms")
    give(date(2024, 9, 2))
    poster = Other(app, book(date(2024, 9, 30)))
    assert poster.did.wait(MOST)
    with others(poster):
        with transaction() as session, pytest.raises(Conflict, match="Đang có đợt ghi sổ lớn"):
            close(SEPTEMBER)(session)
        assert poster.end().new


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_closing_by_hand_waits_too(app: Flask, give: Give) -> None:
    """The guard of the table takes the lock for whoever forgets it."""
    give(date(2024, 9, 2))
    poster = Other(app, book(date(2024, 9, 30)))
    assert poster.did.wait(MOST)
    shut = text(
        "INSERT INTO period (unit_id, month, state, closed_at, closing)"
        " SELECT id, '2024-09-01', 'closed', now(), '{}' FROM unit WHERE code = 'TW'"
    )
    closer = Other(app, lambda session: session.execute(shut).rowcount)
    with others(poster, closer):
        assert closer.is_waiting()
        assert poster.end().new
        assert closer.end() == 1


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_an_old_snapshot_books_nothing(app: Flask, give: Give, level: str) -> None:
    give(date(2024, 9, 2))
    with db.engine.connect() as connection:
        connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {level}")
        with pytest.raises(DBAPIError, match="READ COMMITTED"):
            connection.exec_driver_sql(
                "WITH made AS (INSERT INTO entry (date, kind, description, unit_id, source,"
                " external_id, lines, posted_at) SELECT '2024-09-03', 'other', '', unit.id,"
                " 'hand', '1', 2, now() FROM unit WHERE code = 'TW' RETURNING id, unit_id)"
                " INSERT INTO posting (entry_id, line, lines, date, account_id, fund_id, unit_id,"
                " debit, credit) SELECT made.id, side, 2, '2024-09-03', 1, 1, made.unit_id,"
                " CASE side WHEN 1 THEN 5 ELSE 0 END, CASE side WHEN 2 THEN 5 ELSE 0 END"
                " FROM made CROSS JOIN generate_series(1, 2) AS side"
            )


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_two_closings_of_one_unit_come_one_after_the_other(app: Flask, give: Give) -> None:
    give(date(2024, 8, 2))
    give(date(2024, 9, 2))
    first = Other(app, close(SEPTEMBER))
    assert first.did.wait(MOST)
    second = Other(app, close(AUGUST))
    with others(first, second):
        assert second.is_waiting()
        assert [each.month for each in first.end().closed] == [AUGUST, SEPTEMBER]
        assert second.end().closed == ()
