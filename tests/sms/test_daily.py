"""A campaign takes so many messages of one phone a day: the first ones, from whatever file."""

import io
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.sms import campaigns, service
from fundsvc.sms.models import SmsMessage
from fundsvc.verify import faults
from tests.sms.conftest import Import
from tests.support import messages

FILE = (
    b"short_code,keyword,grammar,unit_value,fund,unit,starts,ends,most_daily\n"
    b"1400,HD,units,20000,nghia-tinh,TW,2026-07-01,2026-08-31,2\n"
)
Row = dict[str, str]


@pytest.fixture
def held(bring: Import) -> Import:
    """Import into books where HD takes two messages of one phone a day."""
    with transaction() as session:
        assert campaigns.import_campaigns(session, FILE, by=None).committed
    return bring


def row(number: int, hour: int, **cells: str) -> Row:
    at = f"2026-07-05T{hour:02}:00:00+07:00"
    return messages.one(request_id=f"HD{number}", message="HD 1", received_at=at, **cells)


def booked(session: Session) -> list[str]:
    session.rollback()
    return list(
        session.scalars(
            select(SmsMessage.request_id).filter_by(status="booked").order_by("request_id")
        )
    )


def test_the_first_of_a_day_are_booked_and_the_others_kept(held: Import, session: Session) -> None:
    rows = [
        row(1, 12),
        row(2, 9),
        row(3, 10),
        row(4, 11, msisdn="84987654321"),
        row(5, 8, status="failed"),
        row(6, 9) | {"received_at": "2026-07-06T09:00:00+07:00"},
        messages.one(request_id="TS1"),
    ]
    report = held(rows, commit=False)
    assert (report.messages, report.unknown_keyword, report.parked) == (5, 1, {"over-daily": 1})
    done = held(rows)
    assert done.as_json() == report.as_json() | {"committed": True}
    assert booked(session) == ["HD2", "HD3", "HD4", "HD6", "TS1"]
    assert not [*faults(session)]


def test_what_earlier_files_brought_counts_and_coming_again_changes_nothing(
    held: Import, session: Session
) -> None:
    first, second = [row(1, 9), row(2, 10), row(3, 11)], [row(4, 8), row(5, 12)]
    assert held(first).messages == 2
    assert held(second).messages == 0
    for again in (first, second, [*second, *first]):
        report = held(again)
        assert (report.new, report.known) == (0, len(again))
    assert booked(session) == ["HD1", "HD2"]
    assert not [*faults(session)]


def test_without_a_limit_all_are_booked(bring: Import, session: Session) -> None:
    assert bring([messages.one(request_id=f"VI{n}") for n in range(5)]).messages == 5


def test_a_message_that_waited_is_judged_by_its_own_day(bring: Import, session: Session) -> None:
    late = row(9, 23) | {"received_at": "2026-07-05T23:58:00+07:00"}
    data = messages.Messages(rows=[late]).csv(messages.NAMES)
    with transaction() as writing:
        aside = service.book_pushed(writing, io.BytesIO(data), gateway="vcom")
        assert not aside.unreadable
        assert not aside.conflicting
        assert campaigns.import_campaigns(writing, FILE, by=None).committed
    # The operator's clock puts it on the next day, on which two others were sent.
    early = {"received_at": "2026-07-06T00:02:00+07:00"}
    done = bring(
        [
            row(9, 0) | early,
            row(1, 9) | {"received_at": "2026-07-06T09:00:00+07:00"},
            row(2, 10) | {"received_at": "2026-07-06T10:00:00+07:00"},
        ]
    )
    assert done.parked == {}
    assert booked(session) == ["HD1", "HD2", "HD9"]
    days = select(SmsMessage.received_on).filter_by(request_id="HD9")
    assert session.scalars(days).one() == date(2026, 7, 5)
    assert not [*faults(session)]
