"""Find a statement's header and with it the layout: whole, and of the right bank."""

from collections.abc import Callable, Iterator
from csv import Error as CsvError
from dataclasses import dataclass

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.reconciliation.layouts import BY_NAME, LAYOUTS, Layout, banks_named

WITHIN = 30  # rows
DELIMITERS = (",", ";", "\t")

Rows = Callable[[str], Iterator[list[str]]]


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was found: the layout it is of, its row, and where our columns stand."""

    layout: Layout
    delimiter: str
    row: int
    cells: list[str]
    places: dict[str, int]


def find(rows: Rows, *, layout: str | None, bank: str) -> Header:
    """Return the header of a statement; `rows` are its rows for a delimiter.

    `layout` is a name of `layouts.BY_NAME` or None to recognise it; `bank` is what the account
    calls its bank. Two banks may share a header; then the account's bank decides.

    Raises:
        Refusal: no header of a known layout is there, one lacks a column that tells lines apart,
            or the layout was recognised and belongs to other banks than the account's.
    """
    named = banks_named(bank)
    candidates = _candidates(layout, named)
    found = _headers(rows, candidates)
    if not found:
        names = ", ".join(candidate.name for candidate in candidates)
        raise Refusal(
            _(
                "Không tìm thấy dòng tiêu đề của mẫu sao kê nào đã biết (%(names)s)."
                " Hãy dùng đúng tệp CSV tải từ ngân hàng, không sửa dòng tiêu đề.",
                names=names,
            )
        )
    first = found[0]
    if layout is None and named and first.layout.bank not in named:
        why = _(
            "Tệp là sao kê của %(others)s, còn tài khoản này thuộc %(own)s."
            " Hãy chọn đúng tài khoản; nếu chắc chắn là đúng thì chỉ rõ mẫu sao kê.",
            others=" / ".join(header.layout.bank for header in found),
            own=" / ".join(sorted(named)),
        )
        raise Refusal(Reason(why, field="account"))
    missing = first.layout.missing(first.places)
    if missing:
        raise Refusal(
            *(Reason(_("Thiếu cột %(name)s.", name=name), first.row, name) for name in missing)
        )
    return first


def _headers(rows: Rows, candidates: tuple[Layout, ...]) -> list[Header]:
    """Return what the first row that is a header may be, in the order of the candidates."""
    for delimiter in DELIMITERS:
        try:
            for row, cells in enumerate(rows(delimiter), 1):
                found = [
                    Header(layout, delimiter, row, cells, places)
                    for layout in candidates
                    if (places := layout.places(cells)) is not None
                ]
                if found:
                    return found
                if row >= WITHIN:
                    break
        except CsvError:
            continue
    return []


def _candidates(name: str | None, named: frozenset[str]) -> tuple[Layout, ...]:
    """Return the layouts to try, those of the account's bank first."""
    if name is None:
        return tuple(sorted(LAYOUTS, key=lambda layout: layout.bank not in named))
    if name not in BY_NAME:
        why = _(
            "Không có mẫu sao kê “%(name)s”. Các mẫu: %(names)s.",
            name=name,
            names=", ".join(BY_NAME),
        )
        raise Refusal(Reason(why, field="format"))
    return (BY_NAME[name],)
