"""The paper that lists what a donor gave in a span of dates, drawn from its frozen facts."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fundsvc import pdf
from fundsvc.receipts.document import TEMPLATES, VOIDED, in_fours, qr
from ledger.words import grouped

_DAYS = ("from_on", "to_on", "issued_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualFacts:
    """What the paper states. Each line is a day, a fund, the number of its receipt and đồng."""

    number: str
    unit_code: str
    unit_name: str
    unit_address: str
    parent_name: str
    donor_name: str
    donor_kind: str
    donor_address: str
    from_on: date
    to_on: date
    lines: list[list[Any]]
    amount: int
    amount_words: str
    issued_on: date
    issued_by: str
    replaces: str
    seal: int
    head: str
    voided_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the facts as plain values for keeping; state that may change is left out."""
        kept = asdict(self)
        del kept["voided_on"]
        return {"version": 1, **kept, **{name: kept[name].isoformat() for name in _DAYS}}

    @classmethod
    def from_json(cls, kept: dict[str, Any], *, voided_on: date | None = None) -> "AnnualFacts":
        """Return the facts that `as_json` kept."""
        known = {field.name for field in fields(cls)}
        values = {name: value for name, value in kept.items() if name in known}
        days = {name: date.fromisoformat(values[name]) for name in _DAYS}
        return replace(cls(**{**values, **days}), voided_on=voided_on)


def render(facts: AnnualFacts, code: str, base_url: str) -> bytes:
    """Return the paper as PDF bytes; no transaction may be open."""
    address = f"{base_url}/v/{facts.number}?c={code}"
    rows = [
        (date.fromisoformat(day), fund, number, grouped(amount))
        for day, fund, number, amount in facts.lines
    ]
    drawn: str = _template().render(
        paper=facts,
        rows=rows,
        total=grouped(facts.amount),
        mark=VOIDED if facts.voided_on else "",
        code=in_fours(code),
        verify_page=f"{base_url.partition('://')[2]}/v",
        qr=qr(address, f"Mã QR kiểm tra giấy xác nhận {facts.number}"),
    )
    return pdf.render(drawn, "annual")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("annual.html")
