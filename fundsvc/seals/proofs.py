"""The proof that an entry lies under a head: what an auditor checks without asking this service."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.leaves import Leaves
from fundsvc.books.models import Entry
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.seals import listing
from fundsvc.seals.service import files_of
from ledger import seals


def proof(session: Session, entry_id: int) -> dict[str, Any]:
    """Return the proof of an entry; `python -m ledger.check --proof` checks it.

    The document holds what was hashed (`hashed`), the way from the leaf to the root, and the seal.

    Raises:
        NotFound: there is no such entry, or not for this person.
        Refusal: the entry is not sealed yet, or no longer what was sealed.
    """
    if session.scalar(select(Entry.id).where(Entry.id == entry_id)) is None:
        raise NotFound(Reason(_("Không có bút toán này."), field="entry"))
    seal = listing.covering(session, entry_id)
    if seal is None:
        raise Refusal(_("Bút toán này chưa được niêm phong; sổ được niêm phong mỗi phút."))
    leaves = list(Leaves(session, files_of).read(seal.first_entry, seal.last_entry))
    place = next(at for at, found in enumerate(leaves) if found.entry_id == entry_id)
    hashes = [found.hash for found in leaves]
    if seals.root(hashes) != seal.root:
        raise Refusal(
            _("Các bút toán dưới niêm phong số %(number)d không còn như lúc niêm phong."
              " Chạy: fundsvc verify.", number=seal.number)
        )  # fmt: skip
    return {
        "version": 1,
        "entry": entry_id,
        "hashed": leaves[place].text,
        "leaf": hashes[place].hex(),
        "place": place,
        "size": len(hashes),
        "path": seals.inclusion(hashes, place),
        "seal": {
            "number": seal.number,
            "before": seal.before,
            "root": seal.root,
            "first_entry": seal.first_entry,
            "last_entry": seal.last_entry,
            "entries": seal.entries,
            "debit": seal.debit,
            "credit": seal.credit,
            "sealed_at": seal.sealed_at,
        },
        "head": seal.head,
    }
