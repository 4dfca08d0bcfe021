"""A real mail server for tests: it keeps what it is given, and can be told to refuse."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class Kept:
    """What a server was given, and what it says to the next recipients."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.to: list[str] = []
        self.says: dict[str, str] = {}
        self.slow = 0.0

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds it by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.says:
            return self.says[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        letter = message_from_bytes(envelope.original_content or b"", policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.to += envelope.rcpt_tos
        await asyncio.sleep(self.slow)
        return "250 OK"


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(password: str = "", **options: Any) -> Iterator[tuple[Kept, int]]:
    """Run a mail server; with a password it lets only `quy` in who has it."""
    kept = Kept()
    if password:

        def check(
            server: Any, session: Any, envelope: Any, mechanism: Any, given: Any
        ) -> AuthResult:
            right = (given.login, given.password) == (b"quy", password.encode())
            return AuthResult(success=right, handled=False)

        options |= {"authenticator": check, "auth_required": True}
    port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield kept, port
    finally:
        controller.stop()
