"""Set up the gateways that may push messages: form, secrets, operator and client id."""

import re
from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.inbox import gateways
from fundsvc.sms.gateways import forms
from fundsvc.sms.service import KIND
from ledger.accounts import OPERATOR_NAMES

OPERATORS = "operators"
"""What is learned of a gateway: which operators it means by words of its own (`gt`)."""
_CLIENT = re.compile(r"[!-~]{1,100}")


def add(
    session: Session,
    name: str,
    form_name: str,
    secrets: Sequence[str],
    *,
    operator: str | None,
    client_id: str | None = None,
    by: int | None,
) -> bool:
    """Add a gateway, or more secrets to one that is there; return whether it is a new one.

    Raises:
        Refusal: a name, form, operator, client id or secret that cannot be; the reasons name the
            field.
    """
    form = gateways.form_of(forms(), name, form_name)
    if form.names_operator == (operator is not None) or operator not in {None, *OPERATOR_NAMES}:
        raise Refusal(Reason(_operator_reason(names_it=form.names_operator), field="operator"))
    if form.names_client == (client_id is None) or not _CLIENT.fullmatch(client_id or "-"):
        raise Refusal(Reason(_client_reason(names_it=form.names_client), field="client_id"))
    gateways.hold_secrets(form, secrets)
    given = {"operator": operator, "client_id": client_id}
    settings = {key: value for key, value in given.items() if value is not None}
    fresh = gateways.add(session, KIND, name, form_name, settings, *secrets)
    facts = {"form": form_name, "secrets": len(secrets), **settings}
    audit.record(session, "gateway.add", f"gateway:{name}", facts, by=by)
    return fresh


def unfinished(session: Session) -> list[str]:
    """Return the gateways whose pushes are refused (401) because no client id was set for them.

    They were added before it was asked for.
    """
    found = gateways.known(session, KIND).values()
    return [
        gateway.name
        for gateway in found
        if (form := forms().get(gateway.form))
        and form.names_client
        and not gateway.settings.get("client_id")
    ]


def retire_secret(session: Session, name: str, number: int, *, by: int | None) -> None:
    """Let a secret be good no longer.

    Raises:
        NotFound: the gateway has no such secret, or it is retired already.
    """
    gateways.retire_secret(session, KIND, name, number)
    audit.record(session, "gateway.retire-secret", f"gateway:{name}", {"number": number}, by=by)


def forget_operator(session: Session, name: str, word: str, *, by: int | None) -> None:
    """Forget which operator a gateway means by a word; what was booked so stays.

    Raises:
        NotFound: nobody said so.
    """
    found = gateways.known(session, KIND).get(name)
    words = dict(found.learned.get(OPERATORS, {})) if found else {}
    if words.pop(word, None) is None:
        raise NotFound
    gateways.learn(session, KIND, name, {OPERATORS: words})
    audit.record(session, "gateway.forget-operator", f"gateway:{name}", {"word": word}, by=by)


def _operator_reason(*, names_it: bool) -> str:
    if names_it:
        return _("Tin của mẫu này tự nói nhà mạng; không ghi nhà mạng cho cổng.")
    known = ", ".join(OPERATOR_NAMES)
    return _("Mẫu này cần một nhà mạng cho cổng: %(known)s.", known=known)


def _client_reason(*, names_it: bool) -> str:
    if names_it:
        return _("Mẫu này cần mã khách hàng mà cổng cấp: 1 đến 100 ký tự không dấu, không cách.")
    return _("Tin của mẫu này không có mã khách hàng; không ghi mã cho cổng.")
