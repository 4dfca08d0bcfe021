"""Each guard of vouchers refuses by name, on both engines, when the service is not asked."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from fundsvc.db import transaction
from fundsvc.vouchers import byhand, files
from fundsvc.vouchers.drafting import DraftLine
from tests.vouchers.conftest import PAID, Desk

SALT = "ab" * 16
# What is refused of a voucher in each state: by which guard, and the statement.
REFUSED = {
    "draft": (
        ("voucher_kept", "DELETE FROM voucher"),
        ("voucher_path", ("UPDATE voucher SET state = 'approved', approver_id = 99,"
         " submitted_by = maker_id, version = version + 1")),
        ("ck_voucher_posted", "UPDATE voucher SET number = 'PC-2024-000001'"),
        ("ck_voucher_amount", "UPDATE voucher SET amount = -1"),
        ("voucher_frozen", "UPDATE voucher SET key = 'other'"),
        ("voucher_frozen", "UPDATE voucher SET version = 0"),
        ("voucher_salt", f"UPDATE voucher SET salt = '{SALT}'"),
        ("ck_voucher_line_one_side", "UPDATE voucher_line SET credit = debit"),
    ),
    "submitted": (
        ("voucher_frozen", "UPDATE voucher SET amount = amount + 1"),
        ("voucher_frozen", "UPDATE voucher SET party = 'Ai khác'"),
        ("voucher_frozen", "UPDATE voucher SET maker_id = 99"),
        ("voucher_frozen", "UPDATE voucher SET submitted_by = 99"),
        ("voucher_path", "UPDATE voucher SET state = 'discarded'"),
        ("ck_voucher_approver", "UPDATE voucher SET state = 'approved', approver_id = maker_id"),
        ("ck_voucher_approved", "UPDATE voucher SET state = 'approved'"),
        ("voucher_line_frozen", "UPDATE voucher_line SET debit = debit + 1 WHERE debit > 0"),
        ("voucher_line_frozen", "DELETE FROM voucher_line"),
        ("voucher_line_frozen", ("INSERT INTO voucher_line SELECT voucher_id, line + 10,"
         " account_id, fund_id, unit_id, debit, credit FROM voucher_line")),
    ),
    "approved": (
        ("voucher_frozen", "UPDATE voucher SET till = '112.TWNT'"),
        ("voucher_frozen", "UPDATE voucher SET approver_id = 99"),
        ("ck_voucher_posted", f"UPDATE voucher SET state = 'posted', salt = '{SALT}'"),
        ("voucher_salt", f"UPDATE voucher SET salt = '{SALT}'"),
        ("voucher_salt", "UPDATE voucher SET state = 'posted'"),
        ("voucher_salt", "UPDATE voucher SET state = 'posted', salt = ''"),
        ("voucher_salt", f"UPDATE voucher SET state = 'posted', salt = '{SALT.upper()}'"),
        ("voucher_file_frozen", "DELETE FROM voucher_file"),
        ("voucher_file_frozen", "UPDATE voucher_file SET name = 'x'"),
        ("voucher_file_frozen", ("INSERT INTO voucher_file (voucher_id, sha256, name, media_type,"
         " size, added_at, added_by) SELECT v.id, s.sha256, 'x', 'x', 1, v.made_at, 1"
         " FROM voucher v, stored_file s")),
    ),
    "posted": (
        ("voucher_final", "UPDATE voucher SET state = 'draft', number = NULL"),
        ("voucher_final", "UPDATE voucher SET number = 'PC-2024-000009'"),
        ("voucher_final", "UPDATE voucher SET party = 'Ai khác'"),
        ("voucher_final", "UPDATE voucher SET salt = NULL"),
        ("voucher_final", f"UPDATE voucher SET salt = '{SALT}'"),
        ("voucher_kept", "DELETE FROM voucher"),
        ("voucher_line_frozen", "DELETE FROM voucher_line"),
        ("voucher_file_frozen", "DELETE FROM voucher_file"),
    ),
    "discarded": (
        ("voucher_final", "UPDATE voucher SET state = 'draft'"),
        ("voucher_line_frozen", "DELETE FROM voucher_line"),
    ),
}  # fmt: skip
WAY = {
    "draft": (),
    "submitted": ("submit",),
    "approved": ("submit", "approve"),
    "posted": ("submit", "approve", "post"),
    "discarded": ("discard",),
}
NEW = (
    "INSERT{} INTO voucher (id, unit_id, kind, state, date, fund_id, amount, party, party_address,"
    " description, enclosed, version, maker_id, made_at, key, submitted_by, approver_id, salt)"
    " SELECT id{}, unit_id, kind, '{}', date, fund_id, amount, party, party_address, description,"
    " enclosed, 1, maker_id, made_at, key{}, {}, {} FROM voucher"
)


def refuses(guard: str, statement: str) -> None:
    with pytest.raises(DBAPIError) as caught, transaction() as session:
        session.execute(text(statement))
    name = getattr(getattr(caught.value.orig, "diag", None), "constraint_name", None)
    assert guard in (name or str(caught.value.orig)), statement


def with_file(desk: Desk) -> int:
    number = desk.draft()
    with transaction() as session:
        files.attach(session, number, b"%PDF-1.7", "a.pdf", "", by=desk.people.maker)
    return number


@pytest.mark.parametrize("state", WAY)
def test_a_voucher_keeps_to_its_way_whoever_asks(app: Flask, desk: Desk, state: str) -> None:
    number = with_file(desk)
    for step in WAY[state]:
        desk.act(step, number)
    for guard, statement in REFUSED[state]:
        refuses(guard, statement)


def test_who_had_a_hand_in_a_version_does_not_approve_a_later_one(app: Flask, desk: Desk) -> None:
    both = desk.people.approver2
    number = desk.draft(by=both)
    desk.act("edit", number, PAID)
    desk.act("submit", number)
    refuses(
        "voucher_four_eyes",
        f"UPDATE voucher SET state = 'approved', approver_id = {both}, version = version + 1",
    )


@pytest.mark.parametrize(
    ("account", "side"), [("136", "debit"), ("336", "credit"), ("421", "debit")]
)
def test_what_no_voucher_books_by_hand_is_not_posted(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch, account: str, side: str
) -> None:
    kind = {"debit": "cash-out", "credit": "cash-in"}[side]
    monkeypatch.setattr(byhand, "refused", lambda *_given, **_named: None)
    monkeypatch.setattr(byhand, "hold_settled", lambda *_given, **_named: None)
    number = desk.approved(PAID, kind=kind, lines=(DraftLine(account=account, amount=5),))
    with pytest.raises(DBAPIError, match="guard: "):
        desk.act("post", number)


def test_a_voucher_begins_as_a_draft(app: Flask, desk: Desk) -> None:
    desk.draft()
    refuses(
        "voucher_path", NEW.format("", " + 1", "submitted", " || 'x'", "maker_id, NULL", "NULL")
    )
    refuses("voucher_path", NEW.format("", " + 1", "approved", " || 'x'", "maker_id, 99", "NULL"))
    refuses("voucher_salt", NEW.format("", " + 1", "draft", " || 'x'", "NULL, NULL", f"'{SALT}'"))


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_voucher_is_not_replaced(app: Flask, desk: Desk) -> None:
    desk.posted()
    refuses("voucher_kept", NEW.format(" OR REPLACE", "", "draft", "", "NULL, NULL", "NULL"))
    refuses("voucher_kept", NEW.format(" OR REPLACE", " + 1", "draft", "", "NULL, NULL", "NULL"))


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["voucher", "voucher_line", "voucher_file", "voucher_template"])
def test_nothing_of_vouchers_is_truncated(app: Flask, desk: Desk, table: str) -> None:
    refuses(f"{table}_kept", f"TRUNCATE {table} CASCADE")


def test_two_vouchers_never_share_a_number_or_an_entry(app: Flask, desk: Desk) -> None:
    desk.posted()
    other = desk.approved()
    take = (
        f"UPDATE voucher SET state = 'posted', salt = '{SALT}', posted_by = 1,"
        " posted_at = made_at, {} WHERE id = {}"
    )
    same = "number = '{}', series = 'voucher:PC:TW', year = 2024, serial = {}, entry_id = {}"
    with transaction() as session:
        entries = session.execute(text("SELECT id FROM entry ORDER BY id DESC LIMIT 2")).scalars()
        booked, free = entries
    for number, serial, entry in (
        ("PC-2024-000001", 2, free),
        ("PC-2024-000002", 1, free),
        ("PC-2024-000002", 2, booked),
    ):
        refuses("voucher", take.format(same.format(number, serial, entry), other))
