"""What people are told when something is refused: reasons with their place, in their language."""

from dataclasses import dataclass
from typing import Any, ClassVar

from fundsvc.gettext import gettext as _
from ledger.errors import LedgerError, LinelessError, OutOfRangeError, UnbalancedError
from ledger.statements import UnprovenError
from ledger.words import grouped


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for a refusal, with the row and the field it speaks of, if any."""

    text: str
    row: int | None = None
    field: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the reason in the form of `refused` in interface documents."""
        return {"row": self.row, "field": self.field, "reason": str(self.text)}


class Refusal(Exception):  # noqa: N818 - reads as what it tells the person
    """Something was refused and nothing was changed; the reasons say why."""

    status: ClassVar[int] = 422

    def __init__(self, *reasons: Reason | str) -> None:
        """Take reasons; a bare text is a reason without a place."""
        self.reasons = tuple(
            reason if isinstance(reason, Reason) else Reason(reason) for reason in reasons
        )
        super().__init__("; ".join(str(reason.text) for reason in self.reasons))


class NotFound(Refusal):
    """There is no such thing, or not for this person: the two look the same."""

    status = 404

    def __init__(self, *reasons: Reason | str) -> None:
        """Say plainly that it was not found when no better reason is given."""
        super().__init__(*(reasons or (_("Không tìm thấy."),)))


class Forbidden(Refusal):
    """The person may not do this."""

    status = 403


class Conflict(Refusal):
    """The same identity was used before with another content, or it was already done."""

    status = 409


class Unrecognised(Refusal):
    """A table that nobody can read until somebody says which column is which."""


def from_ledger(error: LedgerError) -> Refusal:
    """Tell a broken rule of the books in the person's language."""
    match error:
        case UnbalancedError():
            return Refusal(
                _(
                    "Bút toán không cân: quỹ %(fund)s, đơn vị %(unit)s lệch %(difference)s đ"
                    " (Nợ trừ Có).",
                    fund=error.fund,
                    unit=error.unit,
                    difference=grouped(error.difference),
                )
            )
        case OutOfRangeError():
            return Refusal(
                Reason(_("Số tiền phải là số đồng nguyên trong giới hạn cho phép."), field="amount")
            )
        case LinelessError():
            return Refusal(_("Bút toán phải có ít nhất hai dòng định khoản."))
        case UnprovenError():
            return Refusal(
                _(
                    "Sổ sách không khớp, lệch %(difference)s đ; báo cáo chưa thể lập."
                    " Chạy: fundsvc verify.",
                    difference=grouped(error.difference),
                )
            )
        case _:
            return Refusal(_("Bút toán không hợp lệ: %(why)s.", why=str(error)))
