"""Recompute the roll-ups: sums by day from the postings, all others from those by day."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fundsvc.books.grains import ROLLUPS, Grain, Rollup
from fundsvc.books.models import Account, Fund
from fundsvc.books.sealing import last_seal
from fundsvc.books.verify import Fault
from fundsvc.driver import as_day

_BY_DAY: Final = Rollup(Grain.DAY, whole=False)


def faults(session: Session) -> Iterator[Fault]:
    """Yield sums by day that are not those of the sealed postings, and others not those by day.

    What only follows from a wrong sum by day is told in one line for each table.
    """
    names = _Names(session)
    wrong: list[_Key] = []
    for key in _different(session, _BY_DAY):
        wrong.append(key)
        yield Fault("rollup", names.place(_BY_DAY, key), names.told(_BY_DAY, key))
    for rollup in ROLLUPS:
        if rollup == _BY_DAY:
            continue
        expected = {key.of(rollup) for key in wrong}
        following: list[_Key] = []
        for key in _different(session, rollup):
            if key in expected:
                following.append(key)
            else:
                yield Fault("rollup", names.place(rollup, key), names.told(rollup, key))
        if following:
            why = _(
                "Vì các tổng theo ngày nói trên, %(count)d tổng theo %(span)s (%(table)s) cũng"
                " không bằng tổng theo ngày.",
                count=len(following),
                span=_span(rollup.grain),
                table=rollup.table,
            )
            yield Fault("rollup", names.place(rollup, following[0]), why)


@dataclass(frozen=True, slots=True)
class _Key:
    """Whose sum it is, by ids; no province where all are summed together."""

    start: str
    account: int
    fund: int
    unit: int
    province: int | None

    def of(self, rollup: Rollup) -> "_Key":
        """Return the key of another roll-up that this day's sum is part of."""
        start = rollup.grain.start(as_day(self.start)).isoformat()
        province = None if rollup.whole else self.province
        return _Key(start, self.account, self.fund, self.unit, province)


def _different(session: Session, rollup: Rollup) -> Iterator[_Key]:
    engine = session.get_bind().dialect.name
    by_day = rollup == _BY_DAY
    sums = _OF_POSTINGS if by_day else rollup.summed(engine, _BY_DAY.table)
    province = "NULL" if rollup.whole else "province_id"
    query = _DIFFERENT.format(
        table=rollup.table, keys=", ".join(rollup.keys), sums=sums, province=province
    )
    span = {"last": last_seal(session).last_entry} if by_day else {}
    for row in session.execute(text(query), span):
        yield _Key(str(row[0]), *row[1:])


def _span(grain: Grain) -> str:
    return {
        Grain.DAY: _("từng ngày"),
        Grain.DEKAD: _("mười ngày"),
        Grain.MONTH: _("tháng"),
        Grain.QUARTER: _("quý"),
        Grain.YEAR: _("năm"),
    }[grain]


class _Names:
    """What ids are called; one that is not there any more stands as its number and a mark."""

    def __init__(self, session: Session) -> None:
        self._accounts = _codes(session, select(Account.id, Account.code))
        self._funds = _codes(session, select(Fund.id, Fund.code))
        self._units = _codes(session, text("SELECT id, code FROM unit"))
        self._provinces = _codes(
            session, text("SELECT id, scheme || ':' || code AS code FROM province")
        )
        self._provinces[0] = "none"

    def place(self, rollup: Rollup, key: _Key) -> str:
        """Return the place of a sum: table, first day, account, fund, unit, and the province."""
        return ":".join((rollup.table, key.start, *self._codes(key)))

    def told(self, rollup: Rollup, key: _Key) -> str:
        """Return in words that a sum is wrong."""
        account, fund, unit, *province = self._codes(key)
        facts = {
            "span": _span(rollup.grain), "day": key.start, "account": account, "fund": fund,
            "unit": unit, "province": "".join(province), "table": rollup.table,
        }  # fmt: skip
        if rollup == _BY_DAY:
            return _(
                "Tổng đã cộng sẵn theo ngày %(day)s của tài khoản %(account)s, quỹ %(fund)s, đơn vị"
                " %(unit)s, tỉnh %(province)s không bằng tổng các định khoản.",
                **facts,
            )
        if province:
            return _(
                "Tổng đã cộng sẵn theo %(span)s (%(table)s) từ %(day)s của tài khoản %(account)s,"
                " quỹ %(fund)s, đơn vị %(unit)s, tỉnh %(province)s không bằng tổng theo ngày.",
                **facts,
            )
        return _(
            "Tổng đã cộng sẵn theo %(span)s (%(table)s) từ %(day)s của tài khoản %(account)s,"
            " quỹ %(fund)s, đơn vị %(unit)s không bằng tổng theo ngày.",
            **facts,
        )

    def _codes(self, key: _Key) -> tuple[str, ...]:
        found = (
            _named(self._accounts, key.account),
            _named(self._funds, key.fund),
            _named(self._units, key.unit),
        )
        if key.province is None:
            return found
        return (*found, _named(self._provinces, key.province))


def _codes(session: Session, statement: Any) -> dict[int, str]:
    return {number: str(code) for number, code in session.execute(statement)}


def _named(codes: dict[int, str], number: int) -> str:
    return codes.get(number, f"?{number}")


_OF_POSTINGS: Final = """
SELECT posting.fund_id, coalesce(entry.province_id, 0) AS province_id, posting.date,
    posting.account_id, posting.unit_id,
    CASE entry.kind WHEN 'carry-forward' THEN 1 ELSE 0 END AS carried,
    CAST(sum(posting.debit) AS bigint) AS debit, CAST(sum(posting.credit) AS bigint) AS credit,
    count(DISTINCT posting.entry_id) AS entries
FROM posting JOIN entry ON entry.id = posting.entry_id
WHERE posting.entry_id <= :last
GROUP BY 1, 2, 3, 4, 5, 6
"""
_DIFFERENT: Final = """
WITH summed AS ({sums}), kept AS (
    SELECT {keys}, debit, credit, entries FROM {table}
), different AS (
    SELECT * FROM (SELECT * FROM summed EXCEPT SELECT * FROM kept) AS missing
    UNION SELECT * FROM (SELECT * FROM kept EXCEPT SELECT * FROM summed) AS surplus
)
SELECT DISTINCT date, account_id, fund_id, unit_id, {province} AS province_id FROM different
ORDER BY 1, 2, 3, 4, 5
"""
