"""What a worker of the web server does before its first request."""

import gc

import pytest
from flask import Flask

from fundsvc import app, serving


def test_a_worker_does_not_look_through_what_it_loaded_with_each_collection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = Flask(__name__)
    monkeypatch.setattr(app, "create_app", lambda: loaded)
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    try:
        assert serving._Server({}).load() is loaded
        assert gc.get_freeze_count() > 0
        assert all(found is not loaded for found in gc.get_objects())
    finally:
        gc.unfreeze()
        if frozen:
            gc.freeze()
