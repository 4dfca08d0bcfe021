"""From the form in which somebody says what each column of a statement is, to a profile (pure)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from fundsvc.errors import Reason, Refusal
from fundsvc.reconciliation.foreign import Beginning, Profile
from fundsvc.reconciliation.layouts import COLUMNS, LAYOUTS, MARKED, SIGNED, said
from fundsvc.text import fold

LABELS: Final[Mapping[str, Any]] = {
    "date": lazy_gettext("Ngày"),
    "credit": lazy_gettext("Tiền vào"),
    "debit": lazy_gettext("Tiền ra"),
    "amount": lazy_gettext("Một cột số tiền cho cả hai chiều"),
    "mark": lazy_gettext("Cột ghi Nợ hay Có"),
    "memo": lazy_gettext("Nội dung"),
    "reference": lazy_gettext("Số tham chiếu"),
    "counterparty": lazy_gettext("Đối tác"),
    "balance": lazy_gettext("Số dư"),
}
FIELDS: Final = tuple(LABELS)
NEEDED: Final = ("date", "memo")
FORMS: Final = ("d/m/yyyy", "yyyy-mm-dd", "m/d/yyyy")
"""The forms of days among which a file decides, or a person where it does not."""

# Words of headers beside those of the layouts that are known.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "date": (
        "ngay gd", "ngay gio", "ngay gio giao dich", "ngay thuc hien", "thoi gian",
        "thoi gian giao dich", "date", "trans date", "posting date", "value date", "booking date",
    ),
    "credit": (
        "ghi co", "co", "tien vao", "so tien vao", "phat sinh co", "ps co", "thu", "nop vao",
        "credit", "credit amount", "deposit", "deposits", "money in", "paid in",
    ),
    "debit": (
        "ghi no", "no", "tien ra", "so tien ra", "phat sinh no", "ps no", "chi", "rut ra",
        "debit", "debit amount", "withdrawal", "withdrawals", "money out", "paid out",
    ),
    "amount": ("so tien", "so tien giao dich", "so tien gd", "amount", "transaction amount"),
    "mark": (
        "no co", "dr cr", "d c", "ghi no co", "loai", "loai giao dich", "loai gd", "dau", "type",
        "transaction type", "debit credit",
    ),
    "memo": (
        "noi dung", "noi dung giao dich", "noi dung gd", "dien giai", "dien giai giao dich",
        "mo ta", "ghi chu", "chi tiet", "details", "description", "memo", "narrative", "remark",
        "remarks", "content", "transaction details",
    ),
    "reference": (
        "so tham chieu", "tham chieu", "ma giao dich", "ma gd", "so giao dich", "so gd",
        "so chung tu", "so ct", "so but toan", "so ft", "reference", "reference number", "ref",
        "ref no", "transaction id", "transaction number", "trace",
    ),
    "counterparty": (
        "doi tac", "doi ung", "tai khoan doi ung", "tk doi ung", "nguoi gui", "nguoi chuyen",
        "ten nguoi chuyen", "ten doi ung", "ten doi tac", "counterparty", "remitter", "sender",
    ),
    "balance": (
        "so du", "so du cuoi", "so du sau giao dich", "so du luy ke", "du cuoi", "balance",
        "running balance", "available balance",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which column is what, by place, and the form of days if somebody said one."""

    places: Mapping[str, int]
    days: str = ""

    @property
    def sign(self) -> str:
        """How money out is told from money in, as far as the columns say."""
        if "amount" not in self.places:
            return COLUMNS
        return MARKED if "mark" in self.places else SIGNED

    @property
    def digest(self) -> str:
        """Name these choices, so that what is kept is what was shown."""
        told = json.dumps([sorted(self.places.items()), self.days]).encode()
        return hashlib.blake2b(told, digest_size=16).hexdigest()


@dataclass(slots=True)
class _Choosing:
    """The choices of a form while they are read, with what is wrong with them."""

    places: dict[str, int] = field(default_factory=dict)
    reasons: list[Reason] = field(default_factory=list)

    def refuse(self, name: str, why: str) -> None:
        if not any(reason.field == name for reason in self.reasons):
            self.reasons.append(Reason(why, field=name))

    def check_sides(self) -> None:
        """Money in and out are in two columns, or in one."""
        sides = [name for name in ("credit", "debit") if name in self.places]
        if "amount" in self.places:
            if sides:
                why = _(
                    "Chọn hai cột tiền vào, tiền ra, hoặc một cột cho cả hai chiều; không chọn cả"
                    " hai cách."
                )
                self.refuse("amount", why)
        elif not sides and "mark" not in self.places:
            why = _("Chọn cột tiền vào và cột tiền ra, hoặc một cột cho cả hai chiều.")
            self.refuse("credit", why)
        elif "mark" in self.places and not sides:
            self.refuse("amount", _("Chọn cả cột số tiền mà cột Nợ hay Có nói tới."))
        else:
            for name in {"credit", "debit"}.difference(sides):
                self.refuse(name, _("Chưa chọn cột."))
        if "mark" in self.places and sides:
            self.refuse("mark", _("Cột Nợ hay Có chỉ đi với một cột số tiền cho cả hai chiều."))

    def check_twice(self) -> None:
        """One column is one thing."""
        taken = list(self.places.values())
        for name, place in self.places.items():
            if taken.count(place) > 1:
                self.refuse(name, _("Một cột không thể là hai thông tin."))


def read(typed: Mapping[str, str], beginning: Beginning) -> Chosen:
    """Return what was chosen.

    Raises:
        Refusal: a column is missing, two things have the same one, or there is no such column.
    """
    able = {column.key: int(column.key[1:]) for column in beginning.columns()}
    choosing = _Choosing()
    for name in FIELDS:
        key = typed.get(name, "")
        if key in able:
            choosing.places[name] = able[key]
        elif key:
            choosing.refuse(name, _("Tệp không có cột này."))
        elif name in NEEDED:
            choosing.refuse(name, _("Chưa chọn cột."))
    if not choosing.reasons or {reason.field for reason in choosing.reasons} <= {*NEEDED}:
        choosing.check_sides()
    choosing.check_twice()
    if choosing.reasons:
        raise Refusal(*choosing.reasons)
    days = typed.get("days", "")
    return Chosen(choosing.places, days if days in FORMS else "")


def guess(beginning: Beginning) -> dict[str, str]:
    """Return what the form may be filled in with: columns whose words say what they are."""
    guessed: dict[str, str] = {}
    means = {column.key: _meaning(beginning.header[int(column.key[1:])])
             for column in beginning.columns()}  # fmt: skip
    for name in FIELDS:
        found = [key for key, names in means.items() if name in names]
        if len(found) == 1 and found[0] not in guessed.values():
            guessed[name] = found[0]
    if "credit" in guessed and "debit" in guessed:
        guessed.pop("amount", None)
        guessed.pop("mark", None)
    elif "amount" in guessed:
        guessed.pop("credit", None)
        guessed.pop("debit", None)
    return guessed


def filled(profile: Profile) -> dict[str, str]:
    """Return a kept profile as the form shows it."""
    return {name: f"c{place}" for name, place in profile.at.items()} | {"days": profile.days}


def _meaning(cell: str) -> set[str]:
    """Return what a header's cell may stand for."""
    words = said(cell)
    # “Nợ/Có” is neither of the two.
    if not words.isdisjoint(_WORDS["mark"]):
        return {"mark"}
    return {name for name in FIELDS if not words.isdisjoint(_known(name))}


def _known(name: str) -> set[str]:
    told = (alias for layout in LAYOUTS for alias in layout.columns.get(name, ()))
    return {*_WORDS[name], *(fold(alias) for alias in told)}
