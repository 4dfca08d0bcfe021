"""A receipt as a printed document, drawn from its frozen facts and nothing else."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fundsvc import pdf
from ledger.words import amount_in_words, grouped

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "documents"
COPY, VOIDED = "BẢN SAO", "ĐÃ HỦY"
FACTS_VERSION = 1
_CODE_GROUP = 4
_LINE = 70
_DENSITIES = ((8, ""), (16, "close"))
_DAYS = ("received_on", "issued_on", "first_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptFacts:
    """What a receipt states; frozen at issue, so that a copy in ten years says the same.

    Amounts are whole đồng, dates are accounting dates. `voided_on` alone is added later, when a
    voided receipt is shown. Names are those of the day of issue. `seal` and `head` are the newest
    seal of the books at that moment: whoever holds the receipt holds it, and can tell later
    whether the books before it were changed. A receipt of messages says how many of which phone,
    its middle hidden, from `first_on` to `received_on`.
    """

    number: str
    unit_code: str
    unit_name: str
    unit_address: str = ""
    parent_name: str = ""
    fund_code: str
    fund_name: str
    donor_name: str = ""
    donor_kind: str = "person"
    donor_address: str = ""
    on_behalf_of: str = ""
    in_memory_of: str = ""
    earmark: str = ""
    province: str = ""
    method: str = "cash"
    amount: int
    amount_words: str
    received_on: date
    issued_on: date
    issued_by: str = ""
    replaces: str = ""
    seal: int = 0
    head: str = ""
    phone: str = ""
    messages: int = 0
    first_on: date | None = None
    voided_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the facts as plain values for keeping; state that may change is left out."""
        kept = asdict(self)
        del kept["voided_on"]
        for name in _DAYS:
            kept[name] = kept[name].isoformat() if kept[name] else None
        return {"version": FACTS_VERSION, **kept}

    @classmethod
    def from_json(cls, kept: dict[str, Any], *, voided_on: date | None = None) -> "ReceiptFacts":
        """Return the facts that `as_json` kept."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in kept.items() if name in known}
        for name in _DAYS:
            values[name] = date.fromisoformat(values[name]) if values.get(name) else None
        return replace(cls(**values), voided_on=voided_on)


def words(amount: int) -> str:
    """Return an amount as documents spell it: capital first letter, with đồng."""
    spelt = f"{amount_in_words(amount)} đồng"
    return spelt[0].upper() + spelt[1:]


def in_fours(code: str) -> str:
    """Return a verification code in groups of four, as people read it out."""
    return "-".join(code[i : i + _CODE_GROUP] for i in range(0, len(code), _CODE_GROUP))


def html(facts: ReceiptFacts, code: str, base_url: str, *, copy: bool = False) -> str:
    """Return the document of a receipt as HTML.

    A copy and a voided receipt carry their mark across the page and in the title.
    """
    lines = _lines(facts)
    query = urlencode({"c": code})
    address = f"{base_url}/v/{facts.number}?{query}"
    drawn: str = _template().render(
        receipt=facts,
        lines=lines,
        density=_density(facts, lines),
        mark=VOIDED if facts.voided_on else COPY if copy else "",
        amount=grouped(facts.amount),
        code=in_fours(code),
        verify_page=f"{base_url.partition('://')[2]}/v",
        qr=qr(address, f"Mã QR kiểm tra biên nhận {facts.number}"),
    )
    return drawn


def render(facts: ReceiptFacts, code: str, base_url: str, *, copy: bool = False) -> bytes:
    """Return the document of a receipt as PDF bytes; no transaction may be open.

    Raises:
        PdfError: the document cannot be printed exactly.
    """
    return pdf.render(html(facts, code, base_url, copy=copy), "receipt")


def _lines(facts: ReceiptFacts) -> list[tuple[str, str]]:
    organisation = facts.donor_kind == "organisation"
    payer = "Đơn vị nộp" if organisation else "Họ và tên người nộp"
    every = (
        ("Thuê bao", facts.phone) if facts.phone else (payer, facts.donor_name or "Ẩn danh"),
        ("Địa chỉ", facts.donor_address),
        ("Thay mặt", facts.on_behalf_of),
        ("Tưởng nhớ", facts.in_memory_of),
        ("Nội dung thu", f"Ủng hộ {facts.fund_name}"),
        ("Mục đích", facts.earmark),
        ("Ngày nhận", _received(facts)),
    )
    return [(label, text) for label, text in every if text]


def _received(facts: ReceiptFacts) -> str:
    """Say when and how the money came."""
    last = f"{facts.received_on:%d/%m/%Y}"
    if facts.first_on is None:
        paid = {"cash": "tiền mặt", "bank": "chuyển khoản", "card": "thẻ"}[facts.method]
        return f"{last}, {paid}"
    count = grouped(facts.messages)
    if facts.first_on == facts.received_on:
        return f"{last}, {count} tin nhắn"
    return f"từ {facts.first_on:%d/%m/%Y} đến {last}, {count} tin nhắn"


def _density(facts: ReceiptFacts, lines: list[tuple[str, str]]) -> str:
    """Return how closely to set the page, so that all but absurd lengths fit one A5."""
    words_of = (text for _label, text in lines)
    texts = (facts.unit_name, facts.unit_address, facts.amount_words, *words_of)
    rows = bool(facts.replaces) + sum(1 + len(text) // _LINE for text in texts)
    return next((name for most, name in _DENSITIES if rows <= most), "dense")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("receipt.html")


def qr(address: str, title: str) -> Markup:
    """Return the QR code of an address as a drawing within a document."""
    code = segno.make(address, error="m", micro=False)
    # segno escapes the title; the rest of the drawing are numbers.
    drawn = code.svg_inline(title=title, border=0, omitsize=True, dark="#1b1f1d")
    return Markup(drawn)  # noqa: S704 - made above from numbers and an escaped title
