"""The form of a campaign page."""

import re
from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _
from marshmallow import fields

from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Day, Dong, FormSchema, Line, Read, parse_number
from fundsvc.giving.page_facts import LONGEST_HOLDER, LONGEST_TITLE, PageFacts
from fundsvc.text import parse_dong
from ledger.words import grouped

LONGEST_CODE: Final = 60
_APART: Final = re.compile(r"[;\n]")


class Amounts(Read):
    """Amounts that stand apart by semicolons."""

    missing = ()

    def read(self, raw: str, name: str) -> tuple[int, ...]:
        """Return the amounts in their order."""
        return tuple(parse_dong(part, name) for part in _APART.split(raw) if part.strip())


class Account(Read):
    """The key of a bank account."""

    def read(self, raw: str, name: str) -> int:
        """Return the key."""
        try:
            return parse_number(raw)
        except ValueError:
            raise Refusal(Reason(_("Không có lựa chọn này."), field=name)) from None


class PageForm(FormSchema):
    """What a page says; a draft may lack much."""

    slug = Line(LONGEST_CODE)
    fund = Line(LONGEST_CODE)
    unit = Line(LONGEST_CODE)
    title = Line(LONGEST_TITLE)
    title_en = Line(LONGEST_TITLE, needed=False)
    # The lines of a story say where its paragraphs end; it is cleaned part by part.
    story = fields.Raw(load_default="")
    story_en = fields.Raw(load_default="")
    picture_text = Line(LONGEST_TITLE, needed=False)
    target = Dong(needed=False)
    amounts = Amounts(needed=False)
    opens_on = Day(needed=False)
    closes_on = Day(needed=False)
    bank_account = Account(needed=False)
    bank_bin = Line(LONGEST_CODE, needed=False)
    account_holder = Line(LONGEST_HOLDER, needed=False)


def page_facts(form: Mapping[str, Any], picture: str | None) -> PageFacts:
    """Return the facts that a loaded form tells; the picture is kept by a form of its own."""
    kept = dict(form)
    return PageFacts(bank_account_id=kept.pop("bank_account"), picture_sha256=picture, **kept)


def typed_of(facts: PageFacts) -> dict[str, str]:
    """Return what a page says as it would be typed."""
    texts = (
        "slug",
        "fund",
        "unit",
        "title",
        "title_en",
        "story",
        "story_en",
        "picture_text",
        "bank_bin",
        "account_holder",
    )
    return {
        **{name: getattr(facts, name) for name in texts},
        "target": grouped(facts.target) if facts.target else "",
        "amounts": "; ".join(grouped(amount) for amount in facts.amounts),
        "opens_on": facts.opens_on.isoformat() if facts.opens_on else "",
        "closes_on": facts.closes_on.isoformat() if facts.closes_on else "",
        "bank_account": str(facts.bank_account_id or ""),
    }
