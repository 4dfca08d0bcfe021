"""What the screen calls things: kinds of decisions, and the choices that its forms offer."""

from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account
from fundsvc.dues.service import FUNDS
from fundsvc.spending.models import LINES
from fundsvc.templating import filters, in_language
from fundsvc.units import service as units
from fundsvc.units.models import Unit
from fundsvc.workbench.decisions import Decided
from fundsvc.workbench.moving import refused_account
from fundsvc.workbench.taken import GIFT, PAYOUT, SETTLEMENT

KINDS: Final = {
    "promised": lazy_gettext("Khoản ủng hộ đã đăng ký"),
    "given": lazy_gettext("Khoản ủng hộ"),
    "collected": lazy_gettext("Hội phí, chân quỹ"),
    "settled": lazy_gettext("Nhà mạng thanh toán"),
    "paid-out": lazy_gettext("Tiền thẻ đã về"),
    "mirrored": lazy_gettext("Chuyển giữa các tài khoản"),
    "booked": lazy_gettext("Đã ghi bằng tay"),
    "spent": lazy_gettext("Khoản chi"),
    "posted": lazy_gettext("Ghi vào tài khoản khác"),
    "split": lazy_gettext("Chia nhiều phần"),
    "held": lazy_gettext("Tạm giữ lại"),
}
TAKEN: Final = {
    GIFT: lazy_gettext("Khoản ủng hộ theo mã"),
    SETTLEMENT: lazy_gettext("Nhà mạng thanh toán"),
    PAYOUT: lazy_gettext("Tiền thẻ đã về"),
}
"""What lines became without a decision of the workbench."""


def told(done: Decided) -> str:
    """Say in a sentence what was decided."""
    if done.receipt:
        return _("Đã ghi: %(kind)s, biên nhận %(number)s.", kind=KINDS[done.kind],
                 number=done.receipt)  # fmt: skip
    if done.kind == "held":
        return _("Đã tạm giữ lại dòng sao kê.")
    return _("Đã ghi: %(kind)s.", kind=KINDS[done.kind])


def sum_of(count: int, amount: int) -> str:
    """Say how many lines a list has and what they come to."""
    return _("%(count)s dòng, %(sum)s", count=filters.number(count), sum=filters.dong(amount))


def choices(session: Session, fund: str, unit_id: int, *, money_in: bool) -> dict[str, Any]:
    """Return what the forms of a line offer: units, accounts, lines of the fund statement."""
    rows = session.scalars(select(Account).order_by(Account.code))
    accounts = [
        (row.code, f"{row.code} · {in_language(row.name, row.name_en)}")
        for row in rows
        if not refused_account(row.code, money_in=money_in)
    ]
    purposes = [
        (row.line, in_language(row.name, row.name_en))
        for row in session.scalars(select(Account).where(Account.type == "expense"))
        if row.line in LINES
    ]
    return {
        "accounts": accounts,
        "purposes": purposes,
        "provinces": units.province_names(session) if money_in else [],
        "units": [(unit.code, unit.name) for unit in units.all_units(session)]
        if fund in FUNDS and money_in
        else [],
        "own_unit": session.scalar(select(Unit.code).where(Unit.id == unit_id)) or "",
        "kinds": KINDS,
    }
