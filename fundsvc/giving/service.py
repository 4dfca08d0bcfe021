"""Promise a donation on a page, and make of money that came what was promised."""

import json
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from itertools import islice
from typing import Any, Final

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.books.models import Fund
from fundsvc.donations import service as donations
from fundsvc.donations.models import Donation
from fundsvc.donations.service import DonationFacts
from fundsvc.donors import consents
from fundsvc.donors import service as donors
from fundsvc.donors.consents import ConsentFacts
from fundsvc.donors.service import DonorFacts
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.giving import codes
from fundsvc.giving.models import (
    FAILED,
    GIVEN,
    LAPSED,
    OPEN,
    PUBLISHED,
    CampaignPage,
    Pledge,
    PledgeDonation,
)
from fundsvc.giving.promises import BETWEEN, Promise, cleaned
from fundsvc.receipts import service as receipts
from fundsvc.secrecy import UnreadableError, fingerprint, phone_hash, seal, unseal
from fundsvc.units.models import Province, Unit

MEMO_TAIL: Final = " UNG HO"
LONGEST_TOLD: Final = 200
_AT_ONCE: Final = 500
_SAID: Final = tuple(field.name for field in fields(Promise))
_FORGOTTEN: Final[dict[str, Any]] = {
    "may_be_named": False,
    "digest": "",
    "name": "",
    "on_behalf_of": "",
    "in_memory_of": "",
    "email_sealed": None,
    "phone_sealed": None,
    "phone_hash": None,
}


@dataclass(frozen=True, slots=True)
class Given:
    """What money became; `new` is False when this money had become it before."""

    donation_id: int
    receipt: str | None
    new: bool


def pledge(session: Session, page: CampaignPage, promise: Promise, key: str) -> Pledge:
    """Write down what somebody promises; the same key with the same words gives the same promise.

    Raises:
        Refusal: the page is not open, or with a reason for every word that cannot be.
        Conflict: the key was used for other words.
    """
    promise, province = cleaned(lambda: session, promise)
    digest = digest_of(page.id, promise)
    earlier = session.scalar(select(Pledge).where(Pledge.key == key))
    while earlier is None:
        check_open(page)
        # Two of the same form at the same moment: the second one finds the first one's row. Of 500
        # thousand million codes two may be drawn alike: then another is drawn.
        _insert(session, page, promise, province, key=key, digest=digest)
        earlier = session.scalar(select(Pledge).where(Pledge.key == key))
    if earlier.page_id != page.id or earlier.digest != digest:
        raise Conflict(_("Biểu mẫu này đã gửi trước đây với nội dung khác."))
    return earlier


def check_open(page: CampaignPage) -> None:
    """Hold that a page takes promises today.

    Raises:
        Refusal: it is not published, not open yet or no longer.
    """
    today = clock.today()
    if page.state != PUBLISHED or (page.closes_on and page.closes_on < today):
        raise Refusal(_("Đợt vận động này đã kết thúc."))
    if page.opens_on and page.opens_on > today:
        raise Refusal(_("Đợt vận động này chưa bắt đầu."))


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
    promised = session.scalars(
        select(Pledge)
        .where(Pledge.id == promised.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
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
        issued = donations.issue_first(
            session, *recorded.made, by=by, to=to, locale=promised.locale
        )
    else:
        issued = donations.issue_receipt(session, recorded.id, by=by, to=to, locale=promised.locale)
    return Given(recorded.id, issued.number, new=True)


def fails(session: Session, promised: Pledge, told: str) -> None:
    """Note that money for a promise did not come, in words for the donor; it may come yet."""
    if promised.state in {OPEN, FAILED}:
        promised.state, promised.told, promised.ended_at = FAILED, told[:LONGEST_TOLD], clock.now()
        session.flush()


def lapse(session: Session, before: datetime) -> int:
    """Let promises made before a moment lapse; money that comes for one later still counts.

    Nobody paid, so who it was is not needed any more and is forgotten: names and contacts go. Money
    that comes later is a donation of somebody unknown, with its receipt on the page of the promise.
    """
    now = clock.now()
    done = session.execute(
        update(Pledge)
        .where(Pledge.state.in_((OPEN, FAILED)), Pledge.made_at < before)
        .values(
            state=LAPSED, ended_at=now, erased_at=func.coalesce(Pledge.erased_at, now), **_FORGOTTEN
        )
    )
    return int(getattr(done, "rowcount", 0))


def erase(
    session: Session, donation_ids: Collection[int], pledge_ids: Collection[int] = ()
) -> None:
    """Forget who promised what became these donations, or these promises; the amounts stay."""
    wanted = select(PledgeDonation.pledge_id).where(PledgeDonation.donation_id.in_(donation_ids))
    session.execute(
        update(Pledge)
        .where(or_(Pledge.id.in_(wanted), Pledge.id.in_(pledge_ids)), Pledge.erased_at.is_(None))
        .values(erased_at=clock.now(), **_FORGOTTEN)
        .execution_options(synchronize_session="fetch")
    )


def by_code(session: Session, code: str) -> Pledge | None:
    """Return the promise with a memo code, within the session's scope."""
    return session.scalar(select(Pledge).where(Pledge.code == code))


def by_codes(session: Session, named: Iterable[str]) -> dict[str, Pledge]:
    """Return the promises with some memo codes, by code, within the session's scope."""
    rest, found = iter(set(named)), dict[str, Pledge]()
    while some := list(islice(rest, _AT_ONCE)):
        rows = session.scalars(select(Pledge).where(Pledge.code.in_(some)))
        found.update((row.code, row) for row in rows)
    return found


def ground(session: Session, promised: Iterable[Pledge]) -> list[object]:
    """Return what donations of promises rest on, to be held while many become donations.

    These are their pages with fund, unit and the unit above.
    """
    numbers = sorted({one.page_id for one in promised})
    pages = [session.get_one(CampaignPage, number) for number in numbers]
    units = [session.get_one(Unit, page.unit_id) for page in pages]
    above = [session.get(Unit, unit.parent_id) for unit in units if unit.parent_id]
    return [*pages, *units, *above, *(session.get_one(Fund, page.fund_id) for page in pages)]


def used_origins(session: Session, names: Iterable[str]) -> set[str]:
    """Return those of at most some hundred names of money that became a donation before."""
    query = select(PledgeDonation.origin).where(PledgeDonation.origin.in_(list(names)))
    return set(session.scalars(query))


def by_token(session: Session, token: str) -> Pledge:
    """Return the promise whose page has this token.

    Raises:
        NotFound: there is none.
    """
    found = session.scalar(select(Pledge).where(Pledge.token == token))
    if found is None:
        raise NotFound
    return found


def of_donation(session: Session, donation_id: int) -> Pledge | None:
    """Return the promise that a donation came of, if it came of one."""
    return session.scalar(
        select(Pledge)
        .join(PledgeDonation, PledgeDonation.pledge_id == Pledge.id)
        .where(PledgeDonation.donation_id == donation_id)
    )


def memo(promised: Pledge) -> str:
    """Return what the memo of the transfer says: the code first, 18 characters in all."""
    return f"{promised.code}{MEMO_TAIL}"


def email(promised: Pledge) -> str:
    """Return the donor's e-mail, opened now; empty when there is none."""
    return _opened(promised.email_sealed)


def phone(promised: Pledge) -> str:
    """Return the donor's phone as it was typed, opened now; empty when there is none."""
    return _opened(promised.phone_sealed)


def _opened(sealed: bytes | None) -> str:
    """Return a contact; one that cannot be opened is none, for the money counts without it."""
    try:
        return unseal(sealed).decode() if sealed else ""
    except UnreadableError:
        return ""


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


def digest_of(page_id: int, promise: Promise) -> str:
    """Return what tells a form sent again from another one with the same key."""
    told = {name: getattr(promise, name) for name in _SAID}
    return fingerprint(json.dumps([page_id, told], ensure_ascii=False).encode())


def row_of(promise: Promise, province: Province | None, *, key: str, digest: str) -> dict[str, Any]:
    """Return a cleaned promise as its row, with a code and a token of its own; not its page."""
    digits = promise.phone.translate(BETWEEN)
    return {
        "key": key,
        "token": secrets.token_urlsafe(24),
        "code": codes.draw(),
        "digest": digest,
        "amount": promise.amount,
        "method": promise.method,
        "locale": promise.locale,
        "made_at": clock.now(),
        "name": promise.name,
        "on_behalf_of": promise.on_behalf_of,
        "in_memory_of": promise.in_memory_of,
        "province_id": province.id if province else None,
        "may_be_named": promise.may_be_named,
        "email_sealed": seal(promise.email.encode()) if promise.email else None,
        "phone_sealed": seal(promise.phone.encode()) if promise.phone else None,
        "phone_hash": phone_hash(digits) if digits else None,
        "state": OPEN,
        "told": "",
    }


def _insert(
    session: Session,
    page: CampaignPage,
    promise: Promise,
    province: Province | None,
    *,
    key: str,
    digest: str,
) -> None:
    facts = row_of(promise, province, key=key, digest=digest)
    facts |= {"page_id": page.id, "unit_id": page.unit_id}
    postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql_insert if postgresql else sqlite_insert
    try:
        session.execute(insert(Pledge).values(facts).on_conflict_do_nothing())
    except IntegrityError as error:
        if not is_drawn_alike(error):
            raise


def is_drawn_alike(error: IntegrityError) -> bool:
    """Say whether a code or token was there already, as SQLite's guard says before the index."""
    return "guard: pledge_kept" in str(error.orig)
