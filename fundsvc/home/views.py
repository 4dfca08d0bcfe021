"""The first page, the search box, and the switches of language and text size."""

from urllib.parse import urlsplit

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from fundsvc import clock
from fundsvc.books import summary
from fundsvc.db import read_session
from fundsvc.home import service
from fundsvc.staff.access import allow, public
from fundsvc.templating import Attention, may_open, waiting
from fundsvc.templating.frame import LANGUAGE_COOKIE, LARGE, LOCALES, TEXT_COOKIE

bp = Blueprint("home", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
_YEAR_SECONDS = 365 * 24 * 60 * 60
_LONGEST_SEARCH = 100


@bp.get("/")
@allow(*READERS, "admin")
def index() -> ResponseReturnValue:
    """Answer three questions: what each fund has, what waits for me, what came in lately."""
    if not current_user.role_names & set(READERS):
        return render_template("home/admin.html")
    session, today = read_session(), clock.today()
    if summary.is_empty(session):
        return render_template("home/fresh.html")
    return render_template(
        "home/index.html",
        today=today,
        year_start=today.replace(month=1, day=1),
        funds=service.fund_cards(session, today),
        waiting=_to_do(session),
        lately=service.lately(session, today),
    )


def _to_do(session: Session) -> list[Attention]:
    """Return what waits, in so far as the person may open its list; the most money first."""
    found = [*service.to_do(session), *waiting(current_app, session)]
    open_to = [item for item in found if may_open(urlsplit(item.href).path)]
    return sorted(open_to, key=lambda item: item.amount or 0, reverse=True)


@bp.get("/search")
@allow(*READERS)
def search() -> ResponseReturnValue:
    """Find units, receipts, vouchers and donors; an exact number opens what it is of."""
    text = request.args.get("q", "")[:_LONGEST_SEARCH].replace("\0", "").strip()
    hits = service.search(read_session(), text)
    receipts = [hit for hit in hits if hit.kind == "receipt"]
    if len(receipts) == 1 and receipts[0].key.casefold() == text.casefold():
        return redirect(f"/receipts/{receipts[0].key}")
    vouchers = [hit for hit in hits if hit.kind == "voucher"]
    if len(vouchers) == 1 and vouchers[0].name.casefold() == text.casefold():
        return redirect(f"/vouchers/{vouchers[0].key}")
    return render_template("home/search.html", text=text, hits=hits)


@bp.get("/preferences")
@public
def preferences() -> ResponseReturnValue:
    """Switch language or text size by a cookie, and go back to the page it was asked from."""
    response = redirect(local_path(request.args.get("next", "/")))
    language, text = request.args.get("language"), request.args.get("text")
    if language in LOCALES:
        _remember(response, LANGUAGE_COOKIE, language)
    if text == LARGE:
        _remember(response, TEXT_COOKIE, LARGE)
    elif text:
        response.delete_cookie(TEXT_COOKIE)
    return response


def local_path(asked: str) -> str:
    """Return a path of this service, or the first page when another place is asked for.

    A second slash or a backslash begins another host in browsers, which drop control characters.
    """
    away = not asked.startswith("/") or asked[1:2] in {"/", "\\"} or not asked.isprintable()
    return "/" if away else asked


def _remember(response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=_YEAR_SECONDS,
        secure=bool(current_app.config.get("SESSION_COOKIE_SECURE")),
        httponly=True,
        samesite="Lax",
    )
