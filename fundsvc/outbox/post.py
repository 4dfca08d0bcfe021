"""Hand letters to a mail server: the only room that speaks SMTP."""

import re
import smtplib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from types import TracebackType
from typing import Final, Self

from flask_babel import gettext as _

from fundsvc import clock
from fundsvc.config import MailServer
from fundsvc.outbox import addresses
from fundsvc.outbox.service import Message

SENDER_NAME: Final = "Hội Truyền thống Trường Sơn"
PATIENCE: Final = 20.0
"""Seconds that a server may take for one answer until it lets us in."""
PATIENCE_WITH_LETTER: Final = 120.0
"""Seconds that it may take for one answer about a letter: many read it before they take it."""
_FOR_GOOD: Final = 500
_WHO_ARE_YOU: Final = 530
"""Answered to a sender who should have logged in: that is about us, not about the letter."""
_ADDRESS: Final = re.compile(r'[^\s@<>(),:;"]+@[^\s@<>(),:;"]+')


class UnreachableError(Exception):
    """The server cannot be reached or does not let us in; no letter could be sent."""


class UndeliveredError(Exception):
    """The server did not take this letter; `for_good` if it never will."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        """Take what the server said."""
        super().__init__(why)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a letter."""

    name: str
    data: bytes
    media_type: str = "application/pdf"


class Post:
    """A connection to the mail server for some letters; it is made with the first of them."""

    def __init__(self, server: MailServer) -> None:
        """Take the server."""
        self._server = server
        self._open: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open is not None:
            try:
                self._open.quit()
            except (OSError, smtplib.SMTPException):
                self._open.close()

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter in.

        Raises:
            UnreachableError: the server cannot be reached, or does not let us in.
            UndeliveredError: it did not take this letter, or fell silent over it: that costs a try,
                else a letter that makes it fall silent would be handed in for ever.
        """
        server = self._connected()
        try:
            server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            code, told = next(iter(error.recipients.values()))
            raise UndeliveredError(_said(code, told), for_good=code >= _FOR_GOOD) from error
        except smtplib.SMTPDataError as error:
            why = _said(error.smtp_code, error.smtp_error)
            raise UndeliveredError(why, for_good=error.smtp_code >= _FOR_GOOD) from error
        except smtplib.SMTPSenderRefused as error:
            why = _said(error.smtp_code, error.smtp_error)
            for_good = error.smtp_code >= _FOR_GOOD and error.smtp_code != _WHO_ARE_YOU
            raise UndeliveredError(why, for_good=for_good) from error
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            for_good = isinstance(error, smtplib.SMTPNotSupportedError)
            raise UndeliveredError(_why(error), for_good=for_good) from error

    def _connected(self) -> smtplib.SMTP:
        # A server that answers 421 has hung up; smtplib then has no socket any more.
        if self._open is None or self._open.sock is None:
            try:
                self._open = self._connect()
            except (OSError, smtplib.SMTPException) as error:
                raise UnreachableError(_why(error)) from error
        return self._open

    def _connect(self) -> smtplib.SMTP:
        to, context = self._server, ssl.create_default_context()
        server: smtplib.SMTP
        if to.security == "smtps":
            server = smtplib.SMTP_SSL(to.host, to.port, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(to.host, to.port, timeout=PATIENCE)
        try:
            server.ehlo()
            if to.security == "smtp+starttls" or (
                to.security == "smtp" and server.has_extn("starttls")
            ):
                server.starttls(context=context)
                server.ehlo()
            if to.user:
                server.login(to.user, to.password)
            if server.sock is not None:
                server.sock.settimeout(PATIENCE_WITH_LETTER)
        except BaseException:
            server.close()
            raise
        return server

    def _drop(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def written(
    server: MailServer, key: str, locale: str, message: Message, files: Iterable[File]
) -> EmailMessage:
    """Return a letter as it is handed in: text and page, and what goes with them.

    The same key always has the same Message-ID: who gets it twice is shown it once.

    Raises:
        UndeliveredError: it cannot be put into the form of a letter.
    """
    letter = EmailMessage(policy=SMTP)
    domain = server.sender.rpartition("@")[2]
    try:
        letter["From"] = Address(SENDER_NAME, addr_spec=server.sender)
        # As an address, not as text: text may hold encoded words that stand for other addresses.
        letter["To"] = Address(addr_spec=message.to)
        letter["Subject"] = message.subject
        letter["Date"] = format_datetime(clock.now().astimezone(clock.VN))
        letter["Message-ID"] = f"<{sha256(key.encode()).hexdigest()[:40]}@{domain}>"
        letter["Content-Language"] = locale
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        letter.add_alternative(message.html, subtype="html")
        for file in files:
            main, _slash, sub = file.media_type.partition("/")
            letter.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    except (ValueError, HeaderParseError, MessageError) as error:
        raise UndeliveredError(_plain(str(error)), for_good=True) from error
    return letter


def _said(code: int, told: bytes | str) -> str:
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else told
    return _("Máy chủ thư trả lời: %(code)d %(told)s", code=code, told=_plain(text))


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error.smtp_code, error.smtp_error)
    return _("Không nối được với máy chủ thư: %(why)s", why=_plain(str(error)))


def _plain(text: str) -> str:
    """Return what a server says as a line that may be kept: it likes to repeat addresses."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return _ADDRESS.sub(lambda found: addresses.masked(found[0]), line)
