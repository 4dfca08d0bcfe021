"""What the worker does of the bank: lines that name a promise and wait are tried again."""

from collections.abc import Callable

from flask_babel import force_locale

from fundsvc.db import read_session, transaction
from fundsvc.errors import Refusal
from fundsvc.reconciliation import gifts, waiting


def run(stop: Callable[[], bool]) -> None:
    """Try what is due, each line in a transaction of its own: its receipt takes a number."""
    session = read_session()
    session.rollback()
    due = waiting.due(session)
    session.rollback()
    for line_id in due:
        if stop():
            return
        try:
            # Reasons are kept with the line, for whoever looks: in the language of the books.
            with force_locale("vi"), transaction() as writing:
                gifts.again(writing, line_id, waiting.locked(writing, line_id).codes.split())
        except Refusal:
            continue  # A person was faster, and ended it.
