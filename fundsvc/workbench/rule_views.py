"""Pages of rules: the list, and one written as a sentence, tested before it can be kept."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from marshmallow import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc.books.models import Account
from fundsvc.db import read_session, transaction
from fundsvc.errors import Reason, Refusal
from fundsvc.fields import Choice, Dong, FormSchema, Key, Line
from fundsvc.reconciliation.models import BankAccount
from fundsvc.spending.listing import LINE_NAMES
from fundsvc.staff.access import allow
from fundsvc.templating import Form, in_language, reasons_of
from fundsvc.templating.attention import Attention, attend
from fundsvc.text import short_unit
from fundsvc.units import service as units
from fundsvc.workbench import rule_checks, rules
from fundsvc.workbench.rule_facts import COLLECTED, GIVEN, POSTED, SPENT, RuleFacts
from ledger.accounts import AccountType

bp = Blueprint("rules", __name__)

READERS: Final = ("treasurer", "approver", "unit-treasurer", "auditor")
WRITERS: Final = ("treasurer", "unit-treasurer")
IN, OUT, LINE, ACCOUNT = "in", "out", "line:", "account:"
LATELY: Final = timedelta(days=14)
"""So long the home page tells of a rule that was switched off by itself."""
LONGEST: Final = 80


def waiting(session: Session) -> Iterable[Attention]:
    """Tell of rules that people overruled until they were switched off."""
    count = rules.off_by_itself(session, LATELY)
    yield Attention(count, _("quy tắc đối soát tự tắt vì bị quyết định khác"), "/workbench/rules")


bp.record_once(lambda state: attend(state.app, waiting))


class RuleForm(FormSchema):
    """A rule as it is written: words and amounts, and then what is proposed."""

    key = Key()
    account = Line(LONGEST)
    side = Choice((IN, OUT))
    words = Line(LONGEST)
    least = Dong(needed=False)
    most = Dong(needed=False)
    then = Line(LONGEST)
    who = Line(200, needed=False)
    why = Line(300, needed=False)


@bp.get("/workbench/rules")
@allow(*READERS)
def index() -> str:
    """List the rules with how often they were right."""
    return render_template("workbench/rules.html", rows=rules.listed(read_session()))


@bp.get("/workbench/rules/new")
@allow(*WRITERS)
def new() -> str:
    """Show an empty rule."""
    return _page(Form({"side": IN, "key": _key(), "account": request.args.get("account", "")}))


@bp.post("/workbench/rules/new")
@allow(*WRITERS)
def write() -> ResponseReturnValue:
    """Test a rule on the last twelve months, or keep it when it is the one that was tested."""
    typed = request.form.to_dict()
    try:
        form = RuleForm().load(typed)
        facts, code = _facts(form), form["account"]
        session = read_session()
        facts = rule_checks.checked(session, facts)
        named = rule_checks.digest(code, facts)
        if request.form.get("tested") == named and "save" in request.form:
            with transaction() as writing:
                rules.save(writing, code, facts, key=form["key"], by=current_user.id)
            flash(_("Đã giữ quy tắc: %(rule)s", rule=facts.sentence), "ok")
            return redirect(url_for("rules.index"), 303)
        account = rule_checks.account_of(session, code)
        found = rules.tested(session, account, facts)
    except ValidationError as error:
        return _page(Form(typed, reasons_of(error))), 422
    except Refusal as error:
        return _page(Form(typed, error.reasons)), error.status
    return _page(Form(typed), tested=found, facts=facts, named=named)


@bp.post("/workbench/rules/<int:rule_id>/off")
@allow(*WRITERS)
def off(rule_id: int) -> ResponseReturnValue:
    """Switch a rule off."""
    with transaction() as session:
        rules.switch_off(session, rule_id, by=current_user.id)
    flash(_("Đã tắt quy tắc."), "ok")
    return redirect(url_for("rules.index"), 303)


def _facts(form: dict[str, Any]) -> RuleFacts:
    then = form["then"]
    kind, what = then, ""
    if then.startswith(LINE):
        kind, what = SPENT, then.removeprefix(LINE)
    elif then.startswith(ACCOUNT):
        kind, what = POSTED, then.removeprefix(ACCOUNT)
    elif then not in {GIVEN, COLLECTED}:
        raise Refusal(Reason(_("Không có lựa chọn này."), field="then"))
    return RuleFacts(
        words=form["words"],
        into=form["side"] == IN,
        kind=kind,
        least=form["least"],
        most=form["most"],
        what=what,
        who=form["who"],
        why=form["why"],
    )


def _page(form: Form, **facts: Any) -> str:
    session = read_session()
    accounts = session.scalars(select(BankAccount).order_by(BankAccount.code))
    chart = session.scalars(
        select(Account)
        .where(Account.type.in_((AccountType.INCOME, AccountType.EXPENSE)))
        .order_by(Account.code)
    )
    return render_template(
        "workbench/rule.html",
        form=form,
        key=form.value("key") or _key(),
        accounts=[(row.code, f"{row.bank} {row.number} ({row.code})") for row in accounts],
        acts=[
            (GIVEN, _("Khoản ủng hộ của người chuyển (tiền vào)")),
            (COLLECTED, _("Hội phí, chân quỹ (tiền vào)")),
        ],
        lines=[(f"{LINE}{line}", str(name)) for line, name in LINE_NAMES.items()],
        chart=[
            (f"{ACCOUNT}{row.code}", f"{row.code} {in_language(row.name, row.name_en)}")
            for row in chart
        ],
        units=[
            (unit.code, f"{short_unit(unit.name)} ({unit.code})")
            for unit in units.all_units(session)
        ],
        **facts,
    )


def _key() -> str:
    return secrets.token_urlsafe(18)
