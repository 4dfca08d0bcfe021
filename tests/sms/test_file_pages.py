"""The pages of large files, read as jobs, and of files whose columns somebody must name."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from fundsvc import clock, worker
from fundsvc.db import transaction
from fundsvc.jobs import service as jobs
from fundsvc.jobs.running import Task
from fundsvc.sms import background, service
from fundsvc.sms.layouts import MONTH_FIRST
from tests.sms.test_layouts import STRANGE, STRANGE_CELLS, chosen, table
from tests.sms.test_pages import send, stored
from tests.support import messages

SignIn = Callable[..., FlaskClient]

pytestmark = pytest.mark.usefixtures("app", "clock", "with_campaigns")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> messages.Messages:
    """A file that counts as large."""
    monkeypatch.setattr(background, "LARGE", 20)
    return messages.make("viettel", 60)


def post(client: FlaskClient, address: str, **typed: str) -> tuple[int, str, str]:
    """Send a form with the page's token; return status, where it leads, and the page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sms").text)
    answer = client.post(address, data=typed | ({"csrf_token": found[1]} if found else {}))
    return answer.status_code, answer.location or "", answer.text


def test_a_large_file_is_read_looked_at_and_booked_in_the_background(
    signed_in: SignIn, session: Session, large: messages.Messages
) -> None:
    client = signed_in("treasurer")
    taken = send(client, "/imports/sms", large.csv())
    assert taken.status_code == 303
    address = taken.location
    assert re.fullmatch(r"/imports/sms/jobs/[0-9]+", address)
    waiting = client.get(address).text
    assert f"Đang chuẩn bị đọc {len(large.rows)} dòng" in waiting
    assert '<meta http-equiv="refresh"' in waiting
    assert client.get(f"{address}/progress").json == {
        "state": "waiting", "done": 0, "total": len(large.rows), "late": False,
    }  # fmt: skip
    assert post(client, address)[0] == 404, "nothing to book yet"
    worker.do_jobs()
    preview = client.get(address).text
    assert f"{large.gross.total():,} đ".replace(",", ".") in preview
    assert "Ghi sổ tin nhắn mới" in preview
    assert not re.search(r"849[0-9]{8}", preview)
    assert stored(session) == 0
    booking = [post(client, address)[1] for _again in range(2)]
    assert booking[0] == booking[1] != address, "sent twice it is one job"
    assert f"Đang chuẩn bị ghi sổ {len(large.rows)} dòng" in client.get(booking[0]).text
    worker.do_jobs()
    done = client.get(booking[0]).text
    assert f"Đã nhận {len(large.rows) - large.repeated} tin nhắn mới" in done
    assert '<meta http-equiv="refresh"' not in done
    assert client.get(f"{booking[0]}/progress").json["state"] == "done"  # type: ignore[index]
    assert stored(session) == len(large.rows) - large.repeated
    assert f'<a href="{booking[0]}">tin &lt;b&gt;.csv</a>' in client.get("/imports/sms").text


WITHOUT_WORKER = re.compile(r"<div data-late>\s*<div class=\"notice notice--warn\">")


def test_a_missing_worker_is_told_of_after_a_while_and_not_while_another_job_runs(
    signed_in: SignIn, session: Session, large: messages.Messages
) -> None:
    client = signed_in("treasurer")
    first, second = (send(client, "/imports/sms", large.csv()).location for _file in range(2))
    assert not WITHOUT_WORKER.search(client.get(second).text)
    with clock.fixed(clock.now() + jobs.PATIENCE):
        assert WITHOUT_WORKER.search(client.get(second).text)
        assert client.get(f"{second}/progress").json["late"] is True  # type: ignore[index]
        with transaction() as writing:
            assert jobs.claim(writing)
        assert not WITHOUT_WORKER.search(client.get(second).text)
        assert client.get(f"{first}/progress").json["late"] is False  # type: ignore[index]


def test_a_large_file_with_a_bad_row_cannot_be_booked(
    signed_in: SignIn, session: Session, large: messages.Messages
) -> None:
    client = signed_in("treasurer")
    large.rows[40]["amount"] = "1O0000"
    address = send(client, "/imports/sms", large.csv()).location
    worker.do_jobs()
    page = client.get(address).text
    assert "Không nhận tệp: 1 dòng bị từ chối" in page
    assert re.search(r'data-label="Dòng">42</th><td data-label="Cột">amount</td>', page)
    assert post(client, address)[0] == 422
    assert stored(session) == 0


@pytest.mark.slow
# Werkzeug's test client leaves the file that a large upload is spooled to for the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_letter_in_a_long_file_refuses_it_with_its_row(
    signed_in: SignIn, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`benchmarks/large_file.py --bad-row` does the same with a million rows."""
    client = signed_in("treasurer")
    rows = [messages.one(request_id=f"VI{n}", amount="100000") for n in range(30_000)]
    rows[23_331]["amount"] = "1O0000"
    address = send(client, "/imports/sms", messages.Messages(rows=rows).csv()).location
    assert address.startswith("/imports/sms/jobs/")
    done: list[int] = []
    monkeypatch.setattr(Task, "progress", lambda _task, lines: done.append(lines))
    worker.do_jobs()
    assert len(set(done)) > 2, "while it is read people see how far it is"
    assert done == sorted(done)
    assert done[-1] == len(rows) // 2, "the first of two readings, and there is no second"
    assert (
        'data-label="Dòng">23333</th><td data-label="Cột">amount</td>' in client.get(address).text
    )
    assert stored(session) == 0


def test_a_job_that_failed_says_why(
    signed_in: SignIn, large: messages.Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("treasurer")
    address = send(client, "/imports/sms", large.csv()).location
    monkeypatch.setattr(service, "import_sms", lambda *_a, **_k: 1 / 0)
    worker.do_jobs()
    page = client.get(address).text
    assert "chưa ghi gì vào sổ" in page
    assert "nhật ký máy chủ" in page
    assert post(client, address)[0] == 404


def test_a_job_is_seen_by_who_made_it_only(signed_in: SignIn, large: messages.Messages) -> None:
    address = send(signed_in("treasurer"), "/imports/sms", large.csv()).location
    for role, status in (("treasurer", 404), ("approver", 403), ("auditor", 403)):
        other = signed_in(role)
        assert other.get(address).status_code == status
        assert other.get(f"{address}/progress").status_code == status
        assert post(other, address)[0] == status
    assert signed_in("treasurer").get("/imports/sms/jobs/999").status_code == 404


def test_the_report_of_a_job_is_in_the_language_of_who_asked(
    signed_in: SignIn, large: messages.Messages
) -> None:
    client = signed_in("treasurer")
    client.set_cookie("fundsvc_language", "en")
    large.rows[40]["amount"] = "x"
    address = send(client, "/imports/sms", large.csv()).location
    worker.do_jobs()
    reason = re.search(r">amount</td><td>([^<]+)</td>", client.get(address).text)
    assert reason
    assert "Số tiền" not in reason[1]


def test_columns_are_named_once_and_then_known_by_the_profile(
    signed_in: SignIn, session: Session
) -> None:
    client = signed_in("treasurer")
    data = table(STRANGE, STRANGE_CELLS)
    address = send(client, "/imports/sms", data).location
    assert address.startswith("/imports/sms/columns/")
    page = client.get(address).text
    assert "Định danh" in page
    assert "07/05/2026 8:30:05" in page
    assert "0912***678" in page
    assert "84912345678" not in page
    status, _address, refused = post(client, address, **chosen(request_id="", name="Mẫu A"))
    assert status == 422
    assert 'id="f-request_id-error"' in refused
    assert 'value="Mẫu A"' in refused
    assert re.search(rf'value="{MONTH_FIRST}" checked', refused)
    status, preview, _page = post(client, address, **chosen(name="Mẫu A"))
    assert status == 303
    assert "100.000 đ" in client.get(preview).text
    assert send(client, preview).status_code == 303
    assert stored(session) == 1
    assert post(client, address, **chosen(name="Mẫu A"))[0] == 409, "the name is taken"

    page = client.get(send(client, "/imports/sms", data).location).text
    assert "Đọc theo mẫu Mẫu A" in page
    status, preview, _page = post(client, address, use="Mẫu A")
    assert "không có gì để ghi" in client.get(preview).text
    assert post(client, address, use="Mẫu B")[0] == 422
    assert post(client, f"{address}/forget", profile="Mẫu A")[0] == 303
    assert "Mẫu A" not in client.get(address).text
    assert post(client, f"{address}/forget", profile="Mẫu A")[0] == 404


def test_a_profile_chosen_with_the_file_must_fit_it(signed_in: SignIn) -> None:
    client = signed_in("treasurer")
    address = send(client, "/imports/sms", table(STRANGE, STRANGE_CELLS)).location
    post(client, address, **chosen(name="Mẫu A"))
    assert '<option value="Mẫu A">' in client.get("/imports/sms").text
    wrong = send(client, "/imports/sms", messages.make("viettel", 3).csv(), format="Mẫu A")
    assert wrong.status_code == 422
    assert 'id="f-format-error"' in wrong.text
    right = send(client, "/imports/sms", table(STRANGE, STRANGE_CELLS), format="Mẫu A")
    assert "100.000 đ" in client.get(right.location).text


def test_a_table_to_name_is_only_for_who_sent_it(signed_in: SignIn) -> None:
    address = send(signed_in("treasurer"), "/imports/sms", table(STRANGE, STRANGE_CELLS)).location
    other = signed_in("treasurer")
    assert other.get(address).status_code == 404
    assert post(other, address, use="x")[0] == 404
    assert post(other, f"{address}/forget", profile="x")[0] == 404
