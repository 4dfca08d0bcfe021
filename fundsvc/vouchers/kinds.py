"""What kinds of voucher there are and what they are called; the states they go through."""

from dataclasses import dataclass
from typing import Any, Final

from flask_babel import lazy_gettext

CASH_IN, CASH_OUT = "cash-in", "cash-out"
BANK_IN, BANK_OUT = "bank-in", "bank-out"
JOURNAL, TRANSFER = "journal", "transfer"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of voucher: the prefix of its numbers and its name.

    `money` says where the money of a till goes: "in", "out" or, for the others, nowhere; `till` is
    the ledger account such a voucher must name, or the one its tills lie below.
    """

    code: str
    prefix: str
    name: Any
    money: str | None = None
    till: str | None = None


KINDS: Final = {
    kind.code: kind
    for kind in (
        Kind(CASH_IN, "PT", lazy_gettext("Phiếu thu"), "in", "111"),
        Kind(CASH_OUT, "PC", lazy_gettext("Phiếu chi"), "out", "111"),
        Kind(BANK_IN, "BC", lazy_gettext("Giấy báo có"), "in", "112"),
        Kind(BANK_OUT, "BN", lazy_gettext("Giấy báo nợ"), "out", "112"),
        Kind(JOURNAL, "GS", lazy_gettext("Chứng từ ghi sổ")),
        Kind(TRANSFER, "GC", lazy_gettext("Giấy chuyển quỹ")),
    )
}

DRAFT, SUBMITTED, APPROVED = "draft", "submitted", "approved"
POSTED, DISCARDED = "posted", "discarded"
STATES: Final = {
    DRAFT: lazy_gettext("Nháp"),
    SUBMITTED: lazy_gettext("Chờ duyệt"),
    APPROVED: lazy_gettext("Đã duyệt"),
    POSTED: lazy_gettext("Đã ghi sổ"),
    DISCARDED: lazy_gettext("Đã bỏ"),
}
