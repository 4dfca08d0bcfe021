"""What operators keep of a campaign's money: rates by operator, each from a day on."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.sms.models import Campaign, CampaignFee


@dataclass(frozen=True, slots=True)
class Fee:
    """A rate in hundredths of a percent, from its first day on."""

    campaign_id: int
    operator: str
    starts: date
    rate: int


def agree(session: Session, fee: Fee, *, by: int | None) -> None:
    """Keep a new rate; what lies before its first day goes by the earlier ones.

    Raises:
        NotFound: there is no such campaign, or not for this person.
        Refusal: a rate of the operator starts on that day or later, or the campaign is over.
    """
    campaign = session.scalar(
        select(Campaign).where(Campaign.id == fee.campaign_id).with_for_update()
    )
    if campaign is None:
        raise NotFound(Reason(_("Không có đợt vận động này."), field="fee_campaign"))
    if not campaign.starts <= fee.starts <= campaign.ends:
        why = _("Ngày áp dụng phải nằm trong thời gian của đợt vận động.")
        raise Refusal(Reason(why, field="fee_starts"))
    last = session.scalar(
        select(func.max(CampaignFee.starts)).filter_by(
            campaign_id=fee.campaign_id, operator=fee.operator
        )
    )
    if last is not None and fee.starts <= last:
        why = _("Nhà mạng này đã có phí áp dụng từ %(day)s; phí mới phải từ ngày sau đó.",
                day=f"{last:%d/%m/%Y}")  # fmt: skip
        raise Refusal(Reason(why, field="fee_starts"))
    keep(session, fee, by=by)
    facts = {"operator": fee.operator, "starts": fee.starts.isoformat(), "rate": fee.rate}
    audit.record(session, "campaign.fee", f"campaign:{fee.campaign_id}", facts, by=by)


def keep(session: Session, fee: Fee, *, by: int | None) -> None:
    """Store a rate that was checked."""
    session.add(
        CampaignFee(
            campaign_id=fee.campaign_id,
            operator=fee.operator,
            starts=fee.starts,
            rate=fee.rate,
            made_at=clock.now(),
            made_by=by,
        )
    )
    session.flush()


def rate_on(session: Session, campaign_id: int, operator: str, day: date) -> int | None:
    """Return the rate of a day, in hundredths of a percent; None when none was agreed."""
    return session.scalar(
        select(CampaignFee.rate)
        .filter_by(campaign_id=campaign_id, operator=operator)
        .where(CampaignFee.starts <= day)
        .order_by(CampaignFee.starts.desc())
        .limit(1)
    )


def all_fees(session: Session) -> list[Fee]:
    """Return the rates of the campaigns in scope: by campaign and operator, the newest first."""
    rows = session.scalars(
        select(CampaignFee)
        .join(Campaign, Campaign.id == CampaignFee.campaign_id)
        .order_by(CampaignFee.campaign_id, CampaignFee.operator, CampaignFee.starts.desc())
    )
    return [Fee(row.campaign_id, row.operator, row.starts, row.rate) for row in rows]


def percent(rate: int) -> str:
    """Return a rate as people write it: 1,5 %."""
    whole, rest = divmod(rate, 100)
    return f"{whole},{rest:02}".rstrip("0").rstrip(",") + " %" if rest else f"{whole} %"
