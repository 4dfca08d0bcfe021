"""The wheel holds what the service needs besides Python, and works far from this checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT_BY_TOOLS = shutil.ignore_patterns("__pycache__", ".*")
PACKAGES = ("ledger", "fundsvc", "templates", "migrations")


def run(*command: str | Path, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program far from the checkout, with an environment of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [str(part) for part in command],
        cwd=at,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of these sources, built in a copy so that nothing is left behind here."""
    copy = tmp_path_factory.mktemp("sources")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=LEFT_BY_TOOLS)
    for name in ("setup.cfg", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    target = tmp_path_factory.mktemp("wheel")
    built = run(
        sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index",
        "--wheel-dir", target, ".", at=copy,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel alone was unpacked by pip."""
    target = tmp_path_factory.mktemp("installed")
    done = run(
        sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", target,
        wheel, at=target,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return target


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    here = {
        str(path.relative_to(ROOT))
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file()
        and not any(
            part[0] in "._" and part != "__init__.py" for part in path.relative_to(ROOT).parts
        )
    }
    assert here - shipped == set()
    assert {"templates/base.html", "ledger/chart.csv", "migrations/versions/0001_schema.py"} <= here


def test_the_installed_wheel_makes_a_database_far_from_the_checkout(
    installed: Path, tmp_path: Path
) -> None:
    settings = {
        "PYTHONPATH": str(installed),
        "FUNDSVC_DATABASE_URL": f"sqlite:///{tmp_path}/books.sqlite",
    }
    ask = "import fundsvc, migrations; print(fundsvc.__path__, migrations.__path__)"
    where = run(sys.executable, "-c", ask, at=tmp_path, **settings)
    assert where.stdout.count(str(installed)) == 2, where
    program = installed / "bin" / "fundsvc"
    assert "statement" in run(program, "--help", at=tmp_path, **settings).stdout
    upgraded = run(program, "db", "upgrade", at=tmp_path, **settings)
    assert upgraded.returncode == 0, upgraded.stderr
    assert (tmp_path / "books.sqlite").stat().st_size > 0
