"""Set up the gateways that may tell of the bank's lines: form and secrets."""

import re
from collections.abc import Sequence
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.errors import Reason, Refusal
from fundsvc.inbox import gateways
from fundsvc.reconciliation.gateways import forms
from fundsvc.reconciliation.notices import KIND

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)


def add(
    session: Session, name: str, form_name: str, secrets: Sequence[str], *, by: int | None
) -> bool:
    """Add a gateway, or more secrets to one that is there; return whether it is a new one.

    Raises:
        Refusal: a name, form or secret that cannot be; the reasons name the field.
    """
    form = forms().get(form_name)
    if not _NAME.fullmatch(name):
        why = _("Tên cổng gồm chữ thường không dấu, chữ số và dấu gạch, nhiều nhất 40 ký tự.")
        raise Refusal(Reason(why, field="name"))
    if form is None:
        why = _("Không có mẫu này; các mẫu: %(known)s.", known=", ".join(sorted(forms())))
        raise Refusal(Reason(why, field="form"))
    if not all(form.takes(secret) for secret in secrets):
        raise Refusal(Reason(_("Khóa không đúng dạng của mẫu này."), field="secret"))
    fresh = gateways.add(session, KIND, name, form_name, {}, *secrets)
    facts = {"form": form_name, "secrets": len(secrets)}
    audit.record(session, "gateway.add", f"gateway:{KIND}:{name}", facts, by=by)
    return fresh


def retire_secret(session: Session, name: str, number: int, *, by: int | None) -> None:
    """Let a secret be good no longer.

    Raises:
        NotFound: the gateway has no such secret, or it is retired already.
    """
    gateways.retire_secret(session, KIND, name, number)
    facts = {"number": number}
    audit.record(session, "gateway.retire-secret", f"gateway:{KIND}:{name}", facts, by=by)
