"""What came by a campaign's page, quickly however many promised on it and gave."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from fundsvc.books.sums import among
from fundsvc.donors import consents
from fundsvc.driver import as_day, read_plain, scope

_LOOKED: Final = 4
"""How many times as many donations are looked at as are named: some donors said no since."""
_WENT: Final = "(SELECT donation_id, sum(amount) AS amount FROM donation_return GROUP BY 1)"
_STANDS: Final = """NOT EXISTS (
    SELECT 1 FROM entry AS reversal WHERE reversal.reverses_id = donation.entry_id
)"""
# What all donations brought lies in one index. What few of them lost is taken off: they are found
# from what undid them, so the page is asked for only in the sums and leads to no index there.
_CAME: Final = f"""
SELECT coalesce(sum(amount), 0), count(*)
FROM pledge_donation WHERE page_id = :page
UNION ALL
SELECT
    coalesce(sum(CASE WHEN given.page_id = :page THEN -given.amount ELSE 0 END), 0),
    coalesce(sum(CASE WHEN given.page_id = :page THEN -1 ELSE 0 END), 0)
FROM entry AS reversal JOIN donation ON donation.entry_id = reversal.reverses_id
JOIN pledge_donation AS given ON given.donation_id = donation.id
WHERE reversal.reverses_id IS NOT NULL
UNION ALL
SELECT
    coalesce(sum(CASE WHEN given.page_id <> :page THEN 0
        WHEN went.amount < given.amount THEN -went.amount ELSE -given.amount END), 0),
    coalesce(sum(CASE WHEN given.page_id <> :page OR went.amount < given.amount THEN 0
        ELSE -1 END), 0)
FROM {_WENT} AS went JOIN pledge_donation AS given ON given.donation_id = went.donation_id
JOIN donation ON donation.id = went.donation_id
WHERE {_STANDS}
"""  # noqa: S608 - own texts
_LEFT: Final = """donation.amount - (
    SELECT coalesce(sum(amount), 0) FROM donation_return WHERE donation_id = donation.id
)"""
_NAMED: Final = f"""
SELECT pledge.name, {_LEFT}, donation.received_on, donation.donor_id
FROM pledge_donation AS given JOIN pledge ON pledge.id = given.pledge_id
JOIN donation ON donation.id = given.donation_id
WHERE given.page_id = :page AND given.may_be_named AND pledge.may_be_named
    AND {_STANDS} AND {_LEFT} > 0
ORDER BY given.donation_id DESC LIMIT :most
"""  # noqa: S608 - own texts


@dataclass(frozen=True, slots=True)
class Progress:
    """What came by a page: the sum in đồng, and how many donations."""

    raised: int
    donations: int


@dataclass(frozen=True, slots=True)
class Named:
    """A donation of somebody who agreed to be named."""

    name: str
    amount: int
    received_on: date


def progress(session: Session, page_id: int) -> Progress:
    """Return what came by a page; donations taken back, and what was returned, do not count."""
    if not _seen(session, page_id):
        return Progress(0, 0)
    rows = read_plain(session, _CAME, {"page": page_id})
    return Progress(sum(int(row[0]) for row in rows), sum(int(row[1]) for row in rows))


def recently_named(session: Session, page_id: int, *, most: int) -> list[Named]:
    """Return the newest donations by a page of those who agreed to be named, and still do."""
    if most == 0 or not _seen(session, page_id):
        return []
    rows = read_plain(session, _NAMED, {"page": page_id, "most": _LOOKED * most})
    donors = {donor for *_told, donor in rows if donor is not None}
    silent = consents.refusing(session, donors, "named")
    named = [
        Named(name, int(amount), as_day(on))
        for name, amount, on, donor in rows
        if donor not in silent
    ]
    return named[:most]


def _seen(session: Session, page_id: int) -> bool:
    """Say whether a page lies within the session's scope; promises and donations lie with it."""
    session.flush()
    units = scope(session)
    if units is None:
        return True
    query = f"SELECT 1 FROM campaign_page WHERE id = :page AND {among('unit_id', sorted(units))}"  # noqa: S608 - own texts
    return bool(read_plain(session, query, {"page": page_id}))
