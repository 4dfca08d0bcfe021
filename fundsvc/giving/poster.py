"""The poster of a campaign page: its name, what it is for, and the QR code of its address."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fundsvc import pdf
from fundsvc.giving.showing import Campaign
from fundsvc.giving.vietqr import svg
from ledger.words import grouped

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "documents"
_SHORT = 300


def render(campaign: Campaign, address: str) -> bytes:
    """Return the poster as PDF bytes (A4); no transaction may be open.

    Raises:
        PdfError: the document cannot be printed exactly.
    """
    story = campaign.paragraphs[0] if campaign.paragraphs else ""
    if len(story) > _SHORT:
        story = f"{story[:_SHORT].rsplit(' ', 1)[0]}…"
    html = _template().render(
        campaign=campaign,
        story=story,
        target=grouped(campaign.target) if campaign.target else "",
        address=address.partition("://")[2],
        qr=svg(address, f"Mã QR mở trang {campaign.slug}"),
    )
    return pdf.render(html, "poster")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("poster.html")
