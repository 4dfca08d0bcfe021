"""Write the books as beancount reads them (2 and 3). Amounts are debit less credit."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from fundsvc.export.journal import DAY, Book, Event, Item, Line, Opening, Place, Standing
from fundsvc.export.paths import Paths

ROOTS = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9-]")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def lines(book: Book, events: Iterable[Event]) -> Iterator[str]:
    """Yield the book piece by piece."""
    paths = Paths(book, ROOTS, _part)
    yield from _head(book, paths)
    names = {place: paths.place(place) for place in book.places}
    # A posting has the same words again and again, but for its amount.
    ends: dict[tuple[Place, str], str] = {}

    def end(place: Place, province: str) -> str:
        found = ends.get((place, province))
        if found is None:
            facts = {"fund": place.fund, "unit": place.unit, "province": province}
            found = ends[place, province] = f" VND\n{_metadata(facts, 4)}"
        return found

    for event in events:
        match event:
            case Item():
                postings = "".join(
                    f"  {names[line.place]}  {line.debit - line.credit}"
                    f"{end(line.place, line.province)}{_side(line)}"
                    for line in event.lines
                )
                yield f"{_first(event)}{postings}\n"
            case Opening(on, carried):
                postings = "".join(
                    f"  {names[place]}  {amount}{end(place, province)}"
                    for place, province, amount in carried
                )
                yield f'{on} * "Số dư mang sang"\n  kind: "brought-forward"\n{postings}\n'
            case Standing(on, balances):
                # A balance is that of the morning: the evening's is the next day's.
                morning = on + DAY
                for place, amount in balances:
                    yield f"{morning} balance {names[place]}  {amount} VND\n"
                yield "\n"


def _head(book: Book, paths: Paths) -> Iterator[str]:
    yield "; Sổ quỹ Hội Truyền thống Trường Sơn, từ fundsvc.\n"
    if book.span:
        yield f"; Từ {book.span.first} đến {book.span.last}.\n"
    yield (
        "; Tên tài khoản: loại:số hiệu:quỹ:đơn vị. Nợ là số dương, Có là số âm.\n"
        'option "title" "Sổ quỹ Hội Truyền thống Trường Sơn"\n'
        'option "operating_currency" "VND"\n\n'
    )
    if book.span is None:
        return
    opened = book.span.day_before
    yield f"{opened} commodity VND\n"
    for place in book.places:
        facts = {
            "account": place.account,
            "name": book.accounts[place.account].name,
            "fund": place.fund,
            "unit": place.unit,
        }
        yield f"{opened} open {paths.place(place)}  VND\n{_metadata(facts, 2)}"
    yield "\n"


def _first(item: Item) -> str:
    """Return what an entry says above its postings; a reversal and its entry share a link."""
    facts = f'  id: "{item.id}"\n{_kind(item.kind, item.source)}'
    facts += f"  external: {_text(item.external_id)}\n"
    if item.voucher:
        facts += f"  voucher: {_text(item.voucher)}\n"
    linked = ""
    if item.reverses is not None:
        facts += f'  reverses: "{item.reverses}"\n'
        linked += f" #reversal ^entry-{item.reverses}"
    if item.reversed_by is not None:
        facts += f'  reversed-by: "{item.reversed_by}"\n'
        linked += f" #reversed ^entry-{item.id}"
    return f"{item.on} * {_text(item.description)}{linked}\n{facts}"


@lru_cache(maxsize=1024)
def _kind(kind: str, source: str) -> str:
    return _metadata({"kind": kind, "source": source}, 2)


def _side(line: Line) -> str:
    """Say on which side a negative amount stands, which its sign alone does not tell."""
    if line.debit >= 0 and line.credit >= 0:
        return ""
    return _metadata({"side": "debit" if line.debit else "credit"}, 4)


def _metadata(facts: Mapping[str, str], depth: int) -> str:
    return "".join(f"{' ' * depth}{name}: {_text(value)}\n" for name, value in facts.items())


def _text(value: str) -> str:
    return f'"{value.translate(_ESCAPES)}"'


def _part(code: str) -> str:
    """Make a code fit: letters, figures and dashes, first a capital letter or a figure."""
    name = _NOT_IN_NAME.sub("-", code).lstrip("-") or "X"
    return name[0].upper() + name[1:]
