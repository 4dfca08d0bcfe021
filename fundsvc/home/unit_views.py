"""The pages of units: the list with what their funds have, and one unit.

They stand above the slice of units because they show balances, which units know nothing of.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from fundsvc import clock
from fundsvc.db import read_session
from fundsvc.home import directory
from fundsvc.home.views import READERS
from fundsvc.staff.access import allow

bp = Blueprint("units", __name__)

_LONGEST = 100


@bp.get("/units")
@allow(*READERS)
def index() -> ResponseReturnValue:
    """List the units, filtered by kind, province and a part of their name."""
    asked = directory.Filter(
        kind=_asked("kind") if _asked("kind") in directory.KINDS else "",
        province=_asked("province"),
        text=_asked("q"),
        after=_asked("after"),
    )
    session = read_session()
    return render_template(
        "units/index.html",
        asked=asked,
        listing=directory.listing(session, asked, clock.today()),
        funds=directory.funds(session),
        kinds=[(kind, str(label)) for kind, label in directory.KINDS.items()],
        provinces=directory.provinces(session),
        today=clock.today(),
    )


@bp.get("/units/<code>")
@allow(*READERS)
def show(code: str) -> ResponseReturnValue:
    """Show one unit: its facts, its funds, the units below it."""
    session, today = read_session(), clock.today()
    return render_template(
        "units/unit.html",
        unit=directory.sheet(session, code, today),
        funds=directory.funds(session),
        today=today,
        year_start=today.replace(month=1, day=1),
    )


def _asked(name: str) -> str:
    return request.args.get(name, "")[:_LONGEST].replace("\0", "").strip()
