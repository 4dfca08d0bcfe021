"""An export that was changed afterwards is refused by both programs: the assertions bite."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.export.books import export
from tests.export.programs import FORMATS, check
from tests.statements import worked
from tests.statements.conftest import post, set_up

AMOUNT = re.compile(r"(?<= )(-?)([0-9]+)(?= VND(?:$|  ;))", re.MULTILINE)
FUND = {"hledger": ":nghia-tinh:", "beancount": ":Nghia-tinh:"}
OTHER = {"hledger": ":base:", "beancount": ":Base:"}
LAST = -1


def blocks_of(text: str) -> tuple[list[str], list[int]]:
    """Return a file as blocks, and where its entries are among them."""
    blocks = text.split("\n\n")
    return blocks, [at for at, block in enumerate(blocks) if re.search(r"\bid: ?\"?[0-9]", block)]


def more(text: str, kind: str) -> str:
    """One đồng more, on both sides of an entry in the middle, so that it balances."""
    return _changed(text, 10, lambda block: AMOUNT.sub(_one_more, block))


def more_at_the_end(text: str, kind: str) -> str:
    """The same in the last entry of all."""
    return _changed(text, LAST, lambda block: AMOUNT.sub(_one_more, block))


def one_side(text: str, kind: str) -> str:
    """One đồng more on one side."""
    return _changed(text, 10, lambda block: AMOUNT.sub(_one_more, block, count=1))


def gone(text: str, kind: str) -> str:
    """An entry less."""
    return _changed(text, 10, lambda _block: "")


def twice(text: str, kind: str) -> str:
    """An entry twice."""
    return _changed(text, 10, lambda block: f"{block}\n\n{block}")


def later(text: str, kind: str) -> str:
    """An entry in the month after its own."""
    return _changed(text, 0, lambda block: block.replace("2024-07-", "2024-08-", 1))


def another_fund(text: str, kind: str) -> str:
    """An entry moved from one fund to another, account by account."""
    _blocks, entries = blocks_of(text)
    at = next(n for n in range(len(entries)) if FUND[kind] in _blocks[entries[n]])
    return _changed(text, at, lambda block: block.replace(FUND[kind], OTHER[kind]))


def _changed(text: str, number: int, change: Callable[[str], str]) -> str:
    blocks, entries = blocks_of(text)
    changed = change(blocks[entries[number]])
    assert changed != blocks[entries[number]]
    blocks[entries[number]] = changed
    return "\n\n".join(blocks)


def _one_more(found: re.Match[str]) -> str:
    return f"{found[1]}{int(found[2]) + 1}"


CHANGES = (more, more_at_the_end, one_side, gone, twice, later, another_fund)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_every_change_is_found_by_both(session: Session, tmp_path: Path) -> None:
    set_up(session)
    post(session, worked.random_book(5, 60))
    for kind in FORMATS:
        file = tmp_path / kind
        export(kind, file)
        assert check(kind, file).returncode == 0
        text = file.read_text(encoding="utf-8")
        for change in CHANGES:
            file.write_text(change(text, kind), encoding="utf-8")
            done = check(kind, file)
            assert done.returncode != 0, (kind, change.__name__)
            assert re.search("balance|assertion", done.stderr, re.IGNORECASE), done.stderr
