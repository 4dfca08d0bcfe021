"""Commands of receipts that exist: void, pdf, verify; `issue` lives with donations."""

import json
from pathlib import Path
from typing import Any

import click
from flask_babel import gettext as _

from fundsvc.db import read_session, transaction
from fundsvc.receipts import printing, service
from fundsvc.receipts.models import Receipt
from ledger.words import grouped


@click.group("receipt")
def group() -> None:
    """Biên nhận: cấp, hủy, in và kiểm tra."""


def told(receipt: Receipt) -> dict[str, Any]:
    """Return what commands print about a receipt."""
    facts = service.facts_of(receipt)
    return {
        "number": receipt.number,
        "state": "voided" if facts.voided_on else "valid",
        "donation": receipt.donation_id,
        "messages": facts.messages,
        "unit": facts.unit_code,
        "fund": facts.fund_code,
        "amount": facts.amount,
        "amount_words": facts.amount_words,
        "received_on": facts.received_on.isoformat(),
        "issued_on": facts.issued_on.isoformat(),
        "replaces": facts.replaces or None,
        "void_reason": receipt.void_reason,
        "code": receipt.code,
        "address": printing.address(receipt),
        "pdf_sha256": receipt.pdf_sha256,
    }


def show(facts: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print one JSON document, or a text for people."""
    click.echo(json.dumps(facts, ensure_ascii=False) if as_json else text)


@group.command("void")
@click.argument("number")
@click.option("--reason", required=True, help="Lý do hủy; được lưu và hiển thị.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def void_command(number: str, reason: str, as_json: bool) -> None:
    """Hủy biên nhận mang số NUMBER; số vẫn giữ nguyên."""
    with transaction() as session:
        receipt = service.void(session, number, reason, by=None)
        facts = told(receipt)
    text = _("Đã hủy biên nhận %(number)s.", number=facts["number"])
    show(facts, text, as_json=as_json)


@group.command("pdf")
@click.argument("number")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--copy", is_flag=True, help="Bản sao có dấu thay vì bản chính.")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def pdf_command(number: str, out: Path, copy: bool, as_json: bool) -> None:
    """Ghi PDF của biên nhận: bản chính, bản sao, hoặc bản có dấu đã hủy."""
    data = printing.pdf(number, copy=copy)
    try:
        out.write_bytes(data)
    except OSError as error:
        why = _("Không ghi được tệp %(path)s: %(why)s", path=out, why=error.strerror)
        raise click.ClickException(why) from error
    facts = told(service.by_number(read_session(), number)) | {
        "out": str(out),
        "bytes": len(data),
        "copy": copy,
    }
    text = _("Đã ghi %(path)s.", path=out)
    show(facts, text, as_json=as_json)


@group.command("verify")
@click.argument("number")
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="In một tài liệu JSON.")
def verify_command(number: str, code: str, as_json: bool) -> None:
    """Kiểm tra biên nhận theo số NUMBER và mã CODE; không có thì thoát với mã 1."""
    verdict = service.verify(read_session(), number, code)
    facts: dict[str, Any] = {"number": service.tidy_number(number), "state": verdict.state}
    if verdict.facts is not None:
        facts |= {
            "unit": verdict.facts.unit_code,
            "fund": verdict.facts.fund_code,
            "amount": verdict.facts.amount,
            "received_on": verdict.facts.received_on.isoformat(),
            "issued_on": verdict.facts.issued_on.isoformat(),
            "replaced_by": verdict.replaced_by,
        }
    show(facts, _sentence(facts), as_json=as_json)
    if verdict.facts is None:
        raise click.exceptions.Exit(1)


def _sentence(facts: dict[str, Any]) -> str:
    number = facts["number"]
    if facts["state"] == "unknown":
        return _("Không có biên nhận với số và mã này.")
    amount = grouped(facts["amount"])
    if facts["state"] == "valid":
        return _("Biên nhận %(number)s có hiệu lực: %(amount)s đ.", number=number, amount=amount)
    if facts["replaced_by"]:
        newer = facts["replaced_by"]
        return _("Biên nhận %(number)s đã hủy, thay bằng %(newer)s.", number=number, newer=newer)
    return _("Biên nhận %(number)s đã hủy.", number=number)
