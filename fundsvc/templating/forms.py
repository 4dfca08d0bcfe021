"""What was typed into a form and why it was refused, for the macros that draw fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fundsvc.errors import Reason

if TYPE_CHECKING:
    from marshmallow import ValidationError


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed into a form and why it was refused; the macros draw fields from it."""

    values: Mapping[str, str]
    reasons: tuple[Reason, ...] = ()

    def value(self, name: str) -> str:
        """Return what was typed into a field, or an empty text."""
        return self.values.get(name) or ""

    def errors(self, name: str) -> list[str]:
        """Return what is wrong with a field."""
        return [str(reason.text) for reason in self.reasons if reason.field == name]


def reasons_of(error: "ValidationError") -> tuple[Reason, ...]:
    """Turn the messages of a marshmallow schema into reasons, one for each message."""
    messages = error.messages
    if not isinstance(messages, Mapping):
        messages = {"_schema": messages}
    return tuple(
        Reason(str(text), field=None if field == "_schema" else str(field))
        for field, texts in messages.items()
        for text in _flat(texts)
    )


def _flat(texts: Any) -> Iterable[Any]:
    """Walk messages of nested fields in order."""
    if isinstance(texts, Mapping):
        for inner in texts.values():
            yield from _flat(inner)
    elif isinstance(texts, list | tuple):
        for inner in texts:
            yield from _flat(inner)
    else:
        yield texts
