"""What a rule says, as data and as a sentence: the words and amounts it looks for, its choice."""

from dataclasses import asdict, dataclass
from typing import Any

from flask_babel import gettext as _

from fundsvc.donors.service import DonorFacts
from fundsvc.spending.listing import LINE_NAMES
from fundsvc.templating.filters import dong
from fundsvc.text import fold
from fundsvc.workbench.choices import Choice, Collected, Given, Posted, Spent
from fundsvc.workbench.lines import Line
from fundsvc.workbench.payers import name_in
from ledger.accounts import expense

GIVEN, COLLECTED, SPENT, POSTED = "given", "collected", "spent", "posted"


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """Lines whose words hold `words`, of amounts from `least` to `most`, are probably `kind`.

    `what` is the line of a payment or the account of another posting; `who` the payee, or the
    unit that dues come from (empty: the account's); `why` a purpose or description.
    """

    words: str
    into: bool
    kind: str
    least: int | None = None
    most: int | None = None
    what: str = ""
    who: str = ""
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return asdict(self)

    def fits(self, *, debit: int, credit: int, said: str) -> bool:
        """Say whether a line meets the conditions; diacritics and letter case do not count."""
        amount = credit if self.into else debit
        if not amount or (self.least is not None and amount < self.least):
            return False
        if self.most is not None and amount > self.most:
            return False
        return fold(self.words) in fold(said)

    def choice(self, line: Line) -> Choice:
        """Return what it says that a line is."""
        if self.kind == GIVEN:
            name = name_in(line.counterparty, line.memo)
            return Given(DonorFacts(name=name) if name else None)
        if self.kind == COLLECTED:
            month = f"{line.booked_on.year}-{line.booked_on.month:02}"
            return Collected(self.who or line.purse.unit, month)
        if self.kind == SPENT:
            return Spent(self.what, self.who, self.why)
        return Posted(self.what, self.why)

    @property
    def account(self) -> str | None:
        """The account that an entry as it says must have, None where the kind says it all."""
        if self.kind == SPENT:
            return expense(self.what)
        return self.what if self.kind == POSTED else None

    @property
    def act(self) -> str:
        """What it proposes, as words after "thì đề nghị"."""
        if self.kind == GIVEN:
            return _("ghi khoản ủng hộ của người chuyển")
        if self.kind == COLLECTED:
            return _(
                "ghi hội phí, chân quỹ của %(unit)s", unit=self.who or _("đơn vị giữ tài khoản")
            )
        if self.kind == SPENT:
            return _(
                "ghi chi “%(line)s” cho %(payee)s: %(purpose)s",
                line=LINE_NAMES[self.what],
                payee=self.who,
                purpose=self.why,
            )
        return _("ghi vào tài khoản %(account)s: %(why)s", account=self.what, why=self.why)

    @property
    def sentence(self) -> str:
        """The whole rule as a sentence."""
        side = _("tiền vào") if self.into else _("tiền ra")
        said = _("Nếu là %(side)s và nội dung có “%(words)s”", side=side, words=self.words)
        if self.least is not None and self.most is not None:
            said += _(
                " và số tiền từ %(least)s đến %(most)s",
                least=dong(self.least),
                most=dong(self.most),
            )
        elif self.least is not None:
            said += _(" và số tiền từ %(least)s trở lên", least=dong(self.least))
        elif self.most is not None:
            said += _(" và số tiền không quá %(most)s", most=dong(self.most))
        return said + _(" thì đề nghị %(act)s.", act=self.act)


def from_json(kept: dict[str, Any]) -> RuleFacts:
    """Return a rule from what is kept of it."""
    return RuleFacts(**kept)
