"""Where gateways push: checked, kept in the inbox, answered in the gateway's own words."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Final

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from fundsvc import clock
from fundsvc.db import read_session
from fundsvc.inbox import gateways, together
from fundsvc.inbox import service as inbox
from fundsvc.inbox.pushes import (
    STATUS,
    BadSignatureError,
    Delivery,
    PushForm,
    Told,
    UnreadableError,
)

LARGEST: Final = 64_000
FRESH_SECONDS: Final = 5.0
_PROBLEM: Final = "application/problem+json"
_NOT_FOUND, _NOT_ALLOWED = 404, 405


class Senders:
    """The gateways of a kind, read anew when a few seconds have passed.

    So a push costs the database one insert, and one with a wrong signature nothing.
    """

    def __init__(self, kind: str) -> None:
        """Begin with none read."""
        self._kind = kind
        self._known: dict[str, gateways.Known] = {}
        self._read_at = float("-inf")

    def named(self, name: str) -> gateways.Known | None:
        """Return a gateway by its name."""
        now = time.monotonic()
        if now - self._read_at > FRESH_SECONDS:
            self._known = gateways.known(read_session(), self._kind)
            self._read_at = now
        return self._known.get(name)


class Door:
    """The door of one kind of pushes; each application has its own."""

    def __init__(
        self,
        kind: str,
        forms: Callable[[], Mapping[str, PushForm]],
        largest: int = LARGEST,
    ) -> None:
        """Take the forms by name, and how many bytes a body may have."""
        self._kind, self._forms, self._largest = kind, forms, largest
        self._senders, self._together = Senders(kind), together.Together()

    def receive(self, gateway: str) -> Response:
        """Keep what the request brings, and answer once that is on disk."""
        sender = self._senders.named(gateway)
        form = self._forms().get(sender.form) if sender else None
        if sender is None or form is None:
            return _problem("unknown gateway", _NOT_FOUND)
        if request.method not in form.methods:
            answer = _problem("method", _NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(sorted(form.methods))
            return answer
        body = b""
        try:
            body = request.query_string if request.method == "GET" else self._body()
            said = self._keep(sender, form, body)
        except RequestEntityTooLarge:
            said = Told.TOO_LARGE
        except BadSignatureError:
            said = Told.UNSIGNED
        except UnreadableError:
            said = Told.UNREADABLE
        words = form.answer(said, body)
        return Response(words.text, STATUS[said], content_type=words.media_type)

    def _body(self) -> bytes:
        """Return the bytes that came.

        Raises:
            RequestEntityTooLarge: they are too many; a stream of unknown length is read no further.
        """
        request.max_content_length = self._largest + 1
        body = request.get_data(cache=False)
        if len(body) > self._largest:
            raise RequestEntityTooLarge
        return body

    def _keep(self, sender: gateways.Known, form: PushForm, body: bytes) -> Told:
        headers = {name.lower(): value for name, value in request.headers}
        external_id = form.check(
            Delivery(headers, body), sender.secrets, sender.settings, clock.now()
        )
        alike = form.alike(body, sender.settings)
        brought = inbox.Delivery(f"{self._kind}:{sender.name}", external_id, body, alike)
        received = self._together.keep(brought)
        return Told.KEPT if received is inbox.Received.NEW else Told.DUPLICATE


def _problem(title: str, status: int) -> Response:
    facts = {"type": "about:blank", "title": title, "status": status}
    return Response(json.dumps(facts), status, content_type=_PROBLEM)
