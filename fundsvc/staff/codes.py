"""The second factor: codes of an authenticator app, each accepted once, and recovery codes."""

import hashlib
import hmac
import secrets
from typing import Any, Final

import segno
from flask import current_app
from flask_security import MfRecoveryCodesUtil, Totp, UserMixin
from markupsafe import Markup
from passlib.exc import UsedTokenError
from passlib.totp import TotpMatch
from sqlalchemy import or_, select, update

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.staff.models import StaffUser

RECOVERY_CODES: Final = 10
# Without letters and digits that are taken for each other on paper.
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_GROUPS, _GROUP_LENGTH = 3, 4


def derived_key(secret: str, purpose: str) -> str:
    """Return a key made from the service's secret for one purpose, as hexadecimal text."""
    return hmac.new(secret.encode(), f"fundsvc:{purpose}".encode(), hashlib.sha256).hexdigest()


class OnceTotp(Totp):
    """Codes of an authenticator app; a code's time step must be later than the last accepted."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        super().__init__(secrets, issuer)
        self._totp = self._totp.using(now=lambda: clock.now().timestamp())

    def verify_totp(self, token: str, totp_secret: str, user: UserMixin, window: int = 0) -> bool:
        """Say whether a code is right now and was not used before."""
        if not (token.isascii() and token.isdigit()):
            return False
        try:
            return bool(super().verify_totp(token, totp_secret, user, window))
        except (TypeError, ValueError):
            # The stored secret cannot be read: FUNDSVC_SECRET_KEY has changed since.
            current_app.logger.exception("second factor of %s cannot be read", user.username)
            return False

    def get_last_counter(self, user: UserMixin) -> int | None:
        return read_session().scalar(select(StaffUser.totp_step).where(StaffUser.id == user.id))

    def set_last_counter(self, user: UserMixin, tmatch: TotpMatch) -> None:
        """Keep the step; of two requests with one code only one may.

        Raises:
            UsedTokenError: the other one was first.
        """
        with transaction() as session:
            kept = session.execute(
                update(StaffUser)
                .where(
                    StaffUser.id == user.id,
                    or_(StaffUser.totp_step.is_(None), StaffUser.totp_step < tmatch.counter),
                )
                .values(totp_step=tmatch.counter)
                .returning(StaffUser.id)
            ).one_or_none()
        if kept is None:
            raise UsedTokenError

    def generate_qrcode(self, username: str, totp: str) -> str:
        """Return the picture an authenticator app reads, as SVG to stand in the page."""
        drawn = segno.make(self.get_totp_uri(username, totp))
        return Markup(drawn.svg_inline(light="#fff", omitsize=True, svgclass="qr"))  # noqa: S704 - no text in it

    def generate_recovery_codes(self, number: int) -> list[str]:
        """Return codes a person can read from paper, of 59 bits each."""
        return [
            "-".join(
                "".join(secrets.choice(_ALPHABET) for _letter in range(_GROUP_LENGTH))
                for _group in range(_GROUPS)
            )
            for _code in range(number)
        ]


class HashedRecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes, kept only as keyed digests: shown once, used once."""

    def get_recovery_codes(self, user: UserMixin) -> list[str]:
        """Return nothing: nobody can read them again."""
        del user
        return []

    def check_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Say whether a code is right, and use it up in the same transaction."""
        digest = recovery_digest(current_app.config["SECRET_KEY"], code)
        with transaction() as session:
            found = session.scalar(
                select(StaffUser.recovery).where(StaffUser.id == user.id).with_for_update()
            )
            left: list[Any] = list((found or {}).get("codes", []))
            if digest not in left:
                return False
            left.remove(digest)
            session.execute(
                update(StaffUser).where(StaffUser.id == user.id).values(recovery={"codes": left})
            )
        return True

    def delete_recovery_code(self, user: UserMixin, code: str) -> bool:
        """Do nothing: the check has used it up."""
        del user, code
        return True

    def _encrypt_codes(self, codes: list[str]) -> list[str]:
        secret = current_app.config["SECRET_KEY"]
        return [recovery_digest(secret, code) for code in codes]


def recovery_digest(secret: str, code: str) -> str:
    """Return the keyed digest of a recovery code, however blanks, hyphens and case are typed."""
    plain = "".join(letter for letter in code.casefold() if letter.isalnum())
    key = derived_key(secret, "recovery").encode()
    return hmac.new(key, plain.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
