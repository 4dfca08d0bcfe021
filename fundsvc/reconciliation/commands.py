"""Commands of the bank: `bank-account add|list` and `import bank`."""

import json
import sys
from pathlib import Path

import click


@click.group(name="bank-account")
def group() -> None:
    """Tài khoản ngân hàng."""


@group.command("add")
@click.argument("code")
@click.option("--bank", required=True, metavar="NAME", help="Tên ngân hàng.")
@click.option("--number", required=True, metavar="N", help="Số tài khoản.")
@click.option("--fund", required=True, metavar="F", help="Quỹ: base, dues, nghia-tinh.")
@click.option("--unit", required=True, metavar="U", help="Mã đơn vị, TW là Trung ương Hội.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def add(code: str, bank: str, number: str, fund: str, unit: str, as_json: bool) -> None:
    """Thêm tài khoản ngân hàng CODE (2–12 chữ A–Z hoặc số)."""
    from fundsvc.db import transaction
    from fundsvc.reconciliation.accounts import add_bank_account

    with transaction() as session:
        facts = add_bank_account(
            session, code=code, bank=bank, number=number, fund=fund, unit=unit, by=None
        )
    if as_json:
        click.echo(json.dumps(facts.as_json(), ensure_ascii=False))
    else:
        click.echo(
            f"{facts.code}: {facts.bank} {facts.number}, {facts.fund_name}, {facts.unit_name};"
            f" tài khoản kế toán {facts.account}."
        )


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def list_accounts(as_json: bool) -> None:
    """Liệt kê tài khoản ngân hàng với số dư sổ sách."""
    from fundsvc.db import read_session
    from fundsvc.reconciliation import lists
    from fundsvc.templating.filters import number

    found = lists.accounts(read_session(), counted=True)
    if as_json:
        accounts = [facts.as_json() for facts in found]
        click.echo(json.dumps({"accounts": accounts}, ensure_ascii=False))
        return
    for facts in found:
        click.echo(
            f"{facts.code:<12} {facts.bank} {facts.number}  {facts.fund}/{facts.unit}"
            f"  {number(facts.balance)} đ  {number(facts.lines)} dòng"
        )
    if not found:
        click.echo("Chưa có tài khoản ngân hàng nào. Bắt đầu bằng fundsvc bank-account add.")


@click.command("bank")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", required=True, metavar="CODE", help="Mã tài khoản ngân hàng.")
@click.option("--format", "layout", metavar="NAME", help="Mẫu sao kê; không ghi thì tự nhận biết.")
@click.option("--commit", is_flag=True, help="Ghi sổ; không có thì chỉ xem trước.")
@click.option(
    "--as-new",
    "answer",
    metavar="ROWS",
    help="Trả lời câu hỏi về dòng giống dòng đã có: số dòng là khoản mới (3,7), hoặc none.",
)
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def import_bank(
    file: Path,
    account: str,
    layout: str | None,
    commit: bool,
    answer: str | None,
    as_json: bool,
) -> None:
    """Nhập sao kê ngân hàng FILE vào tài khoản CODE.

    FILE là CSV, XLSX, MT940, CAMT.053 hoặc OFX; loại tệp được nhận ra theo nội dung.
    """
    from contextlib import nullcontext

    from fundsvc.db import read_session, transaction
    from fundsvc.reconciliation import service
    from fundsvc.reconciliation.source import Source

    as_new = _rows(answer)
    with file.open("rb") as opened:
        statement = service.read(
            read_session(),
            Source(opened),
            name=file.name,
            account_code=account,
            layout=layout,
            commit=commit,
        )
    with transaction() if commit else nullcontext(read_session()) as session:
        report = service.import_bank(session, statement, by=None, as_new=as_new)
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        for line in service.told(report):
            click.echo(line)
    if report.refused_count or (commit and report.asked):
        sys.exit(1)


def _rows(answer: str | None) -> frozenset[int] | None:
    """Return the rows of an answer; None when none was given."""
    if answer is None:
        return None
    if answer == "none":
        return frozenset()
    told = [one.strip() for one in answer.split(",")]
    if not all(one.isascii() and one.isdigit() and len(one) < 10 for one in told):  # noqa: PLR2004 - rows have fewer figures
        why = "Phải là số dòng, cách nhau bằng dấu phẩy, hoặc none."
        raise click.BadParameter(why)
    return frozenset(map(int, told))
