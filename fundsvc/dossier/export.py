"""One donor's data to hand out: a file for machines, a document to read; and the list as CSV."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from flask_babel import gettext as _
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session

from fundsvc import clock, pdf
from fundsvc.audit import service as audit
from fundsvc.donors.models import Donor, DonorVersion
from fundsvc.dossier import told
from fundsvc.dossier.facts import Dossier, email_of, moment, phone_of, shown_name
from fundsvc.dossier.listing import Row
from fundsvc.errors import Refusal
from fundsvc.giving import service as giving
from fundsvc.giving.models import Pledge
from fundsvc.sheet import Cell, csv_lines
from ledger.words import grouped

FORMATS: Final = {"json": "application/json; charset=utf-8", "pdf": "application/pdf"}
FORM: Final = "fundsvc-donor-1"
MOST_LINES: Final = 500
TEMPLATES: Final = Path(__file__).resolve().parent.parent.parent / "templates" / "documents"


def hand_out(session: Session, dossier: Dossier, form: str, *, by: int | None) -> bytes:
    """Return a donor's data in a form, and note that it was handed out.

    Raises:
        Refusal: there is no such form, or the donor was erased.
    """
    if form not in FORMATS:
        raise Refusal(_("Không có dạng xuất này."))
    if dossier.donor.erased_at is not None:
        raise Refusal(_("Hồ sơ này đã xóa dữ liệu cá nhân."))
    facts = as_facts(dossier)
    data = _json(facts) if form == "json" else _document(facts)
    audit.record(session, "donor.export", f"donor:{dossier.donor.id}", {"format": form}, by=by)
    return data


def as_facts(dossier: Dossier) -> dict[str, Any]:
    """Return all that is known of a donor as plain facts; amounts are whole đồng."""
    return {
        "format": FORM,
        "made_at": moment(clock.now()),
        "unit": {"code": dossier.unit.code, "name": dossier.unit.name},
        "records": [{"id": record.id, **_record(record)} for record in dossier.records],
        "earlier": [
            {
                "id": version.donor_id,
                **_record(version),
                "until": moment(version.until),
                "reason": version.reason,
            }
            for version in dossier.versions
        ],
        "consents": [
            {
                "purpose": row.purpose,
                "given": row.given,
                "said_on": row.said_on.isoformat(),
                "way": row.way,
                "words": row.words,
                "noted_at": moment(row.noted_at),
            }
            for row in dossier.consents
        ],
        "donations": [
            {
                "id": gave.id,
                "received_on": gave.received_on.isoformat(),
                "amount": gave.amount,
                "method": gave.method,
                "fund": gave.fund,
                "unit": gave.unit,
                "province": gave.province,
                "on_behalf_of": gave.on_behalf_of,
                "in_memory_of": gave.in_memory_of,
                "earmark": gave.earmark,
                "note": gave.note,
                "reversed": gave.reversed,
                "returned": gave.returned,
                "receipts": [_receipt(receipt) for receipt in gave.receipts],
            }
            for gave in dossier.donations
        ],
        "messages": [
            {
                "operator": gift.operator,
                "request_id": gift.request_id,
                "received_at": moment(gift.received_at),
                "campaign": gift.campaign,
                "amount": gift.amount,
                "receipt": gift.receipt,
            }
            for gift in dossier.messages
        ],
        "promises": [_promise(promised) for promised in dossier.promises],
        "erasures": [
            {
                "asked_at": moment(wish.asked_at),
                "reason": wish.reason,
                "state": wish.state,
                "decided_at": moment(wish.decided_at),
            }
            for wish in dossier.erasures
        ],
        "total": dossier.total,
    }


def lines(rows: Iterable[Row], *, masked: bool) -> Iterator[str]:
    """Yield the list of donors as CSV; contacts leave only one by one, on the record."""
    head = (
        _("Số hồ sơ"),
        _("Người ủng hộ"),
        _("Loại"),
        _("Mã đơn vị"),
        _("Đơn vị"),
        _("Số khoản"),
        _("Số tiền (đồng)"),
        _("Lần gần nhất"),
    )
    kinds = told.kinds()
    return csv_lines(head, (_cells(row, kinds, masked=masked) for row in rows))


def _cells(row: Row, kinds: dict[str, str], *, masked: bool) -> tuple[Cell, ...]:
    return (
        row.id,
        shown_name(row.donor, masked=masked),
        kinds[row.donor.kind],
        row.unit_code,
        row.unit,
        row.given.count,
        row.given.amount,
        row.given.last.isoformat() if row.given.last else "",
    )


def _record(record: Donor | DonorVersion) -> dict[str, str]:
    return {
        "name": record.name,
        "kind": record.kind,
        "address": record.address,
        "phone": phone_of(record, whole=True),
        "email": email_of(record, whole=True),
    }


def _promise(promised: Pledge) -> dict[str, Any]:
    return {
        "made_at": moment(promised.made_at),
        "amount": promised.amount,
        "method": promised.method,
        "state": promised.state,
        "code": promised.code,
        "name": promised.name,
        "on_behalf_of": promised.on_behalf_of,
        "in_memory_of": promised.in_memory_of,
        "may_be_named": promised.may_be_named,
        "phone": giving.phone(promised),
        "email": giving.email(promised),
    }


def _receipt(receipt: Any) -> dict[str, Any]:
    return {
        "number": receipt.number,
        "code": receipt.code,
        "issued_at": moment(receipt.issued_at),
        "voided_at": moment(receipt.voided_at),
        "states": receipt.facts,
    }


def _json(facts: dict[str, Any]) -> bytes:
    return (json.dumps(facts, ensure_ascii=False, indent=2) + "\n").encode()


def _document(facts: dict[str, Any]) -> bytes:
    """Print the facts; of very many the newest, for all of them stand in the other form."""
    shown = {name: facts[name][:MOST_LINES] for name in ("donations", "messages")}
    cut = any(len(facts[name]) > MOST_LINES for name in shown)
    words = {
        "purposes": told.purposes(),
        "ways": told.ways(),
        "kinds": told.kinds(),
        "today": clock.today(),
    }
    html = _template().render(facts={**facts, **shown}, cut=cut, **words)
    return pdf.render(html, "donor")


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
    environment.filters["day"] = _day
    return environment.get_template("donor.html")


def _day(text: str | None) -> str:
    """Return the day of an ISO text as documents write it."""
    if not text:
        return ""
    year, month, day = text[:10].split("-")
    return f"{day}/{month}/{year}"
