"""Pages of clearing accounts: what should be zero, what is open and how old, by channel."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import read_session, scope
from fundsvc.sheet import Cell, csv_lines
from fundsvc.staff.access import allow
from fundsvc.workbench import clearing, open_entries
from fundsvc.workbench.clearing_facts import Item, Standing

bp = Blueprint("clearing", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
CSV: Final = "text/csv; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: what it is called, what should be zero and when, and what stands on it."""

    name: str
    label: str
    should: str
    balance: int
    amounts: tuple[int, ...]
    since: date | None


@bp.get("/clearing")
@allow(*READERS)
def index() -> str:
    """Show all channels with what is open on each, by age."""
    rows = clearing.standing(read_session(), clock.today())
    return render_template(
        "workbench/clearing.html",
        channels=[_channel(name, rows) for name in clearing.CHANNELS],
        today=clock.today(),
        ages=ages(),
        short_ages=short_ages(),
    )


@bp.get("/clearing.csv")
@allow(*READERS)
def csv() -> Response:
    """Give what stands on each account of all channels as CSV."""
    rows = clearing.standing(read_session(), clock.today())
    return _file("tai-khoan-trung-gian", csv_lines(_head(), map(_cells, rows)))


@bp.get("/clearing/<channel>")
@allow(*READERS)
def show(channel: str) -> str:
    """Show a channel: what stands on each account, and the open items it is made of."""
    session, name = read_session(), clearing.check(channel)
    rows = clearing.standing(session, clock.today(), name)
    page, older = None, 0
    if name == clearing.UNIDENTIFIED:
        page = clearing.lines(session, request.args.get("after", ""))
        items = page.items
    else:
        items, older = _newest(session, rows)
    whole = page is None or (page.after is None and "after" not in request.args)
    rest = sum(row.balance for row in rows) - sum(item.left for item in items)
    return render_template(
        "workbench/channel.html",
        channel=_channel(name, rows),
        rows=[(row, _ledger(row)) for row in rows],
        items=items,
        after=page.after if page else None,
        rest=rest - older if whole else 0,
        older=older,
        most=open_entries.MOST,
        counted_off=page is None,
        between=name == clearing.BETWEEN and scope(session) is None,
        today=clock.today(),
        ages=ages(),
        short_ages=short_ages(),
    )


@bp.get("/clearing/<channel>.csv")
@allow(*READERS)
def channel_csv(channel: str) -> Response:
    """Give the open items of a channel as CSV."""
    session, name = read_session(), clearing.check(channel)
    if name == clearing.UNIDENTIFIED:
        items: Iterable[Item] = clearing.lines(session, most=None).items
    else:
        rows = clearing.standing(session, clock.today(), name)
        items = (item for row in rows for item in open_entries.entries(session, row))
    return _file(f"con-treo-{name}", _open_items(items))


def ages() -> tuple[str, ...]:
    """Return what the columns of age are called."""
    return (_("0–30 ngày"), _("31–90 ngày"), _("91–180 ngày"), _("Trên 180 ngày"))


def short_ages() -> tuple[str, ...]:
    """Return what the columns of age are called below a heading that says that they are days."""
    return ("0–30", "31–90", "91–180", _("trên 180"))


def _newest(session: Session, rows: Iterable[Standing]) -> tuple[tuple[Item, ...], int]:
    """Return the newest entries of each balance, and what older ones than these come to."""
    items: list[Item] = []
    older = 0
    for row in rows:
        found = list(open_entries.entries(session, row, open_entries.MOST))
        if len(found) == open_entries.MOST:
            older += row.balance - sum(item.left for item in found)
        items += found
    return tuple(items), older


def _channel(name: str, rows: Iterable[Standing]) -> Channel:
    words = {
        clearing.SMS: (
            _("Nhà mạng"),
            _("Về 0 khi nhà mạng đã trả tiền của mọi tin nhắn."),
        ),
        clearing.CARD: (
            _("Thẻ (Stripe)"),
            _("Về 0 khi Stripe đã chuyển hết tiền và không còn khiếu nại."),
        ),
        clearing.TRANSIT: (
            _("Tiền đang chuyển"),
            _("Về 0 khi tiền đã chuyển đi có trên sao kê ngân hàng nhận."),
        ),
        clearing.UNIDENTIFIED: (
            _("Tiền chờ xác định"),
            _("Về 0 khi mọi dòng sao kê đã rõ là khoản gì."),
        ),
        clearing.BETWEEN: (
            _("Giữa các quỹ, đơn vị"),
            _("Về 0 khi các quỹ, đơn vị đã trả nhau; trong toàn Hội phải thu bằng phải trả."),
        ),
    }
    own = [row for row in rows if row.channel == name]
    label, should = words[name]
    amounts = [sum(column) for column in zip(*(row.age.amounts for row in own), strict=True)]
    return Channel(
        name,
        label,
        should,
        sum(row.balance for row in own),
        tuple(amounts) or (0,) * len(ages()),
        min((row.age.since for row in own if row.age.since), default=None),
    )


def _ledger(row: Standing) -> str:
    asked = {
        "account": row.account,
        "alone": "1",
        "fund": row.fund,
        "unit": row.unit,
        "from": (row.age.since or clock.today()).isoformat(),
        "to": clock.today().isoformat(),
    }
    return f"/statements/general-ledger?{urlencode(asked)}"


def _head() -> tuple[Cell, ...]:
    return (
        _("Tài khoản"),
        _("Quỹ"),
        _("Đơn vị"),
        *(_("%(age)s (đồng)", age=age) for age in ages()),
        _("Còn treo (đồng)"),
        _("Từ ngày"),
    )


def _cells(row: Standing) -> tuple[Cell, ...]:
    since = row.age.since.isoformat() if row.age.since else ""
    return (row.account, row.fund_name, row.unit_name, *row.age.amounts, row.balance, since)


def _open_items(items: Iterable[Item]) -> Iterator[str]:
    head = (
        _("Ngày"),
        _("Tài khoản"),
        _("Đơn vị"),
        _("Nội dung"),
        _("Số tiền (đồng)"),
        _("Còn treo (đồng)"),
        _("Tài khoản ngân hàng"),
        _("Lý do tạm giữ lại"),
        _("Bút toán"),
    )
    rows = (
        (
            item.on.isoformat(),
            item.account,
            item.unit_name,
            item.words,
            item.amount,
            item.left,
            item.bank_account,
            item.held,
            item.entry_id,
        )
        for item in items
    )
    return csv_lines(head, rows)


def _file(name: str, rows: Iterable[str]) -> Response:
    head = {"Content-Disposition": f'attachment; filename="{name}-{clock.today():%Y%m%d}.csv"'}
    # Read while the session is there: what streams later would read without one.
    return Response(list(rows), headers=head, content_type=CSV)


def line_page(item: Item) -> str:
    """Return the page of a bank's line in the list of its account."""
    mark = f"{item.on.isoformat()}.{item.line_id + 1}"
    return url_for("reconciliation.account", code=item.bank_account, before=mark)


bp.add_app_template_global(line_page, "line_page")
