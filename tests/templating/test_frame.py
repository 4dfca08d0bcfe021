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

    def counted(path: str, ask: Callable[[str], bool] = frame.may_open) -> bool:
        asked[path] += 1
        return ask(path)

    monkeypatch.setattr(frame, "may_open", counted)
    page = browser.get("/spending")
    assert page.status_code == 200
    assert 'href="/statements/fund"' in page.text
    # The place the page belongs to is asked once more, for its tabs.
    assert asked.pop("/spending") == 2
    assert set(asked.values()) == {1}
