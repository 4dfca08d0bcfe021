"""Commands of banks' gateways: `bank-gateway add|list|retire-secret|handle`."""

import json
import sys
from typing import Any

import click

_as_json = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")


@click.group("bank-gateway")
def group() -> None:
    """Cổng tin báo ngân hàng (SePay, Casso, payOS) và khóa bí mật của cổng."""


@group.command("add")
@click.argument("name")
@click.option("--form", "form_name", required=True, help="Mẫu: sepay, casso hoặc payos.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    required=True,
    help="Khóa bí mật; ghi được nhiều lần; - là đọc một dòng từ đầu vào chuẩn.",
)
@_as_json
def add(name: str, form_name: str, secrets: tuple[str, ...], as_json: bool) -> None:
    """Thêm cổng NAME, hoặc thêm khóa mới cho cổng đã có (khi thay khóa, cả hai cùng dùng được)."""
    from fundsvc.db import transaction
    from fundsvc.reconciliation import senders

    given = [sys.stdin.readline().rstrip("\r\n") if text == "-" else text for text in secrets]
    with transaction() as session:
        fresh = senders.add(session, name, form_name, given, by=None)
    facts = {"gateway": name, "form": form_name, "new": fresh, "secrets": len(given)}
    said = f"Đã thêm cổng {name}; địa chỉ: /webhooks/bank/{name}"
    said = said if fresh else f"Đã thêm {len(given)} khóa cho cổng {name}."
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else said)


@group.command("list")
@_as_json
def list_gateways(as_json: bool) -> None:
    """Liệt kê các cổng với số của từng khóa; không bao giờ in khóa."""
    from fundsvc.db import read_session
    from fundsvc.inbox import gateways
    from fundsvc.reconciliation.notices import KIND

    session = read_session()
    secrets = gateways.secrets_of(session, KIND)
    rows: list[dict[str, Any]] = [
        {
            "gateway": name,
            "form": gateway.form,
            "secrets": [
                {"number": one.number, "retired": one.retired_at is not None}
                for one in secrets.get(name, ())
            ],
        }
        for name, gateway in gateways.known(session, KIND).items()
    ]
    if as_json:
        click.echo(json.dumps({"gateways": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['gateway']}  {row['form']}")
        for secret in row["secrets"]:
            state = "đã bỏ" if secret["retired"] else "đang dùng"
            click.echo(f"  khóa số {secret['number']}: {state}")
    if not rows:
        click.echo("Chưa có cổng nào. Bắt đầu bằng fundsvc bank-gateway add.")


@group.command("retire-secret")
@click.argument("name")
@click.argument("number", type=click.INT)
def retire_secret(name: str, number: int) -> None:
    """Bỏ khóa số NUMBER của cổng NAME; máy chủ đang chạy biết sau vài giây."""
    from fundsvc.db import transaction
    from fundsvc.reconciliation import senders

    with transaction() as session:
        senders.retire_secret(session, name, number, by=None)
    click.echo(f"Đã bỏ khóa số {number} của cổng {name}.")


@group.command("handle")
@_as_json
def handle(as_json: bool) -> None:
    """Ghi sổ mọi tin báo đang chờ trong hộp nhận (việc nền tự làm mỗi giây)."""
    from fundsvc.reconciliation import notices

    told = notices.handle()
    facts = {name: told[name] for name in ("handled", "parked", "conflict")}
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"Đã xử lý {facts['handled']} tin báo; {facts['parked']} chưa ghi sổ được,"
        f" {facts['conflict']} mâu thuẫn."
    )
