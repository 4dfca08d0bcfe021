"""How the list of lines is looked at: its order, filters, where it begins, what is ticked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import ColumnElement

from fundsvc.reconciliation import decided
from fundsvc.reconciliation.models import BankLine
from fundsvc.workbench.words import holds

SORTS: Final = ("old", "new", "big")
WAYS: Final = ("", "in", "out")
STATES: Final = ("", "open", "held")
LONGEST_WORDS: Final = 100
MOST_PICKED: Final = 500


@dataclass(frozen=True, slots=True)
class View:
    """How the list is looked at: order, filters, where it begins, and which lines are ticked.

    `beyond` is how many more were ticked than one preview can take.
    """

    sort: str = "old"
    way: str = ""
    state: str = ""
    words: str = ""
    after: tuple[str, int] | None = None
    picked: tuple[int, ...] = ()
    beyond: int = 0

    @classmethod
    def of(cls, values: Mapping[str, str], picked: Sequence[str] = ()) -> "View":
        """Read a view from an address or form; what cannot be is left out."""
        sort, way, state = (values.get(name, "") for name in ("sort", "way", "state"))
        key, _dot, number = values.get("after", "").rpartition(".")
        numbers = tuple(dict.fromkeys(int(one) for one in picked if _is_number(one)))
        return cls(
            sort=sort if sort in SORTS else "old",
            way=way if way in WAYS else "",
            state=state if state in STATES else "",
            words=values.get("q", "").strip()[:LONGEST_WORDS],
            after=(key, int(number)) if key and _is_number(number) else None,
            picked=numbers[:MOST_PICKED],
            beyond=max(len(numbers) - MOST_PICKED, 0),
        )

    def query(self, **more: Any) -> str:
        """Return the view as the query of an address, with more or other values."""
        values: dict[str, Any] = {
            "sort": self.sort if self.sort != "old" else None,
            "way": self.way,
            "state": self.state,
            "q": self.words,
            "after": f"{self.after[0]}.{self.after[1]}" if self.after else None,
            "pick": list(self.picked),
        }
        values |= more
        return urlencode({name: one for name, one in values.items() if one}, doseq=True)

    def only(self) -> list[ColumnElement[bool]]:
        """Return what a view asks of lines besides that they wait."""
        found: list[ColumnElement[bool]] = []
        if self.way:
            found.append(BankLine.credit > 0 if self.way == "in" else BankLine.debit > 0)
        if self.state:
            found.append(decided.held() if self.state == "held" else ~decided.held())
        if self.words:
            found.append(holds(self.words, BankLine.memo, BankLine.counterparty))
        return found

    def mark(self) -> tuple[Any, int] | None:
        """Return after what the list goes on: what it is ordered by, and the number of a line."""
        if self.after is None:
            return None
        key, number = self.after
        if self.sort == "big":
            return (int(key), number) if _is_number(key) else None
        try:
            return date.fromisoformat(key), number
        except ValueError:
            return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 - figures of a key
