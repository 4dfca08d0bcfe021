"""Texts from outside: cleaning, folding for search, masking for public pages, amounts in forms."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

from fundsvc.errors import Reason, Refusal
from fundsvc.gettext import gettext as _
from ledger.money import MAX_DONG
from ledger.words import grouped

# Marks that turn the direction of writing can make a name read as another name.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
)
_AMOUNT = re.compile(r"[0-9]{1,40}|[0-9]{1,3}(?:([. ])[0-9]{3})(?:\1[0-9]{3}){0,4}", re.ASCII)
_DAY = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", re.ASCII
)
EARLIEST_YEAR, LATEST_YEAR = 1990, 2199
_SHOWN_FIRST, _SHOWN_LAST, _SHORTEST_MASKED = 4, 3, 8


def clean(raw: str, limit: int, field: str | None = None, row: int | None = None) -> str:
    """Return a text in NFC with outer blanks removed and line ends as one blank.

    Raises:
        Refusal: it holds control characters, or is longer than `limit` characters.
    """
    # Most texts of long files are plain, and then there is nothing to look for.
    is_plain = raw.isascii() and raw.isprintable()
    if not is_plain and _REFUSED.search(raw):
        raise Refusal(Reason(_("Có ký tự không đọc được."), row, field))
    text = " ".join(raw.split())
    if not is_plain:
        text = unicodedata.normalize("NFC", text)
    if len(text) > limit:
        why = _("Dài quá %(limit)d ký tự.", limit=limit)
        raise Refusal(Reason(why, row, field))
    return text


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return a text for searching: lower case, no diacritics, đ as d ("Đức" is "duc")."""
    spread = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(mark for mark in spread if not unicodedata.combining(mark))
    return " ".join(plain.replace("đ", "d").split())


_HOME = re.compile(r"^Hội .* ((?:tỉnh|thành phố) .+)$")


def short_unit(name: str) -> str:
    """Return what tells a unit from the others, for lists to choose from on a narrow screen.

    All provincial associations begin with the association's own long name; what differs comes
    last ("Hội … tỉnh Quảng Trị" is "Tỉnh Quảng Trị").
    """
    found = _HOME.fullmatch(name)
    return f"{found[1][0].upper()}{found[1][1:]}" if found else name


def mask_name(name: str) -> str:
    """Return a name as public pages show it: the first letter of each word ("N*** V** A")."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())


def mask_phone(phone: str) -> str:
    """Return a phone number as `0912***678`; a short one is hidden whole."""
    if len(phone) < _SHORTEST_MASKED:
        return "***"
    return f"{phone[:_SHOWN_FIRST]}***{phone[-_SHOWN_LAST:]}"


def parse_dong(raw: str, field: str = "amount", *, least: int = 1) -> int:
    """Read an amount as people type it in forms: 1000000, 1.000.000 or 1 000 000 (whole đồng).

    Raises:
        Refusal: another form, below `least`, or beyond the books' range; commas and decimals are
            refused rather than guessed at.
    """
    text = raw.strip(" ").removesuffix("đ").rstrip(" ")
    if not _AMOUNT.fullmatch(text):
        why = _("Số tiền phải là chữ số, ngăn hàng nghìn bằng dấu chấm: 1.000.000 hoặc 1000000.")
        raise Refusal(Reason(why, field=field))
    amount = int(text.replace(".", "").replace(" ", ""))
    if amount < least:
        why = _("Số tiền phải từ %(least)s đ trở lên.", least=grouped(least))
        raise Refusal(Reason(why, field=field))
    if amount > MAX_DONG:
        raise Refusal(Reason(_("Số tiền quá lớn."), field=field))
    return amount


def parse_day(raw: str, field: str = "date") -> date:
    """Read a date as YYYY-MM-DD or dd/mm/yyyy.

    Raises:
        Refusal: another form, a day that does not exist, or a year the books cannot mean.
    """
    found = _DAY.fullmatch(raw.strip(" "))
    if not found:
        raise Refusal(Reason(_("Ngày phải viết dạng 31/12/2026."), field=field))
    year, month, day = (
        (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    )
    if not EARLIEST_YEAR <= int(year) <= LATEST_YEAR:
        raise Refusal(Reason(_("Năm %(year)s nằm ngoài sổ sách.", year=year), field=field))
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Refusal(Reason(_("Không có ngày này trong lịch."), field=field)) from None
