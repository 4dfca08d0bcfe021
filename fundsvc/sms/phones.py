"""The numbers behind messages: opened one by one on the record, and proved by who calls."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books.models import Entry
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.secrecy import UnreadableError, code_hash, open_phone, phone_hash
from fundsvc.sms.donors import is_taken_back
from fundsvc.sms.models import PhoneCode, SmsMessage
from fundsvc.sms.resolver import BOOKED
from ledger.accounts import OPERATOR_NAMES

GOOD_FOR: Final = timedelta(hours=24)
MOST_TRIES: Final = 5
LONGEST: Final = 100
_DIGITS: Final = 6
BETWEEN: Final = str.maketrans("", "", " .-()")
_PHONE: Final = re.compile(r"\+?[0-9]{8,15}", re.ASCII)
_CODE: Final = re.compile(f"[0-9]{{{_DIGITS}}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class GivenCode:
    """A code to be read out: it is shown this once, and kept only as a hash.

    `messages` counts those in the books, for which there may be a receipt; `others` those that
    were kept and not booked.
    """

    code: str
    expires_at: datetime
    messages: int
    others: int


def message(session: Session, operator: str, request_id: str) -> SmsMessage:
    """Return a message by its identity.

    Raises:
        NotFound: there is none.
    """
    found = session.get(SmsMessage, (operator, request_id))
    if found is None:
        raise NotFound
    return found


def entry_of(session: Session, found: SmsMessage) -> int | None:
    """Return the entry that a message was booked by."""
    return session.scalar(
        select(Entry.id).where(
            Entry.source == f"sms:{found.operator}", Entry.external_id == found.request_id
        )
    )


def open_number(session: Session, operator: str, request_id: str, *, by: int | None) -> str:
    """Return the whole number that a message came from; that it was read stands in the log.

    Raises:
        NotFound: there is no such message.
        Refusal: the number does not open with this data key.
    """
    found = message(session, operator, request_id)
    try:
        phone = open_phone(found.phone_hash, found.phone_sealed)
    except UnreadableError as error:
        raise Refusal(_("Không mở được số điện thoại bằng khóa dữ liệu hiện nay.")) from error
    audit.record(session, "sms.phone", f"sms:{operator}:{request_id}", {}, by=by)
    return phone


def give_code(session: Session, phone: str, *, by: int | None) -> GivenCode:
    """Make a code for a number that messages came from; an earlier one is good no more.

    Raises:
        Refusal: it is no phone number, or no message that came from it is in the books.
    """
    tidy = phone.translate(BETWEEN)
    if not _PHONE.fullmatch(tidy):
        why = _("Số điện thoại phải là 8 đến 15 chữ số, ví dụ 0912345678.")
        raise Refusal(Reason(why, field="phone"))
    hashed, now = phone_hash(tidy), clock.now()
    booked, others = _counts(session, hashed)
    if not booked:
        why = _("Sổ chưa có tin nhắn nào từ số này.")
        if others:
            why = _(
                "Có %(count)d tin nhắn từ số này nhưng chưa tin nào được ghi sổ, nên chưa thể lấy"
                " biên nhận.",
                count=others,
            )
        raise Refusal(Reason(why, field="phone"))
    session.execute(
        update(PhoneCode)
        .where(PhoneCode.phone_hash == hashed, PhoneCode.ended_at.is_(None))
        .values(ended_at=now)
    )
    code = f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
    given = PhoneCode(
        phone_hash=hashed,
        code_hash=code_hash(hashed, code),
        made_at=now,
        expires_at=now + GOOD_FOR,
        made_by=by,
    )
    session.add(given)
    audit.record(session, "sms.code", f"phone:{hashed}", {}, by=by)
    session.flush()
    return GivenCode(code, given.expires_at, booked, others)


def _counts(session: Session, hashed: str) -> tuple[int, int]:
    """Return how many messages of a number stand in the books, and how many do not."""
    held = select(func.count()).where(SmsMessage.phone_hash == hashed)
    booked = session.scalar(held.where(SmsMessage.status == BOOKED, ~is_taken_back())) or 0
    return booked, (session.scalar(held) or 0) - booked


def prove(session: Session, phone: str, secret: str) -> str | None:
    """Return the hash of a number if `secret` is the reference of a message of it, or its code.

    People copy a reference in letters of either case. An unknown number and a wrong secret take
    the same questions and give the same answer. A code is used up when it is right, and after a
    few wrong ones.
    """
    hashed, secret = phone_hash(phone[:LONGEST].translate(BETWEEN)), secret.strip()[:LONGEST]
    digits = secret.translate(BETWEEN)
    code = session.scalars(
        select(PhoneCode)
        .where(
            PhoneCode.phone_hash == hashed,
            PhoneCode.ended_at.is_(None),
            PhoneCode.expires_at > clock.now(),
        )
        .with_for_update()
    ).first()
    of_message = session.scalar(
        select(
            exists().where(
                SmsMessage.operator.in_(OPERATOR_NAMES),
                SmsMessage.phone_hash == hashed,
                func.lower(SmsMessage.request_id) == secret.lower(),
            )
        )
    )
    held = code.code_hash if code else ""
    right = compare_digest(code_hash(hashed, digits), held)
    if code is not None and _CODE.fullmatch(digits):
        code.tries += not right
        if right or code.tries >= MOST_TRIES:
            code.ended_at = clock.now()
        session.flush()
    return hashed if right or of_message else None
