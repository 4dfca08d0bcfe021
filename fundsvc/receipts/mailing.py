"""Letters about receipts: the receipt itself, as soon as it is issued, to whoever has an e-mail."""

from collections.abc import Iterable

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.errors import Refusal
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import Letter
from fundsvc.outbox.service import Attachment
from fundsvc.outbox.writing import Draft, html_of, text_of
from fundsvc.receipts import document, printing, service
from fundsvc.receipts.document import ReceiptFacts
from fundsvc.receipts.models import Receipt
from ledger.words import grouped

ATTACHED = "receipt"
"""The kind of attachment that is the original of a receipt, by its number."""


def key_of(number: str) -> str:
    """Return the key of the letter that takes a receipt to its donor."""
    return service.letter_key(number)


def language(session: Session, donation_id: int) -> str:
    """Return the language of the first letter with a receipt of a donation.

    That one was written in the language of the page on which the donor gave; without one it is
    Vietnamese.
    """
    letter = _first(session, donation_id)
    return letter.locale if letter else "vi"


def address(session: Session, donation_id: int) -> str:
    """Return where the first letter with a receipt of a donation went; empty if nobody knows.

    Whoever gave without a name is known by this alone. It is gone with the words of the letter
    when the person is forgotten.
    """
    letter = _first(session, donation_id)
    message = outbox.opened(letter) if letter else None
    return message.to if message else ""


def _first(session: Session, donation_id: int) -> Letter | None:
    issued = service.of_donation(session, donation_id)
    keys = [key_of(receipt.number) for receipt in issued]
    query = select(Letter).where(Letter.key.in_(keys)).order_by(Letter.id).limit(1)
    return session.scalar(query)


def send(session: Session, receipt: Receipt, to: str, locale: str = "vi") -> Letter | None:
    """Put the letter with a receipt into the outbox, in the transaction that issues it.

    A receipt must not fail for an address that was typed wrongly years ago: nothing is sent then.
    """
    facts = service.facts_of(receipt)
    with force_locale(locale):
        fund = _fund(session, facts, locale)
        subject = _("Biên nhận %(number)s: cảm ơn tấm lòng ủng hộ", number=facts.number)
        draft = Draft(
            greeting=greeting(facts.donor_name, facts.donor_kind),
            paragraphs=tuple(_paragraphs(facts, fund)),
            facts=tuple(_facts(facts, fund, locale)),
            link=(_("Kiểm tra biên nhận này"), printing.address(receipt)),
            after=(
                _(
                    "Nếu mất thư này, có thể lấy lại biên nhận bất cứ lúc nào tại %(page)s bằng"
                    " mã %(code)s và địa chỉ thư này.",
                    page=f"{current_app.config['FUNDSVC'].base_url}/receipts",
                    code=document.in_fours(receipt.code),
                ),
            ),
            signed=facts.unit_name,
            small=automatic(),
        )
        try:
            return outbox.put(
                session,
                key=key_of(facts.number),
                to=to,
                subject=subject,
                text=text_of(draft),
                html=html_of(draft, subject, locale),
                locale=locale,
                attachments=[Attachment(ATTACHED, facts.number, f"{facts.number}.pdf")],
                kind="receipt",
            )
        except Refusal:
            return None


def greeting(name: str, kind: str) -> str:
    """Return how a letter greets its reader."""
    if not name:
        return _("Kính gửi Anh/Chị,")
    if kind == "organisation":
        return _("Kính gửi %(name)s,", name=name)
    return _("Kính gửi Anh/Chị %(name)s,", name=name)


def automatic() -> str:
    """Return what stands small below a letter that nobody wrote by hand."""
    return _("Thư này được gửi tự động; thư trả lời vào địa chỉ này không có người đọc.")


def _paragraphs(facts: ReceiptFacts, fund: str) -> Iterable[str]:
    yield _(
        "%(unit)s trân trọng cảm ơn khoản ủng hộ %(fund)s. Biên nhận số %(number)s được gửi kèm"
        " thư này.",
        unit=facts.unit_name,
        fund=fund,
        number=facts.number,
    )
    if facts.replaces:
        yield _(
            "Biên nhận này thay cho biên nhận số %(number)s, đã hủy và không còn giá trị.",
            number=facts.replaces,
        )


def _facts(facts: ReceiptFacts, fund: str, locale: str) -> Iterable[tuple[str, str]]:
    yield _("Số biên nhận"), facts.number
    yield _("Số tiền"), f"{grouped(facts.amount)} đ"
    if locale == "vi":
        yield _("Bằng chữ"), facts.amount_words
    yield _("Quỹ"), fund
    yield _("Ngày nhận"), f"{facts.received_on:%d/%m/%Y}"
    if facts.on_behalf_of:
        yield _("Thay mặt"), facts.on_behalf_of
    if facts.in_memory_of:
        yield _("Tưởng nhớ"), facts.in_memory_of


def _fund(session: Session, facts: ReceiptFacts, locale: str) -> str:
    """Return the name of the fund in the reader's language."""
    if locale != "en":
        return facts.fund_name
    name = session.scalar(select(Fund.name_en).where(Fund.code == facts.fund_code))
    return name or facts.fund_name
