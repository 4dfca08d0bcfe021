"""The command `demo`: load the demo year once, and say how to sign in."""

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def demo(as_json: bool) -> None:
    """Nạp năm mẫu: người, đơn vị và số tiền đặt ra, chỉ vào sổ trống."""
    import json

    from flask_babel import gettext as _

    from fundsvc.db import read_session, transaction
    from fundsvc.demo import loader
    from fundsvc.seals.service import seal_new

    new = not loader.is_loaded(read_session())
    if new:
        with transaction() as session:
            loader.load(session, lambda step: click.echo(f"{step} …", err=True))
        seal_new()
    users = [
        {"user": user.username, "role": user.role, "unit": user.unit, "name": user.name}
        for user in loader.USERS
    ]
    if as_json:
        told = {"new": new, "users": users, "password": loader.PASSWORD}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(_("Đã nạp năm mẫu.") if new else _("Năm mẫu đã có, không thêm gì."))
    click.echo(_("Đăng nhập (mật khẩu %(password)s):", password=loader.PASSWORD))
    for user in loader.USERS:
        click.echo(f"  {user.username:<10} {user.role} {user.unit or ''}".rstrip())
