"""Put letters, claim them for a while, and end each once: sent, or given up.

A claim is a lease, as with jobs. A letter whose sender fell between the server's yes and the end
is sent again, under the same Message-ID, by which mail programs know the second for the first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from fundsvc import clock, secrecy
from fundsvc.errors import Conflict, NotFound
from fundsvc.outbox import addresses
from fundsvc.outbox.models import DEAD, SENT, WAITING, Letter
from fundsvc.text import clean

LEASE: Final = timedelta(minutes=20)
"""Longer than the slowest server may take, from the first answer to the last one."""
PAUSES: Final = tuple(timedelta(minutes=pause) for pause in (1, 5, 15, 60, 240, 720, 1440))
"""How long a letter waits after each try; after the last one it is given up."""
LONG: Final = timedelta(hours=1)
"""A letter that has waited longer is shown as one that needs somebody."""
LONGEST_SUBJECT: Final = 200
LONGEST_TOLD: Final = 300


@dataclass(frozen=True, slots=True)
class Attachment:
    """What goes with a letter: its kind says who gives the bytes, `ref` which ones.

    Kinds are listed in `fundsvc.worker.ATTACHED`; a `receipt` is named by its number.
    """

    kind: str
    ref: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Whom a letter goes to and what it says."""

    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A letter that was claimed, for the `tries`th time."""

    id: int
    key: str
    locale: str
    message: Message
    attachments: tuple[Attachment, ...]
    tries: int


def put(
    session: Session,
    *,
    key: str,
    to: str,
    subject: str,
    text: str,
    html: str,
    locale: str,
    attachments: Sequence[Attachment] = (),
    kind: str = "letter",
) -> Letter:
    """Put a letter into the outbox; the same key again is the letter that is there already.

    It is sent after the commit, by the worker.

    Raises:
        Refusal: nothing can be sent to this address.
    """
    message = {
        "to": addresses.parse(to),
        "subject": clean(subject, LONGEST_SUBJECT, "subject"),
        "text": text,
        "html": html,
    }
    now = clock.now()
    files = [{"kind": one.kind, "ref": one.ref, "name": one.name} for one in attachments]
    facts = {
        "key": key,
        "kind": kind,
        "locale": locale,
        "sealed": secrecy.seal(json.dumps(message, ensure_ascii=False).encode()),
        "attachments": {"files": files},
        "made_at": now,
        "next_at": now,
        "state": WAITING,
        "tries": 0,
    }
    postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql_insert if postgresql else sqlite_insert
    new = session.scalar(insert(Letter).values(facts).on_conflict_do_nothing().returning(Letter))
    return new or session.scalars(select(Letter).where(Letter.key == key)).one()


def opened(letter: Letter) -> Message | None:
    """Return what a letter says; None when that was forgotten, or cannot be read."""
    if letter.sealed is None:
        return None
    try:
        return Message(**json.loads(secrecy.unseal(letter.sealed)))
    except secrecy.UnreadableError:
        return None


def any_due(session: Session) -> bool:
    """Say whether a letter is due."""
    return session.scalar(select(Letter.id).where(_free()).limit(1)) is not None


def claim(session: Session) -> Claim | None:
    """Take the letter that is due longest for the time of a lease; None when none is due.

    One that cannot be read is given up at once.
    """
    due = select(Letter).where(_free()).order_by(Letter.next_at, Letter.id)
    while letter := session.scalar(due.with_for_update(skip_locked=True).limit(1)):
        message = opened(letter)
        if message is not None:
            letter.tries += 1
            letter.lease_until = clock.now() + LEASE
            session.flush()
            files = tuple(Attachment(**file) for file in letter.attachments["files"])
            return Claim(letter.id, letter.key, letter.locale, message, files, letter.tries)
        letter.state, letter.lease_until = DEAD, None
        letter.told = _("Không mở được nội dung thư bằng khóa dữ liệu hiện nay.")
        session.flush()
    return None


def sent(session: Session, claimed: Claim) -> None:
    """Note that a server took a letter."""
    session.execute(
        _held(claimed).values(state=SENT, lease_until=None, told=None, sent_at=clock.now())
    )


def failed(session: Session, claimed: Claim, why: str, *, for_good: bool = False) -> bool:
    """Let a letter wait for its next try, or give it up; return whether it was given up."""
    why = why[:LONGEST_TOLD]
    if for_good or claimed.tries > len(PAUSES):
        session.execute(_held(claimed).values(state=DEAD, lease_until=None, told=why))
        return True
    next_at = clock.now() + PAUSES[claimed.tries - 1]
    session.execute(_held(claimed).values(lease_until=None, next_at=next_at, told=why))
    return False


def put_back(session: Session, claimed: Claim, why: str, pause: timedelta) -> None:
    """Let a letter wait that was claimed and could not be tried, whatever it says."""
    session.execute(
        _held(claimed).values(
            lease_until=None,
            tries=claimed.tries - 1,
            next_at=clock.now() + pause,
            told=why[:LONGEST_TOLD],
        )
    )


def again(session: Session, letter_id: int) -> Letter:
    """Let a letter that was given up be sent again, or one that waits be sent at once.

    Raises:
        NotFound: there is no such letter.
        Conflict: it was sent, or what it said was forgotten.
    """
    query = select(Letter).where(Letter.id == letter_id).with_for_update()
    letter = session.scalar(query.execution_options(populate_existing=True))
    if letter is None:
        raise NotFound
    if letter.state == SENT or letter.sealed is None:
        raise Conflict(_("Thư này không gửi lại được."))
    if letter.state == DEAD:
        letter.state, letter.tries = WAITING, 0
    letter.next_at = clock.now()
    session.flush()
    return letter


def forget(session: Session, key: str) -> None:
    """Empty a letter that has ended: whom it went to, what it said and what a server told of it.

    One that waits is dropped.

    Raises:
        Conflict: it is being sent at this moment.
    """
    letter = session.scalar(select(Letter).where(Letter.key == key).with_for_update())
    if letter is None:
        return
    if letter.state == WAITING:
        if letter.lease_until is not None and letter.lease_until > clock.now():
            raise Conflict(_("Thư đang được gửi. Xin thử lại sau ít phút."))
        letter.state, letter.lease_until = DEAD, None
    why = _("Không gửi nữa: thông tin của người nhận đã được xóa.")
    letter.told = why if letter.state == DEAD else None
    letter.sealed = None
    session.flush()


def drop(session: Session, key: str, why: str) -> None:
    """End a letter that was not sent and should not be any more, and empty it.

    One that is being sent at this moment is let go: whoever asks has no reason to fail.
    """
    query = select(Letter).where(Letter.key == key, Letter.state != SENT).with_for_update()
    letter = session.scalar(query.execution_options(populate_existing=True))
    if letter is None or (letter.lease_until is not None and letter.lease_until > clock.now()):
        return
    letter.state, letter.lease_until, letter.told, letter.sealed = DEAD, None, why, None
    session.flush()


def counts(session: Session) -> dict[str, int]:
    """Return how many letters there are of each state."""
    found = session.execute(select(Letter.state, func.count()).group_by(Letter.state))
    return dict.fromkeys((WAITING, SENT, DEAD), 0) | {row[0]: row[1] for row in found}


def dead(session: Session) -> int:
    """Return how many letters were given up that could be sent again."""
    query = select(func.count()).where(Letter.state == DEAD, Letter.sealed.is_not(None))
    return int(session.scalar(query) or 0)


def overdue(session: Session) -> int:
    """Return how many letters have waited so long that somebody should know."""
    query = select(func.count()).where(Letter.state == WAITING, Letter.made_at < clock.now() - LONG)
    return int(session.scalar(query) or 0)


def _free() -> ColumnElement[bool]:
    now = clock.now()
    unheld = or_(Letter.lease_until.is_(None), Letter.lease_until < now)
    return and_(Letter.state == WAITING, Letter.next_at <= now, unheld)


def _held(claimed: Claim) -> Any:
    """Return an update of a claimed letter, if nobody else took it up meanwhile."""
    return update(Letter).where(
        Letter.id == claimed.id, Letter.state == WAITING, Letter.tries == claimed.tries
    )
