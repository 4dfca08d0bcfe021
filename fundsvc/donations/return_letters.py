"""The letter that tells a donor that all of a donation went back, and that its receipt is void.

Of a part that went back the receipt of what is left tells, which is mailed when it is issued.
"""

from collections.abc import Sequence

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.books.models import Fund
from fundsvc.donations.models import Donation, DonationReturn
from fundsvc.donors.models import Donor
from fundsvc.errors import Refusal
from fundsvc.outbox import service as outbox
from fundsvc.outbox.models import Letter
from fundsvc.outbox.writing import Draft, html_of, text_of
from fundsvc.receipts.mailing import automatic, greeting
from fundsvc.units.models import Unit
from ledger.words import grouped


def key_of(return_id: int) -> str:
    """Return the key of the letter about what went back last."""
    return f"return:{return_id}"


def send(
    session: Session,
    donation: Donation,
    last: DonationReturn,
    donor: Donor | None,
    void: Sequence[str],
    *,
    to: str,
    locale: str,
) -> Letter | None:
    """Put the letter into the outbox; nothing is sent to an address that cannot be.

    `void` are the numbers of the receipts that are void now.
    """
    unit, fund = session.get_one(Unit, donation.unit_id), session.get_one(Fund, donation.fund_id)
    with force_locale(locale):
        subject = _("Khoản ủng hộ của Anh/Chị đã được hoàn lại")
        told = [
            _(
                "Toàn bộ khoản ủng hộ ngày %(day)s đã được hoàn lại.",
                day=f"{donation.received_on:%d/%m/%Y}",
            )
        ]
        told += [
            _("Biên nhận số %(number)s đã hủy và không còn giá trị.", number=number)
            for number in void
        ]
        draft = Draft(
            greeting=greeting(donor.name if donor else "", donor.kind if donor else "person"),
            paragraphs=tuple(told),
            facts=(
                (_("Số tiền"), f"{grouped(donation.amount)} đ"),
                (_("Quỹ"), fund.name_en if locale == "en" and fund.name_en else fund.name),
                (_("Ngày hoàn tiền"), f"{last.returned_on:%d/%m/%Y}"),
            ),
            signed=unit.name,
            small=automatic(),
        )
        try:
            return outbox.put(
                session,
                key=key_of(last.id),
                to=to,
                subject=subject,
                text=text_of(draft),
                html=html_of(draft, subject, locale),
                locale=locale,
                kind="return",
            )
        except Refusal:
            return None
