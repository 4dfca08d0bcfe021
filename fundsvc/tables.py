"""All tables in one place: whoever writes a row needs those that its foreign keys name."""

from importlib import import_module

from sqlalchemy import MetaData

from fundsvc.db import Base

SLICES = (
    "audit",
    "books",
    "donations",
    "donors",
    "dues",
    "evidence",
    "giving",
    "inbox",
    "jobs",
    "online",
    "outbox",
    "periods",
    "receipts",
    "reconciliation",
    "repayments",
    "settlements",
    "sms",
    "spending",
    "staff",
    "units",
    "vouchers",
    "workbench",
)


def metadata() -> MetaData:
    """Return the tables of all slices."""
    for slice_name in SLICES:
        import_module(f"fundsvc.{slice_name}.models")
    return Base.metadata
