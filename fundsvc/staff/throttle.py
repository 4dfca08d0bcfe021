"""Failed tries to sign in: they slow the next ones down, and lock nobody out.

Three things are counted, each as a keyed digest: the pair of user name and address, the name from
anywhere, the address with any name. A pair that signed in before answers for its own failures
only, so whatever strangers try elsewhere, the treasurer at the usual desk comes in at once.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.staff.models import StaffTry

FORGOTTEN_AFTER: Final = timedelta(days=1)
_IPV6_NETWORK_BITS: Final = 64
_LARGEST_POWER: Final = 12


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures cost nothing, and how long the longest wait after them is."""

    free: int
    longest: timedelta


PAIR: Final = Limit(5, timedelta(minutes=5))
KNOWN_PAIR: Final = Limit(5, timedelta(seconds=30))
# Anywhere: short, or strangers could keep a person out who comes from a new place.
NAME: Final = Limit(100, timedelta(seconds=5))
ADDRESS: Final = Limit(30, timedelta(minutes=1))
SECOND_FACTOR: Final = Limit(5, timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class Try:
    """One try: the digest that answers first, and others that answer for strangers only."""

    first: str
    others: tuple[tuple[str, Limit], ...] = ()
    limit: Limit = PAIR
    known_limit: Limit = KNOWN_PAIR


def of_password(secret: str, name: str, address: str | None) -> Try:
    """Return the try of a password for a name from an address."""
    place = _network(address)
    return Try(
        first=_key(secret, "pair", name, place),
        others=((_key(secret, "name", name), NAME), (_key(secret, "address", place), ADDRESS)),
    )


def of_person(secret: str, key: str) -> Try:
    """Return the try of a code, or of the password again, for a person known by a password."""
    return Try(first=_key(secret, "person", key), limit=SECOND_FACTOR, known_limit=SECOND_FACTOR)


def take(session: Session, attempt: Try) -> timedelta | None:
    """Count a try as failed before it is made, so that many at once gain nothing.

    Returns:
        How long to wait, when it may not be made now (and is not counted); else None.
    """
    now = clock.now()
    _forget(session, now - FORGOTTEN_AFTER)
    first = _row(session, attempt.first, now)
    counted = [(first, attempt.known_limit if first.known else attempt.limit)]
    if not first.known:
        counted += [(_row(session, key, now), limit) for key, limit in attempt.others]
    now = clock.now()  # Again: another try may have held the rows meanwhile.
    wait = max(row.free_at - now for row, _limit in counted)
    if wait > timedelta(0):
        return wait
    for row, limit in counted:
        row.failures += 1
        row.last_at = now
        row.free_at = now + _delay(row.failures, limit)
    return None


def succeeded(session: Session, attempt: Try) -> None:
    """Take a try back that was right, and know the pair from now on."""
    now = clock.now()
    first = _row(session, attempt.first, now)
    first.failures, first.free_at, first.last_at = 0, now, now
    first.known = True
    for key, _limit in attempt.others:
        row = _row(session, key, now)
        row.failures = max(0, row.failures - 1)
        row.free_at = now


def _delay(failures: int, limit: Limit) -> timedelta:
    over = failures - limit.free
    if over < 0:
        return timedelta(0)
    return min(limit.longest, timedelta(seconds=1 << min(over, _LARGEST_POWER)))


def _row(session: Session, key: str, now: datetime) -> StaffTry:
    """Return the row of a key, made when missing, and locked until the transaction ends."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    values = {"key": key, "failures": 0, "last_at": now, "free_at": now, "known": False}
    made = dialect.insert(StaffTry).values(values).on_conflict_do_nothing()
    found = select(StaffTry).where(StaffTry.key == key).with_for_update()
    while True:
        session.execute(made)
        row = session.scalars(found.execution_options(populate_existing=True)).one_or_none()
        if row is not None:  # Else it was forgotten by another request in this very moment.
            return row


def _forget(session: Session, before: datetime) -> None:
    """Drop old rows, but none that another request holds: waiting for it could end in a knot."""
    old = select(StaffTry.key).where(StaffTry.last_at <= before)
    session.execute(delete(StaffTry).where(StaffTry.key.in_(old.with_for_update(skip_locked=True))))


def _key(secret: str, *parts: str) -> str:
    message = "\x1f".join(("try", *parts)).encode("utf-8", "replace")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _network(address: str | None) -> str:
    """Return an address, or the network of an IPv6 one: a customer gets 2⁶⁴ of them."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> (128 - _IPV6_NETWORK_BITS))
    return str(parsed)
