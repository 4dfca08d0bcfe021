"""Each form of a push against known signatures and against everything that can be wrong with it."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fundsvc.inbox.pushes import BadSignatureError, Delivery, Told, UnreadableError
from fundsvc.sms.gateways import esms, forms, standard, vcom
from tests import corpus
from tests.support import messages, pushes

NOW = datetime(2026, 7, 5, 1, 31, tzinfo=UTC)
ROW = messages.one()
MAKE: dict[str, Callable[..., pushes.Made]] = {
    "vcom": pushes.vcom,
    "esms": pushes.esms,
    "standard": lambda row, **changed: pushes.standard(row | changed, NOW),
}
SECRETS = {"vcom": pushes.KEY, "esms": pushes.KEY, "standard": pushes.WHSEC}
# The names that each form has for phone, short code, text and time.
FIELDS = {
    "vcom": ("phone", "service_id", "message", "time"),
    "esms": ("sender", "serviceNumber", "content", "receiverTime"),
    "standard": ("msisdn", "short_code", "message", "received_at"),
}
SETTINGS: dict[str, dict[str, Any]] = {
    "vcom": {"client_id": "demo"},
    "esms": {"operator": "viettel", "client_id": "demo"},
    "standard": {},
}


def check(form: str, made: pushes.Made, *secrets: str, now: datetime = NOW) -> str:
    """Check a push as the web page does."""
    headers = {name.lower(): value for name, value in made.headers.items()}
    delivery = Delivery(headers, made.body)
    return forms()[form].check(delivery, secrets or (SECRETS[form],), SETTINGS[form], now)


def test_every_file_of_the_folder_is_a_form() -> None:
    assert set(forms()) == {"vcom", "esms", "standard"}


def test_the_checksum_of_v_com_is_the_published_one() -> None:
    fields = {
        "client_id": "demo",
        "request_id": "1297875832",
        "phone": "84901234567",
        "time": "1700000000",
    }
    expected = "SwjIsYoJ5OAnUWRMl9WcAduzfKtjXaoy+qoxc8fq6RI="
    assert vcom.checksum(fields, "5fdc57e97198o1") == expected
    numbers = {**fields, "request_id": 1297875832, "time": 1700000000}
    assert vcom.checksum(numbers, "5fdc57e97198o1") == expected


def test_the_sign_of_esms_is_md5_of_the_values_and_the_key() -> None:
    fields = {"cpid": "abcdef", "smsid": "1234", "content": "xyz", "receiverTime": ""}
    # MD5("abcdef1234xyz17417a0d20114d36a902e49cad0e97f3"), by md5sum.
    assert (
        esms.sign(fields, "17417a0d20114d36a902e49cad0e97f3") == "3bce677365c1c8e8539bc6bcb76ad828"
    )


def test_the_signature_of_standard_webhooks_is_that_of_its_libraries() -> None:
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    found = standard.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "1614265330",
        b'{"test": 2432232314}',
    )
    assert found == expected


@pytest.mark.parametrize("form", MAKE)
def test_a_push_becomes_a_row_of_a_file(form: str) -> None:
    made = MAKE[form](ROW)
    assert check(form, made).endswith("1")
    row = forms()[form].row(made.body, SETTINGS[form])
    wanted = {name: ROW[name] for name in ("operator", "msisdn", "short_code")}
    wanted["request_id"] = "1" if form == "esms" else "VI1"
    assert wanted.items() <= row.items()
    assert row["message"] == "TS 5"
    assert datetime.fromisoformat(row["received_at"]) == datetime.fromisoformat(ROW["received_at"])


@pytest.mark.parametrize("form", MAKE)
def test_a_signature_that_is_not_ours_is_refused(form: str) -> None:
    made = MAKE[form](ROW)
    other = {"standard": "whsec_" + "QUJD" * 8}.get(form, "another key")
    with pytest.raises(BadSignatureError):
        check(form, made, other)
    assert check(form, made, other, SECRETS[form]), "one of several secrets is enough"
    with pytest.raises(BadSignatureError):
        forms()[form].check(Delivery(made.headers, made.body), (), SETTINGS[form], NOW)


def test_a_good_push_is_good_under_no_other_id_or_account() -> None:
    theirs = [
        (pushes.vcom, {"client_id": "demo", "request_id": "1345"}),
        (pushes.esms, {"cpid": "demo", "smsid": "1345"}),
    ]
    for make, fields in theirs:
        (client, account), (key, number) = fields.items()
        good = make(ROW, **fields)
        assert check(make.__name__, good) == number
        shifted = {client: f"{account}{number[0]}", key: number[1:]}
        with pytest.raises(BadSignatureError):
            check(make.__name__, make(ROW, **shifted))
    with pytest.raises(UnreadableError, match="phone"):
        check("vcom", pushes.vcom(ROW, request_id="13458", phone="4912345678"))
    with pytest.raises(UnreadableError, match="smsid"):
        check("esms", pushes.esms(ROW, smsid="1345TS", content=" 5"))


@pytest.mark.parametrize("form", MAKE)
def test_a_clock_that_runs_ahead_is_refused(form: str) -> None:
    made = MAKE[form](ROW)
    assert check(form, made, now=NOW - timedelta(minutes=4))
    with pytest.raises(UnreadableError):
        check(form, made, now=NOW - timedelta(minutes=7))


def test_only_the_standard_form_says_when_it_was_sent() -> None:
    late = NOW + timedelta(hours=3)
    with pytest.raises(UnreadableError, match="webhook-timestamp"):
        check("standard", MAKE["standard"](ROW), now=late)
    assert check("vcom", MAKE["vcom"](ROW, type="recovery"), now=late) == "VI1"
    assert check("esms", MAKE["esms"](ROW), now=late) == "1"


@pytest.mark.parametrize(
    "change",
    [
        {"request_id": None},
        {"request_id": ""},
        {"request_id": "a b"},
        {"request_id": "x" * 101},
        {"request_id": "\ud800"},
        {"request_id": ["1"]},
        {"phone": "4912345678"},
        {"phone": "tám bốn"},
        {"phone": None},
        {"phone": {}},
        {"time": "hôm nay"},
        {"time": "٣"},
        {"time": -1},
        {"time": 1.5},
        {"time": True},
        {"time": 10**11},
        {"time": "9" * 400},
        {"service_id": None},
        {"message": 1.5},
        {"telco": None},
    ],
)
def test_a_field_of_v_com_that_cannot_be_read_is_named(change: dict[str, Any]) -> None:
    made = pushes.vcom(ROW, **change)

    def read() -> None:
        check("vcom", made)
        vcom.FORM.row(made.body, {})

    with pytest.raises(UnreadableError) as caught:
        read()
    assert caught.value.field == next(iter(change))


@pytest.mark.parametrize(
    "body",
    [
        *corpus.FILES.values(),
        b"null",
        b'"text"',
        b"1e999",
        b"NaN",
        b'{"data": []}',
        b'{"type": "sms.received"}',
        b'{"type": "sms.received", "data": [1]}',
        b'{"type": "sms.sent", "data": {}}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"sign=%FF&smsid=1",
        b"smsid=1&smsid=2",
        b"&" * 1000,
    ],
)
@pytest.mark.parametrize("form", MAKE)
def test_a_body_that_is_none_is_refused(form: str, body: bytes) -> None:
    adapter = forms()[form]
    headers = pushes.standard(ROW, NOW, body=body).headers
    with suppress(UnreadableError, BadSignatureError):
        adapter.check(Delivery(headers, body), (SECRETS[form],), SETTINGS[form], NOW)
    with pytest.raises(UnreadableError):
        adapter.row(body, SETTINGS[form])
    for told in Told:
        assert adapter.answer(told, body).text


@pytest.mark.parametrize("form", MAKE)
def test_no_text_of_the_corpus_breaks_a_form(form: str) -> None:
    adapter = forms()[form]
    for value in (*corpus.TEXTS, *corpus.NEVER_AMOUNTS, *corpus.NEVER_DAYS, *corpus.NEVER_KEYS):
        for field in FIELDS[form]:
            made = MAKE[form](ROW, **{field: value})
            try:
                check(form, made)
                row = adapter.row(made.body, SETTINGS[form])
            except UnreadableError:
                continue
            assert all(isinstance(text, str) for text in row.values())
            adapter.answer(Told.KEPT, made.body).text.encode()


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-id": ""},
        {"webhook-id": "a b"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "٣"},
        {"webhook-timestamp": "9" * 30},
    ],
)
def test_headers_that_cannot_be_read_are_refused(headers: dict[str, str]) -> None:
    made = pushes.standard(ROW, NOW)
    with pytest.raises(UnreadableError):
        standard.FORM.check(
            Delivery({**made.headers, **headers}, made.body), (pushes.WHSEC,), {}, NOW
        )


@pytest.mark.parametrize("given", ["", "v1", "v1,", "v2,abc", "v1,é", "v1a,AAAA", " " * 1000])
def test_headers_without_a_good_signature_are_unsigned(given: str) -> None:
    made = pushes.standard(ROW, NOW)
    with pytest.raises(BadSignatureError):
        standard.FORM.check(
            Delivery({**made.headers, "webhook-signature": given}, made.body),
            (pushes.WHSEC,),
            {},
            NOW,
        )


def test_a_body_that_was_changed_is_unsigned() -> None:
    made = pushes.standard(ROW, NOW)
    for body in (made.body + b" ", made.body.replace(b"TS 5", b"TS 9")):
        with pytest.raises(BadSignatureError):
            standard.FORM.check(Delivery(made.headers, body), (pushes.WHSEC,), {}, NOW)
    later = {**made.headers, "webhook-timestamp": f"{int(NOW.timestamp()) + 1}"}
    with pytest.raises(BadSignatureError):
        standard.FORM.check(Delivery(later, made.body), (pushes.WHSEC,), {}, NOW)


def test_each_gateway_is_answered_in_its_own_words() -> None:
    codes = {told: json.loads(vcom.FORM.answer(told, b"").text) for told in Told}
    assert codes[Told.KEPT] == {"data": {"code": 200}}
    assert codes[Told.DUPLICATE] == {"data": {"code": 104}}
    assert codes[Told.UNSIGNED] == {"data": {"code": 106}}
    first = esms.FORM.answer(Told.KEPT, pushes.esms(ROW).body).text
    assert first.startswith("<ClientResponse><Message>Quy da nhan")
    assert first.endswith(
        "</Message><Smsid>1</Smsid><Receiver>84912345678</Receiver></ClientResponse>"
    )
    assert "<Message></Message>" in esms.FORM.answer(Told.DUPLICATE, b"smsid=1").text
    assert "&lt;b&gt;" in esms.FORM.answer(Told.KEPT, b"smsid=%3Cb%3E%00").text
    assert json.loads(standard.FORM.answer(Told.KEPT, b"").text) == {"status": "kept"}
    assert standard.FORM.answer(Told.UNSIGNED, b"").media_type == "application/problem+json"


@pytest.mark.parametrize(
    ("secret", "good"),
    [
        (pushes.WHSEC, True),
        (pushes.WHSEC.removeprefix("whsec_"), True),
        ("whsec_", False),
        ("whsec_QUJD", False),
        ("whsec_é" * 8, False),
        ("whsec_" + "QUJD" * 40, False),
    ],
)
def test_a_secret_of_the_standard_form_has_24_to_64_bytes(secret: str, good: bool) -> None:
    assert standard.FORM.takes(secret) is good
