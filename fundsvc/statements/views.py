"""The pages of statements: the fund statement, what is behind its figures, and its downloads."""

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from fundsvc import clock
from fundsvc.db import read_session, snapshot
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.staff.access import allow
from fundsvc.statements import formats, page, schemas
from fundsvc.statements.behind import behind
from fundsvc.statements.book_page import entry_href
from fundsvc.statements.options import DEFAULT_FUND
from fundsvc.statements.service import choices, fund_statement
from fundsvc.templating import Form, chosen_locale, number

bp = Blueprint("statements", __name__)

READERS = ("treasurer", "approver", "unit-treasurer", "auditor")


@bp.get("/statements/fund")
@allow(*READERS)
def fund() -> ResponseReturnValue:
    """Show the statement of a fund; without a question, of the charity fund and this year."""
    session, language = read_session(), chosen_locale()
    values = _asked()
    drawn: page.Page | None = None
    reasons: tuple[Reason, ...] = ()
    try:
        options = schemas.read_options(values)
        schemas.refuse_both(options)
        drawn = page.page_of(fund_statement(session, options, language))
    except Refusal as refusal:
        reasons = refusal.reasons
    body = render_template(
        "statements/fund.html",
        form=Form(values, reasons),
        choices=choices(session, language),
        periods=_periods(values),
        page=drawn,
        number=number,
    )
    return body, 422 if reasons else 200


@bp.get("/statements/fund.<kind>")
@allow(*READERS)
def download(kind: str) -> ResponseReturnValue:
    """Give the statement as a file: pdf, xlsx, csv or json, of what the same page shows."""
    if kind not in formats.DOWNLOADS:
        raise NotFound
    session = snapshot()
    options = schemas.read_options(_asked())
    schemas.refuse_both(options)
    report = fund_statement(session, options)
    session.rollback()  # Drawing takes long; nothing is held open meanwhile.
    answer = Response(formats.draw(kind, report), content_type=formats.TYPES[kind])
    way = "inline" if kind == "pdf" else "attachment"
    name = f"{report.file_name}.{kind}"
    answer.headers["Content-Disposition"] = f'{way}; filename="{name}"'
    return answer


@bp.get("/statements/fund/entries")
@allow(*READERS)
def entries() -> ResponseReturnValue:
    """List the entries behind a figure of the statement, with the same total on top."""
    values = _asked()
    options, figure = schemas.read_options(values), schemas.read_figure(request.args)
    mark = schemas.read_mark(request.args.get("before", ""))
    shown = behind(read_session(), options, figure, mark, chosen_locale())
    here = {name: value for name, value in request.args.items() if name != "before"}
    address = f"{page.BEHIND}?{urlencode(dict(request.args.items()))}"
    return render_template(
        "statements/entries.html",
        shown=shown,
        name=page.figure_name(figure, shown.label),
        place=" · ".join(_place(options.province, shown.province_name, shown.unit_name)),
        no_province=page.no_province(),
        hrefs={one.entry_id: entry_href(one.entry_id, address) for one in shown.entries},
        back=f"{page.PATH}?{urlencode(_statement_of(values))}",
        newest=f"{page.BEHIND}?{urlencode(here)}" if mark else None,
        older=(
            f"{page.BEHIND}?{urlencode(here | {'before': str(shown.next)})}" if shown.next else None
        ),
    )


def _asked() -> Mapping[str, str]:
    """Return the question in the address; what it leaves out is this year of the charity fund."""
    first, last = schemas.default_period(clock.today())
    assumed = {"fund": DEFAULT_FUND, "from": first.isoformat(), "to": last.isoformat()}
    return assumed | {name: value.replace("\0", " ") for name, value in request.args.items()}


def _periods(values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return links to the usual periods of the statement that is shown."""
    names = ("fund", "province", "unit", "provinces")
    kept = {name: values[name] for name in names if values.get(name)}
    return [
        (label, f"{page.PATH}?{urlencode(kept | {'from': str(first), 'to': str(last)})}")
        for label, first, last in schemas.usual_periods(clock.today())
    ]


def _statement_of(values: Mapping[str, str]) -> dict[str, str]:
    """Return the question of the statement that the figure stood in."""
    asked_of = {"all": (), "province": ("province",), "unit": ("unit",)}
    usual = ("province",) if values.get("province") else ("unit",)
    names = ("fund", "from", "to", "provinces", *asked_of.get(values.get("of", ""), usual))
    return {name: values[name] for name in names if values.get(name)}


def _place(key: str | None, province: str | None, unit: str | None) -> list[str]:
    return [name for name in ((province or page.no_province()) if key else None, unit) if name]
