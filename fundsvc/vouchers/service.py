"""The way of a voucher: drafted, submitted, approved by another person, posted with a number."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.orm import Session

from fundsvc import clock
from fundsvc.audit import service as audit
from fundsvc.books import keys, papers
from fundsvc.books import service as books
from fundsvc.books.reversing import LONGEST_REASON, Reversed, take_back, undone
from fundsvc.db import check_scope
from fundsvc.errors import Conflict, Reason, Refusal
from fundsvc.text import clean
from fundsvc.vouchers import byhand, checks, files, following, numbers, paper, storing, workflow
from fundsvc.vouchers.drafting import Draft
from fundsvc.vouchers.kinds import APPROVED, DISCARDED, DRAFT, POSTED, SUBMITTED, TRANSFER
from fundsvc.vouchers.models import Voucher
from ledger import recipes

SOURCE: Final = paper.SOURCE
_VOUCHERS: Final[Any] = Voucher.__table__
_CHOSEN: Final = "form:"


def chosen_key(key: str) -> str:
    """Return the key of a request that a person may choose, apart from those the service makes."""
    return _CHOSEN + key


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of posting a voucher: its number and its entry."""

    number: str
    entry_id: int


def create(
    session: Session, draft: Draft, *, key: str, by: int, template_id: int | None = None
) -> int:
    """Keep a new draft and return its id; the same key again adds nothing.

    Raises:
        Refusal: a code, a text or an amount cannot be.
        NotFound: there is no such unit or province, or not for this person.
        Forbidden: the person makes no vouchers.
        Conflict: the key was used for another voucher.
    """
    workflow.hold_role(session, "edit", by)
    resolved = storing.resolve(session, draft)
    if not _is_used(session, key):
        check_scope(session, {resolved.unit_id})
        columns = resolved.columns | {
            "state": DRAFT,
            "version": 1,
            "maker_id": by,
            "made_at": clock.now(),
            "key": key,
            "template_id": template_id,
        }
        number = _insert(session, columns)
        if number is not None:
            storing.write_lines(session, number, resolved.lines)
            audit.record(session, "voucher.create", workflow.subject(number), {}, by=by)
            return number
    known = session.scalar(select(Voucher).where(Voucher.key == key))
    return _same_as_before(session, known, resolved)


def edit(session: Session, voucher_id: int, version: int | None, draft: Draft, *, by: int) -> None:
    """Write a draft anew; who does so is its maker from now on, beside those before.

    Raises:
        Refusal, NotFound: as `create`; a kind stays what it was.
        Forbidden, Conflict: see `workflow.taken`.
    """
    row = workflow.taken(session, voucher_id, version, "edit", by)
    if draft.kind != row.kind:
        why = _("Loại chứng từ không đổi được; hãy bỏ nháp này và lập chứng từ khác.")
        raise Refusal(Reason(why, field="kind"))
    resolved = storing.resolve(session, draft)
    check_scope(session, {resolved.unit_id})
    following.edited(session, row, resolved.draft)
    storing.write_lines(session, row.id, resolved.lines)
    for name, value in resolved.columns.items():
        setattr(row, name, value)
    row.maker_id = by
    _changed(session, row, "edit", by)


def submit(session: Session, voucher_id: int, version: int | None, *, by: int) -> None:
    """Send a draft for approval; from now on nothing of it changes unless it is sent back.

    Raises:
        Refusal: see `checks.hold_all`.
        NotFound, Forbidden, Conflict: see `workflow.taken`.
    """
    row = workflow.taken(session, voucher_id, version, "submit", by)
    checks.hold_all(session, storing.stored(session, row), storing.stored_lines(session, row.id))
    row.state = SUBMITTED
    row.submitted_by, row.submitted_at = by, clock.now()
    row.return_reason = None
    _changed(session, row, "submit", by)


def return_(
    session: Session, voucher_id: int, version: int | None, reason: str, *, by: int
) -> None:
    """Send a voucher back to its makers, who may change it and submit it again.

    Raises:
        Refusal: there is no reason.
        NotFound, Forbidden, Conflict: see `workflow.taken`.
    """
    why = clean(reason, LONGEST_REASON, "reason")
    if not why:
        raise Refusal(Reason(_("Xin ghi lý do trả lại."), field="reason"))
    row = workflow.taken(session, voucher_id, version, "return", by)
    row.state = DRAFT
    row.approver_id = row.approved_at = None
    row.return_reason = why
    _changed(session, row, "return", by, reason=why)


def discard(session: Session, voucher_id: int, version: int | None, *, by: int) -> None:
    """Put a draft aside for good; it stays to be seen and never had a number.

    Raises:
        NotFound, Forbidden, Conflict: see `workflow.taken`.
    """
    row = workflow.taken(session, voucher_id, version, "discard", by)
    row.state = DISCARDED
    _changed(session, row, "discard", by)


def approve(
    session: Session, voucher_id: int, version: int | None, *, by: int, post: bool = False
) -> Posted | None:
    """Approve a voucher that another person made; with `post`, book it at once.

    Raises:
        Refusal: see `checks.hold_all`.
        NotFound, Forbidden, Conflict: see `workflow.taken`.
    """
    row = workflow.taken(session, voucher_id, version, "approve", by)
    draft, lines = storing.stored(session, row), storing.stored_lines(session, row.id)
    checks.hold_all(session, draft, lines)
    row.state = APPROVED
    row.approver_id, row.approved_at = by, clock.now()
    _changed(session, row, "approve", by)
    return _book(session, row, by) if post else None


def post(session: Session, voucher_id: int, version: int | None, *, by: int) -> Posted:
    """Book an approved voucher and give it the next number of its book.

    Raises:
        Refusal: see `checks.hold_all`; no number is used up.
        NotFound, Forbidden, Conflict: see `workflow.taken`.
    """
    row = workflow.taken(session, voucher_id, version, "post", by)
    checks.hold_all(session, storing.stored(session, row), storing.stored_lines(session, row.id))
    return _book(session, row, by)


def reverse(
    session: Session, voucher_id: int, *, on: date | None, reason: str, by: int
) -> Reversed:
    """Take a posted voucher back by negative amounts; its number stays.

    Raises:
        NotFound, Forbidden, Conflict: see `workflow.taken`; it was reversed before otherwise.
        Refusal: see `books.reversing.take_back`, or a restricted fund no longer has what it got,
            or what a transfer made owed was paid.
    """
    row = workflow.taken(session, voucher_id, None, "reverse", by)
    lines = storing.stored_lines(session, row.id)
    checks.lock(session, lines)
    if row.entry_id is None:
        msg = "a posted voucher has an entry"
        raise RuntimeError(msg)
    # What a fund never received in truth is taken back even where it was spent, or the books could
    # not be put right; what goes back to another fund or unit must be there.
    if checks.over_several(lines) and undone(session, row.entry_id) is None:
        back = tuple(replace(line, debit=line.credit, credit=line.debit) for line in lines)
        since = on or clock.today()
        if row.kind == TRANSFER and since >= row.date:  # Of an earlier day that alone is told.
            byhand.hold_unpaid(session, lines, since=since)
        checks.hold_net(session, back, since=since, field="date")
    return take_back(
        session, row.entry_id, subject=workflow.subject(row.id), on=on, reason=reason, by=by
    )


def _book(session: Session, row: Voucher, by: int) -> Posted:
    """Post the entry of an approved voucher, whose checks were made; the number comes last."""
    lines = storing.stored_lines(session, row.id)
    unit = numbers.unit_of(session, row.unit_id)
    province = {number: code for code, number in keys.read(session).provinces.items()}
    entry = recipes.voucher_entry(
        row.kind,
        lines,
        on=row.date,
        unit=unit.code,
        # Who paid or was paid stays out of the books, so that it can be forgotten.
        description=row.description,
        province=province[row.province_id] if row.province_id else None,
    )
    number = numbers.take(session, row.kind, unit, row.date)
    posted = books.post(
        session,
        entry,
        source=SOURCE,
        external_id=str(row.id),
        maker_id=row.maker_id,
        approver_id=row.approver_id,
        voucher=number.text,
        evidence=files.hashes(session, row.id),
    )
    row.state = POSTED
    row.number, row.entry_id = number.text, posted.id
    row.series, row.year, row.serial = number.series, number.year, number.serial
    row.posted_by, row.posted_at = by, clock.now()
    row.salt = papers.new_salt()
    _changed(session, row, "post", by, number=number.text, entry=posted.id)
    papers.bind(session, paper.PAPER, row)
    following.posted(session, row, by)
    return Posted(number.text, posted.id)


def _changed(session: Session, row: Voucher, act: str, by: int, **facts: object) -> None:
    """Write a change and note who made it; forms that are open are old from now on."""
    row.version += 1
    workflow.note(session, row, act, by, **facts)
    session.flush()


def _is_used(session: Session, key: str) -> bool:
    """Say whether a key has made a voucher, even one that this person may not see."""
    query = select(_VOUCHERS.c.id).where(_VOUCHERS.c.key == key)
    return session.scalar(query) is not None


def _insert(session: Session, columns: dict[str, Any]) -> int | None:
    """Insert a voucher; None when somebody else's of the same key came in the same moment."""
    if session.get_bind().dialect.name == "postgresql":
        unique = (
            postgresql_insert(Voucher)
            .values(columns)
            .on_conflict_do_nothing(index_elements=["key"])
        )
        return session.execute(unique.returning(Voucher.id)).scalar()
    # SQLite has one writer, which looked for the key a moment ago, in all units.
    return session.execute(insert(Voucher).values(columns).returning(Voucher.id)).scalar()


def _same_as_before(session: Session, known: Voucher | None, resolved: storing.Resolved) -> int:
    """Return the voucher that this key made before, if it says the same."""
    if known is not None:
        said = all(getattr(known, name) == value for name, value in resolved.columns.items())
        if said and storing.stored_lines(session, known.id) == resolved.lines:
            return known.id
    why = _("Phiếu này đã được lưu trước đó với nội dung khác; xin xem lại trong danh sách.")
    raise Conflict(Reason(why, field="key"))
