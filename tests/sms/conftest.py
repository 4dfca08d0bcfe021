"""What tests of messages share: campaigns, gateways, and a file brought in by one call."""

import io
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from flask import Flask

from fundsvc import clock as service_clock
from fundsvc.db import transaction
from fundsvc.sms import campaigns, senders, service
from tests.support import messages, pushes

Import = Callable[..., service.SmsImportReport]


# After the campaigns' summer: a message of tomorrow is refused.
MOMENT = datetime(2026, 10, 1, 9, 30, tzinfo=service_clock.VN)


@pytest.fixture(autouse=True)
def clock() -> Iterator[datetime]:
    """Hold the clock at a morning of October 2026."""
    with service_clock.fixed(MOMENT):
        yield MOMENT


@pytest.fixture
def with_campaigns(app: Flask) -> None:
    """The campaigns of `tests.support.messages`."""
    with transaction() as session:
        report = campaigns.import_campaigns(session, messages.CAMPAIGNS, by=None)
    assert (report.new, report.committed) == (3, True)


@pytest.fixture
def bring(app: Flask, with_campaigns: None) -> Import:
    """Import a file: bytes or rows; commit unless told not to."""

    def run(given: bytes | list[dict[str, str]], *, commit: bool = True) -> service.SmsImportReport:
        data = given if isinstance(given, bytes) else messages.Messages(rows=given).csv()
        with transaction() as session:
            return service.import_sms(
                session, io.BytesIO(data), name="tin-nhan.csv", commit=commit, by=None
            )

    return run


@pytest.fixture
def gateways(app: Flask) -> None:
    """A gateway of each form."""
    with transaction() as session:
        senders.add(session, "vcom", "vcom", [pushes.KEY], operator=None, client_id="demo", by=None)
        senders.add(
            session, "esms", "esms", [pushes.KEY], operator="viettel", client_id="demo", by=None
        )
        senders.add(session, "standard", "standard", [pushes.WHSEC], operator=None, by=None)
