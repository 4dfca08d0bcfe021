"""Large statements: read and booked in the background, with the same outcome as small ones."""

import re
from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fundsvc import worker
from fundsvc.reconciliation import booking, large, service
from fundsvc.reconciliation.models import BankLine
from fundsvc.verify import faults
from tests.reconciliation.test_pages import SignIn, token, upload
from tests.reconciliation.test_pages import _accounts as _accounts  # noqa: PLC0414 - a fixture
from tests.reconciliation.test_question import EVENING, MORNING

HEAD = b"PageId,TNXDate,DocNo,Debit,Credit,Balance,TransactionDetails\r\n"
LINES = 60
FILE = HEAD + b"".join(
    b"1,0%d/09/2024,7.%d,,1.%03d,,ung ho %d\r\n" % (n % 9 + 1, n, n, n) for n in range(LINES)
)

pytestmark = [pytest.mark.usefixtures("app", "clock"), pytest.mark.both_engines]


@pytest.fixture(autouse=True)
def _all_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of three lines counts as large, and seven are booked at once."""
    monkeypatch.setattr(large, "LARGE", 1)
    monkeypatch.setattr(booking, "AT_ONCE", 7)


def send(client: FlaskClient, data: bytes, **fields: str) -> str:
    """Send a file and return where it leads."""
    taken = upload(client, data, **fields)
    assert taken.status_code == 303
    assert re.fullmatch(r"/imports/bank/jobs/[0-9]+", taken.location)
    return taken.location


def post(client: FlaskClient, address: str, answer: Mapping[str, object] = {}) -> tuple[int, str]:
    """Send the form of a page; return status and where it leads."""
    told = client.post(address, data={**token(client), **answer})
    return told.status_code, told.location or ""


def stored(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(BankLine)) or 0


def test_a_large_file_is_read_looked_at_and_booked_in_the_background(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    address = send(client, FILE)
    waiting = client.get(address).text
    assert "Đang chuẩn bị đọc 61 dòng" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    assert client.get(f"{address}/progress").json == {
        "state": "waiting", "done": 0, "total": 61, "late": False,
    }  # fmt: skip
    assert post(client, address)[0] == 404, "nothing to book yet"
    worker.do_jobs()
    preview = client.get(address).text
    for shown in ("60, trong đó 60 mới, 0 đã có", "61.770", "01/09/2024", "Ghi sổ 60 dòng"):
        assert shown in preview
    assert stored(session) == 0
    booking_page = [post(client, address)[1] for _again in range(2)]
    assert booking_page[0] == booking_page[1] != address, "sent twice it is one job"
    assert "Đang chuẩn bị ghi sổ 60 dòng" in client.get(booking_page[0]).text
    worker.do_jobs()
    done = client.get(booking_page[0]).text
    assert "Đã ghi sổ 60 dòng mới; 0 dòng đã có từ trước." in done
    assert '<meta http-equiv="refresh"' not in done
    assert client.get(f"{booking_page[0]}/progress").json["state"] == "done"  # type: ignore[index]
    assert stored(session) == LINES
    assert post(client, booking_page[0])[0] == 404, "it is booked already"
    ids = session.scalars(select(BankLine.row).order_by(BankLine.id)).all()
    assert list(ids) == sorted(ids), "kept in the order of the file"
    assert list(faults(session)) == []
    assert f'<a href="{booking_page[0]}">sao-ke.csv</a>' in client.get("/imports/bank").text
    again = send(client, FILE)
    worker.do_jobs()
    assert "không có gì để ghi" in client.get(again).text


def test_a_small_file_is_looked_at_at_once(
    signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "LARGE", 61)
    assert "/jobs/" not in upload(signed_in("treasurer"), FILE).location


def test_what_its_beginning_tells_of_a_large_file_is_told_beside_the_form(
    signed_in: SignIn,
) -> None:
    client = signed_in("treasurer")
    refused = upload(client, FILE.replace(b"DocNo", b"Other"))
    assert refused.status_code == 422
    assert "Thiếu cột DocNo." in refused.text


def test_a_large_file_with_a_bad_row_cannot_be_booked(signed_in: SignIn, session: Session) -> None:
    client = signed_in("treasurer")
    address = send(client, FILE + b"1,03/09/2024,8,,1_000,,x\r\n")
    worker.do_jobs()
    assert "Không nhận tệp: 1 dòng không đọc được" in client.get(address).text
    assert post(client, address)[0] == 422
    assert stored(session) == 0


@pytest.mark.parametrize(("answer", "lines"), [("new", 3), ("known", 2), ("some", 2)])
def test_nothing_is_booked_before_the_question_is_answered(
    signed_in: SignIn, session: Session, answer: str, lines: int
) -> None:
    client = signed_in("treasurer")
    first = send(client, MORNING)
    worker.do_jobs()
    post(client, first)
    worker.do_jobs()
    address = send(client, EVENING)
    worker.do_jobs()
    page = client.get(address).text
    assert "số dư nói là khoản mới" in page
    assert "Không nối tiếp tệp trước" in page
    assert post(client, address)[0] == 422
    asked = re.findall(r'name="asked" value="([0-9]+)"', page)
    status, booking_page = post(client, address, {"answer": answer, "asked": asked})
    assert status == 303
    worker.do_jobs()
    assert "Đã ghi sổ" in client.get(booking_page).text
    assert stored(session) == lines


def test_a_question_that_came_up_meanwhile_is_asked_before_it_is_booked(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    morning, evening = send(client, MORNING), send(client, EVENING)
    worker.do_jobs()
    assert "số dư nói là khoản mới" not in client.get(evening).text
    post(client, morning)
    worker.do_jobs()
    booking_page = post(client, evening)[1]
    worker.do_jobs()
    page = client.get(booking_page).text
    assert "số dư nói là khoản mới" in page
    assert stored(session) == 1
    asked = re.findall(r'name="asked" value="([0-9]+)"', page)
    last = post(client, booking_page, {"answer": "new", "asked": asked})[1]
    worker.do_jobs()
    assert "Đã ghi sổ 2 dòng mới" in client.get(last).text
    assert stored(session) == 3


def test_a_job_that_failed_says_why(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in("treasurer")
    address = send(client, FILE)
    monkeypatch.setattr(service, "import_bank", lambda *_a, **_k: 1 / 0)
    worker.do_jobs()
    page = client.get(address).text
    assert "chưa ghi gì vào sổ" in page
    assert "nhật ký máy chủ" in page
    assert post(client, address)[0] == 404


def test_a_unit_treasurer_has_the_jobs_of_own_units_and_nobody_elses(
    signed_in: SignIn, session: Session
) -> None:
    own = signed_in("unit-treasurer", units=["HT-44"])
    assert upload(own, FILE).status_code == 404, "an account of another unit"
    address = send(own, FILE, account="QT44")
    worker.do_jobs()
    assert "Ghi sổ 60 dòng" in own.get(address).text
    assert f'href="{address}"' in own.get("/imports/bank").text
    others = (
        (signed_in("treasurer"), 404),
        (signed_in("unit-treasurer", units=["HT-44"]), 404),
        (signed_in("unit-treasurer", units=["TW"]), 404),
        (signed_in("auditor"), 403),
    )
    for other, status in others:
        assert other.get(address).status_code == status
        assert other.get(f"{address}/progress").status_code == status
        assert post(other, address)[0] == status
        assert address not in other.get("/imports/bank").text
    booking_page = post(own, address)[1]
    worker.do_jobs()
    assert "Đã ghi sổ 60 dòng mới" in own.get(booking_page).text
    assert stored(session) == LINES
    assert own.get("/imports/bank/jobs/999").status_code == 404
