"""Pushes as gateways make them, signed by hand: nothing of the adapters is used here."""

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fundsvc.clock import VN

KEY = "5fdc57e97198o1"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TELCOS = {"viettel": "VT", "vinaphone": "VN", "mobifone": "MB", "vietnamobile": "HT"}


@dataclass(frozen=True, slots=True)
class Made:
    """A push ready to be sent."""

    gateway: str
    method: str
    body: bytes
    headers: dict[str, str]

    @property
    def path(self) -> str:
        """Where it goes; a GET carries its fields in the address."""
        query = f"?{self.body.decode()}" if self.method == "GET" else ""
        return f"/webhooks/sms/{self.gateway}{query}"

    def send(self, client: FlaskClient) -> TestResponse:
        """Send it by Flask's test client."""
        body = None if self.method == "GET" else self.body
        return client.open(self.path, method=self.method, data=body, headers=self.headers)


def moment(row: dict[str, str]) -> datetime:
    """Return when a row was received; without an offset it is Vietnam time."""
    found = datetime.fromisoformat(row["received_at"])
    return found if found.tzinfo else found.replace(tzinfo=VN)


def vcom(row: dict[str, str], *, key: str = KEY, gateway: str = "vcom", **changed: Any) -> Made:
    """Push a row of an operator's file as V-COM does."""
    fields: dict[str, Any] = {
        "request_id": row["request_id"],
        "phone": row["msisdn"],
        "service_id": row["short_code"],
        "command_code": row["message"].partition(" ")[0],
        "message": row["message"],
        "telco": TELCOS.get(row["operator"], row["operator"]),
        "time": int(moment(row).timestamp()),
        "client_id": "demo",
        "type": "new",
    } | changed
    signed = "".join(f"{fields[name]}" for name in ("client_id", "request_id", "phone"))
    digest = hashlib.sha256(f"{signed}{key}{fields['time']}".encode(errors="surrogatepass"))
    fields.setdefault("checksum", b64encode(digest.digest()).decode())
    return Made(gateway, "POST", json.dumps(fields).encode(), {"Content-Type": "application/json"})


def esms(row: dict[str, str], *, key: str = KEY, gateway: str = "esms", **changed: str) -> Made:
    """Push a row as eSMS does: the id is digits, and its gateway says the operator."""
    at = moment(row).astimezone(VN)
    fields = {
        "smsid": "".join(re.findall("[0-9]", row["request_id"])),
        "sender": row["msisdn"],
        "serviceNumber": row["short_code"],
        "keyword": row["message"].partition(" ")[0],
        "content": row["message"],
        "receiverTime": f"{at:%Y%m%d%H%M%S}",
        "cpid": "demo",
    } | changed
    signed = "".join(fields[name] for name in ("cpid", "smsid", "content", "receiverTime")) + key
    made = hashlib.md5(signed.encode(errors="surrogatepass")).hexdigest()  # noqa: S324 - theirs
    fields.setdefault("sign", made)
    return Made(gateway, "GET", urlencode(fields, errors="surrogatepass").encode(), {})


def standard(
    row: dict[str, str],
    at: datetime,
    *,
    secrets: tuple[str, ...] = (WHSEC,),
    gateway: str = "standard",
    message_id: str | None = None,
    body: bytes | None = None,
) -> Made:
    """Push a row after the Standard Webhooks specification, signed at a moment."""
    if body is None:
        told = {"type": "sms.received", "timestamp": at.isoformat(), "data": row}
        body = json.dumps(told).encode()
    message_id = message_id or f"msg_{row['request_id']}"
    seconds = f"{int(at.timestamp())}"
    signed = f"{message_id}.{seconds}.".encode() + body
    signatures = [
        b64encode(
            hmac.new(b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        ).decode()
        for secret in secrets
    ]
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
    return Made(gateway, "POST", body, headers)
