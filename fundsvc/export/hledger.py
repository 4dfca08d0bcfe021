r"""Write the books as hledger reads them (1.25 and newer).

Amounts are debit less credit. Texts stand as they are, but for the few signs that would be read as
something else; those are written as in JSON (`\u003b`), so that nothing is lost.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from fundsvc.export.journal import Book, Event, Item, Line, Opening, Place, Standing
from fundsvc.export.paths import Paths

ROOTS = {
    "asset": "assets",
    "liability": "liabilities",
    "equity": "equity",
    "income": "revenues",
    "expense": "expenses",
}
TYPES = {"assets": "A", "liabilities": "L", "equity": "E", "revenues": "R", "expenses": "X"}
# Accounts 111, 112, 113 hold money; hledger's cash flow is made of them.
MONEY = "11"
_BREAKS = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\\\"
# `;` begins a comment, `|` parts payee and note.
_IN_DESCRIPTION = re.compile(f"[{_BREAKS};|]")
# What may stand before a description would be read as such.
_BEFORE_DESCRIPTION = ("(", "*", "!", "=")
_IN_CODE = re.compile(f"[{_BREAKS};)]")
# `,` ends the value of a tag, `[` may begin a date; in a comment `:` would make a tag.
_IN_TAG = re.compile(rf"[{_BREAKS},\[]")
_IN_COMMENT = re.compile(rf"[{_BREAKS}:\[]")
_NOT_IN_NAME = re.compile(r"[^\w.-]")


def lines(book: Book, events: Iterable[Event]) -> Iterator[str]:
    """Yield the journal piece by piece."""
    paths = Paths(book, ROOTS, partial(_NOT_IN_NAME.sub, "-"))
    yield from _head(book, paths)
    names = {place: paths.place(place) for place in book.places}
    # A posting has the same words again and again, but for its amount.
    ends: dict[tuple[Place, str], str] = {}

    def end(place: Place, province: str) -> str:
        found = ends.get((place, province))
        if found is None:
            tags = {"fund": place.fund, "unit": place.unit, "province": province}
            found = ends[place, province] = f" VND  ; {_tags(tags)}\n"
        return found

    for event in events:
        match event:
            case Item():
                postings = "".join(
                    f"    {names[line.place]}  {line.debit - line.credit}"
                    f"{_sided(end(line.place, line.province), line)}"
                    for line in event.lines
                )
                yield f"{_first(event)}{postings}\n"
            case Opening(on, carried):
                postings = "".join(
                    f"    {names[place]}  {amount}{end(place, province)}"
                    for place, province, amount in carried
                )
                yield f"{on} * Số dư mang sang\n    ; kind:brought-forward\n{postings}\n"
            case Standing(on, balances):
                # hledger looks at an assertion after what is above it on the same day.
                yield f"{on} * Số dư cuối ngày {on:%d/%m/%Y}\n    ; kind:balance\n"
                for place, amount in balances:
                    yield f"    {names[place]}  0 VND = {amount} VND\n"
                yield "\n"


def _head(book: Book, paths: Paths) -> Iterator[str]:
    yield "; Sổ quỹ Hội Truyền thống Trường Sơn, từ fundsvc.\n"
    if book.span:
        yield f"; Từ {book.span.first} đến {book.span.last}.\n"
    yield (
        "; Tên tài khoản: loại:số hiệu:quỹ:đơn vị. Nợ là số dương, Có là số âm.\n"
        "decimal-mark .\n"
        "commodity 1000. VND\n\n"
    )
    for root, kind in TYPES.items():
        yield f"account {root}  ; type:{kind}\n"
    told = ""
    for place in book.places:
        ledger = book.accounts[place.account]
        if ledger.code != told:
            told = ledger.code
            kind = "  ; type:C" if ledger.type == "asset" and told.startswith(MONEY) else ""
            name = _fitted(ledger.name, _IN_COMMENT)
            yield f"account {paths.account(told)}{kind}\n    ; {name}\n"
        tags = {"account": place.account, "fund": place.fund, "unit": place.unit}
        yield f"account {paths.place(place)}  ; {_tags(tags)}\n"
    yield "\n"


def _first(item: Item) -> str:
    """Return what an entry says above its postings."""
    code = f"({_fitted(item.voucher, _IN_CODE)}) " if item.voucher else ""
    description = _fitted(item.description, _IN_DESCRIPTION)
    if description.startswith(_BEFORE_DESCRIPTION):
        description = f"{_sign(description[0])}{description[1:]}"
    tags = f"id:{item.id}, {_kind(item.kind, item.source)}, "
    tags += f"external:{_fitted(item.external_id, _IN_TAG)}"
    if item.reverses is not None:
        tags += f", reverses:{item.reverses}"
    if item.reversed_by is not None:
        tags += f", reversed-by:{item.reversed_by}"
    return f"{item.on} * {code}{description}\n    ; {tags}\n"


@lru_cache(maxsize=1024)
def _kind(kind: str, source: str) -> str:
    return _tags({"kind": kind, "source": source})


def _sided(end: str, line: Line) -> str:
    """Say on which side a negative amount stands, which its sign alone does not tell."""
    if line.debit >= 0 and line.credit >= 0:
        return end
    return f"{end[:-1]}, side:{'debit' if line.debit else 'credit'}\n"


def _tags(tags: dict[str, str]) -> str:
    return ", ".join(f"{name}:{_fitted(value, _IN_TAG)}" for name, value in tags.items())


def _fitted(text: str, signs: re.Pattern[str]) -> str:
    """Write a text so that it is read as it is; blanks at its ends would be cut off."""
    text = signs.sub(_escaped, text)
    if text[:1].isspace():
        text = f"{_sign(text[0])}{text[1:]}"
    return f"{text[:-1]}{_sign(text[-1])}" if text[-1:].isspace() else text


def _escaped(found: re.Match[str]) -> str:
    return _sign(found[0])


def _sign(sign: str) -> str:
    return "\\\\" if sign == "\\" else f"\\u{ord(sign):04x}"
