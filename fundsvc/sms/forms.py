"""Turn the cells of operators' own files into our form; what cannot be turned stays as it is.

The checks that follow then refuse it with its row and field, so nothing is guessed here: đồng have
no decimals, so a mark before three figures parts thousands; and which of two figures is the day is
what the layout says.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from fundsvc.sms.layouts import COMPACT, DAY_FIRST, FIELDS, ISO, MONTH_FIRST, OPTIONAL, Layout

Columns = list[Sequence[str]]

_CLOCK = r"(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2}))?"
_FIRST, _SECOND, _YEAR = "(?P<{}>[0-9]{{1,2}})", "(?P<{}>[0-9]{{1,2}})", "(?P<y>[0-9]{4})"


def _forms(first: str, second: str) -> tuple[re.Pattern[str], ...]:
    day = r"[/.-]".join((_FIRST.format(first), _SECOND.format(second), _YEAR))
    return re.compile(f"{day}[ T]+{_CLOCK}"), re.compile(f"{_CLOCK} +{day}")


_MOMENTS: Final[Mapping[str, tuple[re.Pattern[str], ...]]] = {
    ISO: (),
    DAY_FIRST: _forms("d", "m"),
    MONTH_FIRST: _forms("m", "d"),
    COMPACT: (
        re.compile(
            r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})[ T]?"
            r"(?P<H>[0-9]{2})(?P<M>[0-9]{2})(?P<S>[0-9]{2})"
        ),
    ),
}
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3}){0,4}")
_CURRENCY = re.compile(r"\s*(?:đ|vnd|vnđ|đồng)$", re.IGNORECASE)
_LONGEST = 40
_WITHOUT_ZERO = re.compile("[35789][0-9]{8}")
BETWEEN: Final = str.maketrans("", "", " .-\u00a0")
"""What people write between the figures of a phone number."""


def turned(columns: Columns, layout: Layout) -> Columns:
    """Return the columns of some rows, in the order of the fields, in our form."""
    rows = max(map(len, columns))
    given = dict(zip((*FIELDS, OPTIONAL), columns, strict=True))
    given.update((name, (value,) * rows) for name, value in layout.fixed)
    for name, turn in _turns(layout.days or ISO).items():
        given[name] = list(map(turn, given[name]))
    return list(given.values())


def moment(raw: str, days: str) -> str:
    """Return a moment in Vietnam time as `2026-07-01 08:30:00`, if it has the form that was said.

    Whether there is such a day, who reads it next finds out.
    """
    text = raw.strip()
    for form in _MOMENTS[days]:
        if found := form.fullmatch(text):
            part = found.groupdict("00")
            return (
                f"{part['y']}-{part['m']:0>2}-{part['d']:0>2}"
                f" {part['H']:0>2}:{part['M']}:{part['S']}"
            )
    return text


def _turns(days: str) -> dict[str, Callable[[str], str]]:
    return {
        "request_id": str.strip,
        "msisdn": _phone,
        "short_code": str.strip,
        "received_at": lambda raw: moment(raw, days),
        "amount": _amount,
    }


def _phone(raw: str) -> str:
    """Return a number without what people write between its figures.

    A spreadsheet drops the zero before a number of Vietnam; it is put back.
    """
    text = raw if raw.isdigit() else raw.translate(BETWEEN).removeprefix("'")
    return f"0{text}" if _WITHOUT_ZERO.fullmatch(text) else text


def _amount(raw: str) -> str:
    """Return `20.000 đ` as `20000`."""
    return raw if len(raw) > _LONGEST else _plain(raw)


@lru_cache(maxsize=10_000)
def _plain(raw: str) -> str:
    text = _CURRENCY.sub("", raw.strip())
    return text.replace(".", "").replace(",", "") if _GROUPED.fullmatch(text) else text
