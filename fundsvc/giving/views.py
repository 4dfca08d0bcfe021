"""Pages for staff: make campaign pages, look at them, publish, close, print the poster."""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from flask import url_for as address_of
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import uploads
from fundsvc.books.models import Fund
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.giving import came, pages, pictures, poster, showing, ways
from fundsvc.giving.models import CLOSED, DRAFT, PUBLISHED, CampaignPage
from fundsvc.giving.schemas import PageForm, page_facts, typed_of
from fundsvc.giving.vietqr import BANKS
from fundsvc.staff.access import allow
from fundsvc.templating import Form, in_language, reasons_of
from fundsvc.text import short_unit
from fundsvc.units import service as units
from fundsvc.units.models import Unit

bp = Blueprint("campaign_pages", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS = ("treasurer", "unit-treasurer")
PUBLISHERS = ("treasurer", "approver")
_PDF = "application/pdf"
_VERSION = re.compile("[0-9]{1,9}", re.ASCII)


@bp.get("/campaign-pages")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """List the campaign pages with what came by each."""
    session = read_session()
    rows = [
        {**_row(session, page), "came": came.progress(session, page.id)}
        for page in pages.all_pages(session)
    ]
    return render_template("giving/index.html", rows=rows)


@bp.get("/campaign-pages/new")
@allow(*WRITERS)
def new() -> ResponseReturnValue:
    """Show the empty form."""
    return _form(Form({"amounts": "100.000; 200.000; 500.000; 1.000.000"}), None)


@bp.post("/campaign-pages/new")
@allow(*WRITERS)
def create() -> ResponseReturnValue:
    """Make a page as a draft."""
    typed = request.form.to_dict()
    try:
        facts = page_facts(PageForm().load(typed), None)
        with transaction() as session:
            slug = pages.make(session, facts, by=current_user.id).slug
    except (Refusal, ValidationError) as error:
        return _form(_refused(typed, error), None), 422
    flash(_("Đã lưu bản nháp."), "ok")
    return redirect(address_of(".show", slug=slug), 303)


@bp.get("/campaign-pages/<slug>")
@allow(*READERS)
def show(slug: str) -> ResponseReturnValue:
    """Show a page's facts, its link and what can be done with it."""
    return _show(slug, Form({}))


@bp.get("/campaign-pages/<slug>/edit")
@allow(*WRITERS)
def edit(slug: str) -> ResponseReturnValue:
    """Show the form with what the page says now."""
    session = read_session()
    page = pages.by_slug(session, slug)
    return _form(Form(typed_of(pages.facts_of(session, page))), page)


@bp.post("/campaign-pages/<slug>/edit")
@allow(*WRITERS)
def change(slug: str) -> ResponseReturnValue:
    """Change what a page says."""
    typed = request.form.to_dict()
    page = pages.by_slug(read_session(), slug)
    try:
        facts = page_facts(PageForm().load(typed), page.picture_sha256)
        version = typed.get("version", "")
        with transaction() as session:
            seen = int(version) if _VERSION.fullmatch(version) else 0
            done = pages.change(session, slug, facts, version=seen, **_who())
            slug = done.slug
    except (Refusal, ValidationError) as error:
        status = error.status if isinstance(error, Refusal) else 422
        return _form(_refused(typed, error), pages.by_slug(read_session(), slug)), status
    flash(_("Đã lưu trang."), "ok")
    return redirect(address_of(".show", slug=slug), 303)


@bp.post("/campaign-pages/<slug>/picture")
@allow(*WRITERS)
def set_picture(slug: str) -> ResponseReturnValue:
    """Keep the picture of a page, made small."""
    page = pages.by_slug(read_session(), slug)
    try:
        with closing(uploads.given()) as file:
            data = pictures.small(file.read(pictures.LARGEST + 1))
        with transaction() as session:
            name = f"{slug}.webp"
            sha256 = evidence.record(
                session, data, name=name, media_type=pictures.MEDIA_TYPE, by=current_user.id
            )
            page = pages.by_slug(session, slug)
            facts = replace(pages.facts_of(session, page), picture_sha256=sha256)
            text = request.form.get("picture_text", "") or facts.picture_text
            facts = replace(facts, picture_text=text)
            pages.change(session, slug, facts, version=page.version, **_who())
    except Refusal as error:
        return _show(slug, Form(request.form.to_dict(), uploads.beside_file(error))), error.status
    flash(_("Đã lưu ảnh."), "ok")
    return redirect(address_of(".show", slug=slug), 303)


@bp.get("/campaign-pages/<slug>/picture.webp")
@allow(*READERS)
def picture(slug: str) -> ResponseReturnValue:
    """Give the picture of a page that is perhaps not published yet."""
    page = pages.by_slug(read_session(), slug)
    if page.picture_sha256 is None:
        raise NotFound
    return Response(evidence.read(page.picture_sha256), content_type=pictures.MEDIA_TYPE)


@bp.get("/campaign-pages/<slug>/preview")
@allow(*READERS)
def preview(slug: str) -> ResponseReturnValue:
    """Show a page as strangers will see it."""
    session = read_session()
    campaign = showing.campaign(session, pages.by_slug(session, slug))
    return render_template(
        "give/page.html",
        campaign=campaign,
        form=Form({}),
        again=False,
        ways=[(way.name, str(way.label)) for way in ways.ready()],
        provinces=units.province_names(session),
        preview=True,
        picture_address=address_of(".picture", slug=slug),
        here=partial(address_of),
    )


@bp.post("/campaign-pages/<slug>/publish")
@allow(*PUBLISHERS)
def publish(slug: str) -> ResponseReturnValue:
    """Open a page to strangers."""
    return _act(slug, pages.publish, _("Đã đăng trang."))


@bp.post("/campaign-pages/<slug>/close")
@allow(*PUBLISHERS)
def close(slug: str) -> ResponseReturnValue:
    """Take no more promises on a page."""
    return _act(slug, pages.close, _("Đã đóng trang."))


@bp.get("/campaign-pages/<slug>/poster.pdf")
@allow(*READERS)
def poster_pdf(slug: str) -> ResponseReturnValue:
    """Give the poster of a page that is open."""
    session = read_session()
    page = pages.by_slug(session, slug)
    if page.state == DRAFT:
        raise NotFound
    campaign = showing.campaign(session, page)
    session.rollback()
    answer = Response(poster.render(campaign, _address(slug)), content_type=_PDF)
    answer.headers["Content-Disposition"] = f'inline; filename="{slug}.pdf"'
    return answer


def _act(slug: str, act: Any, told: str) -> ResponseReturnValue:
    try:
        with transaction() as session:
            act(session, slug, by=current_user.id)
    except Refusal as error:
        return _show(slug, Form({}, error.reasons)), error.status
    flash(told, "ok")
    return redirect(address_of(".show", slug=slug), 303)


def _show(slug: str, form: Form) -> str:
    session = read_session()
    page = pages.by_slug(session, slug)
    account = ways.account(session, page.bank_account_id)
    return render_template(
        "giving/show.html",
        page=_row(session, page),
        campaign=showing.campaign(session, page),
        form=form,
        account=f"{account.bank} {account.number}" if account else "",
        address=_address(slug),
        may_write=_may(WRITERS),
        may_publish=_may(PUBLISHERS) and page.state != PUBLISHED,
        may_close=_may(PUBLISHERS) and page.state == PUBLISHED,
    )


def _row(session: Session, page: CampaignPage) -> dict[str, Any]:
    fund, unit = session.get_one(Fund, page.fund_id), session.get_one(Unit, page.unit_id)
    kinds = {
        DRAFT: ("wait", _("Nháp")),
        PUBLISHED: ("ok", _("Đang mở")),
        CLOSED: ("plain", _("Đã đóng")),
    }
    return {
        "slug": page.slug,
        "title": page.title,
        "state": page.state,
        "badge": kinds[page.state],
        "fund": in_language(fund.name, fund.name_en),
        "unit": short_unit(unit.name),
        "picture": page.picture_sha256,
        "picture_text": page.picture_text,
    }


def _form(form: Form, page: CampaignPage | None) -> str:
    session = read_session()
    funds = session.execute(select(Fund.code, Fund.name, Fund.name_en).order_by(Fund.id))
    return render_template(
        "giving/form.html",
        form=form,
        page=_row(session, page) if page else None,
        version=page.version if page else 0,
        funds=[(code, in_language(name, name_en)) for code, name, name_en in funds],
        units=[(unit.code, short_unit(unit.name)) for unit in units.all_units(session)],
        accounts=[
            (one.id, f"{one.code} – {one.bank} {one.number}") for one in ways.accounts(session)
        ],
        banks=[(number, names[0]) for number, names in BANKS.items()],
    )


def _refused(typed: Mapping[str, str], error: ValidationError | Refusal) -> Form:
    reasons = error.reasons if isinstance(error, Refusal) else reasons_of(error)
    return Form(typed, reasons)


def _address(slug: str) -> str:
    return f"{current_app.config['FUNDSVC'].base_url}/give/{slug}"


def _who() -> dict[str, Any]:
    """Return who changes a page, and whether they may publish it."""
    return {"may_publish": _may(PUBLISHERS), "by": current_user.id}


def _may(roles: tuple[str, ...]) -> bool:
    return any(current_user.has_role(role) for role in roles)
