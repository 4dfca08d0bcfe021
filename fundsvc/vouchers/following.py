"""Who follows a voucher: slices above that had one made for something of their own.

A slice writes a module, named in `FOLLOWING` of `fundsvc.app`, with `taken(session, row)`, called
when a voucher was locked for an act, `edited(session, row, draft)`, called before a draft is
written anew, and `posted(session, row, by)`, called last of posting. Each may refuse; then nothing
of the act happens. What is locked along with a voucher is locked in `taken`, before units and
numbers.
"""

from importlib import import_module
from typing import Any, Final

from sqlalchemy.orm import Session

from fundsvc.vouchers.drafting import Draft
from fundsvc.vouchers.models import Voucher

_following: Final[list[str]] = []


def watch(*modules: str) -> None:
    """Tell these modules; they are imported when told."""
    _following.extend(name for name in modules if name not in _following)


def taken(session: Session, row: Voucher) -> None:
    """Tell that a voucher was locked for an act that may be done."""
    for follower in _followers():
        follower.taken(session, row)


def edited(session: Session, row: Voucher, draft: Draft) -> None:
    """Tell how a draft is about to be written anew, complete as it will be kept."""
    for follower in _followers():
        follower.edited(session, row, draft)


def posted(session: Session, row: Voucher, by: int) -> None:
    """Tell that a voucher was posted; it has its number and its entry."""
    for follower in _followers():
        follower.posted(session, row, by)


def _followers() -> list[Any]:
    return [import_module(name) for name in _following]
