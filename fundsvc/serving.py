"""The web server: gunicorn with threads, started so that no connection crosses a fork."""

import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication

from fundsvc import config, loading

if TYPE_CHECKING:
    from flask import Flask

# SQLite has one writer: a second process would only wait for it, threads of one share a queue.
PROCESSES_ON_SQLITE = 1
MOST_PROCESSES = 4
LONGEST_LINE = 8190
REST = 5
"""Seconds before background work that ended is begun anew."""


def run(*, host: str, port: int, workers: int | None, threads: int, beside: bool = True) -> None:
    """Serve until stopped; settings are read first, so that a bad one stops the start.

    `beside` runs the background work in a process of its own, which ends with the server.

    Raises:
        BadSettingError: a setting cannot be used; nothing was started.
    """
    settings = config.load()
    if settings.database_url.startswith("sqlite"):
        workers = PROCESSES_ON_SQLITE
    shown = f"[{host}]" if ":" in host else host
    options = {
        "bind": f"{shown}:{port}",
        "workers": workers or min(MOST_PROCESSES, os.cpu_count() or 1),
        "worker_class": "gthread",
        "threads": threads,
        # A large import answers within the request.
        "timeout": 120,
        # A push by GET carries its message in the address, each Vietnamese letter as up to nine
        # characters; the most that gunicorn takes with a limit.
        "limit_request_line": LONGEST_LINE,
        "graceful_timeout": 30,
        "keepalive": 5,
        "loglevel": "warning",
        "proc_name": "fundsvc",
        "control_socket_disable": True,
        "when_ready": _begin_work if beside else _nothing,
        # The heartbeat of a worker must not wait for a slow disk.
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - gunicorn makes its own file there
    }
    if settings.unprotected:
        click.echo(
            f"CẢNH BÁO: FUNDSVC_BASE_URL={settings.base_url} không dùng https. Mật khẩu và phiên "
            "đăng nhập đi qua mạng không được bảo vệ. Hãy đặt sau https trước khi dùng thật.",
            err=True,
        )
    if settings.base_url == config.DEFAULT_BASE_URL and not settings.base_url.endswith(f":{port}"):
        click.echo(
            f"CẢNH BÁO: biên nhận sẽ in địa chỉ {settings.base_url}, không phải cổng {port}. "
            f"Hãy đặt FUNDSVC_BASE_URL=http://localhost:{port} hoặc địa chỉ thật.",
            err=True,
        )
    click.echo(f"fundsvc: {settings.base_url}  (http://{shown}:{port}, Ctrl-C để dừng)")
    _Server(options).run()


def _nothing(_server: Any) -> None:
    """Leave the background work to somebody else."""


def _begin_work(server: Any) -> None:
    """Begin the background work beside the server, and again whenever it should end.

    It ends when its parent, this process, is gone.
    """
    for listener in server.LISTENERS:
        listener.sock.set_inheritable(False)  # Or the port stays taken until the work has ended.
    threading.Thread(target=_work_on, args=(os.getpid(),), daemon=True).start()


def _work_on(parent: int) -> None:
    command = [sys.executable, "-m", "fundsvc.cli", "worker", "--parent", str(parent)]
    while True:
        # Without closing files Python spawns and does not fork. A fork holds a pipe for a moment,
        # and a web worker that is forked in this moment would hold it for ever: the death of the
        # work would go unseen.
        with subprocess.Popen(command, close_fds=False) as work:  # noqa: S603 - ourselves
            work.wait()
        time.sleep(REST)


class _Server(BaseApplication):  # type: ignore[misc,unused-ignore]
    """Gunicorn told by values instead of a file."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> "Flask":
        """Make the application in the worker, after the fork."""
        from fundsvc.app import create_app  # noqa: PLC0415 - see above

        # What was loaded stays. Looking through it with each full collection stops all threads for
        # ten times as long as a page takes.
        loading.begin()
        app = create_app()
        gc.collect()
        loading.done()
        return app
