"""Gateways that push messages: each file of this folder is one form, found by the file's name.

To add a gateway is to add a file that ends with `FORM = …`, a `Form`: how a push is checked, how
it becomes a row as operators' files have it, and in which words the gateway is answered.
"""

import json
from abc import abstractmethod
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar, Final

from fundsvc.inbox.pushes import PushForm

Row = dict[str, str]
"""A message by the names of the columns of operators' files."""
ALIKE: Final = ("operator", "request_id", "msisdn", "short_code", "message")
"""What must be equal when an id comes again: not the time, for an attempt may bear its own."""


class Form(PushForm):
    """How one gateway pushes messages."""

    names_operator: ClassVar[bool] = True
    """Whether a push says whose subscriber sent the message; else the gateway's settings do."""
    names_client: ClassVar[bool] = False
    """Whether a push says whose account it is for, which must be that of the gateway's settings."""

    @abstractmethod
    def row(self, body: bytes, settings: Mapping[str, Any]) -> Row:
        """Return the message.

        Raises:
            UnreadableError: a field is not there, or not of its form.
        """

    def alike(self, body: bytes, settings: Mapping[str, Any]) -> bytes:
        row = self.row(body, settings)
        return json.dumps([row.get(name) for name in ALIKE]).encode()


@cache
def forms() -> dict[str, Form]:
    """Return the forms by name, one for each file of this folder."""
    found = {info.name: import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)}
    return {name: module.FORM for name, module in found.items()}
