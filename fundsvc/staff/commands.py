"""Commands about people who may sign in."""

import json
import sys
from collections.abc import Mapping

import click
from flask_babel import gettext as _

from fundsvc.db import read_session, transaction
from fundsvc.staff import service


@click.group("user")
def group() -> None:
    """Người dùng và vai trò."""


def _read_password(from_stdin: bool) -> str:
    """Ask for a password twice, or take the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(_("Mật khẩu"), hide_input=True, confirmation_prompt=True, err=True))


_stdin = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Đọc mật khẩu từ đầu vào chuẩn (dòng đầu)."
)
_as_json = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")


def _tell(as_json: bool, facts: Mapping[str, object], sentence: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)


@group.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="Vai trò; ghi được nhiều lần.")
@click.option(
    "--unit", "units", multiple=True, help="Mã đơn vị của thủ quỹ đơn vị; ghi được nhiều lần."
)
@click.option("--full-name", default="", help="Họ tên hiện trên các trang.")
@click.option("--email", default="", help="E-mail, dùng được thay cho tên đăng nhập.")
@_stdin
@_as_json
def add_command(
    name: str,
    roles: tuple[str, ...],
    units: tuple[str, ...],
    full_name: str,
    email: str,
    from_stdin: bool,
    as_json: bool,
) -> None:
    """Thêm người dùng NAME. Vai trò: treasurer, approver, unit-treasurer, auditor, admin."""
    standing = service.Standing(name=full_name, email=email, roles=roles, units=units)
    password = _read_password(from_stdin)
    with transaction() as session:
        service.add(session, name, password, standing, by=None)
    facts = {"user": name, "roles": sorted(roles), "units": sorted(units)}
    _tell(as_json, facts, _("Đã thêm người dùng %(name)s.", name=name))


@group.command("list")
@_as_json
def list_command(as_json: bool) -> None:
    """Liệt kê mọi người với vai trò và đơn vị."""
    people = service.everybody(read_session())
    if as_json:
        listed = [
            {
                "number": person.id,
                "user": person.username,
                "name": person.name,
                "email": person.email,
                "roles": person.roles,
                "units": person.units,
                "active": person.active,
                "second_factor": person.second_factor,
            }
            for person in people
        ]
        click.echo(json.dumps({"users": listed}, ensure_ascii=False))
        return
    for person in people:
        note = "" if person.active else _("(không còn vào được)")
        shown = (person.username, ",".join(person.roles), ",".join(person.units), person.name, note)
        click.echo("  ".join(filter(None, shown)))


@group.command("disable")
@click.argument("name")
@_as_json
def disable_command(name: str, as_json: bool) -> None:
    """Khóa tài khoản và kết thúc mọi phiên đăng nhập."""
    _set_active(name, as_json, active=False)


@group.command("enable")
@click.argument("name")
@_as_json
def enable_command(name: str, as_json: bool) -> None:
    """Mở lại tài khoản."""
    _set_active(name, as_json, active=True)


def _set_active(name: str, as_json: bool, *, active: bool) -> None:
    with transaction() as session:
        service.set_active(session, name, active=active, by=None)
    told = _("%(name)s đăng nhập được trở lại.") if active else _("%(name)s không còn vào được.")
    _tell(as_json, {"user": name, "active": active}, told % {"name": name})


@group.command("password")
@click.argument("name")
@_stdin
@_as_json
def password_command(name: str, from_stdin: bool, as_json: bool) -> None:
    """Đặt mật khẩu mới và kết thúc mọi phiên đăng nhập."""
    password = _read_password(from_stdin)
    with transaction() as session:
        service.set_password(session, name, password, by=None)
    _tell(as_json, {"user": name}, _("Đã đặt mật khẩu mới cho %(name)s.", name=name))


@group.command("drop-second-factor")
@click.argument("name")
@_as_json
def drop_second_factor_command(name: str, as_json: bool) -> None:
    """Tắt xác thực hai bước, khi người ấy mất điện thoại."""
    with transaction() as session:
        service.drop_second_factor(session, name, by=None)
    _tell(as_json, {"user": name}, _("Đã tắt xác thực hai bước của %(name)s.", name=name))
