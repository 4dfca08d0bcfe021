"""Forms of donors take any text, or refuse it in words; none is a failure of ours."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests import corpus
from tests.support.forms import hidden
from tests.support.hostile import FORM, encoded

GOOD = {
    "edit": {"donor": "Nguyễn Thị Hường", "address": "", "phone": "", "email": "", "reason": "Sửa"},
    "consents": {"purpose": "named", "given": "yes", "said_on": "2024-09-20", "way": "phone",
                 "words": ""},
    "merge": {"other": "1"},
    "erasure": {"reason": ""},
    "export": {"format": "json"},
}  # fmt: skip


@pytest.mark.parametrize("form", GOOD)
def test_no_text_is_a_failure(signed_in: Callable[..., FlaskClient], huong: int, form: str) -> None:
    client = signed_in("treasurer")
    page = f"/donors/{huong}"
    token = hidden(client, page)["csrf_token"]
    failed = []
    for place, value in enumerate(corpus.TEXTS):
        # Each text stands in one field; the fields take turns.
        name = list(GOOD[form])[place % len(GOOD[form])]
        body = encoded({**GOOD[form], name: value, "csrf_token": token})
        answer = client.post(f"{page}/{form}", data=body, content_type=FORM)
        if answer.status_code >= 500:
            failed.append((name, value, answer.status_code))
    assert failed == []
    assert client.get(page).status_code == 200
