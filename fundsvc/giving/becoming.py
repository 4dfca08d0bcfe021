"""Make of money that came what was promised: a donation with its receipt."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Fund
from fundsvc.donations import receipting
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.donations.service import DonationFacts
from fundsvc.donors import consents
from fundsvc.donors import service as donors
from fundsvc.donors.consents import ConsentFacts
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import Conflict
from fundsvc.giving.models import GIVEN, CampaignPage, Pledge, PledgeDonation
from fundsvc.giving.service import email, phone
from fundsvc.receipts import service as receipts
from fundsvc.units.models import Province, Unit


@dataclass(frozen=True, slots=True)
class Given:
    """What money became; `new` is False when this money had become it before."""

    donation_id: int
    receipt: str | None
    new: bool


def becomes(
    session: Session,
    promised: Pledge,
    *,
    origin: str,
    amount: int,
    received_on: date,
    method: str | None = None,
    by: int | None = None,
    note: str = "",
) -> Given:
    """Record the donation that money makes of a promise, with its receipt; once for each `origin`.

    Money by bank stands among the unidentified money of the page's fund and unit already. The
    donation is what came, which may be more or less than was promised. Money of another origin for
    the same promise is another donation of the same donor. Call it last in a transaction.

    Args:
        session: the open transaction.
        promised: the promise.
        origin: what names the money: `bank-line:12`, `card:pi_3Q…`.
        amount: what came, in whole đồng.
        received_on: the accounting date.
        method: how it came, if not as promised.
        by: the staff user who decided it, if one did.
        note: what staff should know of it, as that it came in a month that is closed.

    Raises:
        Refusal: the books cannot take it, as in a closed month.
        Conflict: this origin became something else.
    """
    promised = _locked(session, promised.id)
    earlier = session.scalar(select(PledgeDonation).where(PledgeDonation.origin == origin))
    if earlier is not None:
        if earlier.pledge_id != promised.id:
            raise Conflict(_("Số tiền này đã ghi cho một lượt đăng ký ủng hộ khác."))
        return Given(earlier.donation_id, _receipt(session, earlier.donation_id), new=False)
    facts = _donation(session, promised, amount, received_on, method or promised.method)
    facts = replace(facts, note=note)
    recorded = donations.record(session, facts, f"{donations.PROMISED}{promised.id}:{origin}", by)
    session.add(
        PledgeDonation(
            donation_id=recorded.id,
            pledge_id=promised.id,
            page_id=promised.page_id,
            amount=amount,
            may_be_named=promised.may_be_named,
            origin=origin,
            made_at=clock.now(),
        )
    )
    if promised.state != GIVEN:
        promised.state, promised.donation_id = GIVEN, recorded.id
        promised.told, promised.ended_at = "", clock.now()
    session.flush()
    if promised.may_be_named and recorded.new:
        _note_consent(session, promised, recorded.id)
    to = email(promised) or None
    if recorded.made is not None:
        issued = receipting.issue_first(
            session, *recorded.made, by=by, to=to, locale=promised.locale
        )
    else:
        issued = receipting.issue_receipt(
            session, recorded.id, by=by, to=to, locale=promised.locale
        )
    return Given(recorded.id, issued.number, new=True)


def _locked(session: Session, pledge_id: int) -> Pledge:
    """Return a promise as it is now, held until the transaction ends."""
    query = select(Pledge).where(Pledge.id == pledge_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def free_origin(session: Session, name: str) -> str:
    """Return a name for money that may have been given before and taken back: then another one.

    Call it when it is sure that no donation of this money stands.
    """
    used = session.scalar(
        select(func.count())
        .select_from(PledgeDonation)
        .where((PledgeDonation.origin == name) | PledgeDonation.origin.startswith(f"{name}:"))
    )
    return f"{name}:{used + 1}" if used else name


def used_origins(session: Session, names: Iterable[str]) -> set[str]:
    """Return those of at most some hundred names of money that became a donation before."""
    query = select(PledgeDonation.origin).where(PledgeDonation.origin.in_(list(names)))
    return set(session.scalars(query))


def ground(session: Session, promised: Iterable[Pledge]) -> list[object]:
    """Return what donations of promises rest on, to be held while many become donations.

    These are their pages with fund, unit and the unit above.
    """
    numbers = sorted({one.page_id for one in promised})
    pages = [session.get_one(CampaignPage, number) for number in numbers]
    units = [session.get_one(Unit, page.unit_id) for page in pages]
    above = [session.get(Unit, unit.parent_id) for unit in units if unit.parent_id]
    return [*pages, *units, *above, *(session.get_one(Fund, page.fund_id) for page in pages)]


def _receipt(session: Session, donation_id: int) -> str | None:
    """Return the number of a donation's valid receipt."""
    issued = receipts.of_donation(session, donation_id)
    return next((receipt.number for receipt in issued if receipt.voided_at is None), None)


def _note_consent(session: Session, promised: Pledge, donation_id: int) -> None:
    """Note with the donor the tick that was set on the page, in the words that stood beside it.

    A no that was said by another way stands: anybody could type the donor's name and phone.
    """
    donor_id = session.get_one(Donation, donation_id).donor_id
    if donor_id is None:
        return
    last = consents.of_donor(session, donors.by_id(session, donor_id), "named")
    if last is not None and not last.given and last.way != "online":
        return
    with force_locale(promised.locale):
        words = _("Đồng ý cho nêu tên trên trang này")
    said_on = promised.made_at.astimezone(clock.VN).date()
    facts = ConsentFacts(purpose="named", given=True, said_on=said_on, way="online", words=words)
    consents.note_by_id(session, donor_id, facts, by=None)


def _donation(
    session: Session, promised: Pledge, amount: int, received_on: date, method: str
) -> DonationFacts:
    """Return what to record when money came for a promise."""
    page = session.get_one(CampaignPage, promised.page_id)
    province = session.get_one(Province, promised.province_id) if promised.province_id else None
    donor = None
    if promised.name:
        donor = DonorFacts(name=promised.name, phone=phone(promised), email=email(promised))
    return DonationFacts(
        unit=session.get_one(Unit, page.unit_id).code,
        fund=session.get_one(Fund, page.fund_id).code,
        amount=amount,
        received_on=received_on,
        method=method,
        donor=donor,
        province=province.key if province else None,
        on_behalf_of=promised.on_behalf_of,
        in_memory_of=promised.in_memory_of,
        online=True,
    )
