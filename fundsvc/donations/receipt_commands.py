"""The whole group `receipt`: what `receipts` knows, and `issue`, which needs the donation."""

import click
from flask_babel import gettext as _

from fundsvc.db import transaction
from fundsvc.donations import receipting
from fundsvc.receipts import printing
from fundsvc.receipts.commands import group, show, told

__all__ = ["group"]


@group.command("issue")
@click.argument("donation", type=click.IntRange(1, 2**63 - 1))
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def issue_command(*, donation: int, as_json: bool) -> None:
    """Cấp biên nhận cho khoản ủng hộ số DONATION và in số biên nhận."""
    with transaction() as session:
        receipt = receipting.issue_receipt(session, donation, by=None)
        facts = told(receipt)
    printing.freeze_pdf(facts["number"])
    text = _("Đã cấp biên nhận %(number)s.", number=facts["number"])
    show(facts, text, as_json=as_json)
