"""Commands of pushed messages: `gateway add|list|retire-secret` and `sms handle`."""

from collections.abc import Mapping
from typing import Any

import click

from fundsvc.inbox import commands as shared

KIND = "sms"


@click.group("gateway")
def group() -> None:
    """Cổng tin nhắn và khóa bí mật của cổng."""


@group.command("add")
@click.argument("name")
@click.option("--form", "form_name", required=True, help="Mẫu: vcom, esms hoặc standard.")
@shared.secrets_option
@click.option("--operator", help="Nhà mạng, khi tin của mẫu không nói (esms).")
@click.option("--client-id", help="Mã khách hàng ở cổng: client_id của vcom, cpid của esms.")
@shared.as_json_option
def add(
    name: str,
    form_name: str,
    secrets: tuple[str, ...],
    operator: str | None,
    client_id: str | None,
    as_json: bool,
) -> None:
    """Thêm cổng NAME, hoặc thêm khóa mới cho cổng đã có (khi thay khóa, cả hai cùng dùng được)."""
    from fundsvc.db import transaction
    from fundsvc.sms import senders

    given = shared.read_secrets(secrets)
    with transaction() as session:
        fresh = senders.add(
            session, name, form_name, given, operator=operator, client_id=client_id, by=None
        )
    facts = {"gateway": name, "form": form_name, "new": fresh, "secrets": len(given)}
    shared.tell_added(facts, "/webhooks/sms", as_json=as_json)


@group.command("list")
@shared.as_json_option
def list_gateways(as_json: bool) -> None:
    """Liệt kê các cổng với số của từng khóa; không bao giờ in khóa."""
    from fundsvc.db import read_session
    from fundsvc.inbox import gateways
    from fundsvc.sms import senders

    session = read_session()
    unfinished = senders.unfinished(session)
    known, secrets = gateways.known(session, KIND), gateways.secrets_of(session, KIND)
    rows: list[dict[str, Any]] = [
        {
            "gateway": name,
            "form": gateway.form,
            **gateway.settings,
            "refuses": name in unfinished,
            "secrets": shared.secrets_as_json(secrets.get(name, ())),
        }
        for name, gateway in known.items()
    ]
    shared.tell_gateways(rows, "gateway", _head, as_json=as_json)


def _head(row: Mapping[str, Any]) -> str:
    """Return what a gateway is, and what it lacks."""
    said = f"{row['gateway']}  {row['form']}  {row.get('operator', '')}".rstrip()
    if not row["refuses"]:
        return said
    operator = f" --operator {row['operator']}" if "operator" in row else ""
    return (
        f"{said}\n  THIẾU mã khách hàng: mọi tin từ cổng đều bị từ chối (401). Thêm bằng: fundsvc"
        f" gateway add {row['gateway']} --form {row['form']}{operator} --client-id MÃ"
        " --secret KHÓA"
    )


retire_secret = shared.retire_command("fundsvc.sms.senders")
group.add_command(retire_secret)


@click.group("sms")
def sms() -> None:
    """Tin nhắn nhận từ cổng."""


@sms.command("handle")
@click.option("--unknown", is_flag=True, help="Thử lại cả các tin không rõ cú pháp.")
@shared.as_json_option
def handle(unknown: bool, as_json: bool) -> None:
    """Ghi sổ mọi tin đang chờ trong hộp nhận (việc nền tự làm mỗi giây)."""
    from fundsvc.db import transaction
    from fundsvc.sms import handling

    if unknown:
        with transaction() as session:
            handling.retry_unknown(session)
    shared.tell_handled(handling.handle(), "tin", as_json=as_json)
