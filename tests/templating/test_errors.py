"""Error pages: plain words, the right status, and no failure of their own."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from fundsvc.db import transaction
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.staff.access import public
from ledger.errors import UnknownAccountError

SignedIn = Callable[..., FlaskClient]
only_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def refusing(how: Exception) -> Callable[[], str]:
    def view() -> str:
        raise how

    return view


@pytest.fixture
def failing(app: Flask) -> FlaskClient:
    """A stranger's browser, and pages that fail in the ways services do."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    ways = {
        "refused": Refusal(Reason("Cần ghi số tiền.", row=7, field="amount")),
        "conflict": Conflict("Đã ghi với nội dung khác."),
        "ledger": UnknownAccountError("999"),
        "bug": ZeroDivisionError("secret of the house"),
    }
    for name, error in ways.items():
        app.add_url_rule(f"/fails/{name}", name, public(refusing(error)))
    return app.test_client()


@only_sqlite
@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("refused", 422, "Dòng 7: Cần ghi số tiền."),
        ("conflict", 409, "Đã ghi với nội dung khác."),
        ("ledger", 422, "Bút toán không hợp lệ"),
        ("bug", 500, "Máy chủ gặp lỗi"),
    ],
)
def test_what_a_service_refuses_becomes_a_page_with_its_reasons(
    failing: FlaskClient, name: str, status: int, words: str
) -> None:
    answer = failing.get(f"/fails/{name}")
    assert answer.status_code == status
    assert words in " ".join(answer.text.split())
    assert "secret of the house" not in answer.text


@only_sqlite
def test_a_page_that_is_not_there_and_a_method_that_is_not_taken(client: FlaskClient) -> None:
    missing = client.get("/khong-co")
    assert missing.status_code == 404
    assert "Không tìm thấy" in missing.text
    wrong = client.delete("/sign-in")
    assert wrong.status_code in {400, 405}  # Without its token it is refused first.


@only_sqlite
@pytest.mark.both_engines
def test_a_database_that_is_gone_is_told_by_a_page(app: Flask, signed_in: SignedIn) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = signed_in("treasurer")
    with transaction() as session:
        session.execute(text("ALTER TABLE staff_user RENAME TO gone"))
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Máy chủ đang bận" in answer.text
