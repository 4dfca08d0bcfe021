"""What slices above put on the page of messages, which knows none of them.

A slice adds one line to its `views.py`:

    bp.record_once(lambda state: put_beside(state.app, open_ones))

where `open_ones(session)` returns a piece of the page, empty when there is nothing to show.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from markupsafe import Markup
from sqlalchemy.orm import Session

_KEY: Final = "fundsvc.sms.beside"

Piece = Callable[[Session], str]


def put_beside(app: Any, piece: Piece) -> None:
    """Let a slice put something on the page of messages."""
    app.extensions.setdefault(_KEY, []).append(piece)


def beside(app: Flask, session: Session) -> list[Markup]:
    """Return what slices put there, in the order they were registered."""
    pieces: list[Piece] = app.extensions.get(_KEY, [])
    return [Markup(piece(session)) for piece in pieces]  # noqa: S704 - rendered by templates
