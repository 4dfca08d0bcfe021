"""People signed in, straight from the tables: no form, no argon2, so that tests stay quick."""

import hashlib
import json
import secrets
from collections.abc import Collection

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.db import transaction
from fundsvc.staff.models import StaffSession, StaffUser, StaffUserRole, StaffUserUnit
from fundsvc.staff.sessions import IDLE
from fundsvc.units.models import Unit

# A real hash, for pages ask for the password again, but of something nobody can type.
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(secrets.token_hex())


def noted(
    session: Session, person: StaffUser, roles: Collection[str], units: Collection[str] = ()
) -> None:
    """Note who got which roles and units, as the service does when it adds somebody."""
    facts = {"roles": sorted(roles), "units": sorted(units)}
    audit.record(session, "staff.add", f"staff:{person.username}", facts, by=None)


def signed_in(app: Flask, role: str, units: Collection[str] = ()) -> FlaskClient:
    """Return the browser of a new person with a role and, if any, units by their codes."""
    token = secrets.token_urlsafe(32)
    key = secrets.token_hex(16)
    now = clock.now()
    with app.app_context(), transaction() as session:
        person = StaffUser(
            username=f"{role}-{key[:8]}",
            name=f"Người thử {role}",
            key=key,
            password=HASH,
            created_at=now,
        )
        session.add(person)
        session.flush()
        session.add(StaffUserRole(user_id=person.id, role=role))
        for unit_id in session.scalars(select(Unit.id).where(Unit.code.in_(units))):
            session.add(StaffUserUnit(user_id=person.id, unit_id=unit_id))
        noted(session, person, {role}, units)
        session.add(
            StaffSession(
                digest=hashlib.sha256(token.encode()).hexdigest(),
                data=json.dumps({"_user_id": key, "_fresh": True}),
                created_at=now,
                expires_at=now + IDLE,
                user_id=person.id,
            )
        )
    client = app.test_client()
    client.set_cookie(app.config["SESSION_COOKIE_NAME"], token)
    return client
