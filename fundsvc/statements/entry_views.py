"""The page of an entry, its reversal, and the evidence that stands behind it."""

from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from typing import Final

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.books.models import Entry
from fundsvc.books.origins import Confidential, Origin, confidential, may_have, origin
from fundsvc.books.reversal_form import sent
from fundsvc.books.sealing import covering
from fundsvc.db import read_session, transaction
from fundsvc.errors import Conflict, NotFound
from fundsvc.evidence import service as evidence
from fundsvc.staff.access import allow
from fundsvc.statements import entry
from fundsvc.statements.book_page import JOURNAL, address
from fundsvc.statements.views import READERS
from fundsvc.templating import Form, chosen_locale, may_open

bp = Blueprint("entries", __name__)

WRITERS = ("treasurer", "unit-treasurer")
LOOKED_AT: Final = frozenset({"application/pdf", "image/jpeg", "image/png", "image/webp"})
"""Evidence that a browser shows; all else is only ever saved, and nothing is ever a page."""
_LONGEST = 2_000


@bp.get("/entries/<int(max=9223372036854775807):entry_id>")
@allow(*READERS)
def show(entry_id: int) -> ResponseReturnValue:
    """Show an entry."""
    return _page(entry_id, Form({}))


@bp.post("/entries/<int(max=9223372036854775807):entry_id>/reverse")
@allow(*WRITERS)
def reverse(entry_id: int) -> ResponseReturnValue:
    """Take an entry back, with a reason; what its origin must take back is taken back there."""
    came_from = _origin(read_session(), entry_id)
    if came_from is not None and came_from.reverse_href:
        return redirect(came_from.reverse_href, 303)
    wrong = sent(partial(entry.reverse_entry, entry_id=entry_id))
    if wrong is not None:
        return _page(entry_id, wrong), 422
    return redirect(url_for(".show", entry_id=entry_id), 303)


@bp.get("/evidence/<sha256>")
@allow(*READERS)
def file(sha256: str) -> Response:
    """Give a kept file to whoever may see a thing that it proves.

    One with confidential data is given to fewer, and that it was given stands in the log.
    """
    session = read_session()
    known = entry.stored(session, sha256)
    if known is None or not may_have(current_app, session, sha256):
        raise NotFound
    limits = confidential(current_app, session, sha256)
    if not _gets(limits):
        raise NotFound
    name, media_type = known.name, known.media_type
    session.rollback()  # A slow reader holds nothing open.
    with ExitStack() as unless_given:
        try:
            content = unless_given.enter_context(evidence.opened(sha256))
        except evidence.DamagedFileError:
            current_app.logger.exception("a kept file is damaged: %s", sha256)
            raise Conflict(_("Tệp này không còn nguyên như lúc lưu. Xin báo quản trị.")) from None
        if limits:
            _note(sha256, limits)
        shown = media_type in LOOKED_AT
        answer = send_file(
            content,
            mimetype=media_type if shown else "application/octet-stream",
            as_attachment=not shown,
            download_name=name,
            conditional=False,
            etag=sha256,
        )
        # Passed through, the file would be closed as soon as this function forgets the answer.
        answer.direct_passthrough = False
        answer.call_on_close(unless_given.pop_all().close)
    if media_type != "application/pdf":
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _gets(limits: Iterable[Confidential]) -> bool:
    """Say whether this person gets a file, of which slices say who does."""
    return all(any(map(current_user.has_role, limit.roles)) for limit in limits)


def _note(sha256: str, limits: Iterable[Confidential]) -> None:
    with transaction() as session:
        for limit in limits:
            facts = {"sha256": sha256}
            audit.record(session, limit.act, limit.subject, facts, by=current_user.id)


def _page(entry_id: int, form: Form) -> str:
    session = read_session()
    facts = entry.entry_facts(session, entry_id, chosen_locale())
    came_from = _origin(session, entry_id) if facts.own else None
    files = entry.files_of(session, entry_id, came_from.files if came_from else ())
    files = tuple(file for file in files if _gets(confidential(current_app, session, file.sha256)))
    may_write = any(current_user.has_role(role) for role in WRITERS)
    elsewhere = came_from.reverse_href if came_from else None
    proof = f"/entries/{entry_id}/proof.json"
    return render_template(
        "statements/entry.html",
        entry=facts,
        seal=covering(session, entry_id),
        proof_href=proof if may_open(proof) else None,
        origin=came_from,
        origin_href=came_from.href if came_from and came_from.href and _opens(came_from) else None,
        files=files if facts.own else (),
        journal=address(JOURNAL, {"from": str(facts.on), "to": str(facts.on)}),
        ledgers=[
            address(
                "/statements/general-ledger",
                {
                    "account": line.account,
                    "fund": line.fund,
                    "unit": line.unit,
                    "from": f"{facts.on.year}-01-01",
                    "to": f"{facts.on.year}-12-31",
                    "alone": "1",
                },
            )
            for line in facts.lines
        ],
        back=_back(),
        may_reverse=may_write and facts.reversible and not elsewhere,
        reverse_href=elsewhere if may_write and facts.reversible else None,
        form=form,
    )


def _origin(session: Session, entry_id: int) -> Origin | None:
    """Return where an entry in scope comes from."""
    found = session.scalar(select(Entry).where(Entry.id == entry_id))
    return origin(current_app, session, found) if found else None


def _opens(came_from: Origin) -> bool:
    return may_open((came_from.href or "").partition("?")[0])


def _back() -> tuple[str, str]:
    """Return the list that the page was come to from, by name and address; else the journal."""
    asked = request.args.get("back", "")[:_LONGEST]
    path = asked.partition("?")[0]
    names = {
        "/statements/trial-balance": _("Bảng cân đối tài khoản"),
        "/statements/general-ledger": _("Sổ cái"),
        "/statements/journal": _("Sổ nhật ký chung"),
        "/statements/fund/entries": _("Báo cáo thu chi quỹ"),
    }
    return (names[path], asked) if path in names else (names[JOURNAL], JOURNAL)
