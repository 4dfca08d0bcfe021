"""Put the service together: settings, database, sign-in, the pages of all slices, headers."""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from werkzeug.exceptions import BadRequest, ServiceUnavailable
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from fundsvc import config, db, tables, templating, uploads
from fundsvc.books import objections
from fundsvc.errors import NotFound
from fundsvc.giving import ways
from fundsvc.periods import checklist
from fundsvc.templating.errors import refused_page
from fundsvc.vouchers import following

PAGES: Final = (
    "fundsvc.home.views",
    "fundsvc.home.unit_views",
    "fundsvc.home.letter_views",
    "fundsvc.donations.views",
    "fundsvc.dossier.views",
    "fundsvc.dossier.act_views",
    "fundsvc.repayments.views",
    "fundsvc.giving.views",
    "fundsvc.donations.annual_views",
    "fundsvc.dues.views",
    "fundsvc.spending.views",
    "fundsvc.vouchers.views",
    "fundsvc.vouchers.form_views",
    "fundsvc.vouchers.file_views",
    "fundsvc.vouchers.template_views",
    "fundsvc.receipts.views",
    "fundsvc.reconciliation.views",
    "fundsvc.reconciliation.profile_views",
    "fundsvc.reconciliation.large_views",
    "fundsvc.reconciliation.push_views",
    "fundsvc.reconciliation.feed_views",
    "fundsvc.reconciliation.gift_views",
    "fundsvc.periods.views",
    "fundsvc.periods.carry_views",
    "fundsvc.periods.opening_views",
    "fundsvc.sms.views",
    "fundsvc.sms.file_views",
    "fundsvc.sms.campaign_views",
    "fundsvc.sms.phone_views",
    "fundsvc.sms.push_views",
    "fundsvc.sms.gateway_views",
    "fundsvc.settlements.views",
    "fundsvc.settlements.act_views",
    "fundsvc.settlements.file_views",
    "fundsvc.online.views",
    "fundsvc.online.refund_views",
    "fundsvc.statements.views",
    "fundsvc.seals.views",
    "fundsvc.statements.book_views",
    "fundsvc.statements.entry_views",
    "fundsvc.workbench.clearing_views",
    "fundsvc.workbench.views",
    "fundsvc.workbench.act_views",
    "fundsvc.workbench.many_views",
    "fundsvc.workbench.rule_views",
    "fundsvc.workbench.signoff_views",
    "fundsvc.workbench.compare_views",
    "fundsvc.public.views",
    "fundsvc.public.giver_views",
    "fundsvc.public.again_views",
    "fundsvc.public.give_views",
    "fundsvc.staff.views",
)
"""Where the blueprints are; what needs a person today is listed in this order too."""

CLOSING: Final = (
    "fundsvc.periods.items:items",
    "fundsvc.reconciliation.closing:items",
    "fundsvc.online.closing:items",
    "fundsvc.vouchers.closing:items",
)
"""What tells, before months are closed, what should be looked at (`fundsvc.periods.checklist`)."""

OBJECTING: Final = (
    "fundsvc.donations.objections:objections",
    "fundsvc.vouchers.objections:objections",
    "fundsvc.reconciliation.objections:objections",
    "fundsvc.sms.objections:objections",
    "fundsvc.settlements.objections:objections",
    "fundsvc.online.objections:objections",
    "fundsvc.repayments.objections:objections",
)
"""What tells, before an entry is taken back, what stands against it (`books.objections`)."""

FOLLOWING: Final = ("fundsvc.repayments.following",)
"""What is told of the way of vouchers it had made (`fundsvc.vouchers.following`)."""

ACCOUNTS: Final = ("fundsvc.reconciliation.paying:accounts",)
WAYS: Final = ("fundsvc.online.checkout:CARD",)
"""What tells pages of giving where money may come to, and by which ways (`fundsvc.giving.ways`)."""

TEMPLATES: Final = Path(__file__).parent.parent / "templates"
LARGEST_KEY: Final = 2**63 - 1
LARGEST_FORM, LARGEST_FILE = 1_000_000, 200_000_000
LARGEST_EVIDENCE: Final = 40_000_000
"""Several photographs at once; how large each may be its own form says."""
UPLOADS: Final = "/imports/"
PUSHED: Final = ("/webhooks/", "/api/")
"""Where others push: they sign what they send, so there is no token, session or form."""
_AT_ONCE: Final = "fundsvc.at_once"
EVIDENCE: Final = re.compile(
    r"/vouchers/(?:new|[0-9]{1,19}/(?:edit|files))|/campaign-pages/[a-z0-9-]{1,60}/picture"
    r"|/workbench/[A-Za-z0-9]{2,12}/lines/[0-9]{1,19}/notes",
    re.ASCII,
)
BUSY_SECONDS: Final = 5
LONG: Final = "public, max-age=31536000, immutable"

CONTENT_SECURITY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
HEADERS: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
TWO_YEARS: Final = "max-age=63072000; includeSubDomains"


class KeyConverter(IntegerConverter):
    """A number in an address, no larger than a key of the database can be; else no such page."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("max", LARGEST_KEY)
        super().__init__(*args, **options)


class Service(Flask):
    """Flask without asking, of every function for every request, whether it is asynchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, for all of ours are plain ones."""
        return func


def create_app(
    settings: config.Settings | None = None, *, testing: bool = False, web: bool = True
) -> Flask:
    """Make the service.

    Args:
        settings: from the environment when not given.
        testing: let failures through to the test.
        web: whether pages are wanted; the command line does without and starts the sooner.

    Raises:
        BadSettingError: a setting cannot be used.
    """
    settings = settings or config.load()
    app = Service(__name__, template_folder=str(TEMPLATES))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        FUNDSVC=settings,
        TESTING=testing,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
    )
    settings.instance_dir.mkdir(parents=True, exist_ok=True)
    tables.metadata()
    checklist.watch(*CLOSING)
    objections.watch(*OBJECTING)
    following.watch(*FOLLOWING)
    ways.tell_accounts(*ACCOUNTS)
    ways.offer(*WAYS)
    # A command has one connection for a moment; only a server gains by keeping some.
    db.init_app(app, settings.database_url, test_pool=not web)
    templating.init_app(app)
    if web:
        _add_web(app, settings)
    return app


def _add_web(app: Flask, settings: config.Settings) -> None:
    """Add what pages need; the order of the checks before a request is the order here."""
    from flask_wtf import CSRFProtect  # noqa: PLC0415 - the command line does without

    from fundsvc.public import give_views  # noqa: PLC0415 - as above
    from fundsvc.staff import access, security, sessions  # noqa: PLC0415 - as above

    # A Secure cookie by plain http would never come back, and nobody could sign in.
    secure = settings.https
    app.config.update(
        SESSION_COOKIE_NAME="__Host-fundsvc" if secure else "fundsvc",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_TIME_LIMIT=None,  # As long as the session, or a form left open is lost.
    )
    app.session_interface = sessions.ServerSessions()
    app.url_map.converters["int"] = KeyConverter
    app.before_request(_check_text)
    access.init_app(app)
    app.before_request(_take_at_once)
    app.before_request(_allow_files)
    csrf = CSRFProtect(app)
    security.init_app(app)

    @app.get("/healthz")
    @access.public
    def healthz() -> ResponseReturnValue:
        return _health()

    for name in PAGES:
        app.register_blueprint(import_module(name).bp)
    for endpoint in give_views.WITHOUT_SESSION:
        csrf.exempt(app.view_functions[endpoint])
    app.extensions[_AT_ONCE] = frozenset(give_views.WITHOUT_SESSION)
    app.after_request(_add_headers)
    if settings.proxies:
        trusted = dict.fromkeys(("x_for", "x_proto", "x_host"), settings.proxies)
        # Flask's documents say to wrap its method so.
        app.wsgi_app = ProxyFix(app.wsgi_app, **trusted)  # type: ignore[method-assign]
    app.register_error_handler(db.OutOfScopeError, _out_of_scope)
    app.register_error_handler(OperationalError, _busy)
    for kind in (DataError, OverflowError, UnicodeEncodeError):
        app.register_error_handler(kind, _not_storable)


def _check_text() -> None:
    """Refuse addresses with a NUL, which no database stores."""
    values = [request.path]
    if request.query_string:
        values += (*request.args.keys(), *request.args.values())
    if any("\0" in value for value in values):
        raise BadRequest


def _take_at_once() -> ResponseReturnValue | None:
    """Let what is pushed, and forms of strangers, go straight to their views.

    The first read the bytes as they came; the others ask for neither a person nor a token.
    """
    endpoint = request.endpoint
    if endpoint is None or request.method == "OPTIONS":
        return None  # Flask itself answers what an address takes.
    if endpoint in current_app.extensions[_AT_ONCE]:
        _check_form()
    elif not request.path.startswith(PUSHED):
        return None
    view = current_app.ensure_sync(current_app.view_functions[endpoint])
    answer: ResponseReturnValue = view(**(request.view_args or {}))
    return answer


def _allow_files() -> None:
    """Let only pages made for them take files, and forms no NUL; others were turned away before."""
    # What is taken here, and how much of it, is told by the page that refuses more.
    if request.path.startswith(UPLOADS):
        request.max_content_length = LARGEST_FILE
        g.taken, g.most_mb = "file", (None, LARGEST_FILE // 10**6)
    elif EVIDENCE.fullmatch(request.path):
        request.max_content_length = LARGEST_EVIDENCE
        g.taken, g.most_mb = "evidence", (uploads.LARGEST_EACH >> 20, LARGEST_EVIDENCE // 10**6)
    if request.method not in {"GET", "HEAD"}:
        _check_form()


def _check_form() -> None:
    """Refuse forms with a NUL."""
    form = request.form
    if any("\0" in value for value in (*form.keys(), *form.values())):
        raise BadRequest


def _health() -> ResponseReturnValue:
    """Say whether the service and its database answer."""
    try:
        db.read_session().execute(text("SELECT 1"))
    except DBAPIError:
        return {"status": "no database"}, ServiceUnavailable.code
    return {"status": "ok"}


def _out_of_scope(error: db.OutOfScopeError) -> ResponseReturnValue:
    """Answer a write to another's unit as if there were no such thing."""
    del error
    return refused_page(NotFound())


def _busy(error: OperationalError) -> ResponseReturnValue:
    """Ask to try again: another writer was too long at it, or the database is gone."""
    current_app.logger.error("database: %s", error.orig)
    return current_app.handle_http_exception(ServiceUnavailable(retry_after=BUSY_SECONDS))


def _not_storable(error: Exception) -> ResponseReturnValue:
    """Refuse a value that no check of ours caught and no database can hold."""
    current_app.logger.error("a value that cannot be stored came through", exc_info=error)
    return current_app.handle_http_exception(BadRequest())


def _add_headers(response: Response) -> Response:
    """Tell browsers what they may do with a page: nothing that it does not need."""
    wanted = dict(HEADERS)
    if response.mimetype != "application/pdf":  # A browser's PDF viewer is an object.
        wanted["Content-Security-Policy"] = CONTENT_SECURITY
    if current_app.config["FUNDSVC"].https:
        wanted["Strict-Transport-Security"] = TWO_YEARS
    if request.endpoint != "static":
        wanted["Cache-Control"] = "no-store"
    # Werkzeug looks for a header by going through all of them, so that is done once.
    given = {name.lower() for name, _value in response.headers}
    for name, value in wanted.items():
        if name.lower() not in given:
            response.headers.add(name, value)
    if request.endpoint == "static" and "v" in request.args:
        response.headers["Cache-Control"] = LONG
    return response
