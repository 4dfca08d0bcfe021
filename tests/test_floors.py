"""What import-linter cannot say: bare standard library in the ledger, one place that commits."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEDGER = sorted((ROOT / "ledger").rglob("*.py"))
SERVICE = sorted((ROOT / "fundsvc").rglob("*.py"))
COMMIT = re.compile(r"\.commit\(\)")


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("path", LEDGER, ids=lambda path: path.name)
def test_the_ledger_knows_only_the_standard_library(path: Path) -> None:
    assert set(imported(path)) <= sys.stdlib_module_names | {"ledger"}


@pytest.mark.parametrize("path", LEDGER, ids=lambda path: path.name)
def test_the_ledger_neither_asks_the_time_nor_counts_in_fractions(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not (isinstance(node, ast.Name) and node.id in {"float", "Decimal"})
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
        assert not (isinstance(node, ast.Attribute) and node.attr in {"now", "today", "time"})


def test_only_the_database_room_commits() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in SERVICE
        if COMMIT.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"fundsvc/db.py"}


def test_only_the_settings_room_reads_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT))
        for path in (*SERVICE, *LEDGER)
        if re.search(r"\benviron\b|\bgetenv\b", path.read_text(encoding="utf-8"))
    }
    assert readers == {"fundsvc/config.py"}


def test_no_template_holds_inline_script_or_style() -> None:
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
    )
    pages = [
        path
        for path in sorted((ROOT / "templates").rglob("*.html"))
        # Documents become PDF, mails go to mail programs; no policy of ours ever meets them.
        if not {"documents", "mails"} & set(path.parts) and path.name != "document.html"
    ]
    assert pages
    found = [
        str(path.relative_to(ROOT)) for path in pages if inline.search(path.read_text("utf-8"))
    ]
    assert found == []
