"""Commands of donations."""

import json
import secrets
from typing import Any

import click
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.books.commands import reversing
from fundsvc.books.reversing import Reversed
from fundsvc.db import transaction
from fundsvc.donations import receipting, service
from fundsvc.donors.service import DonorFacts
from fundsvc.fields import parse_key
from fundsvc.receipts import printing
from fundsvc.receipts import service as receipts
from fundsvc.text import parse_day, parse_dong


@click.group("donation")
def group() -> None:
    """Ghi nhận khoản ủng hộ trao tại quầy."""


@group.command("record")
@click.option("--unit", required=True, help="Mã đơn vị nhận.")
@click.option("--fund", required=True, help="Quỹ: base, dues hoặc nghia-tinh.")
@click.option("--amount", required=True, help="Số đồng: 1000000 hoặc 1.000.000.")
@click.option("--date", "day", required=True, help="Ngày nhận, YYYY-MM-DD.")
@click.option("--donor", help="Tên người ủng hộ; không ghi là ẩn danh.")
@click.option("--organisation", is_flag=True, help="Người ủng hộ là tổ chức.")
@click.option("--address", default="", help="Địa chỉ người ủng hộ.")
@click.option("--phone", default="", help="Điện thoại người ủng hộ.")
@click.option("--province", help="Ủng hộ từ tỉnh, thành phố nào, ví dụ 2025:44.")
@click.option("--purpose", default="", help="Mục đích người ủng hộ muốn.")
@click.option("--on-behalf-of", default="", help="Thay mặt ai.")
@click.option("--in-memory-of", default="", help="Tưởng nhớ ai.")
@click.option("--note", default="", help="Ghi chú nội bộ.")
@click.option("--key", help="Khóa của yêu cầu: cùng khóa không ghi hai lần.")
@click.option("--receipt", is_flag=True, help="Cấp biên nhận ngay.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def record_command(as_json: bool, receipt: bool, key: str | None, **typed: Any) -> None:
    """Ghi nhận và ghi sổ một khoản ủng hộ tiền mặt."""
    facts = _facts(typed)
    key = parse_key(key) if key else secrets.token_hex(16)
    number = None
    with transaction() as session:
        recorded = service.record(session, facts, key, None)
        if receipt:
            valid = [
                found.number
                for found in receipts.of_donation(session, recorded.id)
                if found.voided_at is None
            ]
            number = valid[0] if valid else None
            if number is None:
                number = receipting.issue_receipt(session, recorded.id, by=None).number
    if number is not None:
        printing.freeze_pdf(number)
    told = {
        "donation": recorded.id,
        "entry": recorded.entry_id,
        "new": recorded.new,
        "unit": facts.unit,
        "fund": facts.fund,
        "amount": facts.amount,
        "received_on": facts.received_on.isoformat(),
        "key": key,
        "receipt": number,
    }
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else _sentence(told))


@group.command("reverse")
@reversing("donation")
def reverse_command(session: Session, number: int, **told: Any) -> Reversed:
    """Ghi đảo khoản ủng hộ số ID: số âm, khoản cũ vẫn còn trong sổ."""
    return service.reverse(session, number, **told)


def _facts(typed: dict[str, Any]) -> service.DonationFacts:
    donor = None
    if typed["donor"] is not None:
        donor = DonorFacts(
            name=typed["donor"],
            kind="organisation" if typed["organisation"] else "person",
            address=typed["address"],
            phone=typed["phone"],
        )
    elif typed["organisation"] or typed["address"] or typed["phone"]:
        raise click.UsageError(_("--organisation, --address và --phone cần --donor."))
    return service.DonationFacts(
        unit=typed["unit"],
        fund=typed["fund"],
        amount=parse_dong(typed["amount"]),
        received_on=parse_day(typed["day"], "date"),
        donor=donor,
        province=typed["province"],
        earmark=typed["purpose"],
        on_behalf_of=typed["on_behalf_of"],
        in_memory_of=typed["in_memory_of"],
        note=typed["note"],
    )


def _sentence(told: dict[str, Any]) -> str:
    if told["new"]:
        text = _("Đã ghi sổ khoản ủng hộ số %(id)d.", id=told["donation"])
    else:
        text = _("Khoản ủng hộ số %(id)d đã ghi sổ từ trước.", id=told["donation"])
    if told["receipt"]:
        text = f"{text} {_('Biên nhận %(number)s.', number=told['receipt'])}"
    return text
