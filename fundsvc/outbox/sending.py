"""Send the letters that are due, one after the other, a few seconds at a time."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from fundsvc.config import MailServer
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound
from fundsvc.outbox import post, service
from fundsvc.outbox.post import File, Post, UndeliveredError, UnreachableError
from fundsvc.outbox.service import Claim

ROUND: Final = 5.0
"""So many seconds are letters sent before other background work has its turn."""
REST: Final = timedelta(seconds=30)
"""So long a server that could not be reached is left alone."""
_log = logging.getLogger(__name__)

Attached = Mapping[str, Callable[[str], bytes]]
"""What gives the bytes of attachments of each kind, by their reference."""


class Sender:
    """Sends what is due; it remembers that the server could not be reached a moment ago."""

    def __init__(self, attached: Attached) -> None:
        """Take what gives the bytes of attachments."""
        self._attached = attached
        self._not_before = 0.0

    def send(self, stop: Callable[[], bool] = lambda: False, *, most: float = ROUND) -> int:
        """Send letters for `most` seconds at the most; return how many were sent.

        Nothing is sent, and nothing is tried, while no server is set.
        """
        server = current_app.config["FUNDSVC"].mail
        if server is None or time.monotonic() < self._not_before or not _any_due():
            return 0
        count, until = 0, time.monotonic() + most
        with Post(server) as opened:
            while time.monotonic() < until and not stop():
                with transaction() as session:
                    claimed = service.claim(session)
                if claimed is None:
                    break
                try:
                    count += self._one(opened, server, claimed)
                except UnreachableError as error:
                    _log.warning("letters wait: %s", error)
                    self._not_before = time.monotonic() + REST.total_seconds()
                    with transaction() as session:
                        service.put_back(session, claimed, str(error), REST)
                    break
        return count

    def _one(self, opened: Post, server: MailServer, claimed: Claim) -> bool:
        """Send one letter, or note why not; say whether it was sent."""
        try:
            letter = post.written(
                server, claimed.key, claimed.locale, claimed.message, self._files(claimed)
            )
            opened.send(letter)
        except UndeliveredError as error:
            with transaction() as session:
                if service.failed(session, claimed, str(error), for_good=error.for_good):
                    _log.warning("letter %s was given up: %s", claimed.id, error)
            return False
        except UnreachableError:
            raise
        except Exception:  # noqa: BLE001 - told to the log, and tried again
            _log.exception("letter %s could not be made ready", claimed.id)
            why = _("Có lỗi khi chuẩn bị thư; lỗi đã ghi trong nhật ký máy chủ.")
            with transaction() as session:
                service.failed(session, claimed, why)
            return False
        with transaction() as session:
            service.sent(session, claimed)
        return True

    def _files(self, claimed: Claim) -> list[File]:
        """Fetch what goes with a letter, outside any transaction."""
        files = []
        with force_locale(claimed.locale):
            for one in claimed.attachments:
                try:
                    files.append(File(one.name, self._attached[one.kind](one.ref)))
                except (NotFound, KeyError) as error:
                    why = _("Tệp đính kèm %(name)s không còn.", name=one.name)
                    raise UndeliveredError(why, for_good=True) from error
        return files


def _any_due() -> bool:
    session = read_session()
    session.rollback()
    due = service.any_due(session)
    session.rollback()
    return due
