"""The seal stands on the paper of a voucher only while the paper says what was sealed."""

import pytest
from sqlalchemy import text

from fundsvc.db import transaction
from fundsvc.seals.service import seal_new
from tests.seals.mutations import guards_off
from tests.support.paper import flat
from tests.vouchers.pages import PAID, TRANSFER, SignedIn, posted

pytestmark = pytest.mark.usefixtures("clock", "money")
WARNING = "Không khớp với sổ: chứng từ đã bị thay đổi sau khi ghi sổ"
ON_PAGE = "Chứng từ này không khớp với sổ"


@pytest.mark.parametrize("fields", [PAID, TRANSFER], ids=lambda f: f["kind"])
def test_a_false_paper_says_so_and_names_no_seal(
    signed_in: SignedIn, fields: dict[str, str]
) -> None:
    client, voucher = posted(signed_in, fields)
    seal_new()
    paths = f"/vouchers/{voucher}", f"/vouchers/{voucher}.pdf"
    page, sheet = (client.get(path) for path in paths)
    assert ON_PAGE not in page.text
    assert "Niêm phong sổ số 1" in flat(sheet.data)
    assert "KHỚP" not in flat(sheet.data)
    guards_off()
    with transaction() as session:
        session.execute(text("UPDATE voucher SET enclosed = '9 bản', approved_at = made_at"))
    page, sheet = (client.get(path) for path in paths)
    assert ON_PAGE in page.text
    printed = flat(sheet.data)
    assert WARNING in printed
    assert "KHÔNG KHỚP VỚI SỔ" in printed
    assert "Niêm phong" not in printed
    assert "Kèm theo: 9 bản" in printed, "what it says is still to be read"
