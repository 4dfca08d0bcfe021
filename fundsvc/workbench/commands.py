"""Commands of the workbench: `reconcile auto`."""

import json

import click


@click.group("reconcile")
def group() -> None:
    """Đối soát sao kê ngân hàng."""


@group.command("auto")
@click.option("--account", metavar="CODE", help="Chỉ một tài khoản ngân hàng.")
@click.option("--commit", is_flag=True, help="Ghi sổ; không có thì chỉ đếm.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def auto(account: str | None, *, commit: bool, as_json: bool) -> None:
    """Ghi sổ những dòng chắc chắn: mã đúng chữ kiểm tra và chỉ có một khoản đã đăng ký."""
    from fundsvc.db import read_session
    from fundsvc.reconciliation import lists
    from fundsvc.templating.filters import dong, number
    from fundsvc.workbench import automatic

    account_id = lists.account(read_session(), account).id if account else None
    done = automatic.accept(account_id, commit=commit)
    if as_json:
        facts = {"sure": done.sure, "decided": done.decided, "amount": done.amount}
        click.echo(json.dumps(facts | {"committed": commit}))
    elif commit:
        click.echo(
            f"Đã ghi sổ {number(done.decided)} trên {number(done.sure)} dòng chắc chắn,"
            f" {dong(done.amount)}."
        )
    else:
        click.echo(f"Có {number(done.sure)} dòng chắc chắn, {dong(done.amount)}; chưa ghi sổ.")
