"""The receipt as a document: nothing lost, nothing cut, and nothing read that is not ours."""

from ctypes import POINTER, c_ushort, cast, create_string_buffer
from dataclasses import replace
from datetime import date

import pypdfium2
import pytest
import segno
from pypdfium2 import raw

from fundsvc import pdf
from fundsvc.receipts import document
from fundsvc.receipts.document import ReceiptFacts
from tests.support.paper import assert_nothing_overlaps, flat, pages

CODE = "ABCDEFGHJKLMNPQR"
BASE = "https://quy.example.vn"
SVG = "http://www.w3.org/2000/svg"
LONGEST_UNIT = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh thành phố Hồ Chí Minh"
EVERY_LETTER = (
    "aáàảãạăắằẳẵặâấầẩẫậbcdđeéèẻẽẹêếềểễệghiíìỉĩịklmnoóòỏõọôốồổỗộơớờởỡợpqrstuúùủũụưứừửữựvxyýỳỷỹỵ"
)
FACTS = ReceiptFacts(
    number="NT-2026-000123",
    unit_code="HCM",
    unit_name=LONGEST_UNIT,
    unit_address="Số 158 đường Nguyễn Văn Trỗi, phường Phú Nhuận",
    parent_name="Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam",
    fund_code="nghia-tinh",
    fund_name="Quỹ Nghĩa tình Trường Sơn",
    donor_name="Nguyễn Thị Hường",
    donor_address="Thôn Đông, xã Quảng Thọ, tỉnh Quảng Trị",
    amount=1_234_567,
    amount_words=document.words(1_234_567),
    received_on=date(2026, 11, 20),
    issued_on=date(2026, 11, 23),
    issued_by="Trần Đức Thuận",
)
LONG = replace(
    FACTS,
    amount=999_999_999_999_999,
    amount_words=document.words(999_999_999_999_999),
    donor_kind="organisation",
    donor_name=f"Công ty Trách nhiệm hữu hạn Một thành viên Thương mại và Dịch vụ {LONGEST_UNIT}",
    on_behalf_of="Tập thể cán bộ, chiến sĩ Trung đoàn 98, Sư đoàn 473, Bộ Tư lệnh Trường Sơn",
    in_memory_of="Liệt sĩ Nguyễn Hữu Đường, Đặng Thị Ngữ",
    earmark="Xây nhà tình nghĩa tại xã Trường Sơn, tỉnh Quảng Bình (nay thuộc tỉnh Quảng Trị)",
    replaces="NT-2026-000099",
)


def test_says_everything_in_right_letters() -> None:
    text = flat(document.render(FACTS, CODE, BASE))
    for part in (
        "Mẫu số C45-BB (tham chiếu)",
        "Số: NT-2026-000123",
        FACTS.parent_name,
        LONGEST_UNIT,
        "BIÊN NHẬN",
        "Ngày 23 tháng 11 năm 2026",
        "Họ và tên người nộp: Nguyễn Thị Hường",
        "Địa chỉ: Thôn Đông, xã Quảng Thọ, tỉnh Quảng Trị",
        "Nội dung thu: Ủng hộ Quỹ Nghĩa tình Trường Sơn",
        "Số tiền: 1.234.567 đồng",
        "Một triệu hai trăm ba mươi tư nghìn năm trăm sáu mươi bảy đồng.",
        "Người nộp tiền",
        "Người thu tiền",
        "(Ký, họ tên)",
        "Trần Đức Thuận",
        "quy.example.vn/v",
        "ABCD-EFGH-JKLM-NPQR",
    ):
        assert part in text


@pytest.mark.parametrize("letters", [EVERY_LETTER, EVERY_LETTER.upper()])
def test_every_vietnamese_letter_survives(letters: str) -> None:
    spaced = " ".join(letters)
    facts = replace(FACTS, donor_name=spaced, donor_address=spaced, earmark=spaced)
    assert flat(document.render(facts, CODE, BASE)).count(spaced) == 3


def test_longest_names_and_largest_amount_fit_one_page() -> None:
    data = document.render(LONG, CODE, BASE)
    assert len(pages(data)) == 1
    text = flat(data)
    assert "999.999.999.999.999 đồng" in text
    assert LONG.donor_name in text
    assert "Thay cho biên nhận số NT-2026-000099" in text
    assert_nothing_overlaps(data)


def test_absurd_lengths_go_on_a_second_page_and_overlap_nothing() -> None:
    name = ("Nguyễn Đặng Hường " * 20)[:300].strip()
    facts = replace(
        LONG, donor_name=name[:200], donor_address=name, on_behalf_of=name, earmark=name,
        unit_name=name[:200], unit_address=name[:200], in_memory_of=name,
    )  # fmt: skip
    data = document.render(facts, CODE, BASE)
    assert len(pages(data)) == 2
    assert_nothing_overlaps(data)


def test_a_word_without_blanks_is_broken_not_cut() -> None:
    facts = replace(FACTS, donor_name="Ngườiủnghộ" * 20)
    data = document.render(facts, CODE, BASE)
    assert facts.donor_name in flat(data).replace(" ", "")
    assert_nothing_overlaps(data)


def test_marks() -> None:
    assert "BẢN SAO" in flat(document.render(FACTS, CODE, BASE, copy=True))
    voided = flat(document.render(replace(FACTS, voided_on=date(2026, 11, 24)), CODE, BASE))
    assert "ĐÃ HỦY" in voided
    assert "Đã hủy ngày 24/11/2026, không còn giá trị" in voided
    plain = flat(document.render(FACTS, CODE, BASE))
    assert "BẢN SAO" not in plain
    assert "HỦY" not in plain


def test_anonymous_says_so() -> None:
    text = flat(document.render(replace(FACTS, donor_name="", donor_address=""), CODE, BASE))
    assert "Họ và tên người nộp: Ẩn danh" in text


def test_markup_in_names_stays_text() -> None:
    hostile = '<script>x</script> & "</p><img src=file:///etc/passwd>'
    assert hostile in flat(document.render(replace(FACTS, donor_name=hostile), CODE, BASE))


@pytest.mark.parametrize("name", ["阮文安", "🙂 An", "ພອນ", "\u202eAn", "An\u200b"])
def test_letters_that_no_face_has_print_as_one_mark(name: str) -> None:
    text = flat(document.render(replace(FACTS, donor_name=name), CODE, BASE))
    assert "\ufffd" in text


def test_is_tagged_with_language_and_title() -> None:
    data = document.render(FACTS, CODE, BASE)
    opened = pypdfium2.PdfDocument(data)
    language = create_string_buffer(16)
    raw.FPDFCatalog_GetLanguage(opened, cast(language, POINTER(c_ushort)), len(language))
    assert raw.FPDFCatalog_IsTagged(opened)
    assert language.raw.decode("utf-16-le").rstrip("\0") == "vi"
    assert opened.get_metadata_value("Title") == "Biên nhận NT-2026-000123"


def test_is_a5_landscape() -> None:
    width, height = pypdfium2.PdfDocument(document.render(FACTS, CODE, BASE))[0].get_size()
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (210, 148)


def test_same_facts_give_the_same_bytes() -> None:
    assert document.render(FACTS, CODE, BASE) == document.render(FACTS, CODE, BASE)


def test_facts_survive_keeping() -> None:
    assert ReceiptFacts.from_json(LONG.as_json()) == LONG


def test_qr_holds_the_address_module_by_module() -> None:
    drawn = document.html(FACTS, CODE, BASE)
    assert "<title>Mã QR kiểm tra biên nhận NT-2026-000123</title>" in drawn
    svg = drawn[drawn.index("<svg") : drawn.index("</svg>") + len("</svg>")]
    style = "@page { size: 50mm; margin: 5mm } svg { display: block; width: 40mm; height: 40mm }"
    alone = (
        f'<html lang="vi"><head><title>QR</title><style>{style}</style></head><body>{svg}</body>'
    )
    picture = pypdfium2.PdfDocument(pdf.render(alone))[0].render(scale=8).to_pil().convert("L")
    wanted = segno.make(f"{BASE}/v/NT-2026-000123?c={CODE}", error="m", micro=False).matrix
    edge, size = picture.width / 10, picture.width * 0.8 / len(wanted)
    for row, modules in enumerate(wanted):
        for column, dark in enumerate(modules):
            place = int(edge + (column + 0.5) * size), int(edge + (row + 0.5) * size)
            assert (picture.getpixel(place) < 128) == bool(dark)


@pytest.mark.parametrize(
    "body",
    [
        '<link rel="attachment" href="file:///etc/passwd">',
        '<link rel="stylesheet" href="https://example.com/x.css">',
        '<img src="file:///etc/passwd" alt="x">',
        '<img src="http://127.0.0.1:1/x.png" alt="x">',
        '<img src="https://print.invalid/../../config.py" alt="x">',
        '<img src="/etc/passwd" alt="x">',
        '<img src="data:image/png;base64,AAAA" alt="x">',
        '<style>@import "https://example.com/x.css"; p {}</style>',
        "<style>p { background: url(file:///etc/passwd) }</style><p>x</p>",
        '<object data="file:///etc/passwd">x</object>',
        f'<svg xmlns="{SVG}"><title>x</title><image href="file:///etc/passwd"/></svg>',
        "<style>p { nonsense: 1 }</style><p>x</p>",
    ],
)
def test_whatever_is_not_ours_stops_the_printing(body: str) -> None:
    head = '<!DOCTYPE html><html lang="vi"><head><title>x</title></head><body>'
    with pytest.raises(pdf.PdfError):
        pdf.render(f"{head}{body}</body></html>")


@pytest.mark.parametrize(
    "html",
    ["<html lang=vi><body>x", "<html><head><title>x</title></head><body>x"],
)
def test_title_and_language_are_needed(html: str) -> None:
    with pytest.raises(pdf.PdfError):
        pdf.render(html)


def test_printing_goes_on_after_a_refusal() -> None:
    with pytest.raises(pdf.PdfError):
        pdf.render('<html lang="vi"><title>x</title><img src="file:///etc/passwd" alt="x">')
    assert pdf.render('<html lang="vi"><title>x</title><p>y').startswith(b"%PDF")
