"""A month whose truth is known: what is matched by itself is right, and it is enough."""

import pytest
from flask import Flask

from fundsvc.db import read_session
from fundsvc.verify import faults
from scripts.make_month import make
from scripts.score_month import AIM, load, score

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("late", [False, True])
def test_a_month_with_known_truth(app: Flask, *, late: bool) -> None:
    del app
    month = make(seed=3, lines=150)
    load(month, late=late)
    found = score(month)
    assert found.wrong == 0
    assert found.alone == 0
    assert found.share >= AIM
    assert (found.by_import == 0) is late
    assert found.proposed == found.others
    session = read_session()
    session.rollback()
    assert not [*faults(session)]


def test_the_same_seed_makes_the_same_month() -> None:
    assert make(5, 60) == make(5, 60)
    assert make(5, 60) != make(6, 60)
