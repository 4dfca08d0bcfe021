"""What a campaign page says: its words cleaned, and all that is wrong with them told at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.errors import Reason, Refusal
from fundsvc.giving import vietqr, ways
from fundsvc.giving.models import CampaignPage
from fundsvc.giving.promises import LEAST, MOST
from fundsvc.text import clean
from ledger.words import grouped

SLUG: Final = re.compile(r"(?=.{3,60}$)[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
LONGEST_TITLE, LONGEST_STORY, LONGEST_HOLDER = 120, 6_000, 100
MOST_AMOUNTS: Final = 8
_BIN: Final = re.compile("[0-9]{6}", re.ASCII)
_GAP: Final = re.compile(r"\n[ \t]*\n+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What a page says; codes of fund and unit, whole đồng. A draft may lack much."""

    slug: str
    fund: str
    unit: str
    title: str
    title_en: str = ""
    story: str = ""
    story_en: str = ""
    picture_sha256: str | None = None
    picture_text: str = ""
    target: int | None = None
    amounts: tuple[int, ...] = ()
    opens_on: date | None = None
    closes_on: date | None = None
    bank_account_id: int | None = None
    bank_bin: str = ""
    account_holder: str = ""


def cleaned(facts: PageFacts) -> PageFacts:
    """Clean every text and tell all that is wrong at once."""
    reasons: list[Reason] = []
    kept: dict[str, str] = {}
    for name, limit in (
        ("title", LONGEST_TITLE),
        ("title_en", LONGEST_TITLE),
        ("picture_text", LONGEST_TITLE),
        ("account_holder", LONGEST_HOLDER),
    ):
        try:
            kept[name] = clean(getattr(facts, name), limit, name)
        except Refusal as refusal:
            reasons += refusal.reasons
    for name in ("story", "story_en"):
        try:
            kept[name] = _story(getattr(facts, name), name)
        except Refusal as refusal:
            reasons += refusal.reasons
    if not SLUG.fullmatch(facts.slug):
        why = _("Địa chỉ trang gồm 3 đến 60 chữ a–z, chữ số và dấu gạch nối.")
        reasons.append(Reason(why, field="slug"))
    if "title" in kept and not kept["title"]:
        reasons.append(Reason(_("Chưa có tên đợt vận động."), field="title"))
    if facts.bank_bin and not _BIN.fullmatch(facts.bank_bin):
        reasons.append(Reason(_("Mã ngân hàng (BIN) gồm 6 chữ số."), field="bank_bin"))
    if facts.opens_on and facts.closes_on and facts.closes_on < facts.opens_on:
        reasons.append(Reason(_("Ngày cuối đứng trước ngày đầu."), field="closes_on"))
    reasons += _amounts(facts.amounts)
    if reasons:
        raise Refusal(*reasons)
    return replace(facts, **kept)  # type: ignore[arg-type]  # Texts, by name.


def _story(story: str, field: str) -> str:
    parts = paragraphs(story.replace("\r\n", "\n").replace("\r", "\n"))
    text = "\n\n".join(clean(part, LONGEST_STORY, field) for part in parts)
    if len(text) > LONGEST_STORY:
        raise Refusal(Reason(_("Dài quá %(limit)d ký tự.", limit=LONGEST_STORY), field=field))
    return text


def _amounts(amounts: Sequence[int]) -> list[Reason]:
    if len(amounts) > MOST_AMOUNTS or len(set(amounts)) < len(amounts):
        why = _("Tối đa %(most)d mức ủng hộ, mỗi mức một lần.", most=MOST_AMOUNTS)
        return [Reason(why, field="amounts")]
    if any(not LEAST <= amount <= MOST for amount in amounts):
        why = _(
            "Mỗi mức ủng hộ từ %(least)s đến %(most)s đ.", least=grouped(LEAST), most=grouped(MOST)
        )
        return [Reason(why, field="amounts")]
    return []


def paragraphs(story: str) -> list[str]:
    """Return the paragraphs of a story; a page shows them as plain text."""
    return [part.strip() for part in _GAP.split(story) if part.strip()]


def check_whole(session: Session, page: CampaignPage) -> None:
    """Hold that a page says what a donor must see, and that banks can read its QR codes."""
    reasons = []
    if not page.story:
        reasons.append(Reason(_("Chưa có lời kể về đợt vận động."), field="story"))
    if page.bank_account_id is None:
        reasons.append(Reason(_("Chưa chọn tài khoản nhận tiền."), field="bank_account"))
    if not page.bank_bin:
        reasons.append(Reason(_("Chưa có mã ngân hàng (BIN)."), field="bank_bin"))
    if not page.account_holder:
        reasons.append(Reason(_("Chưa có tên chủ tài khoản."), field="account_holder"))
    if page.picture_sha256 and not page.picture_text:
        reasons.append(Reason(_("Chưa có lời mô tả ảnh."), field="picture_text"))
    account = ways.account(session, page.bank_account_id)
    if account is not None and page.bank_bin:
        try:
            vietqr.payload(vietqr.Transfer(bin=page.bank_bin, account=account.number, amount=LEAST))
        except Refusal as refusal:
            reasons += [replace(reason, field="bank_account") for reason in refusal.reasons]
    if reasons:
        raise Refusal(*reasons)


def check_account(session: Session, facts: PageFacts, fund_id: int, unit_id: int) -> None:
    """Hold that money comes to an account of the page's own fund and unit."""
    if facts.bank_account_id is None:
        return
    account = ways.account(session, facts.bank_account_id)
    if account is None or (account.fund_id, account.unit_id) != (fund_id, unit_id):
        why = _("Tài khoản này không thuộc quỹ và đơn vị của trang.")
        raise Refusal(Reason(why, field="bank_account"))
