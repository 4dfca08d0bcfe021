"""The service as a library: an application around a database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from fundsvc.app import create_app
from fundsvc.config import Settings


@contextmanager
def service(url: str, *, web: bool = False) -> Iterator[Flask]:
    """Give the application, within its context; as a server (`web`) it keeps its connections."""
    with TemporaryDirectory(prefix="fundsvc-bench-") as instance:
        settings = Settings(
            database_url=url,
            secret_key="k" * 64,
            data_key="d" * 64,
            base_url="http://localhost",
            instance_dir=Path(instance),
        )
        app = create_app(settings, web=web)
        with app.app_context():
            yield app
