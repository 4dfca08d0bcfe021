"""Where an entry comes from: each slice tells it of its own entries, by their source.

A slice adds one line to its `views.py`:

    bp.record_once(lambda state: tell_origin(state.app, "payment", origin_of))

where `origin_of(session, entry)` returns an `Origin`. So the page of an entry needs to know no
slice, and no slice that page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Entry, EntryEvidence

_KEY: Final = "fundsvc.origins"
_HOLDERS: Final = "fundsvc.evidence_holders"
_CONFIDENTIAL: Final = "fundsvc.confidential_files"


@dataclass(frozen=True, slots=True)
class Origin:
    """What an entry was booked for: its name, and its page if there is one.

    `reverse_href` is where it is taken back, when that must be done there and not on the entry's
    page (a donation whose receipt must be voided first). `files` are the SHA-256 of its evidence.
    """

    label: str
    href: str | None = None
    reverse_href: str | None = None
    files: tuple[str, ...] = ()


Provider = Callable[[Session, Entry], Origin | None]


def tell_origin(app: Any, source: str, provider: Provider) -> None:
    """Let a slice tell the origin of entries whose source is `source` or begins with it and `:`."""
    app.extensions.setdefault(_KEY, {})[source] = provider


def origin(app: Flask, session: Session, entry: Entry) -> Origin | None:
    """Return where an entry comes from, None if no slice knows."""
    providers: dict[str, Provider] = app.extensions.get(_KEY, {})
    provider = providers.get(entry.source) or providers.get(entry.source.partition(":")[0])
    return provider(session, entry) if provider else None


Holder = Callable[[Session, str], bool]


def tell_holder(app: Any, holder: Holder) -> None:
    """Let a slice say which kept files it has something in scope for: `holder(session, sha256)`.

    Evidence that stands by an entry in scope needs no holder.
    """
    app.extensions.setdefault(_HOLDERS, []).append(holder)


def may_have(app: Flask, session: Session, sha256: str) -> bool:
    """Say whether a kept file proves anything that the session may see."""
    by_entry = (
        select(Entry.id)
        .join(EntryEvidence, EntryEvidence.entry_id == Entry.id)
        .where(EntryEvidence.sha256 == sha256)
        .limit(1)
    )
    if session.scalar(by_entry) is not None:
        return True
    holders: list[Holder] = app.extensions.get(_HOLDERS, [])
    return any(holder(session, sha256) for holder in holders)


@dataclass(frozen=True, slots=True)
class Confidential:
    """A kept file that only some roles get; each time they do, `act` on `subject` is noted."""

    roles: tuple[str, ...]
    act: str
    subject: str


Confider = Callable[[Session, str], Confidential | None]


def tell_confidential(app: Any, confider: Confider) -> None:
    """Let a slice say of a kept file, whatever it proves, that it is not for all who see that."""
    app.extensions.setdefault(_CONFIDENTIAL, []).append(confider)


def confidential(app: Flask, session: Session, sha256: str) -> list[Confidential]:
    """Return what slices say of a kept file that is not for all; nothing of others."""
    confiders: list[Confider] = app.extensions.get(_CONFIDENTIAL, [])
    return [said for confider in confiders if (said := confider(session, sha256))]
