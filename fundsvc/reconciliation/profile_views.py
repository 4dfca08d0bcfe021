"""Pages on which somebody says once which column of a statement is what, and takes it back."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user

from fundsvc import clock
from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.evidence import service as evidence
from fundsvc.reconciliation import lists, mapping, profiles
from fundsvc.reconciliation.facts import AccountFacts
from fundsvc.reconciliation.foreign import Beginning, Profile, look
from fundsvc.reconciliation.formats import is_table
from fundsvc.reconciliation.large_views import IMPORTERS, PURPOSE
from fundsvc.reconciliation.understanding import Asked, Understood, understand
from fundsvc.reconciliation.views import address_after
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from fundsvc.uploads import Upload

bp = Blueprint("bank_profiles", __name__)

WRITTEN: Final = {
    "d/m/yyyy": lazy_gettext("ngày trước, tháng sau: 31/12/2026"),
    "m/d/yyyy": lazy_gettext("tháng trước, ngày sau: 12/31/2026"),
    "yyyy-mm-dd": lazy_gettext("năm trước: 2026-12-31"),
}


@bp.get("/imports/bank/columns/<token>")
@allow(*IMPORTERS)
def columns(token: str) -> str:
    """Show what stands in a table that nobody recognised, and ask what its columns are."""
    promised = Upload.read(token, PURPOSE)
    account, beginning = _opened(promised)
    kept = _kept(account, beginning)
    typed = mapping.filled(kept) if kept else mapping.guess(beginning)
    try:
        found = _understood(typed, beginning, account)[1]
    except Refusal:
        found = None  # What was guessed is not enough; nobody has chosen anything yet.
    return _page(promised, beginning, account, Form(typed), found)


@bp.post("/imports/bank/columns/<token>")
@allow(*IMPORTERS)
def choose(token: str) -> ResponseReturnValue:
    """Show the table as it would be read, or keep that when it is what was shown."""
    promised = Upload.read(token, PURPOSE)
    account, beginning = _opened(promised)
    typed = request.form.to_dict()
    try:
        chosen, found = _understood(typed, beginning, account)
    except Refusal as refusal:
        form = Form(typed, refusal.reasons)
        return _page(promised, beginning, account, form), refusal.status
    if found.profile is None:
        why = _("Ngày trong tệp đọc được theo hai cách; hãy chọn cách đúng.")
        form = Form(typed, (Reason(why, field="days"),))
        return _page(promised, beginning, account, form, found), 422
    if "keep" not in typed:
        return _page(promised, beginning, account, Form(typed), found)
    if typed.get("seen") != chosen.digest:
        why = _("Lựa chọn đã đổi sau khi xem. Hãy xem lại kết quả mới rồi giữ.")
        form = Form(typed, (Reason(why),))
        return _page(promised, beginning, account, form, found), 422
    with transaction() as session:
        kept = profiles.keep(session, account, found.profile, by=current_user.id)
    flash(_("Đã giữ mẫu %(name)s cho tài khoản này.", name=kept.name), "ok")
    # By its name, so that what is booked is read as what was shown.
    goes_on = Upload(promised.sha256, promised.name, {"account": account.code, "layout": kept.name})
    return redirect(address_after(goes_on), 303)


@bp.post("/bank-accounts/<code>/profiles/<int:number>/remove")
@allow(*IMPORTERS)
def remove(code: str, number: int) -> ResponseReturnValue:
    """Take a kept profile away."""
    with transaction() as session:
        account = lists.account(session, code)
        profiles.remove(session, account, number, by=current_user.id)
    flash(_("Đã bỏ mẫu. Tệp sau của mẫu này sẽ được hỏi lại."), "ok")
    return redirect(url_for("reconciliation.account", code=account.code), 303)


def _opened(promised: Upload) -> tuple[AccountFacts, Beginning]:
    account = lists.account(read_session(), promised.chosen["account"] or "")
    data = evidence.read(promised.sha256)
    beginning = look(data) if is_table(data) else None
    if beginning is None:
        raise NotFound
    return account, beginning


def _kept(account: AccountFacts, beginning: Beginning) -> Profile | None:
    standing = profiles.of_account(read_session(), account)
    header = list(beginning.header)
    return next((one for one in standing if one.places(header) is not None), None)


def _understood(
    typed: Mapping[str, str], beginning: Beginning, account: AccountFacts
) -> tuple[mapping.Chosen, Understood]:
    chosen = mapping.read(typed, beginning)
    found = understand(chosen, beginning, bank=account.bank, today=clock.today())
    return chosen, found


def _page(
    promised: Upload,
    beginning: Beginning,
    account: AccountFacts,
    form: Form,
    found: Understood | None = None,
) -> str:
    table = beginning.columns()
    kept = _kept(account, beginning)
    used = {one.name: one.used for one in profiles.listed(read_session(), account)}
    return render_template(
        "reconciliation/columns.html",
        name=promised.name,
        account=account,
        columns=table,
        rows=list(range(len(table[0].samples))) if table else [],
        choices=[(one.key, _choice(one.name, one.samples)) for one in table],
        labels=mapping.LABELS,
        form=form,
        found=found,
        asked=[(one.form, _asked(one)) for one in found.asked] if found else [],
        seen=mapping.read(form.values, beginning).digest if found and found.profile else "",
        written=str(WRITTEN[found.profile.days]) if found and found.profile else "",
        whole=beginning.whole,
        kept=kept,
        used=used.get(kept.name, 0) if kept else 0,
    )


def _choice(name: str, samples: tuple[str, ...]) -> str:
    first = next(filter(None, samples), "")
    shown = first if len(first) <= 24 else f"{first[:24]}…"  # noqa: PLR2004 - what a phone can show
    return f"{name[:40]}: {shown}" if shown else name[:40]


def _asked(one: Asked) -> str:
    return _(
        "%(written)s (%(cell)s là ngày %(day)d tháng %(month)d)",
        written=str(WRITTEN[one.form]).partition(":")[0].capitalize(),
        cell=one.cell,
        day=one.day.day,
        month=one.day.month,
    )
