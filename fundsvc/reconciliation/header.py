"""Find a statement's header and with it the layout: whole, and of the right bank."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from csv import Error as CsvError
from dataclasses import dataclass

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal, Unrecognised
from fundsvc.reconciliation.layouts import BY_NAME, LAYOUTS, Layout, banks_named

WITHIN = 40  # rows

Rows = Callable[[str], Iterator[list[str]]]
"""The rows of a file, for a delimiter or a sheet."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was found: the layout it is of, its row, and where our columns stand."""

    layout: Layout
    part: str
    row: int
    cells: list[str]
    places: dict[str, int]


def find(
    rows: Rows,
    parts: Iterable[str],
    *,
    layout: str | None,
    bank: str,
    profiles: Sequence[Layout] = (),
) -> Header:
    """Return the header of a statement; `parts` are the delimiters or sheets that it may have.

    `layout` is the name of a layout or profile, or None to recognise it; `bank` is what the account
    calls its bank. Two banks may share a header; then the account's bank decides. A profile is what
    somebody said of this very account, so it goes before what is known of banks.

    Raises:
        Unrecognised: no header of a known layout is there.
        Refusal: no header of the named layout is there, one lacks a column that tells lines apart,
            or the layout was recognised and belongs to other banks than the account's.
    """
    named = banks_named(bank)
    parts = tuple(parts)
    candidates = _candidates(layout, named, profiles)
    found = headers(rows, parts, candidates)
    if not found:
        names = ", ".join(candidate.name for candidate in candidates)
        why = _(
            "Không tìm thấy dòng tiêu đề của mẫu sao kê nào đã biết (%(names)s)."
            " Hãy dùng đúng tệp tải từ ngân hàng, không sửa dòng tiêu đề.",
            names=names,
        )
        if layout is not None:
            raise Refusal(why)
        hint = _(
            "Nếu ngân hàng dùng mẫu khác, hãy chọn cột một lần trên trang Nhập sao kê ngân hàng;"
            " tài khoản giữ mẫu ấy cho các tệp sau."
        )
        raise Unrecognised(why, hint)
    first = found[0]
    if layout is None and first.layout not in profiles and named and first.layout.bank not in named:
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


def headers(rows: Rows, parts: Iterable[str], candidates: Sequence[Layout]) -> list[Header]:
    """Return what the first row that is a header may be, in the order of the candidates."""
    for part in parts:
        try:
            for row, cells in enumerate(rows(part), 1):
                found = [
                    Header(layout, part, row, cells, places)
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


def _candidates(
    name: str | None, named: frozenset[str], profiles: Sequence[Layout]
) -> tuple[Layout, ...]:
    """Return the layouts to try: profiles, then those of the account's bank, then the others."""
    if name is None:
        known = sorted(LAYOUTS, key=lambda layout: layout.bank not in named)
        return (*profiles, *known)
    known_by_name = BY_NAME | {profile.name: profile for profile in profiles}
    if name not in known_by_name:
        why = _(
            "Không có mẫu sao kê “%(name)s”. Các mẫu: %(names)s.",
            name=name,
            names=", ".join(known_by_name),
        )
        raise Refusal(Reason(why, field="format"))
    return (known_by_name[name],)
