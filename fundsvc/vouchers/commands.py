"""Commands of vouchers: `voucher create`, `submit`, `approve`, `post`, `list`, `pdf` and others."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from sqlalchemy.orm import Session

    from fundsvc.vouchers.drafting import Draft, DraftLine

LARGEST_ID = 2**63 - 1

_number = click.argument("number", metavar="ID", type=click.IntRange(1, LARGEST_ID))
_by = click.option("--by", required=True, metavar="USERNAME", help="Người làm việc này.")
_as_json = click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
_version = click.option(
    "--version",
    type=click.IntRange(1),
    help="Chỉ làm nếu chứng từ vẫn ở phiên bản này; không ghi thì lấy bản hiện tại.",
)


@click.group("voucher")
def group() -> None:
    """Chứng từ: lập, trình duyệt, duyệt, ghi sổ, in."""


@group.command("create")
@click.option("--kind", required=True, help="cash-in cash-out bank-in bank-out journal transfer.")
@click.option("--unit", required=True, metavar="U", help="Mã đơn vị.")
@click.option("--fund", required=True, metavar="F", help="Quỹ: base, dues, nghia-tinh.")
@click.option("--description", required=True, metavar="TEXT", help="Nội dung; không ghi họ tên.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="Ngày chứng từ; không ghi là hôm nay.")
@click.option("--party", default="", metavar="NAME", help="Người nộp hoặc người nhận tiền.")
@click.option("--address", default="", metavar="TEXT", help="Địa chỉ của người đó.")
@click.option("--enclosed", default="", metavar="TEXT", help="Kèm theo, như “02 hóa đơn”.")
@click.option("--province", metavar="P", help="Nơi thu, chi, như 2025:44.")
@click.option("--till", metavar="ACCOUNT", help="Nơi để tiền: 111 hoặc 112.X.")
@click.option("--line", "lines", multiple=True, metavar="ACCOUNT=A", help="Tài khoản đối ứng.")
@click.option("--debit", multiple=True, metavar="ACCOUNT=A[@F[/U]]", help="Dòng Nợ (journal).")
@click.option("--credit", multiple=True, metavar="ACCOUNT=A[@F[/U]]", help="Dòng Có (journal).")
@click.option("--amount", metavar="A", help="Số tiền; không ghi là tổng các dòng.")
@click.option("--to-fund", metavar="F", help="Quỹ nhận (transfer).")
@click.option("--to-unit", metavar="U", help="Đơn vị nhận (transfer).")
@click.option("--to-till", metavar="ACCOUNT", help="Nơi tiền đến (transfer).")
@click.option("--resolution", metavar="TEXT", help="Số nghị quyết (transfer).")
@click.option("--resolution-on", metavar="YYYY-MM-DD", help="Ngày nghị quyết (transfer).")
@click.option("--key", metavar="K", help="Khóa chống ghi trùng: cùng khóa không lập hai lần.")
@_by
@_as_json
def create_command(*, by: str, key: str | None, as_json: bool, **typed: Any) -> None:
    """Lập nháp một chứng từ."""
    import secrets

    from fundsvc.db import transaction
    from fundsvc.fields import parse_key
    from fundsvc.staff.acting import acting
    from fundsvc.vouchers import service

    draft = _draft(**typed)
    key = service.chosen_key(parse_key(key) if key is not None else secrets.token_urlsafe(18))
    with transaction() as session:
        person = acting(session, by)
        number = service.create(session, draft, key=key, by=person.id)
    _tell(number, as_json=as_json)


def _step(name: str, act: str, told: str) -> None:
    """Add a command that takes a voucher one step on its way."""

    @_number
    @_by
    @_version
    @_as_json
    def run(*, number: int, by: str, version: int | None, as_json: bool) -> None:
        from fundsvc.vouchers import service

        _do(by, lambda session, who: getattr(service, act)(session, number, version, by=who))
        _tell(number, as_json=as_json)

    group.command(name, help=told)(run)


_step("submit", "submit", "Trình duyệt nháp số ID.")
_step("post", "post", "Ghi sổ chứng từ đã duyệt số ID và cấp số.")
_step("discard", "discard", "Bỏ nháp số ID; nháp vẫn xem được.")


@group.command("approve")
@_number
@click.option("--post", is_flag=True, help="Duyệt và ghi sổ luôn.")
@_by
@_version
@_as_json
def approve_command(
    *, number: int, post: bool, by: str, version: int | None, as_json: bool
) -> None:
    """Duyệt chứng từ số ID do người khác lập."""
    from fundsvc.vouchers import service

    _do(by, lambda session, who: service.approve(session, number, version, by=who, post=post))
    _tell(number, as_json=as_json)


@group.command("return")
@_number
@click.option("--reason", required=True, help="Lý do trả lại.")
@_by
@_version
@_as_json
def return_command(
    *, number: int, reason: str, by: str, version: int | None, as_json: bool
) -> None:
    """Trả chứng từ số ID về nháp để sửa."""
    from fundsvc.vouchers import service

    _do(by, lambda session, who: service.return_(session, number, version, reason, by=who))
    _tell(number, as_json=as_json)


@group.command("reverse")
@_number
@click.option("--reason", required=True, help="Lý do; được lưu trong sổ, không ghi họ tên.")
@click.option("--date", "day", metavar="YYYY-MM-DD", help="Không ghi là hôm nay.")
@_by
@_as_json
def reverse_command(*, number: int, reason: str, day: str | None, by: str, as_json: bool) -> None:
    """Ghi đảo chứng từ số ID: số âm, chứng từ cũ vẫn còn trong sổ."""
    from fundsvc.text import parse_day
    from fundsvc.vouchers import service

    on = parse_day(day, "date") if day else None
    _do(
        by,
        lambda session, who: service.reverse(session, number, on=on, reason=reason, by=who),
    )
    _tell(number, as_json=as_json)


@group.command("attach")
@_number
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_by
@_as_json
def attach_command(*, number: int, file: Path, by: str, as_json: bool) -> None:
    """Đính kèm tệp FILE (PDF hoặc ảnh) vào chứng từ số ID."""
    from fundsvc.vouchers import files

    # One byte more than is taken is enough to be refused.
    with file.open("rb") as opened:
        data = opened.read(files.LARGEST + 1)
    _do(by, lambda session, who: files.attach(session, number, data, file.name, "", by=who))
    _tell(number, as_json=as_json)


@group.command("list")
@click.option("--from", "first", metavar="YYYY-MM-DD", help="Từ ngày; không ghi là đầu năm nay.")
@click.option("--to", "last", metavar="YYYY-MM-DD", help="Đến ngày; không ghi là cuối năm nay.")
@click.option("--kind", help="Loại chứng từ.")
@click.option("--state", help="draft submitted approved posted discarded.")
@click.option("--fund", help="Quỹ.")
@click.option("--unit", help="Mã đơn vị.")
@_as_json
def list_command(
    *,
    first: str | None,
    last: str | None,
    kind: str | None,
    state: str | None,
    fund: str | None,
    unit: str | None,
    as_json: bool,
) -> None:
    """Liệt kê chứng từ, mới nhất trước."""
    from datetime import date

    from fundsvc import clock
    from fundsvc.db import read_session
    from fundsvc.text import parse_day
    from fundsvc.vouchers import listing
    from fundsvc.vouchers.kinds import KINDS, STATES
    from ledger.words import grouped

    _known("kind", kind, KINDS)
    _known("state", state, STATES)
    year = clock.today().year
    wanted = listing.Filter(
        first=parse_day(first, "from") if first else date(year, 1, 1),
        last=parse_day(last, "to") if last else date(year, 12, 31),
        kind=kind,
        state=state,
        fund=fund,
        unit=unit,
    )
    rows = listing.every(read_session(), wanted)
    if as_json:
        vouchers = [_row(row) for row in rows]
        click.echo(json.dumps({"vouchers": vouchers}, ensure_ascii=False))
        return
    for row in rows:
        name = row.number or f"#{row.id}"
        state_name = "Đã ghi đảo" if row.reversed else row.state_name
        amount = grouped(row.amount)
        click.echo(
            f"{row.date:%d/%m/%Y}  {name:<22} {state_name:<11} {amount:>16}  {row.description}"
        )


@group.command("pdf")
@_number
@click.option("--out", type=click.Path(path_type=Path), help="Tệp PDF; không ghi là tên chứng từ.")
def pdf_command(*, number: int, out: Path | None) -> None:
    """In chứng từ số ID ra tệp PDF."""
    from fundsvc.vouchers import printing

    name, data = printing.pdf(number)
    path = out or Path(name)
    path.write_bytes(data)
    click.echo(str(path))


def _known(field: str, code: str | None, codes: "Collection[str]") -> None:
    from flask_babel import gettext as _

    from fundsvc.errors import Reason, Refusal

    if code is not None and code not in codes:
        raise Refusal(Reason(_("Không có lựa chọn này."), field=field))


def _do(by: str, act: "Callable[[Session, int], Any]") -> None:
    """Do something as a person, within what that person may see."""
    from fundsvc.db import transaction
    from fundsvc.staff.acting import acting

    with transaction() as session:
        act(session, acting(session, by).id)


def _tell(number: int, *, as_json: bool) -> None:
    """Print what a voucher is now."""
    from fundsvc.db import read_session
    from fundsvc.vouchers import listing
    from ledger.words import grouped

    session = read_session()
    session.rollback()
    facts = listing.one(session, number)
    if facts is None:
        return
    if as_json:
        told = _row(facts.row) | {"version": facts.version}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    row = facts.row
    name = row.number or f"#{row.id}"
    click.echo(f"{row.kind_name} {name}: {row.state_name}, {grouped(row.amount)} đ")


def _row(row: Any) -> dict[str, Any]:
    return {
        "voucher": row.id,
        "kind": row.kind,
        "state": row.state,
        "number": row.number,
        "date": row.date.isoformat(),
        "unit": row.unit,
        "fund": row.fund,
        "amount": row.amount,
        "description": row.description,
        "entry": row.entry_id,
        "reversed": row.reversed,
        "files": row.files,
    }


def _draft(*, day: str | None, amount: str | None, **typed: Any) -> "Draft":
    """Read a draft from options."""
    from fundsvc import clock
    from fundsvc.text import parse_day, parse_dong
    from fundsvc.vouchers.drafting import Draft

    resolved = typed.pop("resolution_on")
    lines = (
        *(_line(raw, "amount") for raw in typed.pop("lines")),
        *(_line(raw, "debit") for raw in typed.pop("debit")),
        *(_line(raw, "credit") for raw in typed.pop("credit")),
    )
    return Draft(
        date=parse_day(day, "date") if day else clock.today(),
        amount=parse_dong(amount, "amount") if amount else 0,
        party_address=typed.pop("address"),
        resolution_on=parse_day(resolved, "resolution_on") if resolved else None,
        lines=lines,
        **typed,
    )


def _line(raw: str, side: str) -> "DraftLine":
    """Read a line as `6112=3.000.000`, on journal vouchers also with `@fund/unit`.

    Raises:
        Refusal: it has another form.
    """
    from flask_babel import gettext as _

    from fundsvc.errors import Reason, Refusal
    from fundsvc.fields import shown
    from fundsvc.text import parse_dong
    from fundsvc.vouchers.drafting import DraftLine

    account, equals, rest = raw.partition("=")
    amount, _at, where = rest.partition("@")
    fund, _slash, unit = where.partition("/")
    if not account.strip() or not equals or (where and side == "amount"):
        why = _("Dòng “%(line)s” phải viết dạng 6112=3.000.000.", line=shown(raw))
        raise Refusal(Reason(why, field="lines"))
    facts = {side: parse_dong(amount, "lines")}
    return DraftLine(account=account.strip(), fund=fund or None, unit=unit or None, **facts)
