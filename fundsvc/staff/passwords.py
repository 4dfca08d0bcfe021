"""Passwords: their form, what is refused, and the argon2 hash; nothing here needs a request."""

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from flask_babel import gettext as _

SHORTEST: Final = 12
LONGEST: Final = 256
FEWEST_DIFFERENT: Final = 5
_SHORTEST_NAME: Final = 4
HASHER = PasswordHasher()
"""How passwords are hashed: the parameters of RFC 9106, low memory. A hash states its own."""


def normalise(password: str) -> str:
    """Return a password as it is hashed: NFC, so that every keyboard makes the same letters."""
    return unicodedata.normalize("NFC", password)


def refusals(password: str, *names: str | None) -> list[str]:
    """Return what is wrong with a new password, in sentences; nothing when it is good.

    Long enough and not easy to guess from the person is all it asks: no rules about digits and
    signs, which only make people write passwords down (NIST SP 800-63B, 5.1.1.2).
    """
    if len(password) < SHORTEST:
        return [_("Mật khẩu phải có ít nhất %(count)d ký tự.", count=SHORTEST)]
    if len(password) > LONGEST:
        return [_("Mật khẩu dài quá %(count)d ký tự.", count=LONGEST)]
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in password):
        return [_("Mật khẩu có ký tự không đọc được.")]
    lowered = password.casefold()
    if len(set(lowered)) < FEWEST_DIFFERENT:
        return [_("Mật khẩu lặp đi lặp lại vài ký tự, dễ đoán.")]
    for name in names:
        if name and len(name) >= _SHORTEST_NAME and name.casefold() in lowered:
            return [_("Mật khẩu không được chứa tên đăng nhập.")]
    return []


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return HASHER.hash(normalise(password))
