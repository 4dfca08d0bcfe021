"""Fields for schemas of forms: texts, amounts, days and months read by the grammars of `text`.

What cannot be read becomes a marshmallow ValidationError with the reason in the person's language,
so that it stands beside the field. Missing and empty are the same: nothing was typed.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load

from fundsvc.errors import Reason, Refusal
from fundsvc.text import clean, parse_day, parse_dong

_KEY = re.compile(r"[A-Za-z0-9._:-]{1,80}", re.ASCII)
_ROW_FIGURES = 19  # The largest number of a row has so many figures.
_YEAR = re.compile(r"199[0-9]|2[01][0-9]{2}", re.ASCII)
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})|([0-9]{1,2})/([0-9]{4})", re.ASCII)


def parse_month(raw: str, field: str = "month") -> date:
    """Read a month as YYYY-MM or mm/yyyy and return its first day.

    Raises:
        Refusal: another form, or no month of the calendar.
    """
    found = _MONTH.fullmatch(raw.strip(" "))
    if not found:
        raise Refusal(Reason(_("Tháng phải viết dạng 11/2026."), field=field))
    year, month = (found[1], found[2]) if found[1] else (found[4], found[3])
    return parse_day(f"{year}-{int(month):02}-01", field)


def parse_span(values: Mapping[str, str]) -> tuple[date | None, date | None]:
    """Read the days `from` and `to` of a filter; one that was left empty is None.

    Raises:
        Refusal: a date cannot be, or the dates are the wrong way round.
    """
    first, last = (
        parse_day(raw, name) if (raw := values.get(name, "").strip()) else None
        for name in ("from", "to")
    )
    if first and last and first > last:
        raise Refusal(Reason(_("Ngày cuối đứng trước ngày đầu."), field="to"))
    return first, last


def parse_key(raw: str, field: str = "key") -> str:
    """Read an idempotency key: 1 to 80 letters, figures and . _ : - without diacritics.

    Raises:
        Refusal: it has another form.
    """
    if not _KEY.fullmatch(raw):
        raise Refusal(Reason(_("Khóa chống ghi trùng không hợp lệ."), field=field))
    return raw


def parse_number(raw: str) -> int:
    """Read the number of a row, as addresses carry it.

    Raises:
        ValueError: it is none; Flask then passes over it.
    """
    if not (raw.isascii() and raw.isdigit() and len(raw) < _ROW_FIGURES):
        raise ValueError(raw)
    return int(raw)


def shown(raw: str, limit: int = 60) -> str:
    """Return a text from outside as a reason may repeat it: short, and sure to be printable."""
    return raw[:limit].encode("utf-8", "replace").decode()


def renamed(reasons: Iterable[Reason], names: Mapping[str, str]) -> tuple[Reason, ...]:
    """Return reasons with their fields called as a form calls them."""
    return tuple(
        replace(reason, field=names.get(reason.field or "", reason.field)) for reason in reasons
    )


class FormSchema(Schema):
    """A form: unknown fields are left out, empty ones count as not filled in."""

    class Meta:
        """What marshmallow does with fields that the form does not have."""

        unknown = EXCLUDE

    @pre_load
    def drop_empty(self, data: Mapping[str, Any], **_options: Any) -> dict[str, Any]:
        """Take away what was left empty, so that a needed field is missed as one."""
        return {name: text for name, text in data.items() if str(text).strip()}


class Read(fields.Field[Any]):
    """A field that one grammar reads; `needed=False` gives None when it was left empty."""

    missing: ClassVar[Any] = None

    def __init__(self, *, needed: bool = True, lack: Any = None) -> None:
        """Say whether the field must be filled in, and what is told when it is not."""
        if needed:
            told = {"required": lack or lazy_gettext("Chưa điền.")}
            # Marshmallow types its messages as text, and puts lazy ones into words only when told.
            super().__init__(required=True, error_messages=told)
        else:
            super().__init__(load_default=self.missing)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_options: Any
    ) -> Any:
        del data
        try:
            return self.read(value if isinstance(value, str) else "", attr or "")
        except Refusal as error:
            raise ValidationError([str(reason.text) for reason in error.reasons]) from error

    def read(self, raw: str, name: str) -> Any:
        """Return what was typed, understood; may raise Refusal."""
        raise NotImplementedError


class Line(Read):
    """One line of text of at most `limit` characters; empty when it was left empty."""

    missing = ""

    def __init__(self, limit: int, *, needed: bool = True, lack: Any = None) -> None:
        """Take the longest length in characters."""
        self.limit = limit
        super().__init__(needed=needed, lack=lack)

    def read(self, raw: str, name: str) -> str:
        """Return the text cleaned."""
        return clean(raw, self.limit, name)


class Choice(Read):
    """One of some codes."""

    def __init__(self, choices: Collection[str], *, needed: bool = True) -> None:
        """Take the codes."""
        self.choices = frozenset(choices)
        super().__init__(needed=needed)

    def read(self, raw: str, name: str) -> str:
        """Return the code."""
        if raw not in self.choices:
            raise Refusal(Reason(_("Không có lựa chọn này."), field=name))
        return raw


class Dong(Read):
    """An amount of whole đồng, at least 1."""

    def read(self, raw: str, name: str) -> int:
        """Return the amount."""
        return parse_dong(raw, name)


class Day(Read):
    """A date."""

    def read(self, raw: str, name: str) -> date:
        """Return the date."""
        return parse_day(raw, name)


class Month(Read):
    """A month, as its first day."""

    def read(self, raw: str, name: str) -> date:
        """Return the first day of the month."""
        return parse_month(raw, name)


class Year(Read):
    """A year of the calendar."""

    def read(self, raw: str, name: str) -> int:
        """Return the year."""
        if not _YEAR.fullmatch(raw):
            raise Refusal(Reason(_("Năm phải viết dạng 2026."), field=name))
        return int(raw)


class Key(Read):
    """The idempotency key of a form."""

    def read(self, raw: str, name: str) -> str:
        """Return the key."""
        return parse_key(raw, name)


class Ticked(Read):
    """A box that was ticked or not."""

    missing = False

    def __init__(self) -> None:
        """Nothing typed means not ticked."""
        super().__init__(needed=False)

    def read(self, raw: str, name: str) -> bool:
        """Return that it was ticked, whatever the browser sent for it."""
        del raw, name
        return True
