"""Jobs: put once, claimed by one, renewed, taken up again, ended exactly once."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import set_scope, transaction
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.jobs import running, service
from fundsvc.jobs.models import DONE, FAILED, RUNNING, WAITING, Job
from fundsvc.jobs.running import Task
from fundsvc.jobs.service import LEASE, MOST_TRIES, Claim, LostError

pytestmark = pytest.mark.usefixtures("app")


def put(key: str = "a", **arguments: Any) -> int:
    with transaction() as session:
        job = service.put(session, "test", arguments, key=key, total=10, locale="vi", by=7)
        return job.id


def claim(later: timedelta = timedelta()) -> Claim | None:
    with clock.fixed(clock.now() + later), transaction() as session:
        return service.claim(session)


def state(session: Session, job_id: int) -> Job:
    session.rollback()
    return session.get_one(Job, job_id)


def test_the_same_key_is_the_same_job() -> None:
    assert put("a") == put("a")
    assert put("a") != put("b")


def test_the_oldest_waits_shortest_and_each_is_claimed_once(session: Session) -> None:
    first, second = put("a"), put("b")
    found = [claim(), claim(), claim()]
    assert [one and one.id for one in found] == [first, second, None]
    assert state(session, first).state == RUNNING


def test_a_lease_that_ran_out_is_taken_up_and_a_renewed_one_is_not() -> None:
    job_id = put()
    first = claim()
    assert first
    assert claim(LEASE - timedelta(seconds=1)) is None
    with clock.fixed(clock.now() + LEASE), transaction() as session:
        service.beat(session, first)
    assert claim(LEASE + timedelta(seconds=1)) is None
    second = claim(3 * LEASE)
    assert second
    assert (second.id, second.tries) == (job_id, 2)


def test_whoever_lost_the_lease_can_neither_end_nor_put_back_the_job(session: Session) -> None:
    job_id = put()
    first = claim()
    second = claim(2 * LEASE)
    assert first
    assert second
    with pytest.raises(LostError), transaction() as writing:
        service.finish(writing, first, {"by": "first"})
    with transaction() as writing:
        service.put_back(writing, first)
    with transaction() as writing:
        service.finish(writing, second, {"by": "second"})
    assert state(session, job_id).told == {"by": "second"}


def test_a_job_that_ends_its_worker_again_and_again_is_given_up(session: Session) -> None:
    job_id, other = put("a"), put("b")
    for _try in range(MOST_TRIES):
        with transaction() as writing:
            found = service.claim(writing)
            assert found
            assert found.id == job_id
        with transaction() as writing:
            service.put_back(writing, found)
    found = claim()
    assert found
    assert found.id == other
    given_up = state(session, job_id)
    assert given_up.state == FAILED
    assert "dừng giữa chừng" in given_up.told["refused"][0]["reason"]  # type: ignore[index]


def test_only_who_made_a_job_finds_it(session: Session) -> None:
    job_id = put()
    assert service.find(session, job_id, "test", by=7).id == job_id
    for kind, by in (("test", 8), ("other", 7)):
        with pytest.raises(NotFound):
            service.find(session, job_id, kind, by=by)


def test_a_job_of_a_unit_is_within_reach_of_who_keeps_that_unit_only(session: Session) -> None:
    of_all, of_unit = put("a"), put("b", unit_id=44)
    for units, seen in (
        (None, [of_unit, of_all]),
        ({44, 45}, [of_unit]),
        ({45}, []),
        (frozenset[int](), []),
    ):
        set_scope(session, units)
        assert [job.id for job in service.recent(session, "test", by=7)] == seen
        for job_id in (of_all, of_unit):
            if job_id in seen:
                assert service.find(session, job_id, "test", by=7).id == job_id
                continue
            with pytest.raises(NotFound):
                service.find(session, job_id, "test", by=7)


def test_outcomes_are_dropped_after_a_while(session: Session) -> None:
    job_id = put("a")
    running.run_all({"test": ended})
    assert state(session, job_id).state == DONE
    with clock.fixed(clock.now() + service.KEPT + timedelta(days=1)):
        put("b")
    session.rollback()
    assert session.scalars(select(Job.key)).all() == ["b"]


def ended(task: Task) -> None:
    task.progress(5)
    assert running.done(task.claimed.id) == 5
    with transaction() as session:
        task.finish(session, {"seen": task.arguments})


def test_jobs_are_done_one_after_the_other(session: Session) -> None:
    ids = [put("a", n=1), put("b", n=2)]
    running.run_all({"test": ended})
    assert [state(session, job_id).told for job_id in ids] == [
        {"seen": {"n": 1}},
        {"seen": {"n": 2}},
    ]
    assert [running.done(job_id) for job_id in ids] == [0, 0], "the files of progress are gone"


def test_a_refusal_fails_the_job_with_its_reasons(session: Session) -> None:
    def refuse(_task: Task) -> None:
        raise Refusal(Reason("Không được."))

    job_id = put()
    running.run_all({"test": refuse})
    found = state(session, job_id)
    assert found.state == FAILED
    assert found.told == {"refused": [{"row": None, "field": None, "reason": "Không được."}]}


def test_a_fault_is_tried_again_and_then_told(session: Session) -> None:
    tries = []

    def fail(task: Task) -> None:
        tries.append(task.claimed.tries)
        raise ValueError

    job_id = put()
    running.run_all({"test": fail})
    assert tries == [1, 2, 3]
    assert state(session, job_id).state == FAILED


def test_a_job_that_was_stopped_waits_again_as_if_untried(session: Session) -> None:
    def stop(_task: Task) -> None:
        raise SystemExit

    job_id = put()
    with pytest.raises(SystemExit):
        running.run_all({"test": stop})
    found = state(session, job_id)
    assert (found.state, found.tries, found.lease_until) == (WAITING, 0, None)


def test_what_was_done_by_who_lost_the_lease_is_taken_back(session: Session) -> None:
    def slow(task: Task) -> None:
        assert claim(2 * LEASE)
        with transaction() as writing:
            service.put(writing, "other", {}, key="written", total=0, locale="vi", by=None)
            task.finish(writing, {})

    put()
    running.run_all({"test": slow})
    session.rollback()
    assert session.query(Job).filter_by(key="written").count() == 0


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "'odd'"),
        ("state", "'running'"),
        ("state", "'done'"),
        ("told", "'{}'"),
        ("tries", "-1"),
        ("total", "-1"),
        ("lease_until", "made_at"),
        ("ended_at", "made_at"),
    ],
)
def test_the_database_holds_what_a_job_can_be(app: Flask, column: str, value: str) -> None:
    put()
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(text(f"UPDATE job SET {column} = {value}"))
