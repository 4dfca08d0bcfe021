"""Files that come with a form: taken, kept, and promised from preview to commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from flask import current_app, request
from flask_babel import gettext as _
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage

from fundsvc.errors import NotFound, Reason, Refusal

FIELD = "file"
PROMISED_SECONDS = 24 * 3600
NAME_LENGTH = 200
BLOCK = 1 << 20
LARGEST_EACH = 10 * 1024 * 1024
"""How large a photograph or a paper may be."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that waits between preview and commit: kept by its hash, promised by a signature.

    `chosen` is what was chosen in the form beside the file.
    """

    sha256: str
    name: str
    chosen: Mapping[str, str | None] = field(default_factory=dict)

    def sign(self, purpose: str) -> str:
        """Return the upload as a part of an address that only this person can use, for this."""
        return _signer(purpose).dumps([self.sha256, self.name, dict(self.chosen)])

    @classmethod
    def read(cls, token: str, purpose: str) -> "Upload":
        """Return a promised upload.

        Raises:
            NotFound: the address was made by somebody else, for somebody else, for something
                else, or long ago.
        """
        try:
            return cls(*_signer(purpose).loads(token, max_age=PROMISED_SECONDS))
        except (BadSignature, TypeError):
            raise NotFound from None


def given() -> FileStorage:
    """Return the file that came with the form; whoever asks closes it.

    Raises:
        Refusal: none came.
    """
    found = request.files.get(FIELD)
    if found is None or not found.filename:
        raise Refusal(Reason(_("Chưa chọn tệp."), field=FIELD))
    return found


def count_lines(stream: IO[bytes]) -> int:
    """Return how many lines the rest of a stream has; the last needs no mark at its end."""
    lines, end = 0, b"\n"
    for block in iter(partial(stream.read, BLOCK), b""):
        lines += block.count(b"\n")
        end = block[-1:]
    return lines + (end != b"\n")


def shown_name(file: FileStorage) -> str:
    """Return a file's name for showing; whatever cannot be read in it is dropped."""
    printable = "".join(mark if mark.isprintable() else " " for mark in file.filename or "")
    return " ".join(printable.split())[:NAME_LENGTH] or "…"


def beside_file(refusal: Refusal, *fields: str) -> tuple[Reason, ...]:
    """Return the reasons of a refused file as the form shows them.

    Those that name none of the form's own `fields` speak of the file, whose columns they name.
    """
    return tuple(
        reason if reason.field in fields else Reason(reason.text, reason.row, FIELD)
        for reason in refusal.reasons
    )


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.config["SECRET_KEY"], salt=f"{purpose}-upload:{current_user.get_id()}"
    )
