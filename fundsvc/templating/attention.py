"""What needs a person today: each slice tells it for itself, the home page shows it all.

A slice adds one line to its `views.py`:

    bp.record_once(lambda state: attend(state.app, unbooked_messages))

where `unbooked_messages(session)` returns `Attention` values; those with a count of 0 are not
shown. So the home page needs to know no slice, and no slice the home page.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask
from sqlalchemy.orm import Session

_KEY: Final = "fundsvc.attention"


@dataclass(frozen=True, slots=True)
class Attention:
    """A number of things that wait for somebody, and where they are listed.

    `text` goes with the count ("tin nhắn không rõ cú pháp"), `amount` is in đồng if there is one.
    """

    count: int
    text: str
    href: str
    amount: int | None = None


Provider = Callable[[Session], Iterable[Attention]]


def attend(app: Any, provider: Provider) -> None:
    """Let a slice tell what needs a person; asked on every view of the home page."""
    app.extensions.setdefault(_KEY, []).append(provider)


def waiting(app: Flask, session: Session) -> list[Attention]:
    """Return what every slice says is waiting, in the order the slices were registered."""
    providers: list[Provider] = app.extensions.get(_KEY, [])
    return [item for provider in providers for item in provider(session) if item.count]
