"""Make campaign pages, publish and close them."""

from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import keys
from fundsvc.books.models import Fund
from fundsvc.db import check_scope
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.giving.models import (
    CLOSED,
    DRAFT,
    PUBLISHED,
    CampaignPage,
)
from fundsvc.giving.page_facts import PageFacts, check_account, check_whole, cleaned
from fundsvc.units.models import Unit

_SAME: Final = (
    "title_en",
    "story",
    "story_en",
    "picture_sha256",
    "picture_text",
    "target",
    "opens_on",
    "closes_on",
    "bank_account_id",
    "bank_bin",
    "account_holder",
)
_PAYEE: Final = {
    "bank_account_id": "bank_account",
    "bank_bin": "bank_bin",
    "account_holder": "account_holder",
}
"""What says where the money goes, with the fields of the form."""


def make(session: Session, facts: PageFacts, *, by: int | None) -> CampaignPage:
    """Make a page as a draft.

    Raises:
        Refusal: with a reason for all that cannot be.
        Conflict: the address is taken.
    """
    facts = cleaned(facts)
    known = keys.read(session)
    fund_id, unit_id = known.fund(facts.fund), known.unit(facts.unit)
    check_scope(session, {unit_id})
    check_account(session, facts, fund_id, unit_id)
    _check_free(session, facts.slug, None)
    page = CampaignPage(
        unit_id=unit_id,
        fund_id=fund_id,
        slug=facts.slug,
        title=facts.title,
        made_at=clock.now(),
        made_by=by,
    )
    _write(page, facts)
    session.add(page)
    _keep(session)
    audit.record(session, "campaign-page.make", f"campaign-page:{facts.slug}", {}, by=by)
    session.flush()
    return page


def change(
    session: Session,
    slug: str,
    facts: PageFacts,
    *,
    version: int,
    may_publish: bool,
    by: int | None,
) -> CampaignPage:
    """Change what a page says; once published its address, fund and unit stay.

    Where the money of a page goes that strangers see is changed only by those who may publish it.

    Raises:
        NotFound: there is no such page, or not for this person.
        Refusal: with a reason for all that cannot be.
        Conflict: somebody else changed it meanwhile, or the address is taken.
    """
    page = by_slug(session, slug, lock=True)
    facts = cleaned(facts)
    if page.version != version:
        raise Conflict(_("Trang này vừa được người khác sửa. Xin mở lại rồi sửa tiếp."))
    known = keys.read(session)
    fund_id, unit_id = known.fund(facts.fund), known.unit(facts.unit)
    check_scope(session, {unit_id})
    fixed = (facts.slug, fund_id, unit_id) == (page.slug, page.fund_id, page.unit_id)
    if page.state != DRAFT and not fixed:
        why = _("Trang đã đăng giữ nguyên địa chỉ, quỹ và đơn vị.")
        raise Refusal(Reason(why, field="slug"))
    turned = {
        name: [getattr(page, name), getattr(facts, name)]
        for name in _PAYEE
        if getattr(page, name) != getattr(facts, name)
    }
    if turned and page.state != DRAFT and not may_publish:
        why = _("Trang đã đăng: chỉ người được đăng trang mới đổi được tài khoản nhận tiền.")
        raise Refusal(*(Reason(why, field=_PAYEE[name]) for name in turned))
    check_account(session, facts, fund_id, unit_id)
    _check_free(session, facts.slug, page.id)
    page.slug, page.fund_id, page.unit_id, page.title = facts.slug, fund_id, unit_id, facts.title
    _write(page, facts)
    page.version += 1
    _keep(session)
    if page.state != DRAFT:
        check_whole(session, page)
    audit.record(session, "campaign-page.change", f"campaign-page:{page.slug}", turned, by=by)
    session.flush()
    return page


def publish(session: Session, slug: str, *, by: int | None) -> CampaignPage:
    """Open a page to strangers, for the first time or again.

    Raises:
        NotFound: there is no such page, or not for this person.
        Refusal: it lacks what a donor must see.
    """
    page = by_slug(session, slug, lock=True)
    if page.state == PUBLISHED:
        return page
    check_whole(session, page)
    if page.state == DRAFT:
        page.published_at, page.published_by = clock.now(), by
    page.state, page.closed_at, page.closed_by = PUBLISHED, None, None
    page.version += 1
    audit.record(session, "campaign-page.publish", f"campaign-page:{slug}", {}, by=by)
    session.flush()
    return page


def close(session: Session, slug: str, *, by: int | None) -> CampaignPage:
    """Take no more promises on a page; money for those it has still counts.

    Raises:
        NotFound: there is no such page, or not for this person.
        Refusal: it was never published.
    """
    page = by_slug(session, slug, lock=True)
    if page.state == CLOSED:
        return page
    if page.state == DRAFT:
        raise Refusal(_("Trang chưa đăng thì chưa đóng được."))
    page.state, page.closed_at, page.closed_by = CLOSED, clock.now(), by
    page.version += 1
    audit.record(session, "campaign-page.close", f"campaign-page:{slug}", {}, by=by)
    session.flush()
    return page


def by_slug(session: Session, slug: str, *, lock: bool = False) -> CampaignPage:
    """Return a page by its address.

    Raises:
        NotFound: there is none, or not for this person.
    """
    query = select(CampaignPage).where(CampaignPage.slug == slug)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


def all_pages(session: Session) -> list[CampaignPage]:
    """Return the pages within the session's scope, the newest first."""
    return list(session.scalars(select(CampaignPage).order_by(CampaignPage.id.desc())))


def open_pages(session: Session) -> list[CampaignPage]:
    """Return the pages that take promises today, the newest first."""
    today = clock.today()
    query = (
        select(CampaignPage)
        .where(
            CampaignPage.state == PUBLISHED,
            CampaignPage.opens_on.is_(None) | (CampaignPage.opens_on <= today),
            CampaignPage.closes_on.is_(None) | (CampaignPage.closes_on >= today),
        )
        .order_by(CampaignPage.published_at.desc(), CampaignPage.id.desc())
    )
    return list(session.scalars(query))


def facts_of(session: Session, page: CampaignPage) -> PageFacts:
    """Return what a page says."""
    return PageFacts(
        slug=page.slug,
        fund=session.get_one(Fund, page.fund_id).code,
        unit=session.get_one(Unit, page.unit_id).code,
        title=page.title,
        amounts=tuple(page.amounts["amounts"]),
        **{name: getattr(page, name) for name in _SAME},
    )


def _check_free(session: Session, slug: str, page_id: int | None) -> None:
    # The addresses of all units, for they share one space.
    table = CampaignPage.__table__
    taken = session.scalar(select(table.c.id).where(table.c.slug == slug))
    if taken not in {None, page_id}:
        raise _taken()


def _taken() -> Conflict:
    return Conflict(Reason(_("Địa chỉ này đã có trang khác dùng."), field="slug"))


def _keep(session: Session) -> None:
    """Write a page down; of two with one address at the same moment the later one is refused."""
    try:
        session.flush()
    except IntegrityError as error:
        # The words of the unique index, or those of SQLite's guard before it.
        if not any(said in str(error.orig) for said in ("slug", "there already")):
            raise
        raise _taken() from error


def _write(page: CampaignPage, facts: PageFacts) -> None:
    for name in _SAME:
        setattr(page, name, getattr(facts, name))
    page.amounts = {"amounts": list(facts.amounts)}
