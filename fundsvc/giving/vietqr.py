"""VietQR: what a QR code holds that a Vietnamese bank's app pays by, and its picture.

The text is EMVCo's: two figures of name, two of length, the value; parts may hold parts.
"""

import io
import re
from dataclasses import dataclass
from typing import Final

import segno
from flask_babel import gettext as _
from markupsafe import Markup

from fundsvc.errors import Reason, Refusal
from fundsvc.text import fold

MEMO_SAFE: Final = 19
"""What every bank passes on of a memo; the standard allows 25."""
MEMO_MOST: Final = 25
AMOUNT_FIGURES: Final = 13
TO_ACCOUNT, TO_CARD = "QRIBFTTA", "QRIBFTTC"
_NAPAS: Final = "A000000727"
_DONG: Final = "704"
_BIN = re.compile("[0-9]{6}", re.ASCII)
_ACCOUNT = re.compile("[A-Za-z0-9]{1,19}", re.ASCII)
_TEXT = re.compile("[A-Za-z0-9 ]*", re.ASCII)

BANKS: Final = {
    "970436": ("Vietcombank", "vietcombank", "vcb", "ngoai thuong"),
    "970418": ("BIDV", "bidv", "dau tu va phat trien"),
    "970415": ("VietinBank", "vietinbank", "ctg", "cong thuong"),
    "970405": ("Agribank", "agribank", "nong nghiep va phat trien"),
    "970422": ("MB", "mb", "mbbank", "mb bank", "quan doi"),
    "970407": ("Techcombank", "techcombank", "tcb", "ky thuong"),
    "970416": ("ACB", "acb", "a chau"),
    "970432": ("VPBank", "vpbank", "vpb", "thinh vuong"),
    "970423": ("TPBank", "tpbank", "tpb", "tien phong"),
    "970403": ("Sacombank", "sacombank", "stb", "sai gon thuong tin"),
}
"""Numbers of banks (BIN) with the names that people give them; another number can be typed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer that a QR code asks for; without an amount the giver types one.

    A code with neither amount nor memo is `11`, good for ever; others are `12`, for one transfer.

    `reference` is a shop's own number, which our codes do not use; `service` says whether `account`
    is an account or a card.
    """

    bin: str
    account: str
    amount: int | None = None
    memo: str = ""
    reference: str = ""
    service: str = TO_ACCOUNT

    def __post_init__(self) -> None:
        """Hold that banks can read it.

        Raises:
            Refusal: with a reason for each part that cannot be.
        """
        reasons = []
        if not _BIN.fullmatch(self.bin):
            reasons.append(Reason(_("Mã ngân hàng (BIN) gồm 6 chữ số."), field="bin"))
        if not _ACCOUNT.fullmatch(self.account):
            why = _("Số tài khoản gồm 1 đến 19 chữ cái không dấu hoặc chữ số.")
            reasons.append(Reason(why, field="account"))
        if self.amount is not None and not 1 <= self.amount < 10**AMOUNT_FIGURES:
            why = _("Số tiền là số nguyên từ 1 đến 13 chữ số.")
            reasons.append(Reason(why, field="amount"))
        for name in ("memo", "reference"):
            text = getattr(self, name)
            if len(text) > MEMO_MOST or not _TEXT.fullmatch(text):
                why = _(
                    "Nội dung gồm tối đa %(most)d chữ cái không dấu, chữ số và dấu cách.",
                    most=MEMO_MOST,
                )
                reasons.append(Reason(why, field=name))
        if self.service not in {TO_ACCOUNT, TO_CARD}:
            reasons.append(Reason(_("Không có lựa chọn này."), field="service"))
        if reasons:
            raise Refusal(*reasons)


def payload(transfer: Transfer) -> str:
    """Return what the QR code of a transfer holds."""
    beneficiary = _part("00", transfer.bin) + _part("01", transfer.account)
    account = _part("00", _NAPAS) + _part("01", beneficiary) + _part("02", transfer.service)
    told = _part("01", transfer.reference) + _part("08", transfer.memo)
    text = "".join(
        (
            _part("00", "01"),
            _part("01", "12" if transfer.amount or told else "11"),
            _part("38", account),
            _part("53", _DONG),
            _part("54", "" if transfer.amount is None else str(transfer.amount)),
            _part("58", "VN"),
            _part("62", told),
            "6304",
        )
    )
    return f"{text}{_crc(text):04X}"


def svg(text: str, title: str) -> Markup:
    """Return a QR code as a drawing that stands in a page."""
    drawn = segno.make(text, error="m", micro=False).svg_inline(
        title=title, border=4, omitsize=True, dark="#000", light="#fff"
    )
    # segno escapes the title; the rest of the drawing are numbers.
    return Markup(drawn)  # noqa: S704 - made above from numbers and an escaped title


def png(text: str, *, scale: int = 12) -> bytes:
    """Return a QR code as a picture to keep and to open in a bank's app."""
    file = io.BytesIO()
    segno.make(text, error="m", micro=False).save(file, kind="png", scale=scale, border=4)
    return file.getvalue()


def bin_of(bank: str) -> str:
    """Return the number of a bank by the name that somebody gave it, or nothing if unknown."""
    wanted = fold(bank)
    if _BIN.fullmatch(wanted):
        return wanted
    for number, (_name, *names) in BANKS.items():
        if wanted in names or any(" " in name and name in wanted for name in names):
            return number
    return ""


def _part(name: str, value: str) -> str:
    return f"{name}{len(value):02}{value}" if value else ""


def _crc(text: str) -> int:
    """Return CRC-16/CCITT-FALSE."""
    crc = 0xFFFF
    for byte in text.encode("ascii"):
        crc ^= byte << 8
        for _bit in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc
