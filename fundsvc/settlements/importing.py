"""Take in what operators report, all rows of a file or none; preview and commit read alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.evidence import service as evidence
from fundsvc.imports import ImportReport, Refused
from fundsvc.settlements import counting, sheet
from fundsvc.settlements.counting import Asked, Count
from fundsvc.settlements.models import (
    Claim,
    Settlement,
    SettlementEntry,
    SettlementLoss,
    SettlementMessage,
    SettlementPayment,
)
from fundsvc.settlements.sheet import SettlementRow
from fundsvc.sms import campaigns
from fundsvc.sms.models import Campaign
from fundsvc.text import fold

REPORTED = ("messages", "gross", "fee", "net", "paid_on", "bank_reference")


@dataclass(frozen=True, slots=True)
class Compared:
    """A settlement as a file states it, beside what we counted."""

    row: int
    operator: str
    short_code: str
    keyword: str
    counted: Count
    reported: Count
    fee: int
    net: int

    @property
    def difference(self) -> Count:
        """What the operator reports more than we counted."""
        return self.reported - self.counted

    def as_json(self) -> dict[str, Any]:
        """Return the settlement as interface documents print it."""
        return {
            "operator": self.operator,
            "short_code": self.short_code,
            "keyword": self.keyword,
            "counted": self.counted.as_json(),
            "reported": self.reported.as_json() | {"fee": self.fee, "net": self.net},
            "difference": self.difference.as_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementReport(ImportReport):
    """What a file of settlements says; `replaced` counts known ones that get other numbers."""

    replaced: int
    settlements: tuple[Compared, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the report as interface documents print it."""
        found = [settlement.as_json() for settlement in self.settlements]
        return {**ImportReport.as_json(self), "replaced": self.replaced, "settlements": found}


def import_settlements(
    session: Session,
    data: bytes,
    *,
    name: str,
    commit: bool,
    replace: bool = False,
    by: int | None,
) -> SettlementReport:
    """Read a file of settlements; keep what is new if `commit` says so and no row is refused.

    Operator, campaign and period are the identity: the same again adds nothing. Other numbers for
    a known one are refused, unless `replace` asks for them and nothing rests on the old ones yet.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    if commit:
        campaigns.lock(session)
    refused = Refused()
    rows, lines = sheet.read(data, refused)
    sorting = _Sorting(session, refused, replace=replace, commit=commit)
    found = [row for row in rows if sorting.sort(row)]
    committed = commit and not refused.count
    if committed and (sorting.fresh or sorting.changed):
        sha256 = evidence.record(session, data, name=name, media_type=sheet.media_type(data), by=by)
        _keep(session, sorting, sha256, by=by)
        facts = {"new": len(sorting.fresh), "replaced": len(sorting.changed), "sha256": sha256}
        audit.record(session, "settlement.import", "settlements", facts, by=by)
        session.flush()
    days = [day for row in rows for day in (row.period_from, row.period_to)]
    return SettlementReport(
        lines=lines,
        new=len(sorting.fresh),
        known=sorting.known,
        replaced=len(sorting.changed),
        refused=tuple(refused.rows),
        refused_count=refused.count,
        sum_in=sum(row.net for row in found),
        sum_out=0,
        first=min(days, default=None),
        last=max(days, default=None),
        committed=committed,
        settlements=tuple(_compared(session, row, sorting.campaign(row)) for row in found),
    )


class _Sorting:
    """Tells new settlements from known ones, row by row, and refuses those that cannot be."""

    def __init__(self, session: Session, refused: Refused, *, replace: bool, commit: bool) -> None:
        self._session, self._refused = session, refused
        self._replace, self._commit = replace, commit
        self._campaigns = session.scalars(select(Campaign).order_by(Campaign.id)).all()
        self._seen: list[tuple[Campaign, SettlementRow]] = []
        self.fresh: list[SettlementRow] = []
        self.changed: list[tuple[Settlement, SettlementRow]] = []
        self.known = 0

    def campaign(self, row: SettlementRow) -> Campaign:
        """Return the campaign of a row that was sorted."""
        return self._fitting(row)[0]

    def sort(self, row: SettlementRow) -> bool:
        """Say whether a row can be, and note what is to be done with it."""
        fitting = self._fitting(row)
        if len(fitting) != 1:
            why = (
                _("Kỳ này thuộc nhiều đợt vận động; mỗi đợt cần một dòng riêng.")
                if fitting
                else _("Không có đợt vận động nào của đầu số và cú pháp này trong kỳ.")
            )
            self._refused.add(row.row, "keyword", why)
            return False
        campaign = fitting[0]
        if (sure := self._within_file(row, campaign)) is not None:
            return sure
        self._seen.append((campaign, row))
        return self._against_known(row, campaign)

    def _fitting(self, row: SettlementRow) -> Sequence[Campaign]:
        return [
            campaign
            for campaign in self._campaigns
            if campaign.short_code == row.short_code
            and fold(campaign.keyword) == fold(row.keyword)
            and campaign.starts <= row.period_to
            and row.period_from <= campaign.ends
        ]

    def _within_file(self, row: SettlementRow, campaign: Campaign) -> bool | None:
        """Compare a row with those before it; None when none of them shares a day with it."""
        for other_campaign, other in self._seen:
            if other_campaign is not campaign or other.operator != row.operator:
                continue
            if _identity(other) == _identity(row) and _reported(other) == _reported(row):
                self.known += 1
                return False
            if other.period_from <= row.period_to and row.period_from <= other.period_to:
                why = _("Trùng kỳ với dòng %(row)s của tệp này.", row=other.row)
                self._refused.add(row.row, "period_from", why)
                return False
        return None

    def _against_known(self, row: SettlementRow, campaign: Campaign) -> bool:
        query = (
            select(Settlement)
            .where(
                Settlement.operator == row.operator,
                Settlement.campaign_id == campaign.id,
                Settlement.period_from <= row.period_to,
                Settlement.period_to >= row.period_from,
            )
            .order_by(Settlement.id)
            .limit(1)
        )
        if self._commit:
            # Nobody accepts the old numbers between the look at what rests on them and the new.
            query = query.with_for_update().execution_options(populate_existing=True)
        known = self._session.scalars(query).first()
        if known is None:
            self.fresh.append(row)
            return True
        if _identity(known) != _identity(row):
            why = _(
                "Trùng ngày với kỳ đã nhập của nhà mạng này, từ %(first)s đến %(last)s.",
                first=f"{known.period_from:%d/%m/%Y}",
                last=f"{known.period_to:%d/%m/%Y}",
            )
            self._refused.add(row.row, "period_from", why)
            return False
        if _reported(known) == _reported(row):
            self.known += 1
            return True
        return self._change(row, known)

    def _change(self, row: SettlementRow, known: Settlement) -> bool:
        named = next(name for name in REPORTED if getattr(known, name) != getattr(row, name))
        if not self._replace:
            why = _("Kỳ này đã nhập với số khác; muốn dùng số mới thì nhập lại và chọn thay thế.")
        elif rests_on(self._session, known.id):
            why = _("Kỳ này đã nhập với số khác và đã có việc làm theo số đó; không thay được.")
        else:
            self.changed.append((known, row))
            return True
        self._refused.add(row.row, named, why)
        return False


def rests_on(session: Session, settlement_id: int) -> bool:
    """Say whether anything was booked, asked or claimed by a settlement's numbers."""
    return any(
        session.scalar(select(model.settlement_id).filter_by(settlement_id=settlement_id).limit(1))
        for model in (SettlementEntry, SettlementPayment, SettlementLoss, Claim)
    )


def _identity(row: SettlementRow | Settlement) -> tuple[Any, ...]:
    return row.period_from, row.period_to


def _reported(row: SettlementRow | Settlement) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in REPORTED)


def _keep(session: Session, sorting: _Sorting, sha256: str, *, by: int | None) -> None:
    session.add_all(
        Settlement(
            unit_id=sorting.campaign(row).unit_id,
            operator=row.operator,
            campaign_id=sorting.campaign(row).id,
            period_from=row.period_from,
            period_to=row.period_to,
            **{name: getattr(row, name) for name in REPORTED},
            sha256=sha256,
            row=row.row,
            imported_at=clock.now(),
            imported_by=by,
        )
        for row in sorting.fresh
    )
    for known, row in sorting.changed:
        for name in REPORTED:
            setattr(known, name, getattr(row, name))
        known.sha256, known.row = sha256, row.row
        known.detail_sha256 = None
        listed = SettlementMessage.settlement_id == known.id
        session.execute(delete(SettlementMessage).where(listed))
        known.accepted_at = known.accepted_by = None


def _compared(session: Session, row: SettlementRow, campaign: Campaign) -> Compared:
    asked = Asked(row.operator, campaign.id, row.period_from, row.period_to)
    return Compared(
        row=row.row,
        operator=row.operator,
        short_code=campaign.short_code,
        keyword=campaign.keyword,
        counted=counting.counted(session, asked),
        reported=Count(row.messages, row.gross),
        fee=row.fee,
        net=row.net,
    )
