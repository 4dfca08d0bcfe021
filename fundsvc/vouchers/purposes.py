"""What a voucher is for beyond its own words: told by the slices that draft vouchers of their own.

A slice adds one line to its `views.py`:

    bp.record_once(lambda state: tell_purpose(state.app, purpose_of))

where `purpose_of(session, voucher_id)` returns an `Origin`, or None if the voucher is not its own.
So whoever approves a voucher finds what it was drafted for.
"""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from sqlalchemy.orm import Session

from fundsvc.books.origins import Origin

_KEY: Final = "fundsvc.voucher_purposes"

Provider = Callable[[Session, int], Origin | None]


def tell_purpose(app: Any, provider: Provider) -> None:
    """Let a slice tell what its vouchers are for."""
    app.extensions.setdefault(_KEY, []).append(provider)


def purposes(app: Flask, session: Session, voucher_id: int) -> list[Origin]:
    """Return what a voucher is for, by every slice that knows."""
    providers: list[Provider] = app.extensions.get(_KEY, [])
    return [found for provider in providers if (found := provider(session, voucher_id))]
