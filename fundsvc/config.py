"""The settings: the only room that reads the environment, and refuses what it cannot use."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

ENGINES = ("sqlite", "postgresql")
DEFAULT_BASE_URL = "http://localhost:8000"
SHORTEST_SECRET = 32
STRIPE = "https://api.stripe.com"
STRIPE_KEYS = ("sk_live_", "sk_test_", "rk_live_", "rk_test_")
MOST_PROXIES = 9
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


_SENDER = re.compile(r"[^\s@<>,\"]+@[^\s@<>,\"]+", re.ASCII)
MAIL_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


class BadSettingError(Exception):
    """A setting cannot be used; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where letters are handed in, and from whom they come.

    `security` is `smtps` (TLS from the first byte), `smtp+starttls` (asked for, or nothing is
    sent) or `smtp` (TLS if the server offers it).
    """

    host: str
    port: int
    security: str
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service was told from outside."""

    database_url: str
    secret_key: str
    # What is sealed in the database opens with this key alone; whoever loses it loses that.
    data_key: str
    base_url: str
    instance_dir: Path
    # How many proxies stand in front; only what the nearest of them say of a caller is believed.
    proxies: int = 0
    # None: letters wait, and the page of letters says so.
    mail: MailServer | None = None
    # Cards are taken with a key of Stripe's; events are believed with the secret of our endpoint.
    stripe_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_base: str = STRIPE

    @property
    def files_dir(self) -> Path:
        """The folder of kept files, named by their SHA-256."""
        return self.instance_dir / "files"

    @property
    def https(self) -> bool:
        """Whether people reach the service by https, so that cookies are marked Secure."""
        return self.base_url.startswith("https://")

    @property
    def unprotected(self) -> bool:
        """Whether passwords cross a network by plain http, where others can read them."""
        return not self.https and urlsplit(self.base_url).hostname not in LOCAL_HOSTS


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from FUNDSVC_* variables, or from the files that FUNDSVC_*_FILE name.

    Raises:
        BadSettingError: a value is missing its form; nothing was started.
    """
    given = os.environ if environ is None else environ
    instance = Path(_value(given, "FUNDSVC_INSTANCE_DIR") or "instance").absolute()
    default_url = f"sqlite:///{instance / 'fundsvc.sqlite'}"
    base_url = _base_url(_value(given, "FUNDSVC_BASE_URL") or DEFAULT_BASE_URL)
    return Settings(
        database_url=_database_url(_value(given, "FUNDSVC_DATABASE_URL") or default_url),
        secret_key=_key(given, "FUNDSVC_SECRET_KEY", instance),
        data_key=_key(given, "FUNDSVC_DATA_KEY", instance),
        base_url=base_url,
        instance_dir=instance,
        proxies=_proxies(_value(given, "FUNDSVC_PROXIES") or "0"),
        mail=_mail(_value(given, "FUNDSVC_SMTP_URL") or "", base_url),
        stripe_key=_begins(given, "FUNDSVC_STRIPE_KEY", *STRIPE_KEYS),
        stripe_webhook_secret=_begins(given, "FUNDSVC_STRIPE_WEBHOOK_SECRET", "whsec_"),
        stripe_api_base=_address(given, "FUNDSVC_STRIPE_API_BASE", STRIPE),
    )


def _value(environ: Mapping[str, str], name: str) -> str | None:
    path = environ.get(f"{name}_FILE")
    if path is None:
        return environ.get(name)
    if name in environ:
        msg = f"{name} and {name}_FILE are both set; keep one"
        raise BadSettingError(msg)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{name}_FILE cannot be read: {error}"
        raise BadSettingError(msg) from error


def _database_url(url: str) -> str:
    engine = url.partition(":")[0].partition("+")[0]
    if engine not in ENGINES:
        msg = f"FUNDSVC_DATABASE_URL must begin with one of {', '.join(ENGINES)}"
        raise BadSettingError(msg)
    return url


def _key(environ: Mapping[str, str], name: str, instance: Path) -> str:
    """Take the given key, or make one once and keep it where only this user can read it."""
    key = _value(environ, name)
    if key is None:
        kept = instance / name.removeprefix("FUNDSVC_").lower()
        if not kept.exists():
            instance.mkdir(parents=True, exist_ok=True)
            try:
                handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                pass  # Another process made it in this very moment; both read the same one.
            else:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.write(secrets.token_hex(32))
        key = kept.read_text(encoding="ascii").strip()
    if len(key) < SHORTEST_SECRET:
        msg = f"{name} must have at least {SHORTEST_SECRET} characters"
        raise BadSettingError(msg)
    return key


def _begins(environ: Mapping[str, str], name: str, *beginnings: str) -> str:
    """Take a key that begins as such keys do; none is no fault. The key itself is never told."""
    key = _value(environ, name) or ""
    if key and not (key.startswith(beginnings) and key.isascii() and key.isprintable()):
        msg = f"{name} must begin with {' or '.join(beginnings)}"
        raise BadSettingError(msg)
    return key


def _address(environ: Mapping[str, str], name: str, default: str) -> str:
    """Take the address of another service: https, or http on this machine."""
    url = _value(environ, name) or default
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
    if not safe or not parts.netloc or parts.query:
        msg = f"{name} must be an https address"
        raise BadSettingError(msg)
    return url.rstrip("/")


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query:
        msg = "FUNDSVC_BASE_URL must be an http or https address such as https://quy.example.vn"
        raise BadSettingError(msg)
    return url.rstrip("/")


def _proxies(number: str) -> int:
    if number not in {str(count) for count in range(MOST_PROXIES + 1)}:
        msg = f"FUNDSVC_PROXIES must be a number from 0 to {MOST_PROXIES}: the proxies in front"
        raise BadSettingError(msg)
    return int(number)


def _mail(url: str, base_url: str) -> MailServer | None:
    """Read `smtp://user:password@host:port?from=address`; what is left out has its usual value.

    A password goes to another machine only under TLS, so `smtp` then means `smtp+starttls`.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    asked = parse_qs(parts.query, keep_blank_values=True)
    host = parts.hostname or ""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    sender = asked.pop("from", [""])[0] or (user if "@" in user else "")
    sender = sender or f"no-reply@{urlsplit(base_url).hostname}"
    wrong = parts.path not in {"", "/"} or asked or not host or parts.fragment
    if wrong or parts.scheme not in MAIL_PORTS or not _SENDER.fullmatch(sender):
        # The address may hold a password, so it is not repeated.
        msg = (
            "FUNDSVC_SMTP_URL must look like smtp://user:password@host:port?from=address;"
            f" it begins with one of {', '.join(MAIL_PORTS)}"
        )
        raise BadSettingError(msg)
    security = parts.scheme
    if password and security == "smtp" and host not in LOCAL_HOSTS:
        security = "smtp+starttls"
    return MailServer(host, port or MAIL_PORTS[parts.scheme], security, sender, user, password)
