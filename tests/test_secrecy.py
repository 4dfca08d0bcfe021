"""What is sealed tells nothing without the data key, and is read only unchanged with it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from fundsvc import secrecy
from fundsvc.config import BadSettingError, load
from fundsvc.secrecy import (
    UnreadableError,
    normal_phone,
    open_phone,
    open_phones,
    phone_hash,
    seal,
    seal_phones,
    unseal,
)

PHONES = ["84912345678", "84987654321", "12345678", "849876543210123", "84912345678"]


@pytest.fixture(autouse=True)
def data_key(tmp_path: Path) -> Iterator[Flask]:
    """An application with settings and nothing else."""
    app = Flask("secrecy")
    app.config["FUNDSVC"] = load({"FUNDSVC_INSTANCE_DIR": str(tmp_path)})
    with app.app_context():
        yield app


def change_key(app: Flask) -> None:
    app.config["FUNDSVC"] = replace(
        app.config["FUNDSVC"], data_key="another key, as long as needed"
    )


@pytest.mark.parametrize("body", [b"", b"x", b"\0" * 1000, "tin nhắn".encode()])
def test_a_body_comes_back_and_looks_different_each_time(body: bytes) -> None:
    assert unseal(seal(body)) == body
    assert seal(body) != seal(body)


def test_a_changed_body_is_not_opened(data_key: Flask) -> None:
    sealed = seal(b"TS 5")
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(UnreadableError):
            unseal(bytes(changed))
    for cut in (b"", sealed[:1], sealed[:12], sealed[:-1]):
        with pytest.raises(UnreadableError):
            unseal(cut)
    change_key(data_key)
    with pytest.raises(UnreadableError):
        unseal(sealed)


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("84912345678", "84912345678"),
        ("+84912345678", "84912345678"),
        ("0084912345678", "84912345678"),
        ("0912345678", "84912345678"),
        ("912345678", "84912345678"),
        ("02438221234", "842438221234"),
        ("842438221234", "842438221234"),
        ("12345678", "12345678"),
        ("33612345678", "33612345678"),
    ],
)
def test_a_number_has_one_form(written: str, form: str) -> None:
    assert normal_phone(written) == form
    assert normal_phone(form) == form
    assert phone_hash(written) == phone_hash(form)


def test_a_column_is_sealed_as_each_number_alone() -> None:
    hashes, sealed = seal_phones(PHONES)
    assert hashes == [phone_hash(phone) for phone in PHONES]
    assert [seal_phones([phone]) for phone in PHONES] == [
        ([hashed], [hidden]) for hashed, hidden in zip(hashes, sealed, strict=True)
    ]
    assert open_phones(hashes, sealed) == PHONES
    assert len(set(hashes)) == len(set(PHONES))
    assert seal_phones([]) == ([], [])


def test_a_number_opens_by_plain_aes_ctr_with_its_hash_as_nonce() -> None:
    (hashed,), (sealed,) = seal_phones(["84912345678"])
    mode = modes.CTR(bytes.fromhex(hashed))
    opened = Cipher(secrecy._keys().phone, mode).decryptor().update(bytes.fromhex(sealed))
    assert opened.rstrip(b"\0") == b"84912345678"
    assert open_phone(hashed, sealed) == "84912345678"


@settings(max_examples=50)
@given(st.lists(st.text("0123456789", min_size=1, max_size=16), max_size=40))
def test_any_numbers_come_back(phones: list[str]) -> None:
    app = Flask("secrecy")
    app.config["FUNDSVC"] = load({"FUNDSVC_SECRET_KEY": "k" * 64, "FUNDSVC_DATA_KEY": "d" * 64})
    with app.app_context():
        assert open_phones(*seal_phones(phones)) == phones


def test_nothing_is_told_by_another_key_or_a_changed_number(data_key: Flask) -> None:
    (hashed,), (sealed,) = seal_phones(["84912345678"])
    other = f"{int(sealed, 16) ^ 1:032x}"
    assert open_phones([hashed, hashed, "x", hashed], [sealed, other, sealed, ""]) == [
        "84912345678", None, None, None,
    ]  # fmt: skip
    with pytest.raises(UnreadableError):
        open_phone(hashed, other)
    change_key(data_key)
    assert phone_hash("84912345678") != hashed
    assert open_phones([hashed], [sealed]) == [None]


def test_a_number_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        seal_phones(["84912345678", "1" * 17])


def test_the_data_key_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    environ = {"FUNDSVC_INSTANCE_DIR": str(tmp_path / "new")}
    first, second = load(environ), load(environ)
    assert first.data_key == second.data_key != first.secret_key
    assert (tmp_path / "new" / "data_key").stat().st_mode & 0o777 == 0o600
    given = tmp_path / "key"
    given.write_text("d" * 40 + os.linesep)
    assert load(environ | {"FUNDSVC_DATA_KEY_FILE": str(given)}).data_key == "d" * 40
    with pytest.raises(BadSettingError, match="FUNDSVC_DATA_KEY"):
        load(environ | {"FUNDSVC_DATA_KEY": "short"})
