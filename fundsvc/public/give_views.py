"""Pages on which strangers give: campaigns, the form, the payment, the thanks.

No session is begun and no cookie set. The form has an idempotency key instead of a token: sent
twice, or after a day, it is the same promise, and nobody gains by sending it for somebody else.
"""

import secrets
from typing import Any, Final
from urllib.parse import urlencode

from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from fundsvc.db import read_session
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.giving import pages, quick, service, showing, vietqr, ways
from fundsvc.giving.models import DRAFT, GIVEN, CampaignPage, Pledge
from fundsvc.public.give_schemas import load, promise_of
from fundsvc.public.limits import Limiter
from fundsvc.public.views import busy, private
from fundsvc.receipts import printing
from fundsvc.staff.access import public
from fundsvc.templating import Form, chosen_locale, dong, reasons_of
from fundsvc.units import service as units

bp = Blueprint("give", __name__)

WITHOUT_SESSION: Final = ("give.promise", "give.pay")
"""Endpoints that take a form without a token, and ask for nobody who is signed in (see above)."""
_LIMITER: Final = "fundsvc.public.give"
_DESK: Final = "fundsvc.public.give_desk"
_PICTURE_TYPE: Final = "image/webp"
_YEAR: Final = "public, max-age=31536000, immutable"
_FALLBACK_KEY: Final = 16


@bp.record_once
def equip(state: Any) -> None:
    """Give each application its counter and its desk.

    Whole villages share one address of a phone network.
    """
    state.app.extensions[_LIMITER] = Limiter(burst=60, per_minute=120)
    state.app.extensions[_DESK] = quick.Desk()


@bp.get("/give")
@public
def index() -> ResponseReturnValue:
    """List the campaigns that are open today."""
    session = read_session()
    found = [showing.campaign(session, page, names=0) for page in pages.open_pages(session)]
    return _page("give/index.html", campaigns=found)


@bp.get("/give/<slug>")
@public
def show(slug: str) -> ResponseReturnValue:
    """Show a campaign and the form, with a key of its own."""
    session = read_session()
    return _form(session, _public_page(session, slug), Form({"key": secrets.token_hex(16)}))


@bp.post("/give/<slug>")
@public
def promise(slug: str) -> ResponseReturnValue:
    """Write down what the form promises and go to where it is paid."""
    if not current_app.extensions[_LIMITER].allows(request.remote_addr or ""):
        return busy()
    typed = request.form.to_dict()
    try:
        told = promise_of(load(typed), chosen_locale())
        way = _way(told.method, told.amount)
        token = current_app.extensions[_DESK].promise(slug, told, typed["key"])
    except Conflict as error:
        # The form was sent before with other words; with a new key it is another donation.
        fresh = {**typed, "key": secrets.token_hex(16)}
        page = _public_page(read_session(), slug)
        return _form(read_session(), page, Form(fresh, error.reasons), again=True), error.status
    except (Refusal, ValidationError) as error:
        reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
        spoilt = not typed.get("key") or any(reason.field == "key" for reason in reasons)
        kept = {**typed, "key": secrets.token_hex(_FALLBACK_KEY)} if spoilt else typed
        return _form(read_session(), _public_page(read_session(), slug), Form(kept, reasons)), 422
    if way is not None:
        return _begin(slug, token, way)
    return redirect(_of_promise(slug, token), 303)


@bp.get("/give/<slug>/<token>")
@public
def payment(slug: str, token: str) -> ResponseReturnValue:
    """Show how a promise is paid, or the thanks once the money is there."""
    session = read_session()
    page, promised = _promised(session, slug, token)
    down = ways.by_name(request.args.get("down", ""))
    return private(
        _payment(
            session,
            page,
            promised,
            down=str(down.label) if down else "",
            paid=ways.by_name(request.args.get("paid", "")) is not None,
        )
    )


@bp.get("/give/<slug>/<token>/state")
@public
def state(slug: str, token: str) -> ResponseReturnValue:
    """Tell the page of a promise whether the money is there."""
    _page_of, promised = _promised(read_session(), slug, token)
    answer = make_response({"state": promised.state})
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/give/<slug>/<token>/qr.png")
@public
def qr(slug: str, token: str) -> ResponseReturnValue:
    """Give the QR code as a picture to keep, for banks' apps that open pictures."""
    session = read_session()
    page, promised = _promised(session, slug, token)
    due = showing.payment(session, page, promised)
    if due is None:
        raise NotFound
    answer = Response(vietqr.png(due.qr), content_type="image/png")
    answer.headers["Content-Disposition"] = f'attachment; filename="{promised.code}.png"'
    return private(answer)


@bp.get("/give/<slug>/<token>/<number>.pdf")
@public
def receipt(slug: str, token: str, number: str) -> ResponseReturnValue:
    """Give the receipt of what a promise became."""
    session = read_session()
    page, promised = _promised(session, slug, token)
    due = showing.payment(session, page, promised)
    if due is None or number not in dict(due.receipts):
        raise NotFound
    answer = Response(printing.pdf(number), content_type=printing.MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return private(answer)


@bp.post("/give/<slug>/<token>/pay/<way>")
@public
def pay(slug: str, token: str, way: str) -> ResponseReturnValue:
    """Go to pay a promise by another way than the bank."""
    if not current_app.extensions[_LIMITER].allows(request.remote_addr or ""):
        return busy()
    found = ways.by_name(way)
    if found is None:
        raise NotFound
    return _begin(slug, token, found)


@bp.get("/give/<slug>/picture.webp")
@public
def picture(slug: str) -> ResponseReturnValue:
    """Give the picture of a campaign."""
    page = _public_page(read_session(), slug)
    if page.picture_sha256 is None:
        raise NotFound
    answer = Response(evidence.read(page.picture_sha256), content_type=_PICTURE_TYPE)
    answer.headers["Cache-Control"] = _YEAR
    return answer


def _begin(slug: str, token: str, way: ways.Way) -> ResponseReturnValue:
    """Send the donor to where that way is paid; when it is down, say so and offer the bank."""
    session = read_session()
    page, promised = _promised(session, slug, token)
    back = _of_promise(slug, token)
    if promised.state == GIVEN:
        return redirect(back, 303)
    due = ways.Due(
        pledge_id=promised.id,
        token=token,
        code=promised.code,
        amount=promised.amount,
        title=page.title_en if promised.locale == "en" and page.title_en else page.title,
        email=service.email(promised),
        locale=promised.locale,
        back=f"{current_app.config['FUNDSVC'].base_url}{back}",
    )
    session.rollback()  # What is outside is called with no transaction open.
    try:
        address = way.begin(due)
    except (ways.WayDownError, Refusal):
        # Without what it says: that may hold the donor's address.
        current_app.logger.warning("way %s is down", way.name)
        # The notice has an address of its own: loaded again, it sends no form again.
        return redirect(_of_promise(slug, token, down=way.name), 303)
    return redirect(address, 303)


def _way(method: str, amount: int) -> ways.Way | None:
    """Return the way that was chosen, None for a transfer; refuse one that is not open."""
    if method == "bank":
        return None
    found = ways.by_name(method)
    if found is None:
        raise Refusal(Reason(_("Cách chuyển tiền này hiện chưa mở."), field="method"))
    if amount < found.least:
        why = _("Cách này nhận từ %(least)s trở lên.", least=dong(found.least))
        raise Refusal(Reason(why, field="amount"))
    return found


def _public_page(session: Session, slug: str) -> CampaignPage:
    """Return a page that strangers may see; a draft is as unknown as none."""
    found = pages.by_slug(session, slug)
    if found.state == DRAFT:
        raise NotFound
    return found


def _promised(session: Session, slug: str, token: str) -> tuple[CampaignPage, Pledge]:
    page = _public_page(session, slug)
    promised = service.by_token(session, token)
    if promised.page_id != page.id:
        raise NotFound
    return page, promised


def _form(session: Session, page: CampaignPage, form: Form, *, again: bool = False) -> Response:
    return _page(
        "give/page.html",
        campaign=showing.campaign(session, page),
        form=form,
        again=again,
        ways=[(way.name, str(way.label)) for way in ways.ready()],
        provinces=units.province_names(session),
        preview=False,
    )


def _payment(
    session: Session,
    page: CampaignPage,
    promised: Pledge,
    *,
    down: str = "",
    paid: bool = False,
) -> Response:
    """Draw the page of a promise; `paid` when the donor comes back from where it was paid."""
    due = showing.payment(session, page, promised)
    if due is None:
        raise NotFound
    others = [(way.name, str(way.label)) for way in ways.ready() if promised.amount >= way.least]
    return _page(
        "give/payment.html",
        campaign=showing.heading(page),
        due=due,
        token=promised.token,
        picture=vietqr.svg(due.qr, _("Mã VietQR")),
        ways=others,
        down=down,
        paid=paid and due.state == "open",
    )


def _page(template: str, **facts: Any) -> Response:
    """Draw a page; every address on it keeps the language that was chosen."""
    page = make_response(render_template(template, here=_here, **facts))
    # A form holds a key and sometimes what was typed: nobody keeps it for another.
    page.headers["Cache-Control"] = "no-store"
    # A form may lead on to where a card is taken; browsers hold redirects of forms to this, too.
    places = " ".join(("'self'", *(origin for way in ways.ready() for origin in way.origins())))
    page.headers["Content-Security-Policy"] = (
        f"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action {places}; "
        "frame-ancestors 'none'; object-src 'none'"
    )
    return page


def _here(endpoint: str, **values: Any) -> str:
    locale = chosen_locale()
    if locale != "vi":
        values["lang"] = locale
    return url_for(endpoint, **values)


def _of_promise(slug: str, token: str, **said: str) -> str:
    """Return the address of a promise's page, put together here, for every form asks for it."""
    locale = chosen_locale()
    if locale != "vi":
        said["lang"] = locale
    return f"/give/{slug}/{token}" + (f"?{urlencode(said)}" if said else "")
