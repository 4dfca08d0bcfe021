"""Campaigns: taken in once, never changed, never two for one keyword on one day."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.imports import ImportReport, Refused
from fundsvc.sms import campaigns, fees, sheet
from fundsvc.sms.grammar import Rule, Why
from fundsvc.sms.models import Campaign
from fundsvc.sms.register import Register, Terms
from fundsvc.sms.resolver import Resolver
from tests import corpus
from tests.sms.conftest import Import
from tests.support import messages

NAMES = ("short_code", "keyword", "grammar", "unit_value", "fund", "unit", "starts", "ends")
GOOD = ("1400", "HD", "units", "20000", "nghia-tinh", "TW", "2026-07-01", "2026-07-31")


def take(data: bytes) -> ImportReport:
    """Import a file of campaigns."""
    with transaction() as session:
        return campaigns.import_campaigns(session, data, by=None)


def file(*rows: tuple[str, ...]) -> bytes:
    """Return a file of rows."""
    return "".join(",".join(row) + "\n" for row in (NAMES, *rows)).encode("utf-8", "surrogatepass")


def changed(**cells: str) -> tuple[str, ...]:
    """Return the good row with some cells changed."""
    return tuple((dict(zip(NAMES, GOOD, strict=True)) | cells).values())


def stored(session: Session) -> int:
    """Return how many campaigns there are."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(Campaign)) or 0


def test_the_same_file_again_adds_nothing(app: Flask, session: Session) -> None:
    assert (take(messages.CAMPAIGNS).new, stored(session)) == (3, 3)
    again = take(messages.CAMPAIGNS)
    assert (again.new, again.known, stored(session)) == (0, 3, 3)


def test_campaigns_are_listed_with_what_came_in(bring: Import, session: Session) -> None:
    bring([messages.one()])
    found = {facts.keyword: facts for facts in campaigns.list_campaigns(session)}
    assert (found["TS"].messages, found["TS"].gross, found["TS"].unit) == (1, 100_000, "TW")
    assert (found["NTTS"].messages, found["NTTS"].fund) == (0, "base")


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("short_code", ""),
        ("short_code", "14a0"),
        ("keyword", ""),
        ("keyword", "TRƯỜNG"),
        ("keyword", "T S"),
        ("keyword", "5TS"),
        ("keyword", "X" * 21),
        ("grammar", "double"),
        ("unit_value", "0"),
        ("unit_value", "-5"),
        ("unit_value", "20.000"),
        ("unit_value", "9" * 16),
        ("starts", "2026-02-30"),
        ("ends", "tomorrow"),
        ("ends", "2026-06-30"),
        ("keyword", "\x00"),
    ],
)
def test_a_cell_that_cannot_be_read_refuses_its_row(field: str, cell: str) -> None:
    refused = Refused()
    rows, lines = sheet.read(file(GOOD, changed(**{field: cell})), refused)
    assert [(row.row, row.field) for row in refused.rows] == [(3, field)]
    assert (len(rows), lines) == (1, 2)


@pytest.mark.parametrize(
    ("field", "cell"),
    [("fund", "other"), ("unit", "XX"), ("unit", "x" * 100_000), ("grammar", "double")],
)
def test_a_row_at_fault_refuses_the_file(
    app: Flask, session: Session, field: str, cell: str
) -> None:
    report = take(file(changed(keyword="OK1"), changed(**{field: cell})))
    assert [(row.row, row.field) for row in report.refused] == [(3, field)]
    assert (report.committed, stored(session)) == (False, 0)


def test_thousands_are_always_thousands() -> None:
    refused = Refused()
    sheet.read(file(changed(grammar="thousands", unit_value="2000")), refused)
    assert [row.field for row in refused.rows] == ["unit_value"]


@pytest.mark.parametrize(
    ("cells", "clashes"),
    [
        ({}, False),
        ({"unit_value": "10000"}, True),
        ({"ends": "2026-08-31"}, True),
        ({"keyword": "hd", "fund": "base"}, True),
        ({"starts": "2026-07-31", "ends": "2026-08-31"}, True),
        ({"starts": "2026-08-01", "ends": "2026-08-31", "unit_value": "10000"}, False),
        ({"short_code": "1401", "unit_value": "10000"}, False),
        ({"keyword": "HDX", "unit_value": "10000"}, False),
    ],
)
def test_one_keyword_has_one_campaign_a_day(
    app: Flask, cells: dict[str, str], clashes: bool
) -> None:
    assert take(file(GOOD)).new == 1
    report = take(file(changed(**cells)))
    assert [row.field for row in report.refused] == (["keyword"] if clashes else [])
    within = take(file(changed(keyword="QQ"), changed(**{"keyword": "QQ"} | cells)))
    if "keyword" not in cells:
        assert bool(within.refused) == clashes


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("most_units", "0"),
        ("most_units", "x"),
        ("most_daily", "-1"),
        ("most_daily", "1000000"),
        ("fee_viettel", "101"),
        ("fee_viettel", "1.234"),
        ("fee_viettel", "1 %"),
    ],
)
def test_a_limit_or_fee_that_cannot_be_refuses_its_row(field: str, cell: str) -> None:
    refused = Refused()
    sheet.campaign(2, dict(zip(NAMES, GOOD, strict=True)) | {field: cell}, refused)
    assert [row.field for row in refused.rows] == [field]


def test_a_file_may_bring_limits_and_fees(app: Flask, session: Session) -> None:
    names = (*NAMES, "most_units", "most_daily", "fee_viettel", "fee_gmobile")
    data = f'{",".join(names)}\n{",".join(GOOD)},50,3,"1,5",\n'.encode()
    assert take(data).new == 1
    (campaign,) = session.scalars(select(Campaign))
    assert (campaign.most_units, campaign.most_daily) == (50, 3)
    start = campaign.starts
    assert fees.rate_on(session, campaign.id, "viettel", start) == 150
    assert fees.rate_on(session, campaign.id, "viettel", start - timedelta(days=1)) is None
    assert fees.rate_on(session, campaign.id, "gmobile", start) is None
    session.rollback()
    assert (take(data).new, take(data).known) == (0, 1)
    other = take(data.replace(b'"1,5"', b"2"))
    assert [(row.row, row.field) for row in other.refused] == [(2, "fee_viettel")]
    assert [row.field for row in take(data.replace(b",50,", b",60,")).refused] == ["keyword"]


def test_a_message_over_the_limit_is_kept_and_not_booked(app: Flask, session: Session) -> None:
    rule = Rule("hd", "units", 20_000, 50)
    assert (rule.exceeds(1_000_000), rule.exceeds(1_020_000)) == (False, True)
    terms = Terms(1, "1400", rule, date(2026, 7, 1), date(2026, 7, 31), "nghia-tinh", "TW")
    resolver = Resolver(Register([terms]), ("viettel",), set())
    for text_, amount, status in (
        ("HD 50", "", "booked"),
        ("HD 51", "", "unknown"),
        ("HD 51", "1020000", "unknown"),
        ("HD", "1020000", "unknown"),
    ):
        key = ("viettel", "1400", text_, amount, "", "", 1)
        outcome = resolver.outcomes[resolver[key]]
        assert (outcome.status, outcome.why) == (
            status,
            Why.OVER_LIMIT if status == "unknown" else None,
        )


def test_a_new_fee_starts_after_the_others_and_none_is_changed(
    with_campaigns: None, session: Session
) -> None:
    campaign_id = session.scalars(select(Campaign.id).where(Campaign.keyword == "TS")).one()
    session.rollback()

    def agree(day: date, rate: int) -> None:
        with transaction() as writing:
            fees.agree(writing, fees.Fee(campaign_id, "viettel", day, rate), by=None)

    agree(date(2026, 7, 1), 150)
    agree(date(2026, 8, 1), 0)
    for day in (date(2026, 8, 1), date(2026, 7, 15), date(2026, 6, 30), date(2026, 9, 1)):
        with pytest.raises(Refusal):
            agree(day, 100)
    found = [fees.rate_on(session, campaign_id, "viettel", date(2026, m, 31)) for m in (7, 8)]
    assert found == [150, 0]
    assert [(fee.starts.month, fee.rate) for fee in fees.all_fees(session)] == [(8, 0), (7, 150)]


@pytest.mark.parametrize(
    ("rate", "shown"), [(0, "0 %"), (150, "1,5 %"), (1000, "10 %"), (1005, "10,05 %")]
)
def test_a_rate_is_shown_as_a_percent(rate: int, shown: str) -> None:
    assert fees.percent(rate) == shown
    assert sheet.read_rate(shown.removesuffix(" %"), "fee") == rate


@pytest.mark.parametrize("name", corpus.FILES)
def test_another_kind_of_file_is_refused_whole(name: str) -> None:
    with pytest.raises(Refusal):
        sheet.read(corpus.FILES[name], Refused())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE campaign SET unit_value = 1",
        "DELETE FROM campaign",
        "UPDATE campaign SET most_units = 5",
        "DELETE FROM sms_message",
        "UPDATE sms_message SET amount = 1 WHERE status = 'booked'",
        "UPDATE sms_message SET message = 'x' WHERE status = 'failed'",
        (
            "UPDATE sms_message SET status = 'booked', why = NULL, amount = 1, campaign_id = 1,"
            " phone_hash = 'x' WHERE status = 'unknown'"
        ),
        "UPDATE sms_message SET phone_sealed = 'x'",
        (
            "UPDATE sms_message SET status = 'booked', amount = 1, campaign_id = 1"
            " WHERE status = 'failed'"
        ),
    ],
)
def test_campaigns_and_messages_stay_as_they_came(
    bring: Import, session: Session, statement: str
) -> None:
    rows = messages.several(
        messages.one(), messages.one(message="XX"), messages.one(status="failed")
    )
    bring(list(rows))
    with pytest.raises(DBAPIError, match="guard: "), transaction() as writing:
        writing.execute(text(statement))


@pytest.mark.parametrize(
    "statement", ["UPDATE campaign_fee SET rate = 0", "DELETE FROM campaign_fee"]
)
def test_an_agreed_fee_stays(with_campaigns: None, session: Session, statement: str) -> None:
    with transaction() as writing:
        campaign_id = writing.scalars(select(Campaign.id).limit(1)).one()
        fees.agree(writing, fees.Fee(campaign_id, "viettel", date(2026, 7, 1), 150), by=None)
    with pytest.raises(DBAPIError, match="guard: "), transaction() as writing:
        writing.execute(text(statement))
