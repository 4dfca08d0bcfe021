"""Commands of banks' gateways: `bank-gateway add|list|retire-secret|handle`."""

from typing import Any

import click

from fundsvc.inbox import commands as shared


@click.group("bank-gateway")
def group() -> None:
    """Cổng tin báo ngân hàng (SePay, Casso, payOS, luồng của ngân hàng) và khóa bí mật của cổng."""


@group.command("add")
@click.argument("name")
@click.option("--form", "form_name", required=True, help="Mẫu: sepay, casso, payos hoặc feed.")
@shared.secrets_option
@shared.as_json_option
def add(name: str, form_name: str, secrets: tuple[str, ...], as_json: bool) -> None:
    """Thêm cổng NAME, hoặc thêm khóa mới cho cổng đã có (khi thay khóa, cả hai cùng dùng được)."""
    from fundsvc.db import transaction
    from fundsvc.reconciliation import senders

    given = shared.read_secrets(secrets)
    with transaction() as session:
        fresh = senders.add(session, name, form_name, given, by=None)
    facts = {"gateway": name, "form": form_name, "new": fresh, "secrets": len(given)}
    shared.tell_added(facts, "/webhooks/bank", as_json=as_json)


@group.command("list")
@shared.as_json_option
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
            "secrets": shared.secrets_as_json(secrets.get(name, ())),
        }
        for name, gateway in gateways.known(session, KIND).items()
    ]
    shared.tell_gateways(
        rows, "bank-gateway", lambda row: f"{row['gateway']}  {row['form']}", as_json=as_json
    )


retire_secret = shared.retire_command("fundsvc.reconciliation.senders")
group.add_command(retire_secret)


@group.command("handle")
@shared.as_json_option
def handle(as_json: bool) -> None:
    """Ghi sổ mọi tin báo đang chờ trong hộp nhận (việc nền tự làm mỗi giây)."""
    from fundsvc.reconciliation import notices

    shared.tell_handled(notices.handle(), "tin báo", as_json=as_json)
