"""Set up the gateways that may tell of the bank's lines: form and secrets."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.inbox import gateways
from fundsvc.reconciliation.gateways import forms
from fundsvc.reconciliation.notices import KIND


def add(
    session: Session, name: str, form_name: str, secrets: Sequence[str], *, by: int | None
) -> bool:
    """Add a gateway, or more secrets to one that is there; return whether it is a new one.

    Raises:
        Refusal: a name, form or secret that cannot be; the reasons name the field.
    """
    gateways.hold_secrets(gateways.form_of(forms(), name, form_name), secrets)
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
