"""The one grammar of e-mail addresses."""

import re
from typing import Final

from flask_babel import gettext as _

from fundsvc.errors import Reason, Refusal
from fundsvc.text import clean

LONGEST: Final = 254
_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"(?P<local>{_LOCAL})@(?P<domain>(?:{_LABEL}\.)+{_LABEL})", re.ASCII)
_LONGEST_LOCAL: Final = 64


def parse(raw: str, field: str = "email") -> str:
    """Read an e-mail address; its domain is kept in small letters.

    Quoted names and letters beyond ASCII are refused: hardly anybody has such an address, and many
    servers do not take it. So is `=?`, which begins an encoded word: mail programs read other
    addresses into one.

    Raises:
        Refusal: it is no address that a letter could be sent to.
    """
    found = _ADDRESS.fullmatch(clean(raw, LONGEST, field))
    if found is None or len(found["local"]) > _LONGEST_LOCAL or "=?" in found["local"]:
        raise Refusal(Reason(_("Địa chỉ thư phải viết dạng ten@example.com."), field=field))
    return f"{found['local']}@{found['domain'].lower()}"


def masked(address: str) -> str:
    """Return an address as lists show it: `n***@example.com`."""
    local, _at, domain = address.partition("@")
    return f"{local[:1]}***@{domain}"
