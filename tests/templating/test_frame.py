"""The frame around every page: its menu is worked out once."""

from collections import Counter
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from fundsvc.templating import frame


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_page_asks_once_for_each_entry_of_the_menu(
    signed_in: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in("treasurer")
    asked: Counter[str] = Counter()

    may_open = frame._open_to

    def counted(path: str, roles: frozenset[str]) -> bool:
        asked[path] += 1
        return may_open(path, roles)

    monkeypatch.setattr(frame, "_open_to", counted)
    page = browser.get("/spending")
    assert page.status_code == 200
    assert 'href="/statements/fund"' in page.text
    of_menu = {path for place in frame.PLACES for path, _label in place.pages}
    # The place the page belongs to is asked once more, for its tabs.
    assert asked.pop("/spending") == 2
    assert {asked[path] for path in of_menu if path in asked} == {1}
