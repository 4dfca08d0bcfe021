"""The administrator's pages about staff, and one's own page."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from fundsvc.audit.models import Act
from fundsvc.staff.models import StaffUser, StaffUserRole, StaffUserUnit
from tests.staff.helpers import PASSWORD, add, is_signed_in, post, sign_in, token

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def admin(signed_in: SignIn) -> FlaskClient:
    return signed_in("admin")


def send(admin: FlaskClient, **typed: str | list[str]) -> TestResponse:
    data = {"csrf_token": token(admin, "/staff/new"), "password": PASSWORD, **typed}
    return admin.post("/staff/new", data=data)


def test_adds_a_person_who_can_sign_in(
    admin: FlaskClient, client: FlaskClient, session: Session
) -> None:
    answer = send(
        admin,
        username="Hải.Âu",
        name="Nguyễn Hải Âu",
        roles=["unit-treasurer", "admin"],
        units=["TW"],
    )
    assert answer.status_code == 303
    assert answer.location == "/staff"
    assert "Nguyễn Hải Âu" in admin.get("/staff").text
    assert set(session.scalars(select(StaffUserRole.role))) == {"admin", "unit-treasurer"}
    assert len(session.scalars(select(StaffUserUnit.unit_id)).all()) == 1
    kinds = session.scalars(select(Act.kind).where(Act.subject == "staff:hải.âu")).all()
    assert kinds == ["staff.add"]
    assert sign_in(client, "hải.âu").status_code == 302


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"username": "a b", "roles": "auditor"}, "Tên đăng nhập gồm 2 đến 64"),
        ({"username": "new", "roles": "auditor"}, "Tên đăng nhập gồm 2 đến 64"),
        ({"username": "", "roles": "auditor"}, "Tên đăng nhập gồm 2 đến 64"),
        ({"username": "hoa"}, "ít nhất một vai trò"),
        ({"username": "hoa", "roles": "vua"}, "Không có vai trò “vua”"),
        ({"username": "hoa", "roles": "unit-treasurer"}, "cần ít nhất một đơn vị"),
        ({"username": "hoa", "roles": "auditor", "units": "TW"}, "Chỉ thủ quỹ đơn vị"),
        ({"username": "hoa", "roles": "unit-treasurer", "units": "X"}, "Không có đơn vị “X”"),
        ({"username": "hoa", "roles": "auditor", "email": "a@b"}, "e-mail không đúng dạng"),
        ({"username": "hoa", "roles": "auditor", "name": "x" * 201}, "Dài quá 200 ký tự"),
        ({"username": "hoa", "roles": "auditor", "password": "ngắn"}, "ít nhất 12 ký tự"),
    ],
)
def test_refuses_what_will_not_do_and_keeps_what_was_typed(
    admin: FlaskClient, session: Session, typed: dict[str, str], told: str
) -> None:
    answer = send(admin, **{"name": "Tên đã gõ"} | typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert (typed.get("name") or "Tên đã gõ") in answer.text
    assert PASSWORD not in answer.text
    assert len(session.scalars(select(StaffUser.id)).all()) == 1


@pytest.mark.parametrize("other", ["treasurer", "approver", "auditor"])
def test_whoever_keeps_units_has_no_role_over_all_of_them(
    app: Flask, admin: FlaskClient, session: Session, other: str
) -> None:
    both = ["unit-treasurer", other]
    answer = send(admin, username="hoa", roles=both, units=["TW"])
    assert answer.status_code == 422
    assert "không kiêm được vai trò thủ quỹ" in answer.text
    add(app, "hoa", roles=("auditor",))
    page = {"csrf_token": token(admin, "/staff/hoa"), "name": "Hoa"}
    assert admin.post("/staff/hoa", data={**page, "roles": both, "units": "TW"}).status_code == 422
    assert set(session.scalars(select(StaffUserRole.role))) == {"admin", "auditor"}


def test_a_name_is_taken_whether_as_user_name_or_email(app: Flask, admin: FlaskClient) -> None:
    add(app, "hoa", email="hoa@example.vn")
    assert send(admin, username="HOA", roles="auditor").status_code == 409
    assert send(admin, username="lan", email="Hoa@Example.vn", roles="auditor").status_code == 409


def test_changes_roles_and_signs_the_person_out(
    app: Flask, admin: FlaskClient, client: FlaskClient, session: Session
) -> None:
    add(app, "hoa", roles=("treasurer",))
    sign_in(client, "hoa")
    assert client.get("/donations/new").status_code == 200
    answer = post(admin, "/staff/hoa", name="Hoa", roles="auditor")
    assert answer.status_code == 303
    assert not is_signed_in(client)
    sign_in(client, "hoa")
    assert client.get("/donations/new").status_code == 403
    assert post(admin, "/staff/hoa", name="Hoa").status_code == 422


def test_disables_and_enables(app: Flask, admin: FlaskClient, client: FlaskClient) -> None:
    add(app, "hoa")
    sign_in(client, "hoa")
    assert post(admin, "/staff/hoa/active", "/staff/hoa", active="0").status_code == 303
    assert not is_signed_in(client)
    assert sign_in(client, "hoa").status_code == 200
    assert "Đã khóa" in admin.get("/staff").text
    assert post(admin, "/staff/hoa/active", "/staff/hoa", active="1").status_code == 303
    assert sign_in(client, "hoa").status_code == 302


def test_gives_a_new_password(app: Flask, admin: FlaskClient, client: FlaskClient) -> None:
    add(app, "hoa")
    bad = post(admin, "/staff/hoa/password", "/staff/hoa", password="ngắn")
    assert bad.status_code == 422
    assert "ít nhất 12 ký tự" in bad.text
    new = "một câu khác hẳn"
    assert post(admin, "/staff/hoa/password", "/staff/hoa", password=new).status_code == 303
    assert sign_in(client, "hoa").status_code == 200
    assert sign_in(client, "hoa", new).status_code == 302


def test_the_last_administrator_stays(app: Flask, admin: FlaskClient, session: Session) -> None:
    name = session.scalar(select(StaffUser.username))
    answer = post(admin, f"/staff/{name}/active", f"/staff/{name}", active="0")
    assert answer.status_code == 422
    assert "người quản trị duy nhất" in answer.text
    assert post(admin, f"/staff/{name}", name="x", roles="auditor").status_code == 422
    add(app, "hoa", roles=("admin",))
    assert post(admin, f"/staff/{name}", name="x", roles="auditor").status_code == 303


def test_nobody_by_that_name(admin: FlaskClient) -> None:
    csrf = {"csrf_token": token(admin, "/staff/new")}
    for name in ("khongco", "%F0%9F%98%80", "a%2Fb", "x" * 300):
        assert admin.get(f"/staff/{name}").status_code == 404
        for act in ("", "/active", "/password", "/second-factor"):
            assert admin.post(f"/staff/{name}{act}", data=csrf).status_code == 404


def test_ones_own_page_says_what_one_may(signed_in: SignIn) -> None:
    text = signed_in("unit-treasurer", units=["TW"]).get("/settings").text
    assert "Thủ quỹ đơn vị" in text
    assert "Chưa bật" in text
    assert "/staff" not in text
    assert 'href="/staff"' in signed_in("admin").get("/settings").text
