"""What somebody says on a page of giving: its limits, and its words cleaned."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.donors.service import LONGEST_CONTACT, LONGEST_NAME
from fundsvc.errors import Reason, Refusal
from fundsvc.giving.models import METHODS
from fundsvc.outbox import addresses
from fundsvc.text import clean
from fundsvc.units import service as units
from fundsvc.units.models import Province
from ledger.words import grouped

LEAST: Final = 1_000
"""The smallest note in use; less costs the bank and the books more than it brings."""
MOST: Final = 500_000_000
"""What banks send at once at any hour; more goes by an order at the counter."""
LONGEST_TEXT: Final = 200
LOCALES: Final = ("vi", "en")
_PHONE: Final = re.compile(r"\+?[0-9]{8,15}", re.ASCII)
BETWEEN: Final = str.maketrans("", "", " .-()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a donor says on a page: whole đồng, how it will come, and how to be named.

    An empty name is an anonymous donor. `province` is a key as `2025:44` or None; e-mail and phone
    are for the receipt and may be empty.
    """

    amount: int
    method: str = "bank"
    name: str = ""
    on_behalf_of: str = ""
    in_memory_of: str = ""
    province: str | None = None
    may_be_named: bool = False
    email: str = ""
    phone: str = ""
    locale: str = "vi"


def cleaned(session: Callable[[], Session], promise: Promise) -> tuple[Promise, Province | None]:
    """Return a promise in the form it is kept in, and the province it names.

    Most name none, and then no session is asked for.

    Raises:
        Refusal: with a reason for every word that cannot be.
    """
    reasons = _amount(promise.amount)
    kept: dict[str, Any] = {}
    for name, limit in (
        ("name", LONGEST_NAME),
        ("on_behalf_of", LONGEST_TEXT),
        ("in_memory_of", LONGEST_TEXT),
        ("email", LONGEST_CONTACT),
        ("phone", LONGEST_CONTACT),
    ):
        try:
            text = clean(getattr(promise, name), limit, name)
            kept[name] = addresses.parse(text) if name == "email" and text else text
        except Refusal as refusal:
            reasons += refusal.reasons
            kept[name] = ""
    if kept["phone"] and not _PHONE.fullmatch(kept["phone"].translate(BETWEEN)):
        why = _("Số điện thoại gồm 8 đến 15 chữ số, có thể có dấu + ở đầu.")
        reasons.append(Reason(why, field="phone"))
    if promise.may_be_named and not kept["name"]:
        why = _("Ủng hộ ẩn danh thì không nêu tên; xin bỏ chọn một trong hai.")
        reasons.append(Reason(why, field="may_be_named"))
    if promise.method not in METHODS or promise.locale not in LOCALES:
        reasons.append(Reason(_("Không có lựa chọn này."), field="method"))
    province = None
    if promise.province:
        try:
            province = units.province(session(), promise.province)
        except Refusal as refusal:
            reasons += refusal.reasons
    if reasons:
        raise Refusal(*reasons)
    return replace(promise, **kept, province=promise.province or None), province


def _amount(amount: int) -> list[Reason]:
    if amount < LEAST:
        why = _("Số tiền phải từ %(least)s đ trở lên.", least=grouped(LEAST))
        return [Reason(why, field="amount")]
    if amount > MOST:
        why = _("Mỗi lần ủng hộ qua trang này không quá %(most)s đ.", most=grouped(MOST))
        return [Reason(why, field="amount")]
    return []
