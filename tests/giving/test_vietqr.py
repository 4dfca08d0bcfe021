"""VietQR: byte for byte what other makers of codes write, from the same parts."""

import io
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from fundsvc.errors import Refusal
from fundsvc.giving.vietqr import TO_CARD, Transfer, bin_of, payload, png, svg

VECTORS = [
    line
    for line in (Path(__file__).parent.parent / "data" / "vietqr.txt").read_text().splitlines()
    if line and not line.startswith("#")
]


def parts(text: str) -> dict[str, str]:
    found = {}
    while text:
        name, length = text[:2], int(text[2:4])
        found[name], text = text[4 : 4 + length], text[4 + length :]
    return found


@pytest.mark.parametrize("line", VECTORS)
def test_every_vector_comes_from_its_parts(line: str) -> None:
    whole = parts(line)
    account = parts(whole["38"])
    beneficiary, told = parts(account["01"]), parts(whole.get("62", ""))
    transfer = Transfer(
        bin=beneficiary["00"],
        account=beneficiary["01"],
        amount=int(whole["54"]) if "54" in whole else None,
        memo=told.get("08", ""),
        reference=told.get("01", ""),
        service=account["02"],
    )
    assert payload(transfer) == line


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 8
    assert any(TO_CARD in line for line in VECTORS)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"bin": "97040"}, "bin"),
        ({"bin": "97040５"}, "bin"),
        ({"account": ""}, "account"),
        ({"account": "1" * 20}, "account"),
        ({"account": "12 34"}, "account"),
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 10**13}, "amount"),
        ({"memo": "ủng hộ"}, "memo"),
        ({"memo": "A" * 26}, "memo"),
        ({"memo": "A\nB"}, "memo"),
    ],
)
def test_what_banks_cannot_read_is_refused(app: Any, other: dict[str, Any], field: str) -> None:
    del app
    with pytest.raises(Refusal) as caught:
        Transfer(**{"bin": "970405", "account": "1234567890", **other})
    assert [reason.field for reason in caught.value.reasons] == [field]


@pytest.mark.parametrize(
    ("bank", "number"),
    [
        ("Vietcombank", "970436"),
        ("VCB", "970436"),
        ("Ngân hàng Nông nghiệp và Phát triển Nông thôn (Agribank)", "970405"),
        ("agribank", "970405"),
        ("970422", "970422"),
        ("Ngân hàng khác", ""),
    ],
)
def test_a_bank_is_known_by_its_usual_names(bank: str, number: str) -> None:
    assert bin_of(bank) == number


@pytest.mark.parametrize("line", VECTORS)
def test_a_picture_is_read_back(line: str) -> None:
    with Image.open(io.BytesIO(png(line))) as drawn:
        (found,) = zxingcpp.read_barcodes(drawn.convert("L"))
    assert found.text == line


def test_the_pictures_are_pictures() -> None:
    text = VECTORS[0]
    assert png(text).startswith(b"\x89PNG\r\n")
    assert "<title>Mã &amp; QR</title>" in svg(text, "Mã & QR")
