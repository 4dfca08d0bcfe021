"""Printed books of any length: what is on each page, letters, carried sums, time and memory."""

import io
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest

from fundsvc.clock import VN
from fundsvc.longpdf import Column, Document, Row, render

DOCUMENT = Document(
    title="Sổ cái",
    facts=("Tài khoản 111 – Tiền mặt", "Từ ngày 01/01/2026 đến ngày 31/12/2026"),
    issuer="Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh thành phố Hồ Chí Minh",
    address="Số 4 phố Thử",
    form="Mẫu tham chiếu",
    note="Đơn vị: đồng",
    columns=(
        Column("Ngày", 20),
        Column("Diễn giải", 120),
        Column("Nợ", 40, figures=True, group="Số phát sinh"),
        Column("Có", 40, figures=True, group="Số phát sinh"),
    ),
    signs=(("Người lập", "(Ký, họ tên)"), ("Kế toán trưởng", "(Ký, họ tên)")),
    drawn_at=datetime(2026, 11, 26, 9, 30, tzinfo=VN),
    text_column=1,
    written=lambda amount: f"{amount:,}".replace(",", "."),
    opened="Ngày mở sổ: 01/01/2026. Ngày khóa sổ: 31/12/2026.",
)
PANGRAM = "Quỹ Nghĩa tình, Nguyễn Thị Hường, ằẳẵặ ềểễệ ỳỷỹỵ Đặng Ủng hộ"


def rows(count: int, text: str = PANGRAM) -> list[Row]:
    return [
        Row(("01/02/2026", f"{text} {n}", "1.000", ""), sums=(None, None, n * 1_000, 0))
        for n in range(1, count + 1)
    ]


def drawn(lines: list[Row], **changes: Any) -> list[str]:
    """Draw a book and return the text of each page."""
    out = io.BytesIO()
    pages = render(replace(DOCUMENT, **changes), lines, out)
    with pypdfium2.PdfDocument(out.getvalue()) as book:
        assert len(book) == pages
        texts = []
        for page in book:
            text = page.get_textpage()
            texts.append(text.get_text_range().replace("\r\n", "\n"))
            text.close()
            page.close()
        return texts


def test_every_letter_is_read_back() -> None:
    (page,) = drawn(rows(3))
    for words in (PANGRAM, "SỔ CÁI", "Hồ Chí Minh thành phố Hồ Chí Minh", "Người lập", "Trang 1/1",
                  "Ngày mở sổ: 01/01/2026", "Sổ này có 1 trang", "Ngày 26 tháng 11 năm 2026",
                  "Đơn vị: đồng", "Số phát sinh"):  # fmt: skip
        assert words in page


def test_sums_are_carried_over_from_page_to_page() -> None:
    pages = drawn(rows(100))
    assert len(pages) > 2
    seen = 0
    for number, (page, following) in enumerate(pairwise(pages), 1):
        assert f"Trang {number}/{len(pages)}" in page
        (out,) = [line for line in page.split("\n") if line.startswith("Cộng chuyển trang sau")]
        (into,) = [
            line for line in following.split("\n") if line.startswith("Số trang trước chuyển sang")
        ]
        shown = page.count(PANGRAM)
        # "Cộng chuyển trang sau" and "Số trang trước chuyển sang" have four and five words.
        assert out.split()[4] == f"{seen + shown}.000"
        assert into.split()[5] == out.split()[4]
        seen += shown
        assert "Diễn giải" in following
    assert sum(page.count(PANGRAM) for page in pages) == 100


def test_long_words_and_strange_letters_stay_in_their_cell() -> None:
    (page,) = drawn([Row(("x", "W" * 200, "", "")), Row(("x", "漢字 <b>&amp;</b> \u202e", "", ""))])
    assert page.count("W") == 200
    assert "<b>&amp;</b>" in page
    assert "漢" not in page
    (page,) = drawn([Row(("x", "từ " * 2_000, "", ""))])
    assert "…" in page


def test_what_is_no_book_tells_no_days_of_opening() -> None:
    (page,) = drawn(rows(2), opened="")
    assert "Sổ này có" not in page
    assert "Ngày 26 tháng 11 năm 2026" in page


def test_an_empty_book_has_its_letterhead_and_signatures() -> None:
    (page,) = drawn([])
    assert "SỔ CÁI" in page
    assert "(Ký, họ tên)" in page


def test_the_seal_is_printed_whole() -> None:
    head = "ab" * 32
    assert head in "".join(drawn([], seal=f"Sổ đã niêm phong đến số 7: {head}")[0].split("\n"))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_10_000_lines_take_seconds_and_little_memory() -> None:
    """Measured alone: 4 to 6 s of one core, 70 MB; the limits are what the design promises."""
    # VmHWM, because what getrusage tells begins with the memory of the process that started this.
    program = (
        "import io, time\n"
        "from pathlib import Path\n"
        "from tests.test_longpdf import DOCUMENT, render, rows\n"
        "given = rows(10_000, 'Ủng hộ xây nhà tình nghĩa tại tỉnh Quảng Trị')\n"
        "begun = time.process_time()\n"
        "render(DOCUMENT, given, io.BytesIO())\n"
        "status = Path('/proc/self/status').read_text().partition('VmHWM:')[2]\n"
        "print(time.process_time() - begun, status.split()[0])\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          check=True)  # fmt: skip
    seconds, kilobytes = map(float, told.stdout.split())
    assert seconds < 10
    assert kilobytes < 200_000
