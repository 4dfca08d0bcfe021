"""Made-up names: drawn from common parts, so that no combination is anybody in particular."""

from random import Random

from fundsvc.demo.span import likely

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô")
MEN = ("Văn", "Đức", "Hữu", "Quang", "Xuân", "Minh", "Trọng", "Công")
WOMEN = ("Thị", "Thu", "Ngọc", "Thanh", "Kim", "Hồng")
MEN_GIVEN = ("Sơn", "Lâm", "Dũng", "Hùng", "Thắng", "Bình", "Khoa", "Tuấn", "Hải", "Vinh", "Đạt")
WOMEN_GIVEN = ("Hoa", "Lan", "Mai", "Hạnh", "Thảo", "Nhung", "Yến", "Loan", "Hường", "Duyên")
FIRMS = (
    "Công ty TNHH Vận tải Đường Xanh",
    "Công ty Cổ phần Xây dựng Đèo Mây",
    "Công ty TNHH Thương mại Hoa Ban Trắng",
    "Doanh nghiệp tư nhân Suối Vàng",
    "Công ty Cổ phần Gạch ngói Bến Tuần",
    "Công ty TNHH Dược phẩm Lá Ngàn",
    "Trường Tiểu học Đồi Sim",
    "Câu lạc bộ Xe đạp Dốc Ba Tầng",
    "Hợp tác xã Chè Núi Mây",
    "Quán cơm Chiến sĩ Cũ",
)
BODIES = (
    "Chi hội Trường Sơn phường Đồng Tâm",
    "Chi hội Trường Sơn xã Suối Khoáng",
    "Chi hội Trường Sơn khu phố Bến Xưa",
    "Tổ phụ nữ thôn Cây Gạo",
    "Đoàn Thanh niên xã Đá Bạc",
)
STREETS = ("Hoa Ban", "Cây Gạo", "Bến Xưa", "Đồi Sim", "Suối Khoáng", "Chợ Phiên", "Giếng Đá")


def person(rng: Random) -> str:
    """Return a made-up person's name."""
    if likely(rng, 500):
        return f"{rng.choice(FAMILY)} {rng.choice(MEN)} {rng.choice(MEN_GIVEN)}"
    return f"{rng.choice(FAMILY)} {rng.choice(WOMEN)} {rng.choice(WOMEN_GIVEN)}"


def organisation(rng: Random) -> str:
    """Return a made-up firm or association."""
    return rng.choice(FIRMS + BODIES)


def address(rng: Random) -> str:
    """Return a made-up street and house number."""
    return f"Số {rng.randrange(1, 200)}, đường {rng.choice(STREETS)}"


def phone(rng: Random) -> str:
    """Return a made-up number in a range that no operator uses (0900 0…)."""
    return f"09000{rng.randrange(100_000):05}"
