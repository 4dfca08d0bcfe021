"""Campaigns: take them in from a file, list them, and make the register messages are read by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc.audit import service as audit
from fundsvc.books import keys
from fundsvc.books.models import Fund
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.imports import ImportReport, Refused
from fundsvc.sms import fees, sheet
from fundsvc.sms.grammar import Grammar, Rule
from fundsvc.sms.models import Campaign, SmsDay
from fundsvc.sms.register import Register, Terms, clash
from fundsvc.text import fold
from fundsvc.units.models import Unit

_LOCK = "fundsvc.sms"


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """A campaign as lists show it, with what its booked messages come to (đồng)."""

    id: int
    short_code: str
    keyword: str
    grammar: str
    unit_value: int
    fund: str
    fund_name: str
    unit: str
    unit_name: str
    starts: date
    ends: date
    most_units: int | None
    most_daily: int | None
    messages: int
    gross: int

    def as_json(self) -> dict[str, Any]:
        """Return the campaign as `campaign list --json` prints it."""
        return {
            "short_code": self.short_code,
            "keyword": self.keyword,
            "grammar": self.grammar,
            "unit_value": self.unit_value,
            "fund": self.fund,
            "unit": self.unit,
            "starts": self.starts.isoformat(),
            "ends": self.ends.isoformat(),
            "most_units": self.most_units,
            "most_daily": self.most_daily,
            "messages": self.messages,
            "gross": self.gross,
        }


def lock(session: Session) -> None:
    """Let one change of campaigns or import of messages happen at a time.

    On SQLite the transaction is the only writer already.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_LOCK, 0))))


def all_terms(session: Session) -> list[Terms]:
    """Return all campaigns that the session may see, as values."""
    known = keys.read(session)
    funds = {number: code for code, number in known.funds.items()}
    units = {number: code for code, number in known.units.items()}
    return [
        Terms(
            id=row.id,
            short_code=row.short_code,
            rule=Rule(
                fold(row.keyword), cast("Grammar", row.grammar), row.unit_value, row.most_units
            ),
            starts=row.starts,
            ends=row.ends,
            fund=funds[row.fund_id],
            unit=units[row.unit_id],
            most_daily=row.most_daily,
        )
        for row in session.scalars(select(Campaign).order_by(Campaign.id))
    ]


def register(session: Session) -> Register:
    """Return what messages are read by."""
    return Register(all_terms(session))


def list_campaigns(session: Session) -> list[CampaignFacts]:
    """Return the campaigns, the latest first, with their messages and gross."""
    totals = (
        select(
            SmsDay.campaign_id,
            func.sum(SmsDay.messages).label("messages"),
            func.sum(SmsDay.gross).label("gross"),
        )
        .group_by(SmsDay.campaign_id)
        .subquery()
    )
    rows = session.execute(
        select(Campaign, Fund, Unit, totals.c.messages, totals.c.gross)
        .join(Fund, Fund.id == Campaign.fund_id)
        .join(Unit, Unit.id == Campaign.unit_id)
        .join(totals, totals.c.campaign_id == Campaign.id, isouter=True)
        .order_by(Campaign.starts.desc(), Campaign.short_code, Campaign.keyword)
    )
    return [
        CampaignFacts(
            id=row.id,
            short_code=row.short_code,
            keyword=row.keyword,
            grammar=row.grammar,
            unit_value=row.unit_value,
            fund=fund.code,
            fund_name=fund.name,
            unit=unit.code,
            unit_name=unit.name,
            starts=row.starts,
            ends=row.ends,
            most_units=row.most_units,
            most_daily=row.most_daily,
            messages=int(messages or 0),
            gross=int(gross or 0),
        )
        for row, fund, unit, messages, gross in rows
    ]


def import_campaigns(
    session: Session, data: bytes, *, commit: bool = True, by: int | None
) -> ImportReport:
    """Take in a file of campaigns, all of it or nothing; the same campaign again adds nothing.

    A campaign is never changed: messages were booked by its terms. To go on longer, or at another
    price, is a new campaign that starts the day after.

    Raises:
        Refusal: the file as a whole cannot be read.
    """
    lock(session)
    refused = Refused()
    rows, lines = sheet.read(data, refused)
    existing = all_terms(session)
    fresh, known = _sort(session, rows, existing, refused)
    committed = commit and not refused.count
    if committed and fresh:
        _keep(session, fresh, by)
    days = [day for row in rows for day in (row.starts, row.ends)]
    return ImportReport(
        lines=lines,
        new=len(fresh),
        known=known,
        refused=tuple(refused.rows),
        refused_count=refused.count,
        sum_in=0,
        sum_out=0,
        first=min(days, default=None),
        last=max(days, default=None),
        committed=committed,
    )


def add_campaign(session: Session, cells: Mapping[str, str], *, by: int | None) -> str:
    """Take in one campaign by its cells, as a file would have them; return its name.

    Raises:
        Refusal: a cell cannot be read, or the campaign is there or clashes with another.
    """
    lock(session)
    refused = Refused()
    row = sheet.campaign(1, cells, refused)
    fresh = _sort(session, [row], all_terms(session), refused)[0] if row else []
    if refused.count:
        raise Refusal(*(Reason(told.reason, field=told.field) for told in refused.rows))
    if not fresh:
        raise Conflict(Reason(_("Đã có đợt vận động này."), field="keyword"))
    _keep(session, fresh, by)
    return f"{fresh[0].keyword} {fresh[0].short_code}"


def _keep(session: Session, fresh: list[sheet.CampaignRow], by: int | None) -> None:
    ids = keys.read(session)
    for row in fresh:
        kept = Campaign(
            short_code=row.short_code,
            keyword=row.keyword,
            grammar=row.grammar,
            unit_value=row.unit_value,
            fund_id=ids.funds[row.fund],
            unit_id=ids.units[row.unit],
            starts=row.starts,
            ends=row.ends,
            most_units=row.most_units,
            most_daily=row.most_daily,
        )
        session.add(kept)
        session.flush()
        for operator, rate in row.fees.items():
            fees.keep(session, fees.Fee(kept.id, operator, row.starts, rate), by=by)
    names = [f"{row.short_code} {row.keyword}" for row in fresh]
    audit.record(session, "campaign.import", "campaigns", {"campaigns": names}, by=by)
    session.flush()


def _sort(
    session: Session, rows: list[sheet.CampaignRow], existing: list[Terms], refused: Refused
) -> tuple[list[sheet.CampaignRow], int]:
    """Return the new campaigns and how many are known; refuse those that clash or name nothing."""
    ids = keys.read(session)
    taken = list(existing)
    fresh: list[sheet.CampaignRow] = []
    known = 0
    for row in rows:
        terms = Terms(
            0, row.short_code, row.rule, row.starts, row.ends, row.fund, row.unit, row.most_daily
        )
        clashes = [other for other in taken if clash(terms, other)]
        if row.fund not in ids.funds:
            refused.add(row.row, "fund", _("Không có quỹ %(code)s.", code=row.fund[:60]))
        elif row.unit not in ids.units:
            refused.add(row.row, "unit", _("Không có đơn vị %(code)s.", code=row.unit[:60]))
        elif not clashes:
            taken.append(terms)
            fresh.append(row)
        elif all(_same(terms, other) for other in clashes):
            known += 1
            if clashes[0].id:
                _check_fees(session, row, clashes[0].id, refused)
        else:
            why = _(
                "Cú pháp %(keyword)s của đầu số %(short_code)s đã có đợt vận động khác trong các"
                " ngày %(starts)s đến %(ends)s.",
                keyword=row.keyword,
                short_code=row.short_code,
                starts=clashes[0].starts.isoformat(),
                ends=clashes[0].ends.isoformat(),
            )
            refused.add(row.row, "keyword", why)
    return fresh, known


def _check_fees(session: Session, row: sheet.CampaignRow, known: int, refused: Refused) -> None:
    """Refuse other fees than the campaign began with: a new one has a day of its own."""
    for operator, rate in row.fees.items():
        if fees.rate_on(session, known, operator, row.starts) != rate:
            why = _("Đợt vận động đã có phí khác; ghi phí mới bằng biểu mẫu, kèm ngày áp dụng.")
            refused.add(row.row, f"fee_{operator}", why)


def _same(one: Terms, other: Terms) -> bool:
    return replace(one, id=0) == replace(other, id=0)
