"""Flask-Security, wired to this service: its people, its pages, its words, its patience."""

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app, redirect, render_template, request, session
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin, current_user
from flask_security import PasswordUtil, Security, UserDatastore
from sqlalchemy import update
from werkzeug.exceptions import BadRequest, TooManyRequests, UnsupportedMediaType

from fundsvc.db import read_session, transaction
from fundsvc.staff import passwords, people, sessions, throttle
from fundsvc.staff.access import allow, public
from fundsvc.staff.codes import RECOVERY_CODES, HashedRecoveryCodes, OnceTotp, derived_key
from fundsvc.staff.forms import SignInForm
from fundsvc.staff.messages import MESSAGES
from fundsvc.staff.models import ROLES, StaffUser
from fundsvc.staff.people import Person, Role
from fundsvc.staff.schemas import typed_form

FRESH: Final = timedelta(minutes=15)
LONGEST_VALUE: Final = 1_000
TRANSLATIONS: Final = Path(__file__).parent.parent / "translations"

CONFIG: Final[dict[str, Any]] = {
    "API_ENABLED_METHODS": ["session"],
    "CACHE_CONTROL": {},  # `fundsvc.app` says it for all pages.
    "CHANGEABLE": True,
    "CHANGE_PASSWORD_TEMPLATE": "staff/change_password.html",
    "CHANGE_URL": "/password",
    "CLI_ROLES_NAME": None,
    "CLI_USERS_NAME": None,
    "DEPRECATED_PASSWORD_SCHEMES": [],
    "FRESHNESS": FRESH,
    "FRESHNESS_GRACE_PERIOD": FRESH,
    "I18N_DOMAIN": "messages",
    "I18N_DIRNAME": [str(TRANSLATIONS)],
    "LOGIN_URL": "/sign-in",
    "LOGIN_USER_TEMPLATE": "staff/sign_in.html",
    "LOGOUT_URL": "/sign-out",
    "LOGOUT_METHODS": ["POST"],
    "MULTI_FACTOR_RECOVERY_CODES": True,
    "MULTI_FACTOR_RECOVERY_CODES_N": RECOVERY_CODES,
    "MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "staff/recovery_codes.html",
    "MULTI_FACTOR_RECOVERY_CODES_URL": "/two-factor/recovery-codes",
    "MULTI_FACTOR_RECOVERY_TEMPLATE": "staff/recovery.html",
    "MULTI_FACTOR_RECOVERY_URL": "/sign-in/recovery",
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": ["argon2"],
    "POST_CHANGE_VIEW": "/settings",
    "POST_LOGIN_VIEW": "/",
    "POST_LOGOUT_VIEW": "/sign-in",
    "POST_VERIFY_VIEW": "/settings",
    "RETURN_GENERIC_RESPONSES": True,
    "SEND_PASSWORD_CHANGE_EMAIL": False,
    "STATIC_FOLDER": None,
    "TOTP_ISSUER": "Sổ quỹ Trường Sơn",
    "TWO_FACTOR": True,
    "TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
    "TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "TWO_FACTOR_POST_SETUP_VIEW": "/settings",
    "TWO_FACTOR_RESCUE_EMAIL": False,
    "TWO_FACTOR_RESCUE_URL": "/sign-in/help",
    "TWO_FACTOR_SELECT_URL": "/sign-in/method",
    "TWO_FACTOR_SETUP_TEMPLATE": "staff/two_factor.html",
    "TWO_FACTOR_SETUP_URL": "/two-factor",
    "TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
    "TWO_FACTOR_VERIFY_CODE_TEMPLATE": "staff/code.html",
    "USER_IDENTITY_ATTRIBUTES": [{"username": {"mapper": str, "case_insensitive": True}}],
    "VERIFY_TEMPLATE": "staff/verify.html",
    "VERIFY_URL": "/sign-in/again",
}


class Stranger(AnonymousUserMixin):  # type: ignore[misc]  # Flask-Login has no types.
    """Whoever has not signed in: no roles, no units."""

    roles: tuple[Role, ...] = ()
    role_names: frozenset[str] = frozenset()
    scope: frozenset[int] | None = frozenset()


class Guard(Security):
    """Flask-Security without the package `qrcode`: segno, which receipts need too, draws."""

    def _check_modules(self, module: str, config_name: str) -> Any:
        # Flask-Security left this one method without types.
        return module == "qrcode" or super()._check_modules(module, config_name)  # type: ignore[no-untyped-call]


class Datastore(UserDatastore):
    """Gives Flask-Security its people, and writes what it changes in a transaction of its own."""

    def __init__(self) -> None:
        super().__init__(Person, Role)

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> Person | None:  # noqa: FBT001, FBT002 - the signature of Flask-Security
        """Find by the key a session holds, or by the name somebody typed."""
        del case_insensitive
        ((kind, value),) = kwargs.items()
        if kind == "fs_uniquifier":
            return people.by_key(read_session(), str(value))
        return people.by_name(read_session(), passwords.normalise(str(value)).casefold())

    def find_role(self, role: str) -> Role | None:
        return Role(role) if role in ROLES else None

    def put(self, model: Person) -> Person:
        """Write what has changed; a new key ends all sessions of the person."""
        now = model.columns()
        changed = {name: value for name, value in now.items() if model.stored[name] != value}
        if changed:
            with transaction() as database:
                database.execute(update(StaffUser).where(StaffUser.id == model.id).values(changed))
                if "key" in changed:
                    sessions.end_all(database, model.id)
            model.stored = now
        return model

    def commit(self) -> None:
        """Do nothing: `put` has committed."""


class Passwords(PasswordUtil):
    """The rules of `fundsvc.staff.passwords` for Flask-Security."""

    def normalize(self, password: str) -> str:
        return passwords.normalise(password)

    def validate(
        self,
        password: str,
        is_register: bool,  # noqa: FBT001 - as above
        **kwargs: Any,
    ) -> tuple[list[str] | None, str]:
        del is_register
        plain = passwords.normalise(password)
        person: Person = kwargs["user"]
        return passwords.refusals(plain, person.username, person.email) or None, plain


def init_app(app: Flask) -> None:
    """Register the pages for signing in, each with its mark of access."""
    secret = str(app.config["SECRET_KEY"])
    for name, value in CONFIG.items():
        app.config[f"SECURITY_{name}"] = value
    for name, value in MESSAGES.items():
        app.config[f"SECURITY_MSG_{name}"] = value
    app.config["SECURITY_TOTP_SECRETS"] = {"1": derived_key(secret, "totp")}
    app.config["SESSION_PROTECTION"] = None
    security = Guard(
        app,
        Datastore(),
        login_form=SignInForm,
        password_util_cls=Passwords,
        totp_cls=OnceTotp,
        mf_recovery_codes_util_cls=HashedRecoveryCodes,
    )
    security.want_json(lambda _request: False)
    # No tokens in headers or addresses: people sign in by session only.
    login: Any = vars(app)["login_manager"]  # Put there by Flask-Login, which has no types.
    login.request_loader(lambda _request: None)
    login.anonymous_user = Stranger
    # No cookie of its own remembers anybody; its hook would ask for the session at every answer.
    app.after_request_funcs[None].remove(login._update_remember_cookie)  # noqa: SLF001 - as said
    app.before_request(_check_form)
    app.jinja_env.globals["typed_form"] = typed_form
    _mark_pages(app)


def _mark_pages(app: Flask) -> None:
    staff = allow(*ROLES)
    pages: dict[str, tuple[Callable[[Any], Any], Callable[[], throttle.Try | None] | None]] = {
        "login": (public, _password_try),
        "logout": (public, None),
        "two_factor_token_validation": (public, _second_try),
        "mf_recovery": (public, _second_try),
        "verify": (staff, _second_try),
        "change_password": (staff, _second_try),
        "two_factor_setup": (staff, None),
        "two_factor_setup_validate": (staff, None),
        "mf_recovery_codes": (staff, None),
    }
    for name, (mark, subject) in pages.items():
        endpoint = f"security.{name}"
        app.view_functions[endpoint] = mark(_patient(app.view_functions[endpoint], subject))
    code_page = app.view_functions["security.two_factor_token_validation"]
    app.view_functions["security.two_factor_token_validation"] = _for_strangers(code_page)
    for name in ("two_factor_rescue", "tf_select"):
        app.view_functions[f"security.{name}"] = public(_patient(_help, None))


def _for_strangers(view: Callable[..., Any]) -> Callable[..., ResponseReturnValue]:
    """Send whoever is signed in to the first page; Flask-Security would sign them out."""

    @wraps(view)
    def page() -> ResponseReturnValue:
        return redirect("/") if current_user.is_authenticated else view()

    return page


def _check_form() -> None:
    """Refuse what no sign-in page sends, before Flask-Security meets it."""
    if request.blueprint != "security":
        return
    if request.is_json:
        raise UnsupportedMediaType
    for values in (request.args, request.form):
        if any(len(value) > LONGEST_VALUE for value in values.values()):
            raise BadRequest
        if any(not _is_local(address) for address in values.getlist("next")):
            raise BadRequest


def _is_local(address: str) -> bool:
    """Whether an address to go on to is a path of this service."""
    return not address or (
        address.startswith("/")
        and not address.startswith("//")
        and "\\" not in address
        and address.isprintable()
    )


def _patient(
    view: Callable[..., Any], subject: Callable[[], throttle.Try | None] | None
) -> Callable[..., ResponseReturnValue]:
    """Wrap a page so that failed tries slow the next ones down."""

    @wraps(view)
    def page(**arguments: Any) -> ResponseReturnValue:
        attempt = subject() if subject and request.method == "POST" else None
        if attempt is None:
            return view(**arguments)  # type: ignore[no-any-return]  # A page of Flask-Security.
        with transaction() as database:
            wait = throttle.take(database, attempt)
        if wait:
            raise TooManyRequests(retry_after=math.ceil(wait.total_seconds()))
        before, waited_for_code = _standing(), "tf_user_id" in session
        response: ResponseReturnValue = view(**arguments)
        passed_on = "tf_user_id" in session and not waited_for_code
        if passed_on or (_standing() != before and session.get("_user_id")):
            with transaction() as database:
                throttle.succeeded(database, attempt)
        return response

    return page


def _standing() -> tuple[Any, Any]:
    return session.get("_user_id"), session.get("fs_paa")


def _password_try() -> throttle.Try:
    session.pop("tf_user_id", None)  # Whoever starts anew has no half-finished sign-in.
    typed = passwords.normalise(request.form.get("email", "")).strip().casefold()
    return throttle.of_password(_secret(), typed, request.remote_addr)


def _second_try() -> throttle.Try | None:
    """Return the try of somebody who gave a right password before, in this session."""
    key = current_user.fs_uniquifier if current_user.is_authenticated else None
    key = key or session.get("tf_user_id")
    return throttle.of_person(_secret(), str(key)) if key else None


def _secret() -> str:
    return derived_key(str(current_app.config["SECRET_KEY"]), "throttle")


def _help() -> ResponseReturnValue:
    """Tell somebody without a telephone what to do."""
    return render_template("staff/help.html")
