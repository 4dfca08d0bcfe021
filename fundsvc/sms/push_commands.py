"""Commands of pushed messages: `gateway add|list|retire-secret` and `sms handle`."""

import json
import sys
from typing import Any

import click

KIND = "sms"
_as_json = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")


@click.group("gateway")
def group() -> None:
    """Cổng đẩy tin nhắn và khóa bí mật của cổng."""


@group.command("add")
@click.argument("name")
@click.option("--form", "form_name", required=True, help="Mẫu: vcom, esms hoặc standard.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    required=True,
    help="Khóa bí mật; ghi được nhiều lần; - là đọc một dòng từ đầu vào chuẩn.",
)
@click.option("--operator", help="Nhà mạng, khi tin của mẫu không nói (esms).")
@click.option("--client-id", help="Mã khách hàng ở cổng: client_id của vcom, cpid của esms.")
@_as_json
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

    given = [_line() if text == "-" else text for text in secrets]
    with transaction() as session:
        fresh = senders.add(
            session, name, form_name, given, operator=operator, client_id=client_id, by=None
        )
    facts = {"gateway": name, "form": form_name, "new": fresh, "secrets": len(given)}
    said = f"Đã thêm cổng {name}; địa chỉ: /webhooks/sms/{name}"
    said = said if fresh else f"Đã thêm {len(given)} khóa cho cổng {name}."
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else said)


@group.command("list")
@_as_json
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
            "secrets": [
                {
                    "number": secret.number,
                    "added_at": secret.added_at.isoformat(),
                    "retired_at": secret.retired_at and secret.retired_at.isoformat(),
                }
                for secret in secrets.get(name, ())
            ],
        }
        for name, gateway in known.items()
    ]
    if as_json:
        click.echo(json.dumps({"gateways": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row['gateway']}  {row['form']}  {row.get('operator', '')}".rstrip())
        if row["refuses"]:
            operator = f" --operator {row['operator']}" if "operator" in row else ""
            click.echo(
                "  THIẾU mã khách hàng: mọi tin đẩy tới đều bị từ chối (401). Thêm bằng: fundsvc"
                f" gateway add {row['gateway']} --form {row['form']}{operator} --client-id MÃ"
                " --secret KHÓA"
            )
        for secret in row["secrets"]:
            state = "đã bỏ" if secret["retired_at"] else "đang dùng"
            click.echo(f"  khóa số {secret['number']}, từ {secret['added_at'][:10]}: {state}")
    if not rows:
        click.echo("Chưa có cổng nào. Bắt đầu bằng fundsvc gateway add.")


@group.command("retire-secret")
@click.argument("name")
@click.argument("number", type=click.INT)
def retire_secret(name: str, number: int) -> None:
    """Bỏ khóa số NUMBER của cổng NAME; máy chủ đang chạy biết sau vài giây."""
    from fundsvc.db import transaction
    from fundsvc.sms import senders

    with transaction() as session:
        senders.retire_secret(session, name, number, by=None)
    click.echo(f"Đã bỏ khóa số {number} của cổng {name}.")


@click.group("sms")
def sms() -> None:
    """Tin nhắn do cổng đẩy tới."""


@sms.command("handle")
@click.option("--unknown", is_flag=True, help="Thử lại cả các tin không rõ cú pháp.")
@_as_json
def handle(unknown: bool, as_json: bool) -> None:
    """Ghi sổ mọi tin đang chờ trong hộp nhận (việc nền tự làm mỗi giây)."""
    from fundsvc.db import transaction
    from fundsvc.sms import handling

    if unknown:
        with transaction() as session:
            handling.retry_unknown(session)
    told = handling.handle()
    facts = {name: told[name] for name in ("handled", "parked", "conflict")}
    if as_json:
        click.echo(json.dumps(facts))
        return
    click.echo(
        f"Đã xử lý {facts['handled']} tin; {facts['parked']} tin chưa ghi sổ được,"
        f" {facts['conflict']} tin mâu thuẫn."
    )


def _line() -> str:
    return sys.stdin.readline().rstrip("\r\n")
