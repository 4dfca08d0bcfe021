"""Commands of card payments: `online handle`, `online pull`, `online payouts`, `online match`."""

import json

import click

NOT_SET = "Chưa đặt FUNDSVC_STRIPE_KEY."
DOWN = "Stripe chưa trả lời; các sự kiện vẫn chờ, xin thử lại sau."
_as_json = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")


@click.group("online")
def group() -> None:
    """Ủng hộ qua thẻ (Stripe)."""


@group.command("handle")
@_as_json
def handle(as_json: bool) -> None:
    """Ghi sổ mọi sự kiện Stripe đang chờ (việc nền tự làm mỗi giây)."""
    _done(as_json, pulled=None)


@group.command("pull")
@_as_json
def pull(as_json: bool) -> None:
    """Hỏi Stripe những sự kiện chưa nhận được, rồi ghi sổ (việc nền tự làm mỗi ngày)."""
    from fundsvc.errors import Refusal
    from fundsvc.online import gateway, handling

    if not gateway.ready():
        raise Refusal(NOT_SET)
    try:
        pulled = handling.pull()
    except gateway.DownError as error:
        raise Refusal(DOWN) from error
    _done(as_json, pulled=pulled)


@group.command("payouts")
@_as_json
def payouts(as_json: bool) -> None:
    """Liệt kê các đợt Stripe chuyển tiền về ngân hàng, mới nhất trước."""
    from fundsvc.db import read_session
    from fundsvc.online import listing
    from ledger.words import grouped

    rows = listing.payouts(read_session())
    if as_json:
        click.echo(json.dumps({"payouts": [row.as_json() for row in rows]}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(f"{row.id}  {row.sent_on}  {grouped(row.amount)} đ  {row.state}  {row.payout}")
    if not rows:
        click.echo("Chưa có đợt chuyển tiền nào.")


@group.command("match")
@click.argument("payout", type=click.IntRange(1))
@click.option("--line", type=click.IntRange(1), required=True, help="Số của dòng sao kê.")
def match(payout: int, line: int) -> None:
    """Xác nhận dòng sao kê LINE là tiền của đợt chuyển PAYOUT."""
    from fundsvc.db import transaction
    from fundsvc.online import arrivals

    with transaction() as session:
        row = arrivals.match(session, payout, line, by=None)
        entry = row.arrival_entry_id
    click.echo(f"Đã ghi sổ bút toán {entry}: tiền của đợt {payout} đã về ngân hàng.")


def _done(as_json: bool, *, pulled: tuple[int, int] | None) -> None:
    from fundsvc.errors import Refusal
    from fundsvc.online import gateway, handling

    try:
        told = handling.handle()
    except gateway.DownError as error:
        raise Refusal(DOWN) from error
    facts = {"handled": told["handled"], "parked": told["parked"], "matched": handling.match_all()}
    if pulled is not None:
        facts |= {"seen": pulled[0], "new": pulled[1]}
    if as_json:
        click.echo(json.dumps(facts))
        return
    if pulled is not None:
        click.echo(f"Stripe có {pulled[0]} sự kiện, {pulled[1]} chưa nhận trước đây.")
    click.echo(
        f"Đã xử lý {facts['handled']} sự kiện; {facts['parked']} chưa ghi sổ được;"
        f" {facts['matched']} đợt chuyển tiền khớp với sao kê."
    )
