"""What lines of the bank are proposed to be, and when that is sure."""

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from fundsvc.db import set_scope
from fundsvc.donors.service import DonorFacts
from fundsvc.giving import codes
from fundsvc.giving.models import Pledge
from fundsvc.reconciliation.models import BankLine
from fundsvc.workbench.choices import Given, Mirrored, Promised, Proposal
from fundsvc.workbench.likeness import near_codes, share_of_name
from fundsvc.workbench.payers import name_in, payee, payer
from fundsvc.workbench.proposals import LIKELY, propose, ranked
from tests.reconciliation.importing import add, file, run
from tests.reconciliation.test_gifts import line, page, promise

__all__ = ["page"]
pytestmark = pytest.mark.usefixtures("app", "clock", "page")


def imported(*lines: str, account: str = "VCB1") -> None:
    """Read a statement into an account."""
    assert run(account, file(*lines)).committed


def proposed(session: Session) -> list[list[Proposal]]:
    """Return the proposals of all lines, by number."""
    session.rollback()
    ids = session.scalars(select(BankLine.id).order_by(BankLine.id)).all()
    found = propose(session, ids)
    return [found[number] for number in ids]


def promise_of(code: str, key: str = "k1", amount: int = 200_000) -> None:
    """Promise a donation with a certain code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "draw", lambda: code)
        promise(key, amount)


def test_a_code_with_its_check_letter_is_sure(session: Session) -> None:
    code = codes.draw()
    imported(line("200.000", f"MBVCB.{code[:4]} {code[4:]} ung ho"))
    promise_of(code)
    [[best, *_rest]] = proposed(session)
    assert best.choice == Promised(session.scalars(select(Pledge.id)).one())
    assert best.sure
    assert code in best.reasons[0]


def test_a_slip_in_the_code_is_proposed_and_never_sure(session: Session) -> None:
    code = codes.draw()
    wrong = code[:5] + ("A" if code[5] != "A" else "B") + code[6:]
    imported(line("200.000", f"{wrong} ung ho"))
    promise_of(code)
    [[best, *rest]] = proposed(session)
    assert isinstance(best.choice, Promised)
    assert best.score >= LIKELY
    assert not any(one.sure for one in (best, *rest))


def test_the_amount_alone_is_never_likely(session: Session) -> None:
    imported(line("200.000", "chuyen tien"))
    promise("k1")
    promise("k2")
    [found] = proposed(session)
    assert {type(one.choice) for one in found} >= {Given}
    assert all(one.score < LIKELY and not one.sure for one in found)


def test_two_codes_in_one_memo_are_not_sure(session: Session) -> None:
    one, other = codes.draw(), codes.draw()
    imported(line("200.000", f"{one} {other}"))
    promise_of(one)
    promise_of(other, "k2")
    [found] = proposed(session)
    assert [isinstance(each.choice, Promised) for each in found[:2]] == [True, True]
    assert not any(each.sure for each in found)


def test_a_code_of_another_fund_is_to_be_held(session: Session) -> None:
    add("DUES1", number="0099887766", fund="dues")
    code = codes.draw()
    imported(line("200.000", code), account="DUES1")
    promise_of(code)
    [found] = proposed(session)
    assert not any(isinstance(one.choice, Promised) or one.sure for one in found)
    assert "quỹ hoặc đơn vị khác" in found[0].reasons[1]


def test_the_other_side_of_an_own_transfer_is_found_by_the_account_number(
    session: Session,
) -> None:
    add("VCB2", number="0099887766")
    imported("1,02/09/2024,5213.7,5.000.000,,,chuyen noi bo sang 0099887766")
    imported(line("5.000.000", "nhan tien", doc="9.1"), account="VCB2")
    out, into = proposed(session)
    assert isinstance(out[0].choice, Mirrored)
    assert isinstance(into[0].choice, Mirrored)
    assert out[0].score >= LIKELY
    assert not out[0].sure


def test_a_transfer_to_another_fund_is_said_to_need_its_form(session: Session) -> None:
    add("DUES1", number="0099887766", fund="dues")
    imported("1,02/09/2024,5213.7,5.000.000,,,chuyen noi bo sang 0099887766")
    imported(line("5.000.000", "nhan tien", doc="9.1"), account="DUES1")
    for found in proposed(session):
        assert isinstance(found[0].choice, Mirrored)
        assert "cần Giấy chuyển quỹ đã ghi sổ" in found[0].reasons[-1]


def test_a_payer_seen_before_is_proposed_again(session: Session) -> None:
    code = codes.draw()
    promise_of(code)
    imported(line("200.000", f"{code} NGUYEN THI THU"))
    imported(line("300.000", "NGUYEN THI THU ung ho", doc="77.1"))
    found = proposed(session)[1]
    assert isinstance(found[0].choice, Given)
    assert found[0].choice.donor is not None
    assert found[0].choice.donor.name == "Nguyễn Thị Thử"
    assert not found[0].sure


def test_lines_of_other_units_are_not_there(session: Session) -> None:
    imported(line("200.000", "ung ho"))
    ids = session.scalars(select(BankLine.id)).all()
    session.rollback()
    set_scope(session, [999])
    assert propose(session, ids) == {}


def test_many_lines_need_few_queries(session: Session) -> None:
    imported(*(line("200.000", f"ung ho {n}", doc=f"1.{n}") for n in range(60)))
    ids = session.scalars(select(BankLine.id)).all()
    session.rollback()
    asked: list[str] = []
    bind = session.get_bind()

    def count(*args: object) -> None:
        asked.append(str(args[2]))

    event.listen(bind, "before_cursor_execute", count)
    try:
        assert len(propose(session, ids)) == len(ids)
    finally:
        event.remove(bind, "before_cursor_execute", count)
    assert len(asked) < len(ids) / 3


def test_equals_at_the_top_are_not_sure() -> None:
    one = Proposal(Promised(1), "", 99, sure=True)
    other = Proposal(Promised(2), "", 99, sure=True)
    assert not any(each.sure for each in ranked([one, other]))
    assert ranked([one, Proposal(Given(), "", 72)])[0].sure
    assert not ranked([one, Proposal(Mirrored(7), "", 75)])[0].sure


def test_names_are_found_with_a_letter_wrong_and_never_by_one_word() -> None:
    assert share_of_name("Nguyễn Văn Đức", "CK tu NGUYEN VAN DUC ung ho") == 1
    assert share_of_name("Trần Thị Hương", "TRAN THI HUONH chuyen") > LIKELY / 100
    assert share_of_name("Đức", "nguyen van duc") == 0
    assert payer("", "MBVCB.123 NGUYEN VAN DUC chuyen tien") == "nguyen van duc"
    assert name_in("CTY TNHH THU NGHIEM", "x") == "CTY TNHH THU NGHIEM"
    assert name_in("", "HO THU MAU ung ho quy nghia tinh Truong Son") == "HO THU MAU"
    assert payer("", "HO THU MAU ung ho") == "ho thu mau"


@pytest.mark.parametrize(
    ("memo", "name"),
    [
        ("BUI XUAN SON ung ho nha tinh nghia", "BUI XUAN SON"),
        ("VU VAN THANG UH doi kho khan", "VU VAN THANG"),
        ("DO DUC DUNG UH quy nghia tinh", "DO DUC DUNG"),
        ("NGUYEN NAM", "NGUYEN NAM"),
        ("TRAN TIEN TINH chuyen tien", "TRAN TIEN TINH"),
        ("LE QUY DON CK", "LE QUY DON"),
        ("PHAN HUU NAM chuyen FT01609587332504", "PHAN HUU NAM"),
        ("NGUYEN VAN CHUYEN", "NGUYEN VAN CHUYEN"),
        ("CK tu NGUYEN VAN DUC ung ho", "NGUYEN VAN DUC"),
        (
            "MBVCB.4257833508.700231.Ung Ho.CT tu 6588603997 DAO VAN LOAN toi 0790123456 QUY TINH",
            "DAO VAN LOAN",
        ),
        ("Chuyen tien den tu NAPAS Noi dung: CAO DUC NAM chuyen tien FT8732", "CAO DUC NAM"),
        ("CT nhanh 247 den: MBVCB.106.19.PHAM DUC TRUNG ung ho.", "PHAM DUC TRUNG"),
        ("IBFT HOANG THI THU 0912345678 xin gui quy", "HOANG THI THU"),
        ("Ung ho cac vung bi bao lu, Bui Xuan Quynh", ""),
        ("UH doi kho khan", ""),
        ("xin cam on", ""),
        ("Mong moi nguoi binh an", ""),
        ("chuyen tien", ""),
        ("", ""),
    ],
)
def test_a_name_stands_whole_before_the_words_of_giving(memo: str, name: str) -> None:
    assert name_in("", memo) == name
    assert payer("", memo) == name.lower()


def test_a_counterparty_is_taken_as_the_bank_tells_it() -> None:
    assert name_in("LE QUY DON", "ung ho") == "LE QUY DON"
    assert name_in("PHAM DUC VINH – A/C", "x") == "PHAM DUC VINH"
    assert name_in("0071001234567", "VU VAN THANG UH") == "VU VAN THANG"


def test_payers_of_one_family_are_told_apart_and_a_common_purpose_tells_nobody() -> None:
    assert payer("", "VU VAN THANG UH") != payer("", "VU VAN NAM UH")
    assert payer("", "Ung ho dong bao") == ""
    assert payee("", "tra tien dien EVN thang 9") == payee("", "tra tien dien EVN thang 10")


def test_the_reason_says_where_the_name_was_read(session: Session) -> None:
    imported(line("200.000", "VU VAN THANG UH doi kho khan"))
    [[best, *_rest]] = proposed(session)
    assert best.choice == Given(DonorFacts(name="VU VAN THANG"))
    assert "Tên đọc từ nội dung: VU VAN THANG." in best.reasons


def test_every_single_slip_of_a_code_leads_back_to_it() -> None:
    code = codes.with_check("ABCDEFGH")
    body = code[2:]
    slips = [
        *(f"TS{body[:at]}{letter}{body[at + 1 :]}" for at in range(9) for letter in "0Q9"),
        *(f"TS{body[:at]}{body[at + 1 :]}" for at in range(9)),
        *(f"TS{body[:at]}Q{body[at:]}" for at in range(9)),
    ]
    assert all(code in near_codes(f"ck {slip} ung ho") for slip in slips)
