"""Print receipts: the original once and for all, marked copies whenever asked.

The only functions of the slice that open a transaction themselves, because printing must happen
between two: never while a number or a row is held.
"""

from flask import current_app

from fundsvc import db
from fundsvc.evidence import service as evidence
from fundsvc.pdf import PdfError
from fundsvc.receipts import document, service
from fundsvc.receipts.models import Receipt

MEDIA_TYPE = "application/pdf"


def freeze_pdf(number: str) -> bytes:
    """Return the original of a receipt, printed and stored the first time it is asked for.

    The bytes are kept under their SHA-256 as evidence and the receipt names them once; a second
    process that prints at the same moment gives the bytes that were stored first.

    Raises:
        NotFound: there is no such receipt, or not for this person.
        DamagedFileError: the stored original is not what was stored.
    """
    kept, facts, code = _read(number)
    if kept is not None:
        return evidence.read(kept)
    data = document.render(facts, code, _base_url())
    evidence.keep(data)
    with db.transaction() as session:
        receipt = service.by_number(session, number, lock=True)
        if receipt.pdf_sha256 is None:
            receipt.pdf_sha256 = evidence.record(
                session, data, name=f"{receipt.number}.pdf", media_type=MEDIA_TYPE, by=None
            )
        kept = receipt.pdf_sha256
    return evidence.read(kept)


def freeze_soon(number: str) -> None:
    """Print and store the original now if that can be done, else when it is first opened.

    The receipt is issued and committed; a full disk or a missing library must not look as if it
    were not.
    """
    try:
        freeze_pdf(number)
    except (PdfError, OSError):
        current_app.logger.exception("receipt %s could not be printed yet", number)


def pdf(number: str, *, copy: bool = False) -> bytes:
    """Return a receipt to hand out: the original, a marked copy, or a marked voided one.

    Raises:
        NotFound: there is no such receipt, or not for this person.
    """
    _kept, facts, code = _read(number)
    if facts.voided_on is None and not copy:
        return freeze_pdf(number)
    return document.render(facts, code, _base_url(), copy=copy)


def address(receipt: Receipt) -> str:
    """Return the address at which a stranger verifies a receipt; its code is in it."""
    return f"{_base_url()}/v/{receipt.number}?c={receipt.code}"


def _read(number: str) -> tuple[str | None, document.ReceiptFacts, str]:
    """Read what printing needs, and let go of the database."""
    session = db.read_session()
    receipt = service.by_number(session, number)
    found = receipt.pdf_sha256, service.facts_of(receipt), receipt.code
    session.rollback()
    return found


def _base_url() -> str:
    url: str = current_app.config["FUNDSVC"].base_url
    return url
