"""Donations and receipts for tests, through the same services as real ones."""

import secrets
from dataclasses import replace
from datetime import date
from typing import Any

from fundsvc.db import transaction
from fundsvc.donations import receipting, service
from fundsvc.donations.service import DonationFacts, Recorded
from fundsvc.donors.service import DonorFacts

DAY = date(2024, 9, 10)
DONOR = DonorFacts(name="Nguyễn Thị Hường", address="Thôn Đông, xã Quảng Thọ", phone="0912345678")
FACTS = DonationFacts(unit="TW", fund="nghia-tinh", amount=1_200_000, received_on=DAY, donor=DONOR)


def give(*, key: str | None = None, **other: Any) -> Recorded:
    """Record a donation that differs from `FACTS` as told."""
    with transaction() as session:
        facts = replace(FACTS, **other)
        return service.record(session, facts, key or secrets.token_hex(8), None)


def receipt(donation_id: int) -> str:
    """Issue the receipt of a donation and return its number."""
    with transaction() as session:
        return receipting.issue_receipt(session, donation_id, by=None).number


def give_with_receipt(**other: Any) -> str:
    """Record a donation, issue its receipt and return the number."""
    return receipt(give(**other).id)
