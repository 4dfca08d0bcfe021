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
7. The amount is more than the campaign takes in one message: kept and shown as unknown.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.sms.grammar import Why
from fundsvc.sms.register import Reading, Register
from fundsvc.text import fold
from ledger.money import MAX_DONG

BOOKED, FAILED, UNKNOWN = "booked", "failed", "unknown"
STATUSES = {
    **dict.fromkeys(("", "ok", "thanh cong", "success", "successful"), "ok"),
    **dict.fromkeys((FAILED, "that bai", "khong thanh cong", "fail", "failure"), FAILED),
}
"""What operators write, folded, and what it means."""
LONGEST_WORD = 40
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


class Resolver(dict[Key, int]):
    """Looks up the number of a message's outcome; a refused message has a negative number.

    Numbers of outcomes count from 0 in `outcomes`; −1 is the first of `reasons`, −2 the second.
    """

    def __init__(
        self, register: Register, operators: Iterable[str], provinces: Container[str]
    ) -> None:
        """Take the campaigns, the operators that have an account, and the provinces by key."""
        super().__init__()
        self.outcomes: list[Outcome] = []
        self._reasons: list[Reason] = []
        self._numbers: dict[Outcome, int] = {}
        self._register = register
        self._operators = tuple(operators)
        self._provinces = provinces

    def __missing__(self, key: Key) -> int:
        """Decide a combination that was not seen before."""
        try:
            outcome = self._decide(key)
        except Refusal as refusal:
            # Not remembered: a file full of different faults must not fill the memory.
            self._reasons.extend(refusal.reasons[:1])
            return -len(self._reasons)
        number = self.number(outcome)
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        self[key] = number
        return number

    def number(self, outcome: Outcome) -> int:
        """Return the number of an outcome, a new one if it has none yet."""
        number = self._numbers.setdefault(outcome, len(self.outcomes))
        if number == len(self.outcomes):
            self.outcomes.append(outcome)
        return number

    def take_reasons(self) -> list[Reason]:
        """Return the reasons behind the negative numbers given since this was last asked."""
        taken, self._reasons = self._reasons, []
        return taken

    def _decide(self, key: Key) -> Outcome:
        raw_operator, short_code, message, raw_amount, raw_status, raw_province, epoch = key
        operator = operator_key(raw_operator)
        if operator not in self._operators:
            known = ", ".join(self._operators)
            why = _("Không có nhà mạng này; các nhà mạng: %(known)s.", known=known)
            raise Refusal(Reason(why, field="operator"))
        status = STATUSES.get(_word(raw_status))
        if status is None:
            why = _("Trạng thái phải để trống, ok hoặc failed.")
            raise Refusal(Reason(why, field="status"))
        stated = _stated(raw_amount)
        province = raw_province.strip() or None
        if province and province not in self._provinces:
            why = _("Không có tỉnh, thành phố này; viết như 2025:44.")
            raise Refusal(Reason(why, field="province"))
        _check_text(short_code, message)
        if status == FAILED:
            return Outcome(operator, FAILED, None, None, province, None)
        reading = self._register.find(short_code, message, epoch)
        terms, amount = reading.terms, _weigh(stated, reading)
        if terms is None or amount is None:
            return Outcome(operator, UNKNOWN, None, None, province, reading.why)
        if terms.rule.exceeds(amount):
            return Outcome(operator, UNKNOWN, None, None, province, Why.OVER_LIMIT)
        return Outcome(operator, BOOKED, amount, terms.id, province, None)


def operator_key(raw: str) -> str:
    """Return an operator's key as messages have it, however it is written: `Viettel`."""
    return _word(raw).replace(" ", "")


def _word(raw: str) -> str:
    """Return a word as it is compared: lower case, without diacritics; a long one is none."""
    return fold(raw) if len(raw) <= LONGEST_WORD else raw


def _check_text(short_code: str, message: str) -> None:
    if not _SHORT_CODE.fullmatch(short_code):
        raise Refusal(Reason(_("Đầu số phải là 3 đến 8 chữ số."), field="short_code"))
    if len(message) > LONGEST_MESSAGE:
        why = _("Dài quá %(limit)d ký tự.", limit=LONGEST_MESSAGE)
        raise Refusal(Reason(why, field="message"))
    if _NOT_TEXT.search(message):
        why = _("Có ký tự không đọc được; tệp phải là UTF-8.")
        raise Refusal(Reason(why, field="message"))


def _stated(raw: str) -> int | None:
    """Read the amount that the operator states; an empty one leaves it to the grammar."""
    text = raw.strip()
    if not text:
        return None
    amount = int(text) if _DIGITS.fullmatch(text) else None
    if amount is None or amount > MAX_DONG:
        why = _("Số tiền phải là số đồng viết bằng chữ số, không có dấu: 20000.")
        raise Refusal(Reason(why, field="amount"))
    return amount


def _weigh(stated: int | None, reading: Reading) -> int | None:
    """Weigh what the text says against what the operator states (rules 3 to 6)."""
    if reading.terms is None:
        return None
    rule = reading.terms.rule
    if reading.amount is not None and stated not in {None, reading.amount}:
        why = _(
            "Nhà mạng ghi %(stated)s đ nhưng theo cú pháp %(keyword)s là %(amount)s đ.",
            stated=_shown(stated or 0),
            keyword=rule.keyword.upper(),
            amount=_shown(reading.amount),
        )
        raise Refusal(Reason(why, field="amount"))
    if reading.amount is None and stated and not rule.gives(stated):
        why = _(
            "Nhà mạng ghi %(stated)s đ, số tiền mà cú pháp %(keyword)s không thể có.",
            stated=_shown(stated),
            keyword=rule.keyword.upper(),
        )
        raise Refusal(Reason(why, field="amount"))
    return reading.amount or stated or None


def _shown(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")
