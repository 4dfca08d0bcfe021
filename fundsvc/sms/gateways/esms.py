"""The eSMS form: fields in the query of a GET, answered with the text message to send back.

`sign` is the MD5 of cpid, smsid, content, receiverTime and the private key, one after the other:
weak, but it is what this gateway has, and like the key it goes over https only. It covers neither
the sender's number nor the short code, and has no marks between the fields: so that none can lend
its letters to the next, cpid must be the gateway's own, and smsid is digits only.

Times are Vietnam time. A push does not say whose subscriber wrote, and a number that moved keeps
its prefix: the operator is a setting of the gateway, one gateway for each operator.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from fundsvc.clock import VN
from fundsvc.inbox.pushes import (
    TOLERANCE,
    Answer,
    BadSignatureError,
    Delivery,
    Told,
    UnreadableError,
    id_of,
    text_of,
)
from fundsvc.sms.gateways import Form, Row

SIGNED: Final = ("cpid", "smsid", "content", "receiverTime")
# What the sender gets, in letters that every phone shows; nothing a second time. It promises no
# more than that the message is here: whether it can be booked is found out later.
THANKS: Final = "Quy da nhan duoc tin nhan cua Quy vi. Xin tran trong cam on."
_SMSID: Final = re.compile(r"[0-9]{1,100}")
_TIME: Final = re.compile(r"[0-9]{14}")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOST_FIELDS: Final = 40


def sign(fields: Mapping[str, str], secret: str) -> str:
    """Return the signature that eSMS makes with its private key."""
    signed = "".join(text_of(fields, name, "") for name in SIGNED) + secret
    return hashlib.md5(signed.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest()


class Esms(Form):
    """How eSMS pushes."""

    methods = frozenset({"GET", "POST"})
    names_operator = False
    names_client = True

    def check(
        self,
        delivery: Delivery,
        secrets: Sequence[str],
        settings: Mapping[str, Any],
        now: datetime,
    ) -> str:
        fields = _fields(delivery.body)
        given = text_of(fields, "sign", "").lower().encode(errors="surrogatepass")
        if not any(compare_digest(sign(fields, key).encode(), given) for key in secrets):
            raise BadSignatureError
        if text_of(fields, "cpid", "") != settings.get("client_id"):
            raise BadSignatureError
        if not _SMSID.fullmatch(text_of(fields, "smsid")):
            raise UnreadableError(field="smsid")
        if _moment(fields) > now + TOLERANCE:
            raise UnreadableError(field="receiverTime")
        return id_of(fields, "smsid")

    def row(self, body: bytes, settings: Mapping[str, Any]) -> Row:
        fields = _fields(body)
        return {
            "operator": str(settings["operator"]),
            "request_id": id_of(fields, "smsid"),
            "msisdn": text_of(fields, "sender"),
            "short_code": text_of(fields, "serviceNumber"),
            "message": text_of(fields, "content", ""),
            "received_at": _moment(fields).isoformat(),
        }

    def answer(self, told: Told, body: bytes) -> Answer:
        try:
            fields = _fields(body)
        except UnreadableError:
            fields = {}
        said = {
            "Message": THANKS if told is Told.KEPT else "",
            "Smsid": fields.get("smsid", ""),
            "Receiver": fields.get("sender", ""),
        }
        inner = "".join(
            f"<{name}>{escape(_NOT_XML.sub('', value))}</{name}>" for name, value in said.items()
        )
        return Answer(f"<ClientResponse>{inner}</ClientResponse>", "application/xml")


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise UnreadableError(field="query") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):  # Which of two is signed, nobody knows.
        raise UnreadableError(field="query")
    return fields


def _moment(fields: Mapping[str, str]) -> datetime:
    written = text_of(fields, "receiverTime")
    try:
        if _TIME.fullmatch(written):
            return datetime.strptime(written, "%Y%m%d%H%M%S").replace(tzinfo=VN)
    except ValueError:
        pass
    raise UnreadableError(field="receiverTime")


FORM: Final = Esms()
