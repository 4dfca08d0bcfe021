"""Commands of giving: what a VietQR code holds."""

import click

from fundsvc.giving.vietqr import TO_ACCOUNT, TO_CARD, Transfer, payload


@click.command()
@click.option("--bin", "bank", required=True, help="Mã ngân hàng (BIN), 6 chữ số.")
@click.option("--account", required=True, help="Số tài khoản nhận tiền.")
@click.option("--amount", type=int, help="Số tiền (đồng); bỏ trống để người chuyển tự điền.")
@click.option("--memo", default="", help="Nội dung chuyển khoản, không dấu; nên tối đa 19 ký tự.")
@click.option("--reference", default="", help="Mã tham chiếu riêng, nếu có.")
@click.option("--to-card", is_flag=True, help="Số đã cho là số thẻ, không phải số tài khoản.")
def vietqr(
    *, bank: str, account: str, amount: int | None, memo: str, reference: str, to_card: bool
) -> None:
    """In nội dung của mã VietQR."""
    transfer = Transfer(
        bin=bank,
        account=account,
        amount=amount,
        memo=memo,
        reference=reference,
        service=TO_CARD if to_card else TO_ACCOUNT,
    )
    click.echo(payload(transfer))
