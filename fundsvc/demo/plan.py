"""What happens in the demo year, as plain values in the order of days; nothing here is booked."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from fundsvc.demo import people
from fundsvc.demo.span import Span, chance, likely

HOUSE = 80_000_000
COUNTERS = {
    "TW": 72, "QUANGTRI": 28, "NGHEAN": 22, "HATINH": 14, "THANHHOA": 12, "TPHCM": 18,
    "HANOI": 14, "DANANG": 12, "DAKLAK": 10, "GIALAI": 8, "DOANHNHAN": 10, "NUCHIENSI": 10,
}  # fmt: skip
"""How many donations each counter takes in a whole year."""
OLD_NAMES = {
    "QUANGTRI": ("2004:44", "2004:45"),
    "DANANG": ("2004:48", "2004:49"),
    "DAKLAK": ("2004:66", "2004:54"),
    "GIALAI": ("2004:64", "2004:52"),
    "TPHCM": ("2004:79", "2004:74", "2004:77"),
}
"""Provinces of the old map that people still name at the counters of merged ones."""
FAR = ("2025:01", "2025:40", "2025:44", "2025:48", "2025:66", "2025:79", "2004:45", "2004:62",
       "2004:36", "2004:30")  # fmt: skip
EARMARKS = ("làm nhà tình nghĩa", "quà cho thương binh nặng", "học bổng cho con cháu hội viên")

BANK_ACCOUNTS = (
    ("VCBNT", "Vietcombank", "0900100200301", "nghia-tinh", "TW"),
    ("AGRNT", "Agribank", "0900100200302", "nghia-tinh", "TW"),
    ("VTBCQ", "VietinBank", "0900100200303", "base", "TW"),
    ("BIDVHP", "BIDV", "0900100200304", "dues", "TW"),
    ("QTRNT", "Agribank", "0900100200305", "nghia-tinh", "QUANGTRI"),
    ("NANNT", "Agribank", "0900100200306", "nghia-tinh", "NGHEAN"),
    ("HCMCQ", "Vietcombank", "0900100200307", "base", "TPHCM"),
)
OPENINGS = (
    ("TW", "nghia-tinh", "112.VCBNT", 1_450_000_000),
    ("TW", "nghia-tinh", "112.AGRNT", 186_500_000),
    ("TW", "nghia-tinh", "111", 42_000_000),
    ("TW", "base", "112.VTBCQ", 2_300_000_000),
    ("TW", "dues", "112.BIDVHP", 96_000_000),
    ("TW", "dues", "111", 12_500_000),
    ("QUANGTRI", "nghia-tinh", "112.QTRNT", 310_000_000),
    ("QUANGTRI", "nghia-tinh", "111", 38_000_000),
    ("QUANGTRI", "base", "111", 8_000_000),
    ("QUANGTRI", "dues", "111", 14_400_000),
    ("NGHEAN", "nghia-tinh", "112.NANNT", 275_000_000),
    ("NGHEAN", "nghia-tinh", "111", 29_000_000),
    ("NGHEAN", "dues", "111", 11_300_000),
    ("TPHCM", "base", "112.HCMCQ", 420_000_000),
    ("TPHCM", "nghia-tinh", "111", 65_000_000),
    ("HANOI", "dues", "111", 22_700_000),
    ("HANOI", "nghia-tinh", "111", 31_500_000),
    ("HATINH", "nghia-tinh", "111", 17_200_000),
    ("THANHHOA", "dues", "111", 9_450_000),
    ("DANANG", "nghia-tinh", "111", 24_600_000),
    ("DAKLAK", "nghia-tinh", "111", 6_150_000),
    ("SD741", "dues", "111", 3_200_000),
    ("DOANHNHAN", "nghia-tinh", "111", 88_000_000),
    ("NUCHIENSI", "nghia-tinh", "111", 12_850_000),
)
"""Unit, fund, ledger account, đồng on the eve of the year; most units bring nothing."""

PAYING_UNITS = (
    "HANOI", "QUANGTRI", "NGHEAN", "HATINH", "THANHHOA", "NINHBINH", "HUNGYEN", "PHUTHO", "HUE",
    "DANANG", "TPHCM", "BACNINH", "SD741", "SD742", "TD811", "TD831", "TD841", "TD861", "BT801",
    "BT802", "BV81", "NUCHIENSI", "DOANHNHAN", "VANCONG", "CAUPHA", "TNXP", "BLL-TD714",
    "BLL-BT807", "BLL-LAIXE", "BLL-GTVT",
)  # fmt: skip
"""The thirty units that collect dues; the others have little or nothing, as the reports say."""


@dataclass(frozen=True, slots=True)
class Gift:
    """A donation at a counter, and what becomes of its receipt."""

    on: date
    unit: str
    fund: str
    amount: int
    donor: str | None
    organisation: bool
    address: str
    phone: str
    province: str | None
    earmark: str
    on_behalf_of: str
    receipt: bool
    slip: str
    """Why the first receipt was voided; empty when it was right."""
    replaced: bool


@dataclass(frozen=True, slots=True)
class Collected:
    """A unit's total of dues or base fund money for a month."""

    on: date
    unit: str
    fund: str
    month: date
    amount: int


@dataclass(frozen=True, slots=True)
class Spending:
    """A payment."""

    on: date
    unit: str
    fund: str
    line: str
    amount: int
    paid_from: str
    payee: str
    purpose: str
    province: str | None = None


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest that a bank paid into an account."""

    on: date
    unit: str
    fund: str
    amount: int
    account: str


Event = Gift | Collected | Spending | Interest


def gifts(span: Span) -> list[Gift]:
    """Return the donations that have come by the last day."""
    rng = chance("gifts")
    found = [_gift(span, unit, rng) for unit, count in COUNTERS.items() for _number in range(count)]
    return [gift for gift in found if gift.on <= span.last]


def _gift(span: Span, unit: str, rng: Random) -> Gift:
    organisation = likely(rng, 250)
    amounts = (
        (2_000_000, 5_000_000, 10_000_000, 20_000_000, 50_000_000)
        if organisation
        else (100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
    )
    weights = (30, 34, 20, 12, 4) if organisation else (14, 22, 30, 20, 9, 5)
    anonymous = likely(rng, 60)
    receipt = likely(rng, 780)
    wrong = receipt and likely(rng, 60)
    provinces = OLD_NAMES.get(unit, ()) if unit != "TW" else FAR
    province = rng.choice(provinces) if provinces and likely(rng, 500) else None
    donor = people.organisation(rng) if organisation else people.person(rng)
    return Gift(
        on=span.some_day(rng),
        unit=unit,
        fund="base" if likely(rng, 90) else "nghia-tinh",
        amount=rng.choices(amounts, weights)[0],
        donor=None if anonymous else donor,
        organisation=organisation,
        address=people.address(rng),
        phone="" if likely(rng, 500) else people.phone(rng),
        province=province,
        earmark=rng.choice(EARMARKS) if likely(rng, 150) else "",
        on_behalf_of=f"gia đình {people.person(rng)}" if likely(rng, 70) else "",
        receipt=receipt,
        slip=rng.choice(("Ghi sai tên người nộp", "Ghi sai địa chỉ", "In hỏng")) if wrong else "",
        replaced=likely(rng, 800),
    )


def collected(span: Span) -> list[Collected]:
    """Return the totals of dues and base fund money that have come in by the last day."""
    rng = chance("dues")
    found = []
    for place, unit in enumerate(PAYING_UNITS):
        every = (1, 3, 3, 6)[place % 4]
        members = rng.randrange(60, 700)
        rate = rng.choice((2_000, 2_000, 3_000, 5_000))
        for month in range(1, 13, every):
            paying = members * rng.randrange(55, 100) // 100
            on = date(span.year, month, 1) + timedelta(days=rng.randrange(3, 27))
            found.append(
                Collected(on, unit, "dues", date(span.year, month, 1), paying * rate * every)
            )
        if place % 3 == 0:
            on = span.some_day(rng)
            amount = rng.randrange(4, 60) * 500_000
            found.append(Collected(on, unit, "base", on.replace(day=1), amount))
    return [total for total in found if total.on <= span.last]
