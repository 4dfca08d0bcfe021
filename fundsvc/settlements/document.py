"""A claim as an official letter (công văn), drawn from its frozen facts and nothing else."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select

from fundsvc import pdf
from fundsvc.clock import VN
from fundsvc.db import read_session
from fundsvc.errors import NotFound
from fundsvc.settlements.models import Claim, Settlement
from fundsvc.sms.models import Campaign
from fundsvc.sms.told import operator
from fundsvc.units.models import Unit
from ledger.words import amount_in_words, grouped

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "documents"
MEDIA_TYPE = "application/pdf"
WHY = {
    "missing-there": "có tại cổng tiếp nhận, không có trong bảng quyết toán của Quý Công ty",
    "failed-there": "Quý Công ty báo không thu được tiền hoặc đã hoàn tiền",
    "amount": "số tiền hai bên ghi khác nhau",
    "difference": "chênh lệch giữa số liệu hai bên",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterLine:
    """A message of the list; amounts are whole đồng."""

    request_id: str
    phone: str
    received_at: datetime | None
    message: str
    ours: int
    theirs: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a claim letter states; amounts are whole đồng, dates are accounting dates."""

    number: str
    unit_name: str
    unit_address: str = ""
    parent_name: str = ""
    made_on: date
    operator: str
    short_code: str
    keyword: str
    period_from: date
    period_to: date
    why: str
    counted_messages: int
    counted_gross: int
    reported_messages: int
    reported_gross: int
    fee: int
    net: int
    messages: int
    amount: int
    lines: tuple[LetterLine, ...] = ()


def html(letter: Letter) -> str:
    """Return the letter as HTML."""
    spelt = f"{amount_in_words(letter.amount)} đồng"
    drawn: str = _template().render(letter=letter, words=spelt[0].upper() + spelt[1:])
    return drawn


def render(letter: Letter) -> bytes:
    """Return the letter as PDF bytes; no transaction may be open.

    Raises:
        PdfError: it cannot be printed exactly.
    """
    return pdf.render(html(letter), "letter")


def letter_of(claim_id: int) -> tuple[str, bytes]:
    """Return the file name and the letter of a claim as PDF; no transaction may be open.

    Raises:
        NotFound: there is no such claim, or not for this person.
        PdfError: it cannot be printed exactly.
    """
    session = read_session()
    found = session.execute(
        select(Claim, Settlement, Campaign, Unit)
        .join(Settlement, Settlement.id == Claim.settlement_id)
        .join(Campaign, Campaign.id == Settlement.campaign_id)
        .join(Unit, Unit.id == Claim.unit_id)
        .where(Claim.id == claim_id)
    ).first()
    if found is None:
        raise NotFound
    claim, row, campaign, unit = found
    parent = select(Unit.name).where(Unit.id == unit.parent_id)
    letter = Letter(
        number=claim.number,
        unit_name=unit.name,
        unit_address=unit.address,
        parent_name=session.scalar(parent) or "",
        made_on=claim.made_on,
        operator=operator(row.operator),
        short_code=campaign.short_code,
        keyword=campaign.keyword,
        period_from=row.period_from,
        period_to=row.period_to,
        why=WHY[claim.about],
        messages=claim.messages,
        amount=claim.amount,
        **_frozen(claim.facts),
    )
    session.rollback()  # Printing takes a while and needs nothing more of the database.
    return f"cong-van-{row.operator}-{claim.made_on:%Y%m%d}-{claim_id}.pdf", render(letter)


def _frozen(facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "counted_messages": facts["counted"]["messages"],
        "counted_gross": facts["counted"]["gross"],
        "reported_messages": facts["reported"]["messages"],
        "reported_gross": facts["reported"]["gross"],
        "fee": facts["fee"],
        "net": facts["net"],
        "lines": tuple(
            LetterLine(
                request_id=line["request_id"],
                phone=line["phone"],
                received_at=(
                    datetime.fromisoformat(line["received_at"]).astimezone(VN)
                    if line["received_at"]
                    else None
                ),
                message=line["message"],
                ours=line["ours"] or 0,
                theirs=line["theirs"],
            )
            for line in facts["lines"]
        ),
    }


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["grouped"] = grouped
    return environment.get_template("claim.html")
