"""What the funds spend in the demo year, and the interest that banks pay them."""

from datetime import date

from fundsvc.demo import people
from fundsvc.demo.plan import Interest, Spending
from fundsvc.demo.span import Span, chance

# Provinces that get gifts of 500,000 đ on War Invalids and Martyrs Day, and how many.
GIFTS = (
    ("2025:44", "tỉnh Quảng Trị", 60),
    ("2025:40", "tỉnh Nghệ An", 50),
    ("2025:42", "tỉnh Hà Tĩnh", 40),
    ("2025:38", "tỉnh Thanh Hóa", 40),
    ("2025:46", "thành phố Huế", 25),
    ("2025:48", "thành phố Đà Nẵng", 25),
    ("2025:51", "tỉnh Quảng Ngãi", 20),
    ("2025:52", "tỉnh Gia Lai", 20),
    ("2025:66", "tỉnh Đắk Lắk", 20),
    ("2025:37", "tỉnh Ninh Bình", 30),
    ("2025:33", "tỉnh Hưng Yên", 30),
    ("2025:01", "thành phố Hà Nội", 40),
)
GIFT = 500_000
PER_CENT_A_YEAR = 5


def payments(span: Span) -> list[Spending]:
    """Return the payments made by the last day."""
    return [
        payment
        for payment in (*_gifts(span), *_visits(span), *_desk(span), *_units(span))
        if payment.on <= span.last
    ]


def interest(span: Span) -> list[Interest]:
    """Return the interest of the base fund's accounts, paid at the end of each quarter."""
    found = []
    for unit, account, deposit in (
        ("TW", "112.VTBCQ", 2_300_000_000),
        ("TPHCM", "112.HCMCQ", 420_000_000),
    ):
        for month, day in ((3, 25), (6, 25), (9, 25), (12, 25)):
            amount = deposit * PER_CENT_A_YEAR // 100 // 4
            found.append(Interest(date(span.year, month, day), unit, "base", amount, account))
    return [paid for paid in found if paid.on <= span.last]


def _gifts(span: Span) -> list[Spending]:
    on = date(span.year, 7, 24)
    return [
        Spending(
            on=on,
            unit="TW",
            fund="nghia-tinh",
            line="gift",
            amount=count * GIFT,
            paid_from="112.VCBNT",
            payee=f"Hội Trường Sơn {place}",
            purpose=f"Quà nhân ngày 27/7 tại {place}: {count} suất",
            province=province,
        )
        for province, place, count in GIFTS
    ]


def _visits(span: Span) -> list[Spending]:
    """Return visits to the sick and the old, and examinations by doctors, paid by the centre."""
    rng = chance("visits")
    found = []
    for month in range(1, 13):
        for _number in range(2):
            on = date(span.year, month, rng.randrange(5, 27))
            amount = rng.choice((1_000_000, 1_500_000, 2_000_000, 3_000_000))
            payee = people.person(rng)
            found.append(
                Spending(on, "TW", "nghia-tinh", "visit", amount, "111", payee, "Thăm hội viên ốm")
            )
    for month, day, province, place, amount in (
        (4, 25, "2025:44", "tỉnh Quảng Trị", 38_500_000),
        (8, 22, "2025:52", "tỉnh Gia Lai", 42_000_000),
        (10, 15, "2025:51", "tỉnh Quảng Ngãi", 27_300_000),
    ):
        found.append(
            Spending(
                date(span.year, month, day),
                "TW",
                "nghia-tinh",
                "health",
                amount,
                "112.VCBNT",
                "Đoàn thầy thuốc Trường Sơn",
                f"Khám bệnh, phát thuốc miễn phí tại {place}",
                province,
            )
        )
    return found


def _desk(span: Span) -> list[Spending]:
    """Return what the centre's desk costs: administration, meetings, bank fees."""
    rng = chance("desk")
    found = []
    for month in range(1, 13):
        on = date(span.year, month, rng.randrange(10, 28))
        amount = rng.randrange(18, 42) * 100_000
        found.append(
            Spending(
                on,
                "TW",
                "dues",
                "admin",
                amount,
                "112.BIDVHP",
                "Văn phòng Trung ương Hội",
                f"Văn phòng phẩm, điện thoại, bưu phí tháng {month:02}",
            )
        )
        if month % 3 == 0:
            for fund, account, fee in (
                ("nghia-tinh", "112.VCBNT", 66_000),
                ("base", "112.VTBCQ", 33_000),
                ("dues", "112.BIDVHP", 55_000),
            ):
                found.append(
                    Spending(
                        date(span.year, month, 28),
                        "TW",
                        fund,
                        "fee",
                        fee,
                        account,
                        "Ngân hàng",
                        f"Phí dịch vụ tài khoản quý {month // 3}",
                    )
                )
    for month, day, fund, account, amount, purpose in (
        (5, 18, "dues", "112.BIDVHP", 24_600_000, "Gặp mặt kỷ niệm ngày mở đường 19/5"),
        (7, 26, "base", "112.VTBCQ", 15_000_000, "Viếng nghĩa trang liệt sĩ Trường Sơn"),
        (9, 8, "dues", "111", 6_200_000, "Hội nghị Ban Thường vụ"),
    ):
        found.append(
            Spending(
                date(span.year, month, day),
                "TW",
                fund,
                "activity",
                amount,
                account,
                "Văn phòng Trung ương Hội",
                purpose,
            )
        )
    return found


def _units(span: Span) -> list[Spending]:
    """Return what provincial associations and other units spend of their own."""
    rng = chance("units")
    rows = (
        (2, 6, "QUANGTRI", "nghia-tinh", "gift", 9_000_000, "111", "Quà Tết cho hội viên nghèo"),
        (4, 15, "QUANGTRI", "nghia-tinh", "house", 70_000_000, "112.QTRNT", "Làm nhà tình nghĩa"),
        (7, 22, "QUANGTRI", "nghia-tinh", "gift", 15_000_000, "112.QTRNT", "Quà nhân ngày 27/7"),
        (9, 9, "QUANGTRI", "nghia-tinh", "visit", 2_500_000, "111", "Thăm hội viên bị ngập lụt"),
        (5, 20, "QUANGTRI", "dues", "activity", 4_300_000, "111", "Gặp mặt kỷ niệm ngày 19/5"),
        (10, 6, "QUANGTRI", "dues", "admin", 850_000, "111", "Văn phòng phẩm"),
        (5, 6, "NGHEAN", "nghia-tinh", "house", 75_000_000, "112.NANNT", "Làm nhà tình nghĩa"),
        (7, 21, "NGHEAN", "nghia-tinh", "gift", 20_000_000, "112.NANNT", "Quà nhân ngày 27/7"),
        (8, 12, "NGHEAN", "nghia-tinh", "visit", 1_800_000, "111", "Thăm hội viên ốm"),
        (7, 23, "TPHCM", "nghia-tinh", "gift", 32_000_000, "111", "Quà nhân ngày 27/7"),
        (9, 20, "TPHCM", "base", "activity", 6_400_000, "112.HCMCQ", "Gặp mặt hội viên cao tuổi"),
        (2, 3, "HANOI", "nghia-tinh", "gift", 11_500_000, "111", "Quà Tết cho hội viên nghèo"),
        (6, 18, "HANOI", "dues", "activity", 7_900_000, "111", "Hội nghị sơ kết sáu tháng"),
        (7, 20, "HATINH", "nghia-tinh", "gift", 8_000_000, "111", "Quà nhân ngày 27/7"),
        (7, 23, "DANANG", "nghia-tinh", "gift", 12_500_000, "111", "Quà nhân ngày 27/7"),
        (7, 25, "DOANHNHAN", "nghia-tinh", "other", 5_500_000, "111", "Vòng hoa, hương nến"),
        (10, 19, "NUCHIENSI", "nghia-tinh", "visit", 4_200_000, "111", "Thăm hội viên đơn thân"),
    )
    found = []
    for month, day, unit, fund, line, amount, account, purpose in rows:
        on = date(span.year, month, day)
        payee = people.person(rng)
        found.append(Spending(on, unit, fund, line, amount, account, payee, purpose))
    return found
