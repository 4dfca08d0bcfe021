"""From a draft to its rows and back: codes become ids, texts are cleaned, lines are written out."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from fundsvc.books import keys
from fundsvc.books.tills import till
from fundsvc.db import check_scope, scope
from fundsvc.errors import NotFound, Reason, Refusal
from fundsvc.fields import shown
from fundsvc.text import clean
from fundsvc.units import service as units
from fundsvc.vouchers import byhand, lacking
from fundsvc.vouchers.drafting import Draft, DraftLine, completed, postings
from fundsvc.vouchers.kinds import JOURNAL, KINDS, TRANSFER
from fundsvc.vouchers.models import Voucher, VoucherLine
from ledger.accounts import BANK, CASH
from ledger.entries import Posting

LONGEST: Final = {
    "party": 200,
    "party_address": 300,
    "description": 500,
    "enclosed": 200,
    "resolution": 100,
}
_LINES: Any = VoucherLine.__table__


@dataclass(frozen=True, slots=True)
class Resolved:
    """A draft that can be kept: its columns by name, and its lines as they will be booked."""

    draft: Draft
    unit_id: int
    columns: dict[str, Any]
    lines: tuple[Posting, ...]


def resolve(session: Session, given: Draft) -> Resolved:
    """Read a draft's codes and texts; what it lacks to be booked is left for later.

    Raises:
        Refusal: a code, a text or an amount cannot be; all reasons at once.
        NotFound: there is no such unit or province, or not for this person.
    """
    if given.kind not in KINDS:
        why = _("Không có loại chứng từ “%(kind)s”.", kind=shown(given.kind))
        raise Refusal(Reason(why, field="kind"))
    texts: dict[str, Any] = {}
    refused: list[Refusal] = []
    for name, longest in LONGEST.items():
        with _noted(refused):
            texts[name] = clean(getattr(given, name) or "", longest, name)
    draft = completed(replace(given, **texts))
    refused += (Refusal(reason) for reason in lacking.to_keep(draft))
    refused += (Refusal(reason) for reason in byhand.wrong_lines(session, draft))
    columns = texts | {
        "kind": draft.kind,
        "date": draft.date,
        "amount": draft.amount,
        "till": draft.till,
        "to_till": draft.to_till,
        "resolution": draft.resolution if draft.kind == TRANSFER else None,
        "resolution_on": draft.resolution_on if draft.kind == TRANSFER else None,
        **_ids(session, draft, refused),
    }
    # Whose tills and lines these would be is known only where fund and unit are.
    if columns["fund_id"] and columns["unit_id"]:
        _check_tills(session, draft, columns, refused)
        for place, line in enumerate(draft.lines, start=1):
            with _noted(refused):
                _check_line(session, draft, line, place)
    if refused:
        raise _joined(refused)
    return Resolved(draft, columns["unit_id"], columns, postings(draft))


def _ids(session: Session, draft: Draft, refused: list[Refusal]) -> dict[str, int | None]:
    """Return the ids of a draft's codes; None for one that is not there, and why it is refused."""
    ids: dict[str, int | None] = dict.fromkeys(
        ("unit_id", "fund_id", "province_id", "to_fund_id", "to_unit_id")
    )
    with _noted(refused):
        ids["unit_id"] = units.by_code(session, draft.unit).id
    with _noted(refused):
        ids["fund_id"] = _fund_id(session, draft.fund)
    if draft.province:
        with _noted(refused):
            ids["province_id"] = units.province(session, draft.province).id
    if draft.kind == TRANSFER:
        with _noted(refused), _at("to_fund"):
            ids["to_fund_id"] = _fund_id(session, draft.to_fund or "")
        with _noted(refused), _at("to_unit"):
            ids["to_unit_id"] = units.by_code(session, draft.to_unit or "").id
    return ids


def write_lines(session: Session, voucher_id: int, lines: tuple[Posting, ...]) -> None:
    """Write the lines of a draft in the place of those it had."""
    known = keys.read(session)
    unit_ids = [known.unit(line.unit) for line in lines]
    check_scope(session, {*unit_ids, *_unit_ids(session, voucher_id)})
    session.flush()
    session.execute(delete(_LINES).where(_LINES.c.voucher_id == voucher_id))
    if lines:
        rows = [
            {
                "voucher_id": voucher_id,
                "line": place,
                "account_id": known.account(line.account),
                "fund_id": known.fund(line.fund),
                "unit_id": unit_id,
                "debit": line.debit,
                "credit": line.credit,
            }
            for place, (line, unit_id) in enumerate(zip(lines, unit_ids, strict=True), start=1)
        ]
        session.execute(insert(_LINES), rows)


def stored_lines(session: Session, voucher_id: int) -> tuple[Posting, ...]:
    """Return the lines of a voucher, of whatever units, as they will be booked.

    Raises:
        OutOfScopeError: one is of a unit that the session may not touch.
    """
    check_scope(session, set(_unit_ids(session, voucher_id)))
    return lines_of(session, [voucher_id]).get(voucher_id, ())


def visible_lines(session: Session, voucher_id: int) -> tuple[Posting, ...]:
    """Return those lines of a voucher that the session may see."""
    units_seen, known = scope(session), keys.read(session)
    return tuple(
        line
        for line in lines_of(session, [voucher_id]).get(voucher_id, ())
        if units_seen is None or known.unit(line.unit) in units_seen
    )


def lines_of(session: Session, voucher_ids: Collection[int]) -> dict[int, tuple[Posting, ...]]:
    """Return the lines of vouchers by the vouchers' ids; of all units, whatever the scope."""
    codes = _Codes.read(session)
    query = select(_LINES).where(_LINES.c.voucher_id.in_(voucher_ids))
    found: defaultdict[int, list[Posting]] = defaultdict(list)
    for row in session.execute(query.order_by(_LINES.c.voucher_id, _LINES.c.line)):
        found[row.voucher_id].append(
            Posting(
                codes.accounts[row.account_id],
                codes.funds[row.fund_id],
                codes.units[row.unit_id],
                row.debit,
                row.credit,
            )
        )
    return {voucher_id: tuple(lines) for voucher_id, lines in found.items()}


def stored(session: Session, row: Voucher) -> Draft:
    """Return a voucher as the draft it was written from.

    Raises:
        OutOfScopeError: it has lines of a unit that the session may not touch.
    """
    return draft_of(session, row, stored_lines(session, row.id))


def draft_of(session: Session, row: Voucher, lines: tuple[Posting, ...]) -> Draft:
    """Return the draft that a voucher and its lines were written from."""
    codes = _Codes.read(session)
    return Draft(
        unit=codes.units[row.unit_id],
        kind=row.kind,
        date=row.date,
        fund=codes.funds[row.fund_id],
        description=row.description,
        amount=row.amount,
        party=row.party,
        party_address=row.party_address,
        enclosed=row.enclosed,
        province=codes.provinces[row.province_id] if row.province_id else None,
        till=row.till,
        lines=_typed(row.kind, lines),
        resolution=row.resolution,
        resolution_on=row.resolution_on,
        to_fund=codes.funds[row.to_fund_id] if row.to_fund_id else None,
        to_unit=codes.units[row.to_unit_id] if row.to_unit_id else None,
        to_till=row.to_till,
    )


@dataclass(frozen=True, slots=True)
class _Codes:
    """The codes of ids: the keys of the books the other way round."""

    accounts: dict[int, str]
    funds: dict[int, str]
    units: dict[int, str]
    provinces: dict[int, str]

    @classmethod
    def read(cls, session: Session) -> "_Codes":
        known = keys.read(session)
        return cls(
            *(
                {number: code for code, number in ids.items()}
                for ids in (known.accounts, known.funds, known.units, known.provinces)
            )
        )


def _typed(kind: str, lines: tuple[Posting, ...]) -> tuple[DraftLine, ...]:
    """Return lines as they were typed: without the till's, which follows from the others."""
    if kind == TRANSFER:
        return ()
    if kind == JOURNAL:
        return tuple(
            DraftLine(
                account=line.account,
                debit=line.debit,
                credit=line.credit,
                fund=line.fund,
                unit=line.unit,
            )
            for line in lines
        )
    shares = lines[1:] if KINDS[kind].money == "in" else lines[:-1]
    return tuple(
        DraftLine(account=line.account, amount=line.debit + line.credit) for line in shares
    )


def _unit_ids(session: Session, voucher_id: int) -> list[int]:
    query = select(_LINES.c.unit_id).where(_LINES.c.voucher_id == voucher_id).distinct()
    return list(session.scalars(query))


def _check_tills(
    session: Session, draft: Draft, columns: dict[str, Any], refused: list[Refusal]
) -> None:
    """Note whether a till is not of the fund and unit that use it."""
    if draft.till:
        fund_id, unit_id = columns["fund_id"], columns["unit_id"]
        with _noted(refused):
            till(session, draft.till, fund_id=fund_id, unit_id=unit_id, field="till")
    fund_id, unit_id = columns["to_fund_id"], columns["to_unit_id"]
    if draft.to_till and fund_id and unit_id:
        with _noted(refused):
            till(session, draft.to_till, fund_id=fund_id, unit_id=unit_id, field="to_till")


def _check_line(session: Session, draft: Draft, line: DraftLine, place: int) -> None:
    """Hold that a line names an account, a fund and a unit that are there and belong together."""
    with _at("line_fund", place):
        fund_id = _fund_id(session, line.fund or draft.fund)
    with _at("line_unit", place):
        unit_id = units.by_code(session, line.unit or draft.unit).id
    with _at("line_account", place):
        code = line.account
        if code not in keys.read(session).accounts:
            raise Refusal(_("Không có tài khoản “%(code)s”.", code=shown(code)))
        if code == BANK:
            raise Refusal(_("Chọn tài khoản ngân hàng cụ thể, như 112.VCB1."))
        if code == CASH or code.startswith(f"{BANK}."):
            till(session, code, fund_id=fund_id, unit_id=unit_id, field="line_account")
        if draft.kind != JOURNAL and code == draft.till:
            raise Refusal(_("Tài khoản đối ứng trùng với nơi để tiền."))


def _fund_id(session: Session, code: str) -> int:
    found = keys.read(session).funds.get(code)
    if found is None:
        raise Refusal(Reason(_("Không có quỹ “%(code)s”.", code=shown(code)), field="fund"))
    return found


@contextmanager
def _noted(refused: list[Refusal]) -> Iterator[None]:
    """Note what is refused inside, and go on: whoever wrote the draft is told all at once."""
    try:
        yield
    except Refusal as refusal:
        refused.append(refusal)


def _joined(refused: Iterable[Refusal]) -> Refusal:
    """Return one refusal of several, which is as if nothing were there if one of them is."""
    told: tuple[Reason, ...] = ()
    for refusal in refused:
        told = lacking.beside(told, refusal.reasons)
    not_found = any(isinstance(refusal, NotFound) for refusal in refused)
    return NotFound(*told) if not_found else Refusal(*told)


@contextmanager
def _at(field: str, row: int | None = None) -> Iterator[None]:
    """Say of what is refused inside in which field and row it stands."""
    try:
        yield
    except Refusal as refusal:
        reasons = (replace(reason, field=field, row=row) for reason in refusal.reasons)
        raise type(refusal)(*reasons) from refusal
