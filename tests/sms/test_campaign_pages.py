"""The pages of campaigns: one by a form, a new fee, and the counters that renew themselves."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.sms import chart, fees
from fundsvc.sms.campaigns import list_campaigns
from fundsvc.sms.lists import DayCount, by_day
from fundsvc.sms.models import Campaign
from tests import corpus
from tests.sms.conftest import Import
from tests.support import messages
from tests.support.forms import send

SignIn = Callable[..., FlaskClient]
PAGE = "/sms/campaigns"
TYPED = {
    "keyword": "hd",
    "short_code": "1400",
    "grammar": "units",
    "unit_value": "20.000",
    "fund": "nghia-tinh",
    "unit": "TW",
    "starts": "01/07/2026",
    "ends": "31/08/2026",
    "most_units": "50",
    "fee_viettel": "1,5",
}

pytestmark = pytest.mark.usefixtures("app", "clock")


def test_a_campaign_is_added_by_the_form(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    assert send(client, PAGE, f"{PAGE}/new", **TYPED).status_code == 303
    (found,) = list_campaigns(session)
    assert (found.keyword, found.unit_value, found.most_units) == ("HD", 20_000, 50)
    assert (found.starts, found.ends) == (date(2026, 7, 1), date(2026, 8, 31))
    page = client.get(PAGE).text
    assert "1,5 %" in page
    again = send(client, PAGE, f"{PAGE}/new", **TYPED)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("keyword", "trường"),
        ("unit_value", "20,5"),
        ("fund", ""),
        ("unit", "XX"),
        ("starts", "31/02/2026"),
        ("ends", "30/06/2026"),
        ("most_units", "0"),
        ("fee_viettel", "200"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    signed_in: SignIn, session: Session, name: str, typed: str
) -> None:
    client = signed_in("treasurer")
    answer = send(client, PAGE, f"{PAGE}/new", **(TYPED | {name: typed}))
    assert answer.status_code == 422
    assert f'id="f-{name}-error"' in answer.text
    assert 'value="1400"' in answer.text
    assert list_campaigns(session) == []


def test_overlapping_campaigns_are_refused(signed_in: SignIn, with_campaigns: None) -> None:
    answer = send(
        signed_in("treasurer"),
        PAGE,
        f"{PAGE}/new",
        **(TYPED | {"keyword": "TS", "unit_value": "10000"}),
    )
    assert answer.status_code == 422
    assert "đã có đợt vận động khác" in answer.text


def test_a_new_fee_is_noted(signed_in: SignIn, with_campaigns: None, session: Session) -> None:
    client = signed_in("treasurer")
    campaign_id = session.scalars(select(Campaign.id).where(Campaign.keyword == "TS")).one()
    session.rollback()
    typed = {
        "fee_campaign": str(campaign_id),
        "fee_operator": "viettel",
        "fee_rate": "2",
        "fee_starts": "15/07/2026",
    }
    assert send(client, PAGE, f"{PAGE}/fees", **typed).status_code == 303
    assert fees.rate_on(session, campaign_id, "viettel", date(2026, 7, 15)) == 200
    for wrong in (
        {"fee_starts": "14/07/2026"},
        {"fee_rate": "x"},
        {"fee_operator": "beeline"},
        {"fee_campaign": "9" * 30},
        {"fee_campaign": "²"},
    ):
        assert send(client, PAGE, f"{PAGE}/fees", **(typed | wrong)).status_code in {404, 422}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_odd_texts_are_refused_and_never_break_the_forms(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    for text in corpus.ODD:
        if "\0" in text:
            continue
        odd = text[:2000].encode("utf-8", "replace").decode()
        for name in ("keyword", "unit_value", "starts", "most_daily", "fee_gmobile"):
            assert send(client, PAGE, f"{PAGE}/new", **(TYPED | {name: odd})).status_code < 500


def test_only_treasurers_change_campaigns(signed_in: SignIn) -> None:
    for role in ("approver", "auditor", "admin"):
        client = signed_in(role)
        assert send(client, "/settings", f"{PAGE}/new", **TYPED).status_code == 403
        assert send(client, "/settings", f"{PAGE}/fees").status_code == 403


def test_the_counters_come_by_themselves(signed_in: SignIn, bring: Import) -> None:
    bring(messages.make("viettel", 60).rows)
    client = signed_in("auditor")
    page, part = client.get("/sms").text, client.get("/sms/live").text
    pieces = re.findall(r'id="(live-[a-z0-9-]+)" data-live', page)
    assert len(pieces) >= 4
    assert pieces == re.findall(r'id="(live-[a-z0-9-]+)" data-live', part)
    # On the page, what waits for somebody stands between the sums and the rest.
    rest = part.index("<form")
    assert part[:rest].strip() in page
    assert part[rest:].strip() in page
    assert signed_in("unit-treasurer").get("/sms/live").status_code == 403


def test_bars_stand_on_their_days(bring: Import, session: Session) -> None:
    rows = messages.several(
        messages.one(received_at="2026-08-02 08:00:00"),
        messages.one(received_at="2026-08-31 08:00:00", message="TS 1"),
        messages.one(received_at="2026-07-01 08:00:00"),
    )
    bring(list(rows))
    today = date(2026, 8, 31)
    campaign = next(
        one for one in chart.shown(list_campaigns(session), today) if one.keyword == "TS"
    )
    first, last = chart.span(campaign, today)
    assert (first, last) == (date(2026, 7, 1), today), "the whole period, until today"
    drawn = chart.draw(campaign, first, last, by_day(session, campaign.id, first, last))
    assert [(round(bar.x), bar.height) for bar in drawn.bars] == [
        (0, 72.0), (160, 72.0), (306, 14.4),
    ]  # fmt: skip
    assert drawn.best is not None
    assert drawn.best.gross == 100_000


def test_days_of_a_long_campaign_are_drawn_by_weeks(with_campaigns: None, session: Session) -> None:
    campaign, first, last = list_campaigns(session)[0], date(2025, 1, 1), date(2026, 12, 31)
    days = [DayCount(first + timedelta(days=n), 1, 20_000) for n in (0, 6, 7, 729)]
    drawn = chart.draw(campaign, first, last, days)
    assert drawn.each == 7
    assert [bar.height for bar in drawn.bars] == [72.0, 36.0, 36.0]
    assert drawn.bars[-1].x + drawn.bars[-1].width <= chart.WIDTH


def test_one_chooses_campaign_and_operator(signed_in: SignIn, bring: Import) -> None:
    bring([
        messages.one(request_id="A", message="TS 5"),
        messages.one(request_id="B", message="TS 1", operator="mobifone"),
        messages.one(request_id="C", message="TRUONGSON", short_code="1405"),
    ])  # fmt: skip
    client = signed_in("auditor")
    page = client.get("/sms").text
    number = re.search(r'/sms\?campaign=([0-9]+)">TS gửi 1400', page)
    assert number
    chosen = client.get(f"/sms?campaign={number[1]}").text
    assert re.findall(r'class="days__name">([^<]+)<', chosen) == ["TS gửi 1400 theo ngày"]
    assert "2 tin nhắn, 120.000 đ" in chosen
    assert f"/sms/live?campaign={number[1]}&amp;operator=" in chosen
    of_one = client.get(f"/sms?campaign={number[1]}&operator=mobifone").text
    assert "TS gửi 1400, MobiFone theo ngày" in of_one
    assert "1 tin nhắn, 20.000 đ; nhiều nhất" in of_one
    for asked in ("?campaign=x&operator=y", "?campaign=999"):
        assert client.get(f"/sms{asked}").status_code == 200


def test_the_campaign_that_ended_last_is_shown_when_none_runs(
    with_campaigns: None, session: Session
) -> None:
    found = list_campaigns(session)
    assert len(chart.shown(found, date(2026, 7, 5))) == 3
    assert len(chart.shown(found, date(2026, 10, 1))) == 1
    assert chart.shown(found, date(2026, 6, 1)) == []
    empty = chart.draw(found[0], date(2026, 7, 1), date(2026, 7, 1), [])
    assert (empty.bars, empty.best) == ((), None)
