"""What a voucher lacks that can be seen without the books: to be kept, and to be submitted."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from fundsvc import clock
from fundsvc.errors import Reason
from fundsvc.vouchers.drafting import MOST_LINES, Draft
from fundsvc.vouchers.kinds import JOURNAL, KINDS, TRANSFER
from ledger.accounts import BANK, CASH, expense, income
from ledger.entries import FEWEST_POSTINGS
from ledger.money import MAX_DONG
from ledger.words import grouped

LINES = "lines"


def to_keep(draft: Draft) -> Iterator[Reason]:
    """Yield why a draft cannot even be kept."""
    yield from _wrong_lines(draft)
    if KINDS[draft.kind].till == BANK and not (draft.till or "").startswith(f"{BANK}."):
        yield Reason(_("Chọn tài khoản ngân hàng."), field="till")
    if draft.kind == TRANSFER and bool(draft.till) != bool(draft.to_till):
        why = _("Ghi cả nơi tiền đi và nơi tiền đến, hoặc bỏ trống cả hai nếu tiền chưa chuyển.")
        yield Reason(why, field="to_till" if draft.till else "till")


def to_submit(draft: Draft) -> Iterator[Reason]:
    """Yield why a draft that can be kept cannot be submitted yet."""
    if not draft.description:
        yield Reason(_("Thiếu nội dung."), field="description")
    if KINDS[draft.kind].till == CASH and not draft.party:
        yield Reason(_("Thiếu họ tên người nộp hoặc người nhận tiền."), field="party")
    yield from _of_transfer(draft) if draft.kind == TRANSFER else _of_lines(draft)
    if draft.date > clock.today():
        yield Reason(_("Ngày chứng từ không thể sau hôm nay."), field="date")


def beside(told: Iterable[Reason], more: Iterable[Reason]) -> tuple[Reason, ...]:
    """Return reasons with more of them, each field and line told of once.

    Lines that could not be read are not here to be counted, so where one is wrong nothing is said
    of how many there are.
    """
    reasons = list(told)
    places = {(reason.field, reason.row) for reason in reasons}
    if any(reason.row is not None for reason in reasons):
        places.add((LINES, None))
    reasons += (reason for reason in more if (reason.field, reason.row) not in places)
    return tuple(reasons)


def _wrong_lines(draft: Draft) -> Iterator[Reason]:
    """Yield what is wrong with the amounts of a draft and its lines."""
    if len(draft.lines) > MOST_LINES:
        why = _("Chứng từ có tối đa %(most)d dòng.", most=MOST_LINES)
        yield Reason(why, field=LINES)
    if not 0 <= draft.amount <= MAX_DONG or draft.shared > MAX_DONG:
        yield Reason(_("Số tiền quá lớn."), field="amount")
    for place, line in enumerate(draft.lines, start=1):
        if draft.kind != JOURNAL:
            if not 0 < line.amount <= MAX_DONG:
                yield Reason(_("Số tiền phải từ 1 đ trở lên."), place, "line_amount")
        elif (line.debit == 0) == (line.credit == 0):
            yield Reason(_("Mỗi dòng ghi một bên: hoặc Nợ, hoặc Có."), place, "line_debit")
        elif not (0 <= line.debit <= MAX_DONG and 0 <= line.credit <= MAX_DONG):
            yield Reason(_("Số tiền phải từ 1 đ trở lên."), place, "line_debit")


def _of_lines(draft: Draft) -> Iterator[Reason]:
    least = FEWEST_POSTINGS if draft.kind == JOURNAL else 1
    if len(draft.lines) < least:
        yield Reason(_("Cần ít nhất %(least)d dòng định khoản.", least=least), field=LINES)
    between = (expense("transfer-out"), income("transfer-in"))
    for place, line in enumerate(draft.lines, start=1):
        if line.account in between:
            why = _(
                "Tài khoản %(code)s chỉ dùng trên giấy chuyển quỹ, kèm số nghị quyết.",
                code=line.account,
            )
            yield Reason(why, place, "line_account")
    if draft.lines and draft.kind != JOURNAL and draft.total != draft.shared:
        why = _(
            "Các dòng cộng lại %(lines)s đ, số tiền ghi %(amount)s đ: lệch %(difference)s đ.",
            lines=grouped(draft.shared),
            amount=grouped(draft.total),
            difference=grouped(abs(draft.total - draft.shared)),
        )
        yield Reason(why, field="amount")


def _of_transfer(draft: Draft) -> Iterator[Reason]:
    if not draft.amount:
        yield Reason(_("Thiếu số tiền chuyển."), field="amount")
    giver, taker = (draft.fund, draft.unit), (draft.to_fund, draft.to_unit)
    if all((*giver, *taker)) and giver == taker:
        why = _("Quỹ và đơn vị nhận phải khác quỹ và đơn vị chuyển.")
        yield Reason(why, field="to_fund")
    if not draft.resolution:
        yield Reason(_("Thiếu số nghị quyết cho phép chuyển quỹ."), field="resolution")
    if draft.resolution_on is None:
        yield Reason(_("Thiếu ngày của nghị quyết."), field="resolution_on")
    elif draft.resolution_on > draft.date:
        yield Reason(_("Ngày nghị quyết không thể sau ngày chuyển."), field="resolution_on")
