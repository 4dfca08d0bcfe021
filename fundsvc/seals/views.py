"""Pages of seals: the list of heads and its download, and the proof of an entry."""

import json
from collections.abc import Iterator

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from fundsvc import clock
from fundsvc.books.sealing import unsealed
from fundsvc.db import read_session
from fundsvc.seals import listing, proofs
from fundsvc.staff.access import allow

bp = Blueprint("seals", __name__)

READERS = ("treasurer", "approver", "auditor")
"""Who sees all units: a seal tells the sums of all that it covers."""
LONGEST_NUMBER = 18


@bp.get("/seals")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """List the seals, newest first, and say how many entries wait for the next one."""
    session = read_session()
    asked = request.args.get("below", "")
    below = int(asked) if _is_number(asked) else None
    page = listing.page(session, below)
    return render_template(
        "seals/index.html",
        page=page,
        waiting=unsealed(session),
        first="/seals" if below is not None else None,
        following=f"/seals?below={page.next}" if page.next is not None else None,
    )


@bp.get("/seals.csv")
@allow(*READERS)
def csv() -> ResponseReturnValue:
    """Give the whole list of heads as CSV, to be kept elsewhere."""
    head = {"Content-Disposition": f'attachment; filename="niem-phong-{clock.today():%Y%m%d}.csv"'}
    return Response(
        stream_with_context(_lines()), content_type="text/csv; charset=utf-8", headers=head
    )


@bp.get("/entries/<int:entry_id>/proof.json")
@allow(*READERS)
def proof(entry_id: int) -> ResponseReturnValue:
    """Give the proof that an entry lies under a head."""
    head = {"Content-Disposition": f'attachment; filename="bang-chung-{entry_id}.json"'}
    body = json.dumps(proofs.proof(read_session(), entry_id), ensure_ascii=False)
    return Response(body, content_type="application/json", headers=head)


def _lines() -> Iterator[str]:
    """Yield the list of heads, and give the connection back: the request may be over by then."""
    session = read_session()
    try:
        yield from listing.lines(listing.every(session))
    finally:
        session.close()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
