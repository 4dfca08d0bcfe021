"""A promised file is for one person, one purpose and one day; its name is only shown."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from werkzeug.datastructures import FileStorage

from fundsvc import uploads
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.uploads import Upload
from tests import corpus

UPLOAD = Upload("a" * 64, "sao kê.csv", {"account": "VCB1", "layout": None})

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


class Person:
    """Somebody signed in, as far as a signature needs to know."""

    def __init__(self, name: str) -> None:
        """Give the person an identity."""
        self.name = name

    def get_id(self) -> str:
        """Return it."""
        return self.name


@pytest.fixture
def ann(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Sign somebody in."""
    del app
    person = Person("ann")
    monkeypatch.setattr(uploads, "current_user", person)
    return person


def test_an_upload_comes_back_as_it_was_promised(ann: Person) -> None:
    del ann
    assert Upload.read(UPLOAD.sign("bank"), "bank") == UPLOAD


def test_an_upload_is_of_no_use_to_others_for_other_things_or_when_changed(ann: Person) -> None:
    token = UPLOAD.sign("bank")
    odd = [key.encode("utf-8", "replace").decode() for key in corpus.NEVER_KEYS]
    for changed in (token[:-1], "x" + token, *odd):
        with pytest.raises(NotFound):
            Upload.read(changed, "bank")
    with pytest.raises(NotFound):
        Upload.read(token, "sms")
    ann.name = "bob"
    with pytest.raises(NotFound):
        Upload.read(token, "bank")


def test_an_upload_is_promised_for_a_day(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    del ann
    long_ago = datetime.now(UTC) - timedelta(days=1, minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr(TimestampSigner, "get_timestamp", lambda _self: int(long_ago.timestamp()))
        token = UPLOAD.sign("bank")
    with pytest.raises(NotFound):
        Upload.read(token, "bank")


@pytest.mark.usefixtures("app")
def test_a_form_without_a_file_is_refused_and_a_name_is_made_fit_to_be_shown(app: Flask) -> None:
    with app.test_request_context(method="POST", data={}), pytest.raises(Refusal) as caught:
        uploads.given()
    assert [reason.field for reason in caught.value.reasons] == ["file"]
    names = {"a\nb\x00.csv": "a b .csv", "": "…", "\n": "…", "x" * 300: "x" * 200}
    for raw, shown in names.items():
        assert uploads.shown_name(FileStorage(filename=raw)) == shown


def test_reasons_that_name_a_column_stand_beside_the_file(app: Flask) -> None:
    del app
    refusal = Refusal(Reason("a", 1, "Balance"), Reason("b", field="account"), Reason("c"))
    said = [(reason.row, reason.field) for reason in uploads.beside_file(refusal, "account")]
    assert said == [(1, "file"), (None, "account"), (None, "file")]
