"""A small storm in the suite; the large one: `python -m tests.sms.storm`."""

from pathlib import Path

import pytest

from tests.sms import storm


@pytest.mark.slow
@pytest.mark.by_turns
@pytest.mark.timeout(600)  # A server is started and killed several times.
def test_nothing_that_was_answered_is_lost_and_nothing_doubled(
    database_url: str, tmp_path: Path
) -> None:
    figures = storm.run(database_url, tmp_path, count=80, kills=2)
    assert figures["booked"] == 80
