"""Files that come with a voucher's own form: looked at and kept while the form is put right.

A browser gives no file a second time by itself. So what was chosen with a form that is refused is
kept as evidence at once, and promised to the next sending of the form by a signature.
"""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from flask import request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc import uploads
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.uploads import Upload
from fundsvc.vouchers import files

PURPOSE: Final = "voucher"
KEPT: Final = "kept"
"""The field that brings back what was kept."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Files that came with a form, and why others were not taken."""

    uploads: tuple[Upload, ...]
    reasons: tuple[Reason, ...]

    def promised(self) -> list[tuple[str, str]]:
        """Return the files for the form that is shown again: a signature and a name of each."""
        return [(upload.sign(PURPOSE), upload.name) for upload in self.uploads]


def take() -> Taken:
    """Take the files of the form that was sent, and those that an earlier sending brought."""
    found: list[Upload] = []
    reasons: list[Reason] = []
    for token in request.form.getlist(KEPT):
        try:
            found.append(_kept(token))
        except NotFound:
            # Made long ago, or for somebody else; what was typed must not be lost for it.
            why = _("Tệp đã gửi lần trước không còn; xin chọn lại.")
            reasons.append(Reason(why, field=uploads.FIELD))
    for file in request.files.getlist(uploads.FIELD):
        with closing(file):
            if not file.filename:
                continue
            name, kind, data = uploads.shown_name(file), file.mimetype, file.read()
        try:
            files.check(data, name, kind)
        except Refusal as refusal:
            reasons += (
                Reason(f"{name}: {reason.text}", field=uploads.FIELD) for reason in refusal.reasons
            )
        else:
            found.append(Upload(evidence.keep(data), name, {"type": kind}))
    return Taken(tuple({upload.sha256: upload for upload in found}.values()), tuple(reasons))


def _kept(token: str) -> Upload:
    """Return a file that an earlier sending brought, if it still is where it was kept.

    Raises:
        NotFound: it is not, or was promised to somebody else or long ago.
    """
    upload = Upload.read(token, PURPOSE)
    with evidence.opened(upload.sha256):
        return upload


def attach(session: Session, voucher_id: int, taken: Iterable[Upload], *, by: int) -> None:
    """Attach what was taken to a draft.

    Raises:
        Refusal: see `files.attach`.
        NotFound: a file that was kept is gone.
    """
    for upload in taken:
        data, kind = evidence.read(upload.sha256), upload.chosen.get("type") or ""
        files.attach(session, voucher_id, data, upload.name, kind, by=by)
