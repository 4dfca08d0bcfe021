"""Who may push: which gateways can be, and how their secrets are replaced."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.db import transaction
from fundsvc.errors import Refusal
from fundsvc.inbox import door
from fundsvc.inbox.models import Gateway
from fundsvc.sms import push_commands, push_views, senders
from tests.sms.pushed import standard
from tests.support import messages, pushes

pytestmark = pytest.mark.usefixtures("with_campaigns", "gateways")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "V-COM"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 41}, "name"),
        ({"form_name": "soap"}, "form"),
        ({"form_name": "esms"}, "operator"),
        ({"operator": "viettel"}, "operator"),
        ({"form_name": "esms", "operator": "mobi"}, "operator"),
        ({"form_name": "standard"}, "client_id"),
        ({"form_name": "standard", "client_id": None}, "secret"),
        ({"client_id": None}, "client_id"),
        ({"client_id": "a b"}, "client_id"),
        ({"form_name": "esms", "operator": "viettel", "client_id": None}, "client_id"),
        ({"secrets": [""]}, "secret"),
    ],
)
def test_a_gateway_that_cannot_be_is_refused(changed: dict[str, Any], field: str) -> None:
    facts: dict[str, Any] = {
        "name": "khac",
        "form_name": "vcom",
        "secrets": ["s"],
        "operator": None,
        "client_id": "demo",
    }
    facts |= changed
    with pytest.raises(Refusal) as caught, transaction() as session:
        senders.add(session, **facts, by=None)
    assert caught.value.reasons[0].field == field


def test_secrets_are_replaced_without_losing_a_push(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FRESH_SECONDS", -1.0)
    new = "whsec_" + "QUJDREVG" * 4
    rows = list(messages.several(*[messages.one()] * 4))
    assert standard(rows[0], secrets=(new,)).send(client).status_code == 401
    with transaction() as session:
        senders.add(session, "standard", "standard", [new], operator=None, by=None)
    assert standard(rows[0], secrets=(new,)).send(client).status_code == 200
    assert standard(rows[1]).send(client).status_code == 200
    assert standard(rows[2], secrets=(pushes.WHSEC, new)).send(client).status_code == 200
    runner = CliRunner()
    told = json.loads(runner.invoke(push_commands.list_gateways, ["--json"]).stdout)
    (number, _) = [
        secret["number"]
        for gateway in told["gateways"]
        for secret in gateway["secrets"]
        if gateway["gateway"] == "standard"
    ]
    assert runner.invoke(push_commands.retire_secret, ["standard", str(number)]).exit_code == 0
    assert standard(rows[3]).send(client).status_code == 401
    assert standard(rows[3], secrets=(new,)).send(client).status_code == 200


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_gateway_without_its_client_id_is_told_of(app: Flask, session: Session) -> None:
    with transaction() as writing:
        gateway = writing.scalars(select(Gateway).filter_by(name="esms")).one()
        gateway.settings = {"operator": "viettel"}
    with app.test_request_context():
        (told,) = (item for item in push_views.waiting_pushes(session) if item.count)
    assert (told.count, "chưa có mã khách hàng" in told.text) == (1, True)
    shown = CliRunner().invoke(push_commands.list_gateways, []).stdout
    assert "gateway add esms --form esms --operator viettel --client-id" in shown
    assert shown.count("THIẾU") == 1
    told_json = CliRunner().invoke(push_commands.list_gateways, ["--json"]).stdout
    assert [one["refuses"] for one in json.loads(told_json)["gateways"]] == [True, False, False]
