"""Print receipts of a span of dates: the original once and for all, and the letter with it."""

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc import db
from fundsvc.donations import annual, annual_document
from fundsvc.donations.models import AnnualReceipt
from fundsvc.errors import Refusal
from fundsvc.evidence import service as evidence
from fundsvc.outbox import service as outbox
from fundsvc.outbox.service import Attachment
from fundsvc.outbox.writing import Draft, html_of, text_of
from fundsvc.receipts.mailing import automatic, greeting
from fundsvc.receipts.printing import MEDIA_TYPE
from ledger.words import grouped


def freeze_pdf(number: str) -> bytes:
    """Return the original of a paper, printed and stored the first time it is asked for.

    A voided one is drawn with its mark and not kept.

    Raises:
        NotFound: there is no such paper, or not for this person.
    """
    session = db.read_session()
    found = annual.by_number(session, number)
    kept, facts, code = found.pdf_sha256, annual.facts_of(found), found.code
    session.rollback()
    if facts.voided_on is None and kept is not None:
        return evidence.read(kept)
    data = annual_document.render(facts, code, current_app.config["FUNDSVC"].base_url)
    if facts.voided_on is not None:
        return data
    evidence.keep(data)
    with db.transaction() as writing:
        found = annual.by_number(writing, number, lock=True)
        if found.pdf_sha256 is None:
            found.pdf_sha256 = evidence.record(
                writing, data, name=f"{found.number}.pdf", media_type=MEDIA_TYPE, by=None
            )
        kept = found.pdf_sha256
    return evidence.read(kept)


def key_of(number: str) -> str:
    """Return the key of the letter that takes a paper to its donor."""
    return f"annual:{number}"


def mail(session: Session, paper: AnnualReceipt, to: str, locale: str = "vi") -> bool:
    """Put the letter with a paper into the outbox; say whether it can be sent there."""
    facts = annual.facts_of(paper)
    base = current_app.config["FUNDSVC"].base_url
    with force_locale(locale):
        subject = _("Giấy xác nhận ủng hộ %(number)s", number=facts.number)
        draft = Draft(
            greeting=greeting(facts.donor_name, facts.donor_kind),
            paragraphs=(
                _(
                    "%(unit)s trân trọng cảm ơn các khoản ủng hộ từ ngày %(first)s đến ngày"
                    " %(last)s. Giấy xác nhận liệt kê các khoản ấy được gửi kèm thư này.",
                    unit=facts.unit_name,
                    first=f"{facts.from_on:%d/%m/%Y}",
                    last=f"{facts.to_on:%d/%m/%Y}",
                ),
            ),
            facts=(
                (_("Số"), facts.number),
                (_("Số khoản ủng hộ"), grouped(len(facts.lines))),
                (_("Tổng số tiền"), f"{grouped(facts.amount)} đ"),
            ),
            link=(_("Kiểm tra giấy xác nhận này"), f"{base}/v/{facts.number}?c={paper.code}"),
            signed=facts.unit_name,
            small=automatic(),
        )
        try:
            outbox.put(
                session,
                key=key_of(facts.number),
                to=to,
                subject=subject,
                text=text_of(draft),
                html=html_of(draft, subject, locale),
                locale=locale,
                attachments=[Attachment("annual", facts.number, f"{facts.number}.pdf")],
                kind="annual",
            )
        except Refusal:
            return False
    return True
