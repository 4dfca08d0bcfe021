"""Promise a donation on a page, find promises again, and forget who made them."""

import json
import secrets
from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.errors import Conflict, NotFound, Refusal
from fundsvc.giving import codes
from fundsvc.giving.models import (
    FAILED,
    LAPSED,
    OPEN,
    PUBLISHED,
    CampaignPage,
    Pledge,
    PledgeDonation,
)
from fundsvc.giving.promises import BETWEEN, Promise, cleaned
from fundsvc.secrecy import UnreadableError, fingerprint, phone_hash, seal, unseal
from fundsvc.units.models import Province

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
