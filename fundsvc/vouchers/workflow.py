"""Who may do what with a voucher in which state; whoever comes too late is told what happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.audit.models import Act
from fundsvc.errors import Conflict, Forbidden, NotFound, Reason
from fundsvc.staff import acting
from fundsvc.staff.models import StaffUser
from fundsvc.vouchers import following
from fundsvc.vouchers.kinds import APPROVED, DISCARDED, DRAFT, POSTED, SUBMITTED
from fundsvc.vouchers.models import Voucher

MAKERS: Final = frozenset({"treasurer", "unit-treasurer"})
APPROVERS: Final = frozenset({"approver"})


@dataclass(frozen=True, slots=True)
class Step:
    """An act: the states a voucher must be in, and the roles that may do it."""

    states: frozenset[str]
    roles: frozenset[str]


STEPS: Final = {
    "edit": Step(frozenset({DRAFT}), MAKERS),
    "submit": Step(frozenset({DRAFT}), MAKERS),
    "discard": Step(frozenset({DRAFT}), MAKERS),
    "return": Step(frozenset({SUBMITTED, APPROVED}), MAKERS | APPROVERS),
    "approve": Step(frozenset({SUBMITTED}), APPROVERS),
    "post": Step(frozenset({APPROVED}), MAKERS | APPROVERS),
    "attach": Step(frozenset({DRAFT, SUBMITTED}), MAKERS | APPROVERS),
    "detach": Step(frozenset({DRAFT, SUBMITTED}), MAKERS),
    "reverse": Step(frozenset({POSTED}), MAKERS),
}
HANDS: Final = frozenset({"create", "edit", "submit"})
"""Whoever did one of these has a hand in a voucher, in whatever version, and may not approve it."""


def subject(voucher_id: int) -> str:
    """Return what a voucher is called in the log of acts."""
    return f"voucher:{voucher_id}"


def open_acts(
    state: str, *, is_maker: bool, roles: frozenset[str], undone: bool = False
) -> frozenset[str]:
    """Return what a person with these roles may do with a voucher in a state.

    `is_maker` is whether the person had a hand in it (see `hands`); then another must approve.
    """
    return frozenset(
        name
        for name, step in STEPS.items()
        if state in step.states
        and roles & step.roles
        and not (name == "approve" and is_maker)
        and not (name == "reverse" and undone)
    )


def taken(session: Session, voucher_id: int, version: int | None, act: str, by: int) -> Voucher:
    """Return a voucher, locked until the transaction ends, for somebody who may do this act now.

    A `version` of None is for acts that take no form.

    Raises:
        NotFound: there is no such voucher, or not for this person.
        Forbidden: the person has no role for this, or would approve what they made.
        Conflict: the voucher is in another state by now, or was changed since the form was opened.
    """
    query = select(Voucher).where(Voucher.id == voucher_id).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NotFound(Reason(_("Không có chứng từ này."), field="voucher"))
    hold_role(session, act, by)
    if row.state not in STEPS[act].states:
        raise Conflict(Reason(f"{told_state(session, row)} {_instead(row.state)}", field="state"))
    if version is not None and version != row.version:
        raise Conflict(Reason(_told_change(session, row), field="version"))
    if act == "approve" and by in hands(session, row):
        why = _(
            "Anh/Chị đã lập, sửa hoặc trình chứng từ này (kể cả bản đã bị trả lại) nên không tự"
            " duyệt được; người khác phải duyệt."
        )
        raise Forbidden(Reason(why, field="approver"))
    following.taken(session, row)
    return row


def hands(session: Session, row: Voucher) -> frozenset[int | None]:
    """Return who made, changed or sent any version of a voucher; another must approve it."""
    kinds = [f"voucher.{act}" for act in HANDS]
    query = select(Act.actor_id).where(Act.subject == subject(row.id), Act.kind.in_(kinds))
    return frozenset({row.maker_id, row.submitted_by, *session.scalars(query)})


def hold_role(session: Session, act: str, by: int) -> None:
    """Hold that a person is there and has a role for an act.

    Raises:
        Forbidden: not so.
    """
    why = _("Anh/Chị không có quyền làm việc này.")
    acting.hold_role(session, by, STEPS[act].roles, why)


def note(session: Session, row: Voucher, act: str, by: int, **facts: object) -> None:
    """Write an act to the log."""
    audit.record(session, f"voucher.{act}", subject(row.id), facts, by=by)


def told_state(session: Session, row: Voucher) -> str:
    """Say in a sentence what state a voucher is in, since when, and by whom."""
    match row.state:
        case "submitted":
            return _(
                "Chứng từ đã được %(who)s trình duyệt lúc %(when)s.",
                who=name_of(session, row.submitted_by),
                when=told_moment(row.submitted_at),
            )
        case "approved":
            return _(
                "Chứng từ đã được %(who)s duyệt lúc %(when)s.",
                who=name_of(session, row.approver_id),
                when=told_moment(row.approved_at),
            )
        case "posted":
            return _(
                "Chứng từ đã ghi sổ với số %(number)s lúc %(when)s.",
                number=row.number or "",
                when=told_moment(row.posted_at),
            )
        case "discarded":
            return _("Chứng từ đã bỏ.")
        case _other:
            return _("Chứng từ đang là nháp, chưa trình duyệt.")


def _instead(state: str) -> str:
    """Say what can be done with a voucher in a state."""
    return {
        DRAFT: _("Có thể sửa, trình duyệt hoặc bỏ."),
        SUBMITTED: _("Có thể duyệt, hoặc trả lại về nháp để sửa."),
        APPROVED: _("Có thể ghi sổ, hoặc trả lại về nháp để sửa."),
        POSTED: _("Chỉ còn có thể ghi đảo."),
        DISCARDED: _("Muốn dùng lại thì lập chứng từ mới."),
    }[state]


def _told_change(session: Session, row: Voucher) -> str:
    last = session.execute(
        select(Act.at, Act.actor_id)
        .where(Act.subject == subject(row.id))
        .order_by(Act.id.desc())
        .limit(1)
    ).first()
    return _(
        "%(who)s vừa thay đổi chứng từ này lúc %(when)s. Những gì Anh/Chị nhập chưa được ghi;"
        " xin xem bản mới rồi làm lại.",
        who=name_of(session, last.actor_id if last else None),
        when=told_moment(last.at if last else row.made_at),
    )


def name_of(session: Session, person: int | None) -> str:
    """Return a person's name, or a word for somebody unknown."""
    found = session.execute(
        select(StaffUser.name, StaffUser.username).where(StaffUser.id == person)
    ).first()
    return (found.name or found.username) if found else _("Người khác")


def told_moment(moment: datetime | None) -> str:
    """Return a moment as sentences tell it, in the time of the books."""
    return f"{moment.astimezone(clock.VN):%H:%M %d/%m/%Y}" if moment else "…"
