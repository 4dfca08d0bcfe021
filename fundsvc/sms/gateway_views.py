"""Page of the gateways that push messages, for administrators: add one, change its secrets."""

import secrets
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy.orm import Session

from fundsvc.db import read_session, transaction
from fundsvc.errors import NotFound, Refusal
from fundsvc.inbox import gateways
from fundsvc.inbox import service as inbox
from fundsvc.sms import senders, told
from fundsvc.sms.gateways import forms
from fundsvc.sms.service import KIND
from fundsvc.staff.access import allow
from fundsvc.templating import Form
from ledger.accounts import OPERATOR_NAMES

bp = Blueprint("gateways", __name__)

KEEPERS = ("admin",)
_SECRET_BYTES = 24


@bp.get("/sms/gateways")
@allow(*KEEPERS)
def index() -> str:
    """Show the gateways with their secrets' numbers, and the form that adds one."""
    return _page(Form({}))


@bp.post("/sms/gateways")
@allow(*KEEPERS)
def add() -> ResponseReturnValue:
    """Add a gateway; a secret that was made here is shown this once."""
    typed = request.form.to_dict()
    name, secret = typed.get("name", "").strip(), typed.pop("secret", "").strip()

    def adding(session: Session, good: str) -> None:
        if name in gateways.known(session, KIND):
            raise Refusal(_("Đã có cổng tên này; thêm khóa cho nó ở danh sách dưới."))
        senders.add(
            session,
            name,
            typed.get("form", ""),
            [good],
            operator=typed.get("operator") or None,
            client_id=typed.get("client_id", "").strip() or None,
            by=current_user.id,
        )

    return _with_secret(name, secret, Form(typed), adding)


@bp.post("/sms/gateways/<name>/secrets")
@allow(*KEEPERS)
def add_secret(name: str) -> ResponseReturnValue:
    """Give a gateway one more secret: both are good until the older one is retired."""

    def adding(session: Session, good: str) -> None:
        found = gateways.known(session, KIND).get(name)
        if found is None:
            raise NotFound
        senders.add(
            session,
            name,
            found.form,
            [good],
            operator=found.settings.get("operator"),
            client_id=found.settings.get("client_id"),
            by=current_user.id,
        )

    return _with_secret(name, request.form.get("new_secret", "").strip(), Form({}), adding)


@bp.post("/sms/gateways/<name>/secrets/<int:number>/retire")
@allow(*KEEPERS)
def retire_secret(name: str, number: int) -> ResponseReturnValue:
    """Let a secret be good no longer."""
    with transaction() as session:
        senders.retire_secret(session, name, number, by=current_user.id)
    flash(_("Đã bỏ khóa số %(number)s của cổng %(name)s.", number=number, name=name), "ok")
    return redirect(url_for("gateways.index"), 303)


@bp.post("/sms/gateways/<name>/operators/forget")
@allow(*KEEPERS)
def forget_operator(name: str) -> ResponseReturnValue:
    """Forget which operator a gateway means by a word of its own."""
    word = request.form.get("word", "")
    with transaction() as session:
        senders.forget_operator(session, name, word, by=current_user.id)
    flash(_("Đã quên “%(word)s” là nhà mạng nào; tin đã ghi sổ giữ nguyên.", word=word), "ok")
    return redirect(url_for("gateways.index"), 303)


def _with_secret(
    name: str, typed: str, form: Form, act: Callable[[Session, str], None]
) -> ResponseReturnValue:
    """Do something with a secret that was typed, or with a new one that is then shown once."""
    made = "" if typed else "whsec_" + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    try:
        with transaction() as session:
            act(session, typed or made)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        # A secret is never given back to the page.
        return _page(Form(form.values, refusal.reasons)), refusal.status
    if made:
        return _page(Form({}), made=made, of=name)
    flash(_("Đã thêm khóa cho cổng %(name)s.", name=name), "ok")
    return redirect(url_for("gateways.index"), 303)


def _page(form: Form, **shown: Any) -> str:
    session = read_session()
    held = gateways.secrets_of(session, KIND)
    return render_template(
        "sms/gateways.html",
        form=form,
        gateways=[
            {
                "name": one.name,
                "form": one.form,
                "methods": sorted(forms()[one.form].methods) if one.form in forms() else [],
                "address": url_for("push.push", gateway=one.name, _external=True),
                "operator": one.settings.get("operator"),
                "client_id": one.settings.get("client_id"),
                "words": one.learned.get(senders.OPERATORS, {}),
                "secrets": held.get(one.name, []),
                "last": inbox.latest(session, f"{KIND}:{one.name}"),
            }
            for one in gateways.known(session, KIND).values()
        ],
        forms=sorted(forms()),
        operators=[(code, told.operator(code)) for code in OPERATOR_NAMES],
        operator=told.operator,
        **{"made": "", "of": ""} | shown,
    )
