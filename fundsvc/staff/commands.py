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
    """People who may sign in."""


def _read_password(from_stdin: bool) -> str:
    """Ask for a password twice, or take the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt(_("Mật khẩu"), hide_input=True, confirmation_prompt=True, err=True))


_stdin = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input."
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def _tell(as_json: bool, facts: Mapping[str, object], sentence: str) -> None:
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else sentence)


@group.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="May be given several times.")
@click.option("--unit", "units", multiple=True, help="Code of a unit of a unit-treasurer.")
@click.option("--full-name", default="", help="The person's name as pages show it.")
@click.option("--email", default="", help="Another name to sign in by.")
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
    """Add a person with a role: treasurer, approver, unit-treasurer, auditor or admin."""
    standing = service.Standing(name=full_name, email=email, roles=roles, units=units)
    password = _read_password(from_stdin)
    with transaction() as session:
        service.add(session, name, password, standing, by=None)
    facts = {"user": name, "roles": sorted(roles), "units": sorted(units)}
    _tell(as_json, facts, _("Đã thêm người dùng %(name)s.", name=name))


@group.command("list")
@_as_json
def list_command(as_json: bool) -> None:
    """List everybody with roles and units."""
    people = service.everybody(read_session())
    if as_json:
        listed = [
            {
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
    """Let a person not sign in any more, and end all sessions."""
    _set_active(name, as_json, active=False)


@group.command("enable")
@click.argument("name")
@_as_json
def enable_command(name: str, as_json: bool) -> None:
    """Let a person sign in again."""
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
    """Give a person a new password, and end all sessions."""
    password = _read_password(from_stdin)
    with transaction() as session:
        service.set_password(session, name, password, by=None)
    _tell(as_json, {"user": name}, _("Đã đặt mật khẩu mới cho %(name)s.", name=name))


@group.command("drop-second-factor")
@click.argument("name")
@_as_json
def drop_second_factor_command(name: str, as_json: bool) -> None:
    """Take a person's second factor away, for a lost telephone."""
    with transaction() as session:
        service.drop_second_factor(session, name, by=None)
    _tell(as_json, {"user": name}, _("Đã tắt xác thực hai bước của %(name)s.", name=name))
