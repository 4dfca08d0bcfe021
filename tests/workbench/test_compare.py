"""A month against the six before: who is new, who is missing, whose amount has changed."""

from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fundsvc.donors.service import DonorFacts
from fundsvc.workbench import compare
from tests.support import gifts

SignIn = Callable[..., FlaskClient]
AUGUST = date(2024, 8, 1)

pytestmark = pytest.mark.usefixtures("app", "clock")


def give(name: str, months: str, amount: int) -> None:
    for month in months.split():
        gifts.give(
            donor=DonorFacts(name=name, phone=f"09{len(name):04}{ord(name[0]):04}"),
            amount=amount,
            received_on=date(2024, int(month), 5),
        )


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        ([], 5, "new"),
        ([10], 0, None),
        ([10, 10, 10], 0, "missing"),
        ([10, 10, 10], 12, None),
        ([100, 100, 100], 125, "changed"),
        ([100, 100, 100], 75, "changed"),
        ([10, 10], 90, None),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_what_somebody_is(before: list[int], now: int, kind: str | None) -> None:
    months = compare.months_before(AUGUST)
    assert compare.kind_of(dict(zip(months, before, strict=False)), now) == kind


def test_givers_and_units_are_compared(session: Session, signed_in: SignIn) -> None:
    give("Trần Thị Đều", "3 5 7 8", 100_000)
    give("Lê Văn Vắng", "4 5 6", 200_000)
    give("Phạm Thị Đổi", "5 6 7", 50_000)
    give("Phạm Thị Đổi", "8", 500_000)
    give("Đỗ Văn Mới", "8", 70_000)
    give("Hoàng Văn Xưa", "1 2", 70_000)
    rows = compare.compare(session, AUGUST)
    assert [(row.kind, row.name, row.usual, row.now) for row in rows if row.who == "givers"] == [
        ("new", "Đỗ Văn Mới", 0, 70_000),
        ("missing", "Lê Văn Vắng", 200_000, 0),
        ("changed", "Phạm Thị Đổi", 50_000, 500_000),
    ]
    assert [(row.kind, row.now) for row in rows if row.who == "units"] == [("changed", 670_000)]
    client = signed_in("treasurer")
    page = client.get("/workbench/compare?month=08/2024").text
    for shown in ("Lê Văn Vắng", "500.000", "Đỗ Văn Mới", "02/2024"):
        assert shown in page, shown
    assert "so với sáu tháng 02/2024 – 07/2024" in page
    assert page.count("Người ủng hộ thường xuyên, tháng này chưa ủng hộ") == 1
    assert "chênh từ 25% so với" in page
    assert "Phạm Thị Đổi" in client.get("/workbench/compare").text
    told = client.get("/workbench/compare.csv?month=2024-08").data.decode("utf-8-sig")
    assert "Lê Văn Vắng,3,200000,0,2024-06" in told
    assert client.get("/workbench/compare?month=x").status_code == 422
    assert client.get("/workbench/compare.csv?month=x").status_code == 422
