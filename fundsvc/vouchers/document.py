"""A voucher as a printed document, in the fields of C40-BB and C41-BB where there is a form."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fundsvc import pdf
from ledger.words import amount_in_words, grouped

TEMPLATES: Final = Path(__file__).resolve().parent.parent.parent / "templates" / "documents"
SHEET: Final = "voucher"
TITLES: Final = {
    "cash-in": "Phiếu thu",
    "cash-out": "Phiếu chi",
    "bank-in": "Giấy báo có",
    "bank-out": "Giấy báo nợ",
    "journal": "Chứng từ ghi sổ",
    "transfer": "Giấy chuyển quỹ",
}
FORMS: Final = {"cash-in": "C40-BB", "cash-out": "C41-BB"}
DRAFT: Final = "BẢN NHÁP – CHƯA GHI SỔ"
DISCARDED: Final = "ĐÃ BỎ – KHÔNG GHI SỔ"
REVERSED: Final = "ĐÃ GHI ĐẢO"
DISAGREES: Final = "KHÔNG KHỚP VỚI SỔ"
_MOST_IN_HEAD: Final = 2
_LINE: Final = 68
_HEAD_LINE: Final = 80
_SECOND_SIGNING: Final = 3
_DENSITIES: Final = ((7, ""), (11, "close"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """One line of a voucher's booking; amounts are whole đồng, one side is 0."""

    account: str
    account_name: str
    fund_name: str
    unit_name: str
    debit: int = 0
    credit: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What a voucher states on paper, with names as people read them.

    Amounts are whole đồng, dates are accounting dates. `number` is empty until the voucher is
    posted, `day` is the date it is booked on. `place` is the cash box or bank account (of a
    transfer: the one that gives), `to_place` the one that takes. `sealed` and `head` name the seal
    of the books that covers its entry; `agrees` is False when the voucher was changed behind the
    books' back, and then no seal is named. What a unit does not have (`budget_code`, `book`) prints
    as dots to be filled in by hand.
    """

    kind: str
    state: str
    number: str = ""
    book: str = ""
    day: date
    unit_name: str
    unit_address: str = ""
    parent_name: str = ""
    budget_code: str = ""
    fund_name: str = ""
    place: str = ""
    party: str = ""
    party_address: str = ""
    description: str
    enclosed: str = ""
    province: str = ""
    amount: int
    lines: tuple[PrintedLine, ...] = ()
    resolution: str = ""
    resolution_on: date | None = None
    to_unit_name: str = ""
    to_fund_name: str = ""
    to_place: str = ""
    maker: str = ""
    approver: str = ""
    approved_on: date | None = None
    posted_on: date | None = None
    reversed_on: date | None = None
    reversal_reason: str = ""
    sealed: int | None = None
    head: str = ""
    agrees: bool = True

    @property
    def title(self) -> str:
        """What the document is called."""
        return TITLES[self.kind]


def words(amount: int) -> str:
    """Return an amount as vouchers spell it: capital first letter, with đồng."""
    spelt = f"{amount_in_words(amount)} đồng"
    return spelt[0].upper() + spelt[1:]


def html(voucher: Printed) -> str:
    """Return the document of a voucher as HTML.

    Whatever is not in the books, or no longer counts, carries its mark across every page.
    """
    debits, credits_ = _sides(voucher)
    page: str = _template().render(
        voucher=voucher,
        form=FORMS.get(voucher.kind, ""),
        mark=_mark(voucher),
        debits=debits,
        credits=credits_,
        annexed=max(len(debits), len(credits_)) > _MOST_IN_HEAD,
        debit_total=sum(line.debit for line in voucher.lines),
        credit_total=sum(line.credit for line in voucher.lines),
        of_many=len({(line.fund_name, line.unit_name) for line in voucher.lines}) > 1,
        rows=_rows(voucher),
        density=_density(voucher),
        words=words(voucher.amount),
    )
    return page


def render(voucher: Printed) -> bytes:
    """Return the document of a voucher as PDF bytes; no transaction may be open.

    Raises:
        PdfError: the document cannot be printed exactly.
    """
    return pdf.render(html(voucher), SHEET)


def _mark(voucher: Printed) -> str:
    if voucher.state == "discarded":
        return DISCARDED
    if voucher.state != "posted":
        return DRAFT
    if not voucher.agrees:
        return DISAGREES
    return f"{REVERSED} {voucher.reversed_on:%d/%m/%Y}" if voucher.reversed_on else ""


def _sides(voucher: Printed) -> tuple[dict[str, int], dict[str, int]]:
    """Return the accounts of each side in their order, each with its sum."""
    debits: dict[str, int] = {}
    credits_: dict[str, int] = {}
    for line in voucher.lines:
        side = debits if line.debit else credits_
        side[line.account] = side.get(line.account, 0) + line.debit + line.credit
    return debits, credits_


def _rows(voucher: Printed) -> list[tuple[str, str]]:
    """Return the fields below the title with their labels, in the order of the forms."""
    match voucher.kind:
        case "cash-in":
            return _filled(
                ("Họ và tên người nộp tiền", voucher.party or None),
                ("Địa chỉ", voucher.party_address or None),
                *_content(voucher),
            )
        case "cash-out":
            return _filled(
                ("Họ và tên người nhận tiền", voucher.party or None),
                ("Địa chỉ", voucher.party_address or None),
                *_content(voucher),
            )
        case "bank-in" | "bank-out":
            who = "Người nộp tiền" if voucher.kind == "bank-in" else "Người nhận tiền"
            return _filled(
                ("Tài khoản ngân hàng", voucher.place or None),
                (who, voucher.party or None),
                ("Địa chỉ", voucher.party_address),
                *_content(voucher),
            )
        case "transfer":
            return _filled(
                ("Căn cứ", _resolution(voucher)),
                ("Bên chuyển", voucher.unit_name),
                ("Từ quỹ", voucher.fund_name),
                ("Lấy tiền ở", voucher.place),
                ("Bên nhận", voucher.to_unit_name or voucher.unit_name),
                ("Vào quỹ", voucher.to_fund_name or voucher.fund_name),
                ("Đưa tiền vào", voucher.to_place),
                *_content(voucher, with_fund=False),
            )
        case _:
            return _filled(*_content(voucher, with_fund=False))


def _content(voucher: Printed, *, with_fund: bool = True) -> tuple[tuple[str, str | None], ...]:
    return (
        ("Nội dung", voucher.description or None),
        ("Quỹ", voucher.fund_name if with_fund else ""),
        ("Tỉnh, thành phố", voucher.province),
    )


def _filled(*rows: tuple[str, str | None]) -> list[tuple[str, str]]:
    """Leave out what does not apply (""); what the form asks for and nobody told gets dots."""
    return [(label, "…" * 40 if text is None else text) for label, text in rows if text != ""]


def _resolution(voucher: Printed) -> str | None:
    if not voucher.resolution:
        return None
    on = f" ngày {voucher.resolution_on:%d/%m/%Y}" if voucher.resolution_on else ""
    return f"Nghị quyết, quyết định số {voucher.resolution}{on}"


def _density(voucher: Printed) -> str:
    """Return how closely to set a slip, so that all but absurd lengths fit one A5."""
    above = (voucher.unit_name, voucher.unit_address, voucher.parent_name)
    below = (voucher.enclosed, words(voucher.amount), *(text for _label, text in _rows(voucher)))
    taken = sum(
        1 + len(text) // line
        for texts, line in ((above, _HEAD_LINE), (below, _LINE))
        for text in texts
        if text
    )
    taken += bool(voucher.reversed_on) + (not voucher.agrees)
    # Accounts stand below each other with their amounts when there is more than one.
    taken += min(max(map(len, _sides(voucher))), _MOST_IN_HEAD) > 1
    # Only slips of the cash box are signed a second time, for the money.
    taken -= 0 if voucher.kind in FORMS else _SECOND_SIGNING
    return next((name for most, name in _DENSITIES if taken <= most), "dense")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["grouped"] = grouped
    return environment.get_template("voucher.html")
