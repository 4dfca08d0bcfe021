"""What the commands of gateways share: how secrets are given, and what is told of each act."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from fundsvc.inbox.gateways import SecretFacts

STATES: Final = ("handled", "parked", "conflict")

as_json_option = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
secrets_option = click.option(
    "--secret",
    "secrets",
    multiple=True,
    required=True,
    help="Khóa bí mật; ghi được nhiều lần; - là đọc một dòng từ đầu vào chuẩn.",
)


def read_secrets(given: Iterable[str]) -> list[str]:
    """Return secrets as given; one that is `-` stands for a line of the standard input."""
    return [sys.stdin.readline().rstrip("\r\n") if text == "-" else text for text in given]


def tell_added(facts: Mapping[str, Any], address: str, *, as_json: bool) -> None:
    """Tell that a gateway, or more secrets of one, were added."""
    name, count = facts["gateway"], facts["secrets"]
    said = f"Đã thêm cổng {name}; địa chỉ: {address}/{name}"
    said = said if facts["new"] else f"Đã thêm {count} khóa cho cổng {name}."
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else said)


def secrets_as_json(secrets: Sequence["SecretFacts"]) -> list[dict[str, Any]]:
    """Return when each secret was added and retired, by its number; never the secret."""
    return [
        {
            "number": one.number,
            "added_at": one.added_at.isoformat(),
            "retired_at": one.retired_at and one.retired_at.isoformat(),
        }
        for one in secrets
    ]


def tell_gateways(
    rows: Sequence[Mapping[str, Any]],
    command: str,
    head: Callable[[Mapping[str, Any]], str],
    *,
    as_json: bool,
) -> None:
    """List gateways; `head` says what stands above the secrets of one."""
    if as_json:
        click.echo(json.dumps({"gateways": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(head(row))
        for secret in row["secrets"]:
            state = "đã bỏ" if secret["retired_at"] else "đang dùng"
            click.echo(f"  khóa số {secret['number']}, từ {secret['added_at'][:10]}: {state}")
    if not rows:
        click.echo(f"Chưa có cổng nào. Bắt đầu bằng fundsvc {command} add.")


def retire_command(senders: str) -> click.Command:
    """Return the command that retires a secret; `senders` is the module that knows the gateways."""

    @click.command("retire-secret")
    @click.argument("name")
    @click.argument("number", type=click.INT)
    def retire_secret(name: str, number: int) -> None:
        """Bỏ khóa số NUMBER của cổng NAME; máy chủ đang chạy biết sau vài giây."""
        from importlib import import_module

        from fundsvc.db import transaction

        with transaction() as session:
            import_module(senders).retire_secret(session, name, number, by=None)
        click.echo(f"Đã bỏ khóa số {number} của cổng {name}.")

    return retire_secret


def tell_handled(told: Counter[str], what: str, *, as_json: bool) -> None:
    """Tell how many of what was pushed were handled, or set aside."""
    facts = {name: told[name] for name in STATES}
    said = (
        f"Đã xử lý {facts['handled']} {what}; {facts['parked']} {what} chưa ghi sổ được,"
        f" {facts['conflict']} {what} mâu thuẫn."
    )
    click.echo(json.dumps(facts) if as_json else said)
