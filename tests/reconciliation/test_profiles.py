"""A foreign layout is mapped once on a page, and known by its account from then on."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fundsvc.cli import cli
from fundsvc.db import transaction
from fundsvc.errors import Conflict, NotFound
from fundsvc.reconciliation import lists, profiles
from fundsvc.reconciliation.accounts import add_bank_account
from fundsvc.reconciliation.models import BankFile, BankLine, BankProfile
from fundsvc.units.models import Unit
from tests import corpus
from tests.reconciliation.test_mapping import LINES, table
from tests.reconciliation.test_pages import book, token, upload
from tests.support.hostile import FORM, encoded
from tests.support.turns import part

SignIn = Callable[..., FlaskClient]
CHOSEN = {"date": "c0", "memo": "c1", "debit": "c2", "credit": "c3", "balance": "c4",
          "reference": "c5"}  # fmt: skip
LATER = ("15/09/2024;gui them;;30.000;230.000;FT4",)

pytestmark = pytest.mark.usefixtures("app", "clock")


@pytest.fixture(autouse=True)
def _accounts(app: Flask) -> None:
    with transaction() as session:
        session.add(Unit(code="HT-44", name="Tỉnh hội A", folded="tinh hoi a", kind="provincial"))
        session.flush()
        for code, unit in (("ACB1", "TW"), ("ACB2", "TW"), ("QT44", "HT-44")):
            add_bank_account(
                session, code=code, bank="ACB", number=f"0011{code[-1]}", fund="nghia-tinh",
                unit=unit, by=None,
            )  # fmt: skip


def taken(client: FlaskClient, data: bytes, **fields: str) -> str:
    """Send a file and return where it leads."""
    answer = upload(client, data, **{"account": "ACB1", **fields})
    assert answer.status_code == 303
    return answer.location


def post(client: FlaskClient, address: str, **typed: str) -> tuple[int, str, str]:
    answer = client.post(address, data=typed | token(client))
    return answer.status_code, answer.location or "", answer.text


def mapped(client: FlaskClient, address: str, **changed: str) -> tuple[int, str, str]:
    """Choose columns, look at what comes of it, and keep that."""
    chosen = CHOSEN | changed
    status, _address, page = post(client, address, **chosen, look="1")
    assert status == 200
    return post(client, address, **chosen, seen=seen(page), keep="1")


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def count(session: Session, model: type[BankLine | BankProfile | BankFile]) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_foreign_layout_is_mapped_booked_and_known_the_next_time(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    address = taken(client, table(*LINES))
    assert address.startswith("/imports/bank/columns/")
    page = client.get(address).text
    for shown in ("Rút ra", "Mã tham chiếu", "13/09/2024", "mua gao", "FT3"):
        assert shown in page
    status, _where, page = post(client, address, **CHOSEN, look="1")
    assert status == 200
    for shown in ("120.000 đ", "20.000 đ", "200.000 đ", "Số dư liên tục", "1.000.000,00"):
        assert shown in page
    assert count(session, BankProfile) == 0, "looking keeps nothing"
    status, preview, _page = post(client, address, **CHOSEN, seen=seen(page), keep="1")
    assert status == 303
    shown_preview = client.get(preview).text
    assert "Đã giữ mẫu acb1-1" in shown_preview
    assert "Ghi sổ 3 dòng" in shown_preview
    assert book(client, preview).status_code == 303
    assert (count(session, BankLine), count(session, BankProfile)) == (3, 1)
    assert session.scalar(select(BankFile.layout)) == "acb1-1"

    preview = taken(client, table(*LINES[2:], *LATER))
    assert "/columns/" not in preview
    page = client.get(preview).text
    assert "Ghi sổ 1 dòng" in page
    assert "acb1-1" in page
    assert "Nối tiếp tệp trước" in page
    assert book(client, preview).status_code == 303
    assert count(session, BankLine) == 4


def test_the_form_begins_with_what_the_header_says(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    head = "Ngày giao dịch;Nội dung;Tiền ra;Tiền vào;Số dư;Số tham chiếu"
    page = client.get(taken(client, table(*LINES, head=head))).text
    assert "Tệp được hiểu như sau" in page
    assert "120.000 đ" in page
    assert seen(page)


def test_what_is_kept_is_what_was_shown(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    address = taken(client, table(*LINES))
    page = post(client, address, **CHOSEN, look="1")[2]
    changed = CHOSEN | {"balance": ""}
    status, _where, again = post(client, address, **changed, seen=seen(page), keep="1")
    assert status == 422
    assert "Lựa chọn đã đổi" in again
    assert count(session, BankProfile) == 0
    assert post(client, address, **changed, seen=seen(again), keep="1")[0] == 303


def test_bad_choices_are_refused_and_what_was_chosen_stays(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    address = taken(client, table(*LINES))
    for changed, field in (
        ({"date": ""}, "date"),
        ({"memo": "c3"}, "memo"),
        ({"date": "c5", "reference": ""}, "date"),
        ({"credit": "c1", "memo": "c5", "reference": ""}, "credit"),
        ({"debit": "c3", "credit": "c2"}, "credit"),
        ({"balance": "c77"}, "balance"),
    ):
        for act in ("look", "keep"):
            status, _where, page = post(client, address, **(CHOSEN | changed), **{act: "1"})
            assert status == 422, changed
            assert f'id="f-{field}-error"' in page, changed
            kept = (CHOSEN | changed).get("debit")
            chosen = re.search(r'<select class="input" id="f-debit".*?</select>', page, re.DOTALL)
            assert chosen
            assert re.search(rf'value="{kept}" selected', chosen[0]), changed
    assert count(session, BankProfile) == 0


def test_the_order_of_day_and_month_is_asked_where_nothing_tells(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    data = table("05/07/2024;a;;50.000;150.000;1", "06/08/2024;b;;50.000;200.000;2")
    address = taken(client, data)
    status, _where, page = post(client, address, **CHOSEN, look="1")
    assert status == 422
    assert "05/07/2024 là ngày 5 tháng 7" in page
    assert "05/07/2024 là ngày 7 tháng 5" in page
    assert 'id="f-days-error"' in page
    _status, preview, _page = mapped(client, address, days="m/d/yyyy")
    assert "07/05/2024 – 08/06/2024" in client.get(preview).text
    session.rollback()
    assert session.scalar(select(BankProfile.days)) == "m/d/yyyy"


def test_a_profile_of_one_account_reads_no_file_of_another(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    assert mapped(client, taken(client, table(*LINES)))[0] == 303
    assert "/columns/" not in taken(client, table(*LINES))
    assert "/columns/" in taken(client, table(*LINES), account="ACB2")


def test_a_profile_is_shown_with_its_account_and_can_be_taken_away(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    preview = mapped(client, taken(client, table(*LINES)))[1]
    book(client, preview)
    page = client.get("/bank-accounts/ACB1").text
    for shown in ("acb1-1", "Rút ra", "Bỏ mẫu", "d/m/yyyy"):
        assert shown in page
    assert "Bỏ mẫu" not in signed_in("auditor").get("/bank-accounts/ACB1").text
    assert "acb1-1" not in client.get("/bank-accounts/ACB2").text
    remove = "/bank-accounts/ACB1/profiles/1/remove"
    for role, status in (("auditor", 403), ("approver", 403)):
        assert post(signed_in(role), remove)[0] == status
    assert post(client, "/bank-accounts/ACB2/profiles/1/remove")[0] == 404
    assert post(client, remove)[:2] == (303, "/bank-accounts/ACB1")
    assert post(client, remove)[0] == 409
    assert "Bỏ mẫu" not in client.get("/bank-accounts/ACB1").text
    assert count(session, BankLine) == 3
    assert "/columns/" in taken(client, table(*LINES))
    assert client.get(preview).status_code == 422, "nothing else reads what it read"
    assert mapped(client, taken(client, table(*LINES)))[0] == 303
    assert "acb1-2" in client.get("/bank-accounts/ACB1").text


def test_choosing_again_puts_another_profile_in_its_place(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    preview = mapped(client, taken(client, table(*LINES)))[1]
    again = re.search(r'href="(/imports/bank/columns/[^"]+)"', client.get(preview).text)
    assert again
    page = client.get(again[1]).text
    assert re.search(r'value="c5" selected', page)
    assert "Đã ghi sổ" not in page
    assert mapped(client, again[1])[0] == 303
    assert count(session, BankProfile) == 1, "the same again changes nothing"
    status, preview, _page = mapped(client, again[1], reference="")
    assert status == 303
    session.rollback()
    account = lists.account(session, "ACB1")
    assert [one.name for one in profiles.of_account(session, account)] == ["acb1-2"]
    book(client, preview)
    session.rollback()
    warned = client.get(taken(client, table(*LINES), format="columns")).text
    assert "Đã ghi sổ 1 tệp theo mẫu acb1-2" in warned


def test_columns_can_be_chosen_although_a_bank_is_known(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    head = "PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
    data = f"{head}1,13/09/2024,5213.1,,50.000,,ung ho\r\n".encode()
    assert "/columns/" not in taken(client, data)
    address = taken(client, data, format="columns")
    assert "/columns/" in address
    assert "TNXDate" in client.get(address).text
    refused = upload(client, b":20:X\r\n:25:1\r\n", account="ACB1", format="columns")
    assert refused.status_code == 422
    assert 'id="f-file-error"' in refused.text


def test_a_foreign_unit_sees_nothing_of_it(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    address = taken(client, table(*LINES))
    mapped(client, address)
    other = signed_in("unit-treasurer", units=["HT-44"])
    assert other.get(address).status_code == 404
    assert post(other, address, **CHOSEN, keep="1")[0] == 404
    assert post(other, "/bank-accounts/ACB1/profiles/1/remove")[0] == 404
    assert upload(other, table(*LINES), account="ACB1").status_code == 404
    own = taken(other, table(*LINES), account="QT44")
    assert mapped(other, own)[0] == 303
    assert count(session, BankProfile) == 2
    assert post(other, "/bank-accounts/QT44/profiles/1/remove")[0] == 303
    for role in ("auditor", "approver"):
        assert signed_in(role).get(address).status_code == 403
    assert signed_in("treasurer").get(address).status_code == 404, "only who sent it"


def test_hostile_values_are_never_an_error_of_ours(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    address = taken(client, table(*LINES))
    proof = token(client)  # It holds as long as the person is signed in.
    values = (*corpus.UNKEEPABLE[::3], *corpus.ODD[::4], "c-1", "c1.0", "c٣", "c" + "9" * 400)
    for value in part(values):
        for name in (*CHOSEN, "amount", "mark", "days", "seen"):
            typed = CHOSEN | {name: value, "keep": "1"} | proof
            answer = client.post(address, data=encoded(typed), content_type=FORM)
            assert answer.status_code in {400, 422}, (name, value)
    for number in ("0", "-1", "9" * 19, "9" * 30, "x"):
        gone = post(client, f"/bank-accounts/ACB1/profiles/{number}/remove")[0]
        assert gone == 404
    for one in corpus.FILES.values():
        upload(client, one, account="ACB1", format="columns")
    assert count(session, BankProfile) == 0


def test_a_header_of_markup_is_shown_as_text(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    head = "Ngày;<script>x</script>;Rút ra;Gửi vào;Số dư;Mã"
    page = client.get(taken(client, table(*LINES, head=head))).text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_the_command_reads_by_kept_profiles(
    app: Flask, signed_in: SignIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fundsvc.app.create_app", lambda **_options: app)
    file = tmp_path / "sao-ke.csv"
    file.write_bytes(table(*LINES))
    command = ["import", "bank", str(file), "--account", "ACB1", "--json", "--commit"]
    unknown = CliRunner().invoke(cli, command)
    assert unknown.exit_code == 1
    assert "chọn cột một lần" in unknown.output
    client = signed_in("treasurer")
    mapped(client, taken(client, table(*LINES)))
    told = json.loads(CliRunner().invoke(cli, command).stdout)
    assert (told["new"], told["committed"], told["format"]) == (3, True, "acb1-1")
    named = CliRunner().invoke(cli, [*command, "--format", "acb1-1"])
    assert json.loads(named.stdout)["known"] == 3
    command[command.index("ACB1")] = "ACB2"
    assert CliRunner().invoke(cli, [*command, "--format", "acb1-1"]).exit_code == 1


def test_keeping_and_removing_are_in_the_log(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    mapped(client, taken(client, table(*LINES)))
    account = lists.account(session, "ACB1")
    with transaction() as writing:
        profiles.remove(writing, account, 1, by=None)
    with pytest.raises(Conflict), transaction() as writing:
        profiles.remove(writing, account, 1, by=None)
    with pytest.raises(NotFound), transaction() as writing:
        profiles.remove(writing, account, 2, by=None)
    session.rollback()
    kinds = session.scalars(text("SELECT kind FROM act WHERE kind LIKE 'bank-profile%'")).all()
    assert sorted(kinds) == ["bank-profile.keep", "bank-profile.remove"]


AGAIN = (
    "INSERT INTO bank_profile (unit_id, bank_account_id, number, columns, amounts, days, sign,"
    " running, made_at, removed_at) SELECT unit_id, bank_account_id, 7, columns, amounts, days,"
    " sign, running, made_at, {} FROM bank_profile"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE bank_profile SET days = 'm/d/yyyy', removed_at = made_at",
        "UPDATE bank_profile SET sign = 'signed'",
        "UPDATE bank_profile SET columns = '{}'",
        "DELETE FROM bank_profile",
        AGAIN.format("made_at"),
        AGAIN.format("NULL").replace("SELECT unit_id", "SELECT unit_id + 1"),
    ],
)
@pytest.mark.both_engines
def test_bank_profile_kept(signed_in: SignIn, statement: str) -> None:
    client = signed_in("treasurer")
    mapped(client, taken(client, table(*LINES)))
    with pytest.raises(DBAPIError, match="guard"), transaction() as session:
        session.execute(text(statement))


@pytest.mark.both_engines
def test_a_profile_comes_back_no_more(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    mapped(client, taken(client, table(*LINES)))
    with transaction() as session:
        session.execute(text("UPDATE bank_profile SET removed_at = made_at"))
    with pytest.raises(DBAPIError, match="guard"), transaction() as session:
        session.execute(text("UPDATE bank_profile SET removed_at = NULL"))
