"""Files of a voucher: invoices, lists of signatures, photographs; looked at, kept, named."""

import hashlib
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock, uploads
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.text import clean
from fundsvc.vouchers import workflow
from fundsvc.vouchers.kinds import DRAFT
from fundsvc.vouchers.models import Voucher, VoucherFile

LARGEST: Final = uploads.LARGEST_EACH
MOST_FILES: Final = 20
LONGEST_NAME: Final = 200
ENDINGS: Final = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
}
"""The kinds of files that are taken, and how their names end."""
_HEIC_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
)


def attach(
    session: Session, voucher_id: int, data: bytes, name: str, media_type: str, *, by: int
) -> str:
    """Keep a file as evidence of a voucher and return its SHA-256; again changes nothing.

    What it is follows from its bytes; a `media_type` of another kind of picture is no reason to
    refuse it, phones often send a wrong one.

    Raises:
        Refusal: it is empty, too large, of another kind, or one too many.
        NotFound, Forbidden, Conflict: see `workflow.taken`.
    """
    kind = check(data, name, media_type)
    row = workflow.taken(session, voucher_id, None, "attach", by)
    files = select(VoucherFile).where(VoucherFile.voucher_id == row.id)
    sha256 = hashlib.sha256(data).hexdigest()
    if session.scalar(files.where(VoucherFile.sha256 == sha256)) is not None:
        return sha256
    count = session.scalar(select(func.count()).select_from(files.subquery())) or 0
    if count >= MOST_FILES:
        why = _("Mỗi chứng từ có tối đa %(most)d tệp.", most=MOST_FILES)
        raise Refusal(Reason(why, field="file"))
    shown = clean(name, LONGEST_NAME, "file") or sha256[:12]
    if not shown.lower().endswith(ENDINGS[kind]):
        shown += ENDINGS[kind][0]
    evidence.keep(data)
    evidence.note(session, sha256, name=shown, media_type=kind, by=by)
    session.add(
        VoucherFile(
            voucher_id=row.id,
            sha256=sha256,
            name=shown,
            media_type=kind,
            size=len(data),
            added_at=clock.now(),
            added_by=by,
        )
    )
    _note(session, row, "attach", sha256, by)
    return sha256


def detach(session: Session, voucher_id: int, sha256: str, *, by: int) -> None:
    """Take a file off a voucher; the file itself stays kept.

    Raises:
        NotFound, Forbidden, Conflict: see `workflow.taken`; or it has no such file.
    """
    row = workflow.taken(session, voucher_id, None, "detach", by)
    found = session.get(VoucherFile, (row.id, sha256))
    if found is None:
        raise NotFound(Reason(_("Chứng từ không có tệp này."), field="file"))
    session.delete(found)
    _note(session, row, "detach", sha256, by)


def one(session: Session, voucher_id: int, sha256: str) -> VoucherFile:
    """Return what is known of a file of a voucher.

    Raises:
        NotFound: there is no such voucher or file, or not for this person.
    """
    query = (
        select(VoucherFile)
        .join(Voucher, Voucher.id == VoucherFile.voucher_id)
        .where(Voucher.id == voucher_id, VoucherFile.sha256 == sha256)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


def hashes(session: Session, voucher_id: int) -> tuple[str, ...]:
    """Return the SHA-256 of a voucher's files, in order."""
    query = select(VoucherFile.sha256).where(VoucherFile.voucher_id == voucher_id)
    return tuple(session.scalars(query.order_by(VoucherFile.sha256)))


def check(data: bytes, name: str, media_type: str) -> str:
    """Return what a file is by its first bytes.

    Raises:
        Refusal: it is empty, too large, none of the kinds taken, or its name says otherwise.
    """
    if not data:
        raise Refusal(Reason(_("Tệp rỗng."), field="file"))
    if len(data) > LARGEST:
        why = _("Tệp quá lớn: tối đa %(most)d MB.", most=LARGEST // 1024**2)
        raise Refusal(Reason(why, field="file"))
    kind = _sniffed(data)
    if kind is None:
        why = _("Chỉ nhận tệp PDF hoặc ảnh JPEG, PNG, WebP, HEIC; tệp này là loại khác.")
        raise Refusal(Reason(why, field="file"))
    said = [ending for endings in ENDINGS.values() for ending in endings]
    ending = next((ending for ending in said if name.lower().endswith(ending)), None)
    pdf = kind == "application/pdf"
    if (ending and (ending == ".pdf") != pdf) or (media_type == "application/pdf" and not pdf):
        why = _("Tên tệp và nội dung không khớp: nội dung là %(kind)s.", kind=kind)
        raise Refusal(Reason(why, field="file"))
    return kind


def _sniffed(data: bytes) -> str | None:
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None


def _note(session: Session, row: Voucher, act: str, sha256: str, by: int) -> None:
    """Note the act; whoever looks at a submitted voucher must see the files it has now."""
    if row.state != DRAFT:
        row.version += 1
    workflow.note(session, row, act, by, file=sha256)
    session.flush()
