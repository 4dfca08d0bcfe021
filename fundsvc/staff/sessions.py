"""Sessions kept by the server: the cookie holds a random token, the table its SHA-256 and the rest.

A session is read only when something asks for it, so pages for strangers and assets never touch
the database for it. It ends when it was idle too long, when it is too old, when the person signs
out, and when the password changes.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import Flask, Request, Response, current_app
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from flask_login import current_user, logout_user
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.staff.models import StaffSession

IDLE: Final = timedelta(hours=1)
IDLE_STRANGER: Final = timedelta(minutes=30)
OLDEST: Final = timedelta(hours=12)
RENEW_AFTER: Final = timedelta(minutes=1)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_json: Final = TaggedJSONSerializer()
_STORED: Final = select(StaffSession.data, StaffSession.created_at, StaffSession.expires_at).where(
    StaffSession.digest == bindparam("digest"), StaffSession.expires_at > bindparam("now")
)


@dataclass(frozen=True, slots=True)
class Row:
    """A stored session as it was read."""

    digest: str
    data: dict[str, Any]
    created_at: datetime
    expires_at: datetime


class ServerSession(SessionMixin):
    """What Flask calls `session`; it reads its cookie and its row at the first question."""

    def __init__(self, brought: Callable[[], str | None]) -> None:
        """Take what tells the token that a cookie brought, if one did."""
        self.token: str | None = None
        self.row: Row | None = None
        self._brought = brought
        self._data: dict[str, Any] | None = None
        self.modified = False

    @property
    def data(self) -> dict[str, Any]:
        """What the session holds."""
        if self._data is None:
            self.token = self._brought()
            self.row = _read(_digest(self.token)) if self.token else None
            self._data = dict(self.row.data) if self.row else {}
        return self._data

    @property
    def loaded(self) -> bool:
        """Whether anything asked for its content."""
        return self._data is not None

    @property
    def before(self) -> str | None:
        """The key of who was signed in when it was read."""
        return self.row.data.get("_user_id") if self.row else None

    @property
    def changed_hands(self) -> bool:
        """Whether somebody signed in or out since it was read."""
        return bool(self.before != self.data.get("_user_id"))

    def __contains__(self, key: object) -> bool:
        return key in self.data  # Inherited, it would try and fail, which costs more.

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.data[key] = value
        self.modified = True

    def __delitem__(self, key: str) -> None:
        del self.data[key]
        self.modified = True

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


class ServerSessions(SessionInterface):
    """Opens and keeps sessions for Flask."""

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        def brought() -> str | None:
            if app.static_url_path and request.path.startswith(f"{app.static_url_path}/"):
                return None
            token = request.cookies.get(self.get_cookie_name(app), "")
            return token if _TOKEN.fullmatch(token) else None

        return ServerSession(brought)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, ServerSession) or not session.loaded:
            return
        response.vary.add("Cookie")
        if session.modified:
            try:
                kept = _save(session)
            except OperationalError as error:
                _answer_unsaved(session, response, error)
                return
            if not kept:
                response.delete_cookie(self.get_cookie_name(app), path="/")
                return
        elif session.row:
            _renew(session.row)
        if session.modified and session.token:
            response.set_cookie(
                self.get_cookie_name(app),
                session.token,
                path="/",
                secure=bool(app.config["SESSION_COOKIE_SECURE"]),
                httponly=True,
                samesite="Lax",
            )


def end_all(session: Session, user_id: int) -> None:
    """End all sessions of a person, within the caller's transaction."""
    session.execute(delete(StaffSession).where(StaffSession.user_id == user_id))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _read(digest: str) -> Row | None:
    asked = {"digest": digest, "now": clock.now()}
    row = read_session().execute(_STORED, asked).one_or_none()
    return row and Row(digest, _json.loads(row.data), row.created_at, row.expires_at)


def _save(session: ServerSession) -> bool:
    """Write a changed session; False when nothing of it is left."""
    row, now = session.row, clock.now()
    if session.changed_hands or row is None:
        # A new token whenever somebody signs in or out: one planted before is worth nothing.
        session.token = secrets.token_urlsafe(32)
        with transaction() as database:
            if row:
                database.execute(delete(StaffSession).where(StaffSession.digest == row.digest))
            database.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
            if not session.data:
                return False
            database.add(_new_row(session, now))
        return True
    with transaction() as database:
        kept = database.execute(
            update(StaffSession)
            .where(StaffSession.digest == row.digest)
            .values(data=_json.dumps(session.data), expires_at=_expiry(row.data, row.created_at))
            .returning(StaffSession.digest)
        )
        # Nothing to update means that it was ended meanwhile, and ended it stays.
        return kept.one_or_none() is not None


def _answer_unsaved(session: ServerSession, response: Response, error: OperationalError) -> None:
    """Answer although the session could not be written: the database was locked for too long.

    Whoever was signed in before and still is gets the page as it is, for what it tells of is
    committed; lost is only a notice. To a stranger, or when signing in or out, the page would
    promise what is not so, and becomes the one that asks to try again.
    """
    if session.before and session.data.get("_user_id"):
        current_app.logger.warning("a session was not written: %s", error.orig)
        return
    logout_user()  # The page is drawn for a stranger, which they are.
    busy = current_app.make_response(current_app.handle_user_exception(error))
    response.set_data(busy.get_data())
    response.status = busy.status
    response.headers.remove("Location")
    for name in ("Content-Type", "Retry-After"):
        response.headers[name] = busy.headers[name]


def _new_row(session: ServerSession, now: datetime) -> StaffSession:
    signed_in = "_user_id" in session.data
    return StaffSession(
        digest=_digest(session.token or ""),
        data=_json.dumps(session.data),
        created_at=now,
        expires_at=_expiry(session.data, now),
        user_id=current_user.id if signed_in and current_user.is_authenticated else None,
    )


def _expiry(data: dict[str, Any], created_at: datetime) -> datetime:
    idle = IDLE if "_user_id" in data else IDLE_STRANGER
    return min(clock.now() + idle, created_at + OLDEST)


def _renew(row: Row) -> None:
    """Put the idle end off, at most once a minute, for a write costs more than a read."""
    expires_at = _expiry(row.data, row.created_at)
    if expires_at - row.expires_at < RENEW_AFTER:
        return
    put_off = update(StaffSession).where(StaffSession.digest == row.digest)
    try:
        with transaction() as database:
            database.execute(put_off.values(expires_at=expires_at))
    except OperationalError as error:
        # A long import holds the writer's place; the page is ready and the next one tries again.
        current_app.logger.warning("a session was not put off: %s", error.orig)
