"""Who may push, and the secrets they sign with: added, replaced one by one, retired."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock, secrecy
from fundsvc.errors import Conflict, NotFound, Reason, Refusal
from fundsvc.inbox.models import Gateway, GatewaySecret
from fundsvc.inbox.pushes import PushForm

LEARNED = "learned"
"""The setting that holds what people found out about a gateway since it was added."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
_Form = TypeVar("_Form", bound=PushForm)


@dataclass(frozen=True, slots=True)
class SecretFacts:
    """A secret as lists show it: its number, and never itself."""

    number: int
    added_at: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """A gateway with the secrets that are good now."""

    name: str
    form: str
    settings: dict[str, Any]
    secrets: tuple[str, ...]

    @property
    def learned(self) -> dict[str, Any]:
        """What people found out about it since it was added."""
        return self.settings.get(LEARNED, {})  # type: ignore[no-any-return]  # It is JSON.


def known(session: Session, kind: str) -> dict[str, Known]:
    """Return the gateways of a kind by name, ready to check what they push."""
    secrets: dict[int, list[str]] = {}
    good = select(GatewaySecret).where(GatewaySecret.retired_at.is_(None))
    for secret in session.scalars(good.order_by(GatewaySecret.id.desc())):
        secrets.setdefault(secret.gateway_id, []).append(secrecy.unseal(secret.sealed).decode())
    found = session.scalars(select(Gateway).where(Gateway.kind == kind).order_by(Gateway.name))
    return {
        row.name: Known(row.name, row.form, row.settings, tuple(secrets.get(row.id, ())))
        for row in found
    }


def secrets_of(session: Session, kind: str) -> dict[str, list[SecretFacts]]:
    """Return all secrets of the gateways of a kind, good and retired, by the gateway's name."""
    rows = session.execute(
        select(Gateway.name, GatewaySecret)
        .join(GatewaySecret, GatewaySecret.gateway_id == Gateway.id)
        .where(Gateway.kind == kind)
        .order_by(Gateway.name, GatewaySecret.id)
    )
    found: dict[str, list[SecretFacts]] = {}
    for name, row in rows:
        found.setdefault(name, []).append(SecretFacts(row.id, row.added_at, row.retired_at))
    return found


def form_of(forms: Mapping[str, _Form], name: str, form_name: str) -> _Form:
    """Return the form of a gateway that is to be added, when it can be called so.

    Raises:
        Refusal: a name that cannot be, or no such form; the reason names the field.
    """
    form = forms.get(form_name)
    if not _NAME.fullmatch(name):
        why = _("Tên cổng gồm chữ thường không dấu, chữ số và dấu gạch, nhiều nhất 40 ký tự.")
        raise Refusal(Reason(why, field="name"))
    if form is None:
        why = _("Không có mẫu này; các mẫu: %(known)s.", known=", ".join(sorted(forms)))
        raise Refusal(Reason(why, field="form"))
    return form


def hold_secrets(form: PushForm, secrets: Iterable[str]) -> None:
    """Hold that texts can be secrets of a form.

    Raises:
        Refusal: one cannot.
    """
    if not all(form.takes(secret) for secret in secrets):
        raise Refusal(Reason(_("Khóa không đúng dạng của mẫu này."), field="secret"))


def add(
    session: Session, kind: str, name: str, form: str, settings: dict[str, Any], *secrets: str
) -> bool:
    """Add a gateway, or more secrets to one that is there; return whether it is a new one.

    One that is there gets the settings that it did not have; it changes none.

    Raises:
        Conflict: there is one of this name, with another form or other settings.
    """
    found = _find(session, kind, name)
    if found is not None and not (
        found.form == form and _given(found.settings).items() <= settings.items()
    ):
        why = _("Cổng %(name)s đã có, với mẫu hoặc thiết lập khác.", name=name)
        raise Conflict(Reason(why, field="name"))
    now = clock.now()
    row = found or Gateway(kind=kind, name=name, form=form, settings=settings, added_at=now)
    row.settings = row.settings | settings
    session.add(row)
    session.flush()
    session.add_all(
        GatewaySecret(gateway_id=row.id, sealed=secrecy.seal(secret.encode()), added_at=now)
        for secret in secrets
    )
    session.flush()
    return found is None


def learn(session: Session, kind: str, name: str, facts: dict[str, Any]) -> None:
    """Note what people found out about a gateway, beside the settings that it was added with.

    Raises:
        NotFound: there is no such gateway.
    """
    gateway = _find(session, kind, name)
    if gateway is None:
        raise NotFound
    learned = gateway.settings.get(LEARNED, {}) | facts
    gateway.settings = gateway.settings | {LEARNED: learned}
    session.flush()


def retire_secret(session: Session, kind: str, name: str, number: int) -> None:
    """Let a secret be good no longer; a gateway without any can push nothing.

    Raises:
        NotFound: the gateway has no such secret, or it is retired already.
    """
    gateway = _find(session, kind, name)
    secret = session.get(GatewaySecret, number) if gateway else None
    if not (gateway and secret and secret.gateway_id == gateway.id) or secret.retired_at:
        why = _("Cổng %(name)s không có khóa số %(number)s đang dùng.", name=name, number=number)
        raise NotFound(Reason(why, field="number"))
    secret.retired_at = clock.now()
    session.flush()


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that a gateway was added with."""
    return {name: value for name, value in settings.items() if name != LEARNED}


def _find(session: Session, kind: str, name: str) -> Gateway | None:
    return session.scalars(select(Gateway).filter_by(kind=kind, name=name)).one_or_none()
