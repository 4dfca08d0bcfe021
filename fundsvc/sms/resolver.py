"""What becomes of a message: each distinct text is decided once, and then only looked up.

The rules, in this order:

1. A row whose operator, status, amount or province cannot be read is refused.
2. `failed`: the operator could not take the money. Kept and shown, not booked.
3. The text names no campaign of that day (or two): kept and shown as unknown, not booked, whatever
   amount the operator states, because nobody knows whose money it is.
4. The text has an amount and the operator states another: refused. Either the campaign is set up
   wrongly here or the file is not what it seems; to book one of the two would be a guess, and
   either guess would be repeated for every message of the file.
5. The text has no certain amount (`TS`) but the operator states one that the campaign can give:
   booked, for the operator knows what it took. One that the campaign cannot give: refused.
6. Neither gives an amount: kept and shown as unknown.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from fundsvc.sms.grammar import Why
from fundsvc.sms.register import Reading, Register
from ledger.money import MAX_DONG

BOOKED, FAILED, UNKNOWN = "booked", "failed", "unknown"
STATUSES = ("", "ok", FAILED)
LONGEST_MESSAGE = 2_000
_DIGITS = re.compile(r"[0-9]{1,16}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MOST_REMEMBERED = 100_000

Key = tuple[str, str, str, str, str, str, int]
"""operator, short code, message, amount, status, province (texts as in the file) and epoch"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of messages that are alike: status, campaign and amount, or why none."""

    operator: str
    status: str
    amount: int | None
    campaign_id: int | None
    province: str | None
    why: Why | None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why rows that are alike are refused: the field, and the reason in words."""

    field: str
    reason: str


class Resolver(dict[Key, int]):
    """Looks up the number of a message's outcome; a fault has a negative number.

    Numbers of outcomes count from 0 in `outcomes`; number −1 is `faults[0]`, −2 `faults[1]`.
    """

    def __init__(
        self, register: Register, operators: Iterable[str], provinces: Mapping[str, int]
    ) -> None:
        """Take the campaigns, the operators that have an account, and the provinces by key."""
        super().__init__()
        self.outcomes: list[Outcome] = []
        self.faults: list[Fault] = []
        self._numbers: dict[Outcome, int] = {}
        self._register = register
        self._operators = sorted(operators)
        self._provinces = provinces

    def __missing__(self, key: Key) -> int:
        """Decide a combination that was not seen before."""
        decided = self._decide(key)
        if isinstance(decided, Fault):
            return self._fault(decided)
        number = self._numbers.setdefault(decided, len(self.outcomes))
        if number == len(self.outcomes):
            self.outcomes.append(decided)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[key] = number
        return number

    def fault(self, number: int) -> Fault:
        """Return the fault behind a negative number; ask before the next chunk is read."""
        return self.faults[-number - 1]

    def _fault(self, fault: Fault) -> int:
        # Faults are not remembered: a file full of different ones must not fill the memory.
        self.faults.append(fault)
        return -len(self.faults)

    def _decide(self, key: Key) -> Outcome | Fault:
        raw_operator, short_code, message, raw_amount, raw_status, raw_province, epoch = key
        operator = raw_operator.strip().lower()
        if operator not in self._operators:
            known = ", ".join(self._operators)
            return Fault("operator", _("Không có nhà mạng này; các nhà mạng: %(known)s.", known=known))
        status = raw_status.strip().lower()
        if status not in STATUSES:
            return Fault("status", _("Trạng thái phải để trống, ok hoặc failed."))
        stated = _stated(raw_amount)
        if isinstance(stated, Fault):
            return stated
        province = raw_province.strip() or None
        if province and province not in self._provinces:
            return Fault("province", _("Không có tỉnh, thành phố này; viết như 2025:44."))
        if not _SHORT_CODE.fullmatch(short_code):
            return Fault("short_code", _("Đầu số phải là 3 đến 8 chữ số."))
        if len(message) > LONGEST_MESSAGE:
            return Fault("message", _("Dài quá %(limit)d ký tự.", limit=LONGEST_MESSAGE))
        if _NOT_TEXT.search(message):
            return Fault("message", _("Có ký tự không đọc được; tệp phải là UTF-8."))
        if status == FAILED:
            return Outcome(operator, FAILED, None, None, province, None)
        return self._book(operator, province, stated, self._register.find(short_code, message, epoch))

    @staticmethod
    def _book(
        operator: str, province: str | None, stated: int | None, reading: Reading
    ) -> Outcome | Fault:
        """Weigh what the text says against what the operator states."""
        terms, amount = reading.terms, reading.amount
        if terms is None:
            return Outcome(operator, UNKNOWN, None, None, province, reading.why)
        if amount is not None and stated not in {None, amount}:
            return Fault(
                "amount",
                _(
                    "Nhà mạng ghi %(stated)s đ nhưng theo cú pháp %(keyword)s là %(amount)s đ.",
                    stated=_shown(stated or 0),
                    keyword=terms.rule.keyword.upper(),
                    amount=_shown(amount),
                ),
            )
        if amount is None and stated:
            if not terms.rule.gives(stated):
                return Fault(
                    "amount",
                    _(
                        "Nhà mạng ghi %(stated)s đ, số tiền mà cú pháp %(keyword)s không thể có.",
                        stated=_shown(stated),
                        keyword=terms.rule.keyword.upper(),
                    ),
                )
            amount = stated
        if amount is None:
            return Outcome(operator, UNKNOWN, None, terms.id, province, reading.why)
        return Outcome(operator, BOOKED, amount, terms.id, province, None)


def _stated(raw: str) -> int | None | Fault:
    """Read the amount that the operator states; an empty one leaves it to the grammar."""
    text = raw.strip()
    if not text:
        return None
    amount = int(text) if _DIGITS.fullmatch(text) else None
    if amount is None or amount > MAX_DONG:
        return Fault("amount", _("Số tiền phải là số đồng viết bằng chữ số, không có dấu: 20000."))
    return amount


def _shown(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")


