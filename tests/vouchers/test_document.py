"""The six vouchers as documents: every field of the forms, every letter, every line."""

from dataclasses import replace
from datetime import date

import pypdfium2
import pytest

from fundsvc.vouchers import document
from fundsvc.vouchers.document import Printed, PrintedLine
from tests.support.paper import assert_nothing_overlaps, flat, pages

LONGEST_UNIT = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh thành phố Hồ Chí Minh"
CENTRE = "Hội Truyền thống Trường Sơn – Đường Hồ Chí Minh Việt Nam"
FUND = "Quỹ Nghĩa tình Trường Sơn"
EVERY_LETTER = (
    "aáàảãạăắằẳẵặâấầẩẫậbcdđeéèẻẽẹêếềểễệghiíìỉĩịklmnoóòỏõọôốồổỗộơớờởỡợpqrstuúùủũụưứừửữựvxyýỳỷỹỵ"
)
SUM = 987_654_321_000


def line(account: str, name: str, unit: str = LONGEST_UNIT, **side: int) -> PrintedLine:
    return PrintedLine(account=account, account_name=name, fund_name=FUND, unit_name=unit, **side)


CASH_IN = Printed(
    kind="cash-in",
    state="posted",
    number="PT-HCM-2026-000123",
    day=date(2026, 11, 23),
    unit_name=LONGEST_UNIT,
    unit_address="Số 158 đường Nguyễn Văn Trỗi, phường Phú Nhuận",
    parent_name=CENTRE,
    fund_name=FUND,
    place="Tiền mặt",
    party="Nguyễn Thị Hường",
    party_address="Thôn Đông, xã Quảng Thọ, tỉnh Quảng Trị",
    description="Thu ủng hộ xây nhà tình nghĩa tại xã Hướng Việt",
    enclosed="02 hóa đơn",
    amount=SUM,
    lines=(
        line("111", "Tiền mặt", debit=SUM),
        line("7114", "Thu ủng hộ bằng tiền mặt", credit=SUM),
    ),
    maker="Trần Đức Thuận",
    approver="Lê Thị Ngọc Ẩn",
    approved_on=date(2026, 11, 23),
    posted_on=date(2026, 11, 24),
    sealed=12,
    head="0123456789abcdef" * 4,
)
CASH_OUT = replace(
    CASH_IN,
    kind="cash-out",
    number="PC-2026-000007",
    lines=(
        line("6111", "Chi nhà tình nghĩa", debit=SUM - 1_000),
        line("642", "Chi quản lý", debit=1_000),
        line("111", "Tiền mặt", credit=SUM),
    ),
)
BANK_IN = replace(CASH_IN, kind="bank-in", number="BC-2026-000001", place="VCB 0011001234567")
BANK_OUT = replace(CASH_OUT, kind="bank-out", number="BN-2026-000001", place="VCB 0011001234567")
JOURNAL = replace(CASH_IN, kind="journal", number="GS-2026-000001", party="", party_address="")
TRANSFER = replace(
    JOURNAL,
    kind="transfer",
    number="GC-2026-000001",
    resolution="15/NQ-BCH",
    resolution_on=date(2026, 11, 2),
    to_unit_name=CENTRE,
    to_fund_name=FUND,
    to_place="Tiền mặt",
    lines=(
        line("6119", "Chuyển sang quỹ hoặc đơn vị khác", debit=SUM),
        line("111", "Tiền mặt", credit=SUM),
        line("111", "Tiền mặt", unit=CENTRE, debit=SUM),
        line("7119", "Nhận chuyển từ quỹ hoặc đơn vị khác", unit=CENTRE, credit=SUM),
    ),
)
EVERY = (CASH_IN, CASH_OUT, BANK_IN, BANK_OUT, JOURNAL, TRANSFER)
OF_EACH = pytest.mark.parametrize("voucher", EVERY, ids=lambda voucher: voucher.kind)
WORDS = "Chín trăm tám mươi bảy tỷ sáu trăm năm mươi tư triệu ba trăm hai mươi mốt nghìn đồng."


def test_phieu_thu_has_every_field_of_c40() -> None:
    text = flat(document.render(CASH_IN))
    for part in (
        f"Đơn vị: {LONGEST_UNIT}",
        "Mã QHNS: …",
        "Mẫu số: C40-BB",
        "PHIẾU THU",
        "Ngày 23 tháng 11 năm 2026",
        "Quyển số: …",
        "Số: PT-HCM-2026-000123",
        "Nợ: 111",
        "Có: 7114",
        "Họ và tên người nộp tiền: Nguyễn Thị Hường",
        "Địa chỉ: Thôn Đông, xã Quảng Thọ, tỉnh Quảng Trị",
        "Nội dung: Thu ủng hộ xây nhà tình nghĩa tại xã Hướng Việt",
        "Số tiền: 987.654.321.000 đồng",
        f"Viết bằng chữ: {WORDS}",
        "Kèm theo: 02 hóa đơn",
        "Thủ trưởng đơn vị",
        "Kế toán trưởng",
        "Người lập",
        f"Đã nhận đủ số tiền: 987.654.321.000 đồng. Bằng chữ: {WORDS}",
        "Người nộp",
        "Thủ quỹ",
        "Người lập: Trần Đức Thuận. Người duyệt: Lê Thị Ngọc Ẩn, ngày 23/11/2026.",
        "Ghi sổ ngày 24/11/2026. Niêm phong sổ số 12 · 0123456789abcdef",
    ):
        assert part in text, part
    assert "0123456789abcdef0" not in text


def test_phieu_chi_mirrors_it_and_names_each_account_with_its_part() -> None:
    text = flat(document.render(CASH_OUT))
    for part in (
        "Mẫu số: C41-BB",
        "PHIẾU CHI",
        "Nợ: 6111 (987.654.320.000); 642 (1.000)",
        "Có: 111",
        "Họ và tên người nhận tiền: Nguyễn Thị Hường",
        "Thủ quỹ",
        "Người nhận tiền",
    ):
        assert part in text, part


def test_bank_notes_name_the_account_and_carry_no_form_number() -> None:
    for voucher, title in ((BANK_IN, "GIẤY BÁO CÓ"), (BANK_OUT, "GIẤY BÁO NỢ")):
        text = flat(document.render(voucher))
        assert title in text
        assert "Tài khoản ngân hàng: VCB 0011001234567" in text
        assert "Mẫu số" not in text
        assert "Đã nhận đủ" not in text


def test_a_transfer_names_its_resolution_and_both_sides() -> None:
    text = flat(document.render(TRANSFER))
    for part in (
        "GIẤY CHUYỂN QUỸ",
        "Căn cứ: Nghị quyết, quyết định số 15/NQ-BCH ngày 02/11/2026",
        f"Bên chuyển: {LONGEST_UNIT}",
        f"Bên nhận: {CENTRE}",
        "6119 Chuyển sang quỹ hoặc đơn vị khác",
        "Cộng 1.975.308.642.000 1.975.308.642.000",
        "Đại diện bên nhận",
    ):
        assert part in text, part


def test_a_journal_of_many_lines_goes_over_pages_and_loses_none() -> None:
    lines = tuple(
        line(f"6111.{place}", "Chi nhà tình nghĩa", CENTRE, debit=place)
        if place % 2
        else line(f"7114.{place}", "Thu ủng hộ", credit=place)
        for place in range(1, 121)
    )
    data = document.render(replace(JOURNAL, lines=lines))
    text = flat(data)
    assert len(pages(data)) > 3
    for one in lines:
        assert f"{one.account} {one.account_name}" in text
    assert "Chứng từ ghi sổ GS-2026-000001" in pages(data)[1]
    assert "Trang 2/" in pages(data)[1]
    assert_nothing_overlaps(data)


def test_a_slip_of_many_accounts_has_them_on_a_list_of_its_own() -> None:
    parts = tuple(line(f"61{place}", "Chi thăm hỏi", debit=1_000) for place in range(10, 60))
    lines = (*parts, line("111", "Tiền mặt", credit=50_000))
    data = document.render(replace(CASH_OUT, amount=50_000, lines=lines))
    text = flat(data)
    assert "Nợ: theo bảng kê kèm theo" in text
    assert "Bảng kê định khoản kèm theo phiếu chi số PC-2026-000007" in text
    assert "Cộng 50.000 50.000" in text
    assert all(f"{one.account} Chi thăm hỏi" in text for one in parts)
    assert_nothing_overlaps(data)


@OF_EACH
@pytest.mark.parametrize("letters", [EVERY_LETTER, EVERY_LETTER.upper()], ids=["small", "capital"])
def test_every_vietnamese_letter_survives(voucher: Printed, letters: str) -> None:
    spaced = " ".join(letters)
    data = document.render(replace(voucher, description=spaced, enclosed=spaced))
    assert flat(data).count(spaced) == 2


@OF_EACH
def test_longest_names_and_largest_amount_fit_one_page(voucher: Printed) -> None:
    data = document.render(
        replace(
            voucher,
            amount=999_999_999_999_999,
            party=f"Công ty Trách nhiệm hữu hạn Một thành viên Thương mại {LONGEST_UNIT}",
            party_address=f"{LONGEST_UNIT}, {LONGEST_UNIT}",
            enclosed="01 nghị quyết, 02 hóa đơn, 01 danh sách ký nhận của 45 gia đình",
        )
    )
    assert len(pages(data)) == 1
    assert "999.999.999.999.999 đồng" in flat(data)
    assert_nothing_overlaps(data)


@pytest.mark.parametrize("lines", [CASH_IN.lines, CASH_OUT.lines], ids=["one", "two"])
@pytest.mark.parametrize("place", ["", "Hà Nội"])
@pytest.mark.parametrize("length", [20, 66, 140])
def test_a_slip_of_ordinary_length_fits_one_page(
    lines: tuple[PrintedLine, ...], place: str, length: int
) -> None:
    text = f"Công ty Thương mại và Dịch vụ {LONGEST_UNIT}, {LONGEST_UNIT}"[:length]
    for parent in ("", CENTRE):
        slip = replace(
            CASH_OUT,
            lines=lines,
            parent_name=parent,
            unit_address=place,
            party=text,
            party_address=text if place else "",
            description=text,
        )
        assert len(pages(document.render(slip))) == 1


@OF_EACH
def test_absurd_lengths_go_on_and_overlap_nothing(voucher: Printed) -> None:
    name = ("Nguyễn Đặng Hường " * 30)[:500].strip()
    data = document.render(
        replace(voucher, party=name[:200], party_address=name, description=name, enclosed=name)
    )
    assert flat(data).replace(" ", "").count(name.replace(" ", "")) >= 2
    assert_nothing_overlaps(data)


@pytest.mark.parametrize("state", ["draft", "submitted", "approved"])
def test_what_is_not_in_the_books_says_so_on_every_page(state: str) -> None:
    lines = tuple(line("6111", "Chi nhà tình nghĩa", debit=1) for _place in range(80))
    draft = replace(JOURNAL, state=state, number="", lines=lines, posted_on=None, sealed=None)
    data = document.render(draft)
    for page in pages(data):
        assert "BẢN NHÁP – CHƯA GHI SỔ" in " ".join(page.split())
    text = flat(data)
    assert "Số: …" in text
    assert "Ghi sổ ngày" not in text
    assert "Niêm phong" not in text


def test_a_voucher_thrown_away_says_so() -> None:
    draft = replace(CASH_IN, state="discarded", number="", posted_on=None)
    assert "ĐÃ BỎ – KHÔNG GHI SỔ" in flat(document.render(draft))


@OF_EACH
def test_a_reversed_one_says_when_and_why(voucher: Printed) -> None:
    gone = replace(voucher, reversed_on=date(2026, 11, 25), reversal_reason="Ghi hai lần")
    data = document.render(gone)
    assert "ĐÃ GHI ĐẢO 25/11/2026" in flat(data)
    assert "Đã ghi đảo (số âm) ngày 25/11/2026: Ghi hai lần" in flat(data)
    assert len(pages(data)) == 1


@OF_EACH
def test_one_that_does_not_agree_with_the_books_says_so_and_fits_its_page(voucher: Printed) -> None:
    false = replace(voucher, agrees=False, sealed=None, head="")
    for one in (false, replace(false, reversed_on=date(2026, 11, 25), reversal_reason="Ghi nhầm")):
        data = document.render(one)
        assert document.DISAGREES in flat(data)
        assert "Không khớp với sổ: chứng từ đã bị thay đổi sau khi ghi sổ" in flat(data)
        assert "Niêm phong" not in flat(data)
        assert len(pages(data)) == 1


@OF_EACH
def test_a_posted_one_carries_no_mark(voucher: Printed) -> None:
    text = flat(document.render(voucher))
    for mark in (document.DRAFT, document.REVERSED, document.DISCARDED, document.DISAGREES):
        assert mark not in text


def test_markup_in_texts_stays_text() -> None:
    hostile = '<script>x</script> & "</p><img src=file:///etc/passwd>'
    assert hostile in flat(document.render(replace(CASH_IN, party=hostile)))


def test_slips_are_a5_and_the_others_a4() -> None:
    for voucher in EVERY:
        width, height = pypdfium2.PdfDocument(document.render(voucher))[0].get_size()
        millimetres = (round(width / 72 * 25.4), round(height / 72 * 25.4))
        slip = voucher.kind not in {"journal", "transfer"}
        assert millimetres == ((210, 148) if slip else (210, 297)), voucher.kind


def test_title_names_kind_and_number() -> None:
    opened = pypdfium2.PdfDocument(document.render(CASH_IN))
    assert opened.get_metadata_value("Title") == "Phiếu thu PT-HCM-2026-000123"


def test_same_facts_give_the_same_bytes() -> None:
    assert document.render(CASH_OUT) == document.render(CASH_OUT)
