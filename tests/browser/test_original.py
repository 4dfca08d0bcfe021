"""Whoever drops the PDF of a receipt on its page is told whether it is the original."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from fundsvc.db import read_session
from fundsvc.receipts import printing
from fundsvc.receipts.models import Receipt
from tests.browser.conftest import Service

pytestmark = pytest.mark.browser


def test_the_original_is_known_and_another_file_is_not(
    page: Page, service: Service, tmp_path: Path
) -> None:
    with service.app.app_context():
        valid = select(Receipt.number, Receipt.code).where(Receipt.voided_at.is_(None))
        number, code = read_session().execute(valid.limit(1)).one()
        data = printing.freeze_pdf(number)
    original, changed = tmp_path / "original.pdf", tmp_path / "changed.pdf"
    original.write_bytes(data)
    changed.write_bytes(data + b"\n")
    page.goto(f"{service.address}/v/{number}?c={code}")
    chooser = page.get_by_label("Thả tệp PDF vào đây")
    chooser.set_input_files(original)
    expect(page.get_by_role("status")).to_contain_text("original.pdf: Đúng bản gốc")
    chooser.set_input_files(changed)
    expect(page.get_by_role("status")).to_contain_text("changed.pdf: Không phải bản gốc")
