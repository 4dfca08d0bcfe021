"""What an import of messages tells of a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fundsvc.imports import ImportReport
from fundsvc.sms.batches import Sample


@dataclass(frozen=True, slots=True)
class CampaignCount:
    """What a file's messages of one operator come to for one campaign (gross in đồng)."""

    operator: str
    short_code: str
    keyword: str
    messages: int
    gross: int

    def as_json(self) -> dict[str, Any]:
        """Return the count as interface documents print it."""
        return {
            "operator": self.operator,
            "short_code": self.short_code,
            "keyword": self.keyword,
            "messages": self.messages,
            "gross": self.gross,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsImportReport(ImportReport):
    """What a file of messages says, and how much of it is new; `gross` in đồng.

    `messages`, `gross`, `failed`, `unknown_keyword` and `by_campaign` tell of the whole file, each
    message once; `new` counts the rows that this import adds, `known` those that were kept before
    or come again. `parked` says why messages were not booked,
    `sample` shows the first ones as they were understood; `headings` are the file's own words
    for the fields that refused rows name.
    """

    messages: int
    gross: int
    failed: int
    unknown_keyword: int
    by_campaign: tuple[CampaignCount, ...]
    parked: dict[str, int]
    sample: tuple[Sample, ...]
    headings: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the report as interface documents print it."""
        return {
            **ImportReport.as_json(self),
            "messages": self.messages,
            "gross": self.gross,
            "failed": self.failed,
            "unknown_keyword": self.unknown_keyword,
            "by_campaign": [count.as_json() for count in self.by_campaign],
            "parked": self.parked,
        }
