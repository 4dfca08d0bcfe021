"""Keep phone numbers and bodies from whoever reads the database but has not the data key.

Every use has a key of its own, derived from the data key. A phone number is kept as a keyed hash,
by which it is found again, and sealed, to be read when a person must be called back. The hash is
the nonce of the sealing (a synthetic IV): the same number always looks the same, and what is opened
can be held against its hash. Contacts that people type are sealed as they stand, each time anew.
"""

import re
import secrets
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_BLOCK: Final = 16
_HEX: Final = 2 * _BLOCK
_COUNTRY, _TRUNK, _ABROAD = "84", "0", "00"
_LONGEST_HOME: Final = 11
_WHOLE: Final = 11
# A mobile number whose leading 0 a spreadsheet has taken away.
_BARE: Final = re.compile("[35789][0-9]{8}")
_SEALED: Final = re.compile(f"[0-9a-f]{{{_HEX}}}")


class UnreadableError(ValueError):
    """Something sealed was changed, or was sealed with another data key."""


class Keys:
    """The keys of one data key, ready to use; threads may share them."""

    def __init__(self, data_key: str) -> None:
        """Derive them."""
        self.body = AESGCM(_derived(data_key, "body"))
        self.known = blake2b(key=_derived(data_key, "fingerprint"), digest_size=_BLOCK)
        self.phone = algorithms.AES(_derived(data_key, "phone"))
        self.keyed = blake2b(key=_derived(data_key, "phone hash"), digest_size=_BLOCK)
        self.contact = AESGCM(_derived(data_key, "contact"))
        self.email = blake2b(key=_derived(data_key, "email hash"), digest_size=_BLOCK)
        self.codes = blake2b(key=_derived(data_key, "code"), digest_size=_BLOCK)

    def blocks(self, nonces: bytes) -> bytes:
        """Return what AES-CTR lays over the first block, for many nonces at once."""
        ecb = modes.ECB()  # noqa: S305 - over nonces, which is what CTR itself does
        return Cipher(self.phone, ecb).encryptor().update(nonces)

    def hashes(self, phones: Iterable[bytes]) -> list[bytes]:
        """Return the keyed hashes of numbers in their one form."""
        copy, hashes = self.keyed.copy, []
        for phone in phones:
            hashing = copy()
            hashing.update(phone)
            hashes.append(hashing.digest())
        return hashes


def seal(body: bytes) -> bytes:
    """Return a body that only the data key opens; each time it looks different."""
    return _sealed(_keys().body, body)


def unseal(sealed: bytes) -> bytes:
    """Return the body that was sealed.

    Raises:
        UnreadableError: it was changed, or sealed with another data key.
    """
    return _opened(_keys().body, sealed)


def unsealer() -> Callable[[bytes], bytes]:
    """Return what opens sealed bodies by the key of now, also when the request is over."""
    return partial(_opened, _keys().body)


def seal_text(text: str) -> str:
    """Return a contact that only the data key opens, as text; an empty one stays empty."""
    return urlsafe_b64encode(_sealed(_keys().contact, text.encode())).decode() if text else ""


def open_text(sealed: str) -> str:
    """Return the contact that was sealed.

    Raises:
        UnreadableError: it was changed, or sealed with another data key.
    """
    if not sealed:
        return ""
    try:
        body = urlsafe_b64decode(sealed)
    except ValueError:
        msg = "not sealed by this service"
        raise UnreadableError(msg) from None
    return _opened(_keys().contact, body).decode()


def email_hash(email: str) -> str:
    """Return the keyed hash that an e-mail, in capitals or not, is found by; none of none."""
    tidy = unicodedata.normalize("NFC", email.strip()).casefold()
    if not tidy:
        return ""
    hashing = _keys().email.copy()
    hashing.update(tidy.encode("utf-8", "replace"))
    return hashing.hexdigest()


def fingerprint(body: bytes) -> str:
    """Return the keyed hash that the same body is known by; without the key it tells nothing."""
    hashing = _keys().known.copy()
    hashing.update(body)
    return hashing.hexdigest()


def normal_phone(digits: str) -> str:
    """Return a number in its one form: 0912345678, +84912345678 and 912345678 are 84912345678."""
    digits = digits.removeprefix("+")
    if digits.startswith(_ABROAD) and len(digits) > _LONGEST_HOME:
        return digits.removeprefix(_ABROAD)
    if digits.startswith(_TRUNK):
        return _COUNTRY + digits.removeprefix(_TRUNK)
    return _COUNTRY + digits if _BARE.fullmatch(digits) else digits


def normal_phones(column: Sequence[str]) -> list[str]:
    """Return a column of numbers in their one form, which most have already."""
    return [
        phone if len(phone) >= _WHOLE and phone.startswith(_COUNTRY) else normal_phone(phone)
        for phone in column
    ]


def phone_hash(phone: str) -> str:
    """Return the keyed hash that a number, however written, is found by."""
    (hashed,) = _keys().hashes([normal_phone(phone).encode("utf-8", "replace")])
    return hashed.hex()


def code_hash(hashed: str, code: str) -> str:
    """Return the keyed hash of a one-time code that was given to a number, by that one's hash."""
    hashing = _keys().codes.copy()
    hashing.update(f"{hashed}:{code}".encode("utf-8", "replace"))
    return hashing.hexdigest()


def seal_phones(phones: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return a column of numbers in their one form as a column of hashes and one of sealed numbers.

    Raises:
        ValueError: a number has more than 16 digits.
    """
    keys = _keys()
    plain = [phone.encode() for phone in phones]
    hashes = b"".join(keys.hashes(plain))
    padded = b"".join([number.ljust(_BLOCK, b"\0") for number in plain])
    if len(padded) != len(hashes):
        msg = "a phone number is too long"
        raise ValueError(msg)
    return _cut(hashes), _cut(_xor(padded, keys.blocks(hashes)))


def open_phones(hashes: Sequence[str], sealed: Sequence[str]) -> list[str | None]:
    """Return the numbers of a column; None where hash and sealed number do not agree."""
    keys = _keys()
    formed = [
        bool(_SEALED.fullmatch(one) and _SEALED.fullmatch(other))
        for one, other in zip(hashes, sealed, strict=True)
    ]
    nonces, hidden = (
        bytes.fromhex(
            "".join(one if ok else "0" * _HEX for one, ok in zip(column, formed, strict=True))
        )
        for column in (hashes, sealed)
    )
    plain = _xor(hidden, keys.blocks(nonces))
    phones = [plain[at : at + _BLOCK].rstrip(b"\0") for at in range(0, len(plain), _BLOCK)]
    return [
        phone.decode() if made.hex() == hashed else None
        for phone, made, hashed in zip(phones, keys.hashes(phones), hashes, strict=True)
    ]


def open_phone(hashed: str, sealed: str) -> str:
    """Return a number.

    Raises:
        UnreadableError: it was changed, or sealed with another data key.
    """
    (phone,) = open_phones([hashed], [sealed])
    if phone is None:
        msg = "changed, or sealed with another data key"
        raise UnreadableError(msg)
    return phone


def _keys() -> Keys:
    return _keys_of(current_app.config["FUNDSVC"].data_key)


@lru_cache(maxsize=4)
def _keys_of(data_key: str) -> Keys:
    return Keys(data_key)


def _sealed(key: AESGCM, body: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return _VERSION + nonce + key.encrypt(nonce, body, _VERSION)


def _opened(key: AESGCM, sealed: bytes) -> bytes:
    nonce, hidden = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    if sealed[:1] != _VERSION or len(nonce) != _NONCE:
        msg = "not sealed by this service"
        raise UnreadableError(msg)
    try:
        return key.decrypt(nonce, hidden, _VERSION)
    except InvalidTag:
        msg = "changed, or sealed with another data key"
        raise UnreadableError(msg) from None


def _derived(data_key: str, purpose: str) -> bytes:
    info = f"fundsvc {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(data_key.encode())


def _xor(one: bytes, other: bytes) -> bytes:
    mixed = int.from_bytes(one, "little") ^ int.from_bytes(other, "little")
    return mixed.to_bytes(len(one), "little")


def _cut(blocks: bytes) -> list[str]:
    """Return blocks one by one, as hexadecimal text."""
    return blocks.hex("-", _BLOCK).split("-") if blocks else []
