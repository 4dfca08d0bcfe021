"""What commands say of themselves and of wrong calls: Vietnamese, as everything else they say."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from fundsvc.cli import cli
from fundsvc.clickwords import TEXTS
from fundsvc.sms.commands import group

FUND = ("statement", "fund")
SPAN = ("--fund", "dues", "--from", "2026-01-01", "--to", "2026-12-31")
WRONG: tuple[tuple[tuple[str, ...], str], ...] = (
    (("nothing",), "Không có lệnh 'nothing'."),
    (("db", "nothing"), "Không có lệnh 'nothing'."),
    (("--nothing",), "Không có tùy chọn '--nothing'."),
    ((*FUND, "--fnd", "dues"), "Không có tùy chọn '--fnd'. Có phải là '--fund'?"),
    (FUND, "Thiếu tùy chọn '--fund'."),
    ((*FUND, "--fund"), "Tùy chọn '--fund' phải kèm giá trị."),
    ((*FUND, "--json=1"), "Tùy chọn '--json' không kèm giá trị."),
    (
        (*FUND, *SPAN, "--provinces", "soon"),
        "không hợp lệ: không có 'soon', hãy chọn một trong 'then', 'now'.",
    ),
    ((*FUND, *SPAN, "--province", "none", "--unit", "TW"), "Chỉ một trong hai"),
    (("db", "upgrade", "now", "please"), "Thừa tham số: now please"),
    (("import", "bank"), "Thiếu tham số 'FILE'."),
    (
        ("import", "bank", "/no/such/file", "--account", "VCB1"),
        "Giá trị của 'FILE' không hợp lệ: không có tệp '/no/such/file'.",
    ),
    (("import", "bank", "/", "--account", "VCB1"), "không hợp lệ: '/' là một thư mục."),
    (("serve", "--port", "0"), "Giá trị của '--port' không hợp lệ: 0 nằm ngoài khoảng 1<=x<=65535"),
    (("serve", "--port", "x"), "Giá trị của '--port' không hợp lệ: 'x' không phải là số nguyên."),
)


@pytest.mark.parametrize(("words", "told"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_a_wrong_call_is_told_in_vietnamese(words: tuple[str, ...], told: str) -> None:
    answer = CliRunner().invoke(cli, words)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    usage, _error, why = answer.stderr.rpartition("Lỗi: ")
    assert told in why
    if usage:  # Click has none where it stumbles over an option's value.
        assert usage.startswith("Cách dùng: fundsvc")
        assert "Xem hướng dẫn: fundsvc" in usage
    assert english(answer.stderr) == []


def test_commands_explain_themselves_in_vietnamese() -> None:
    for words in commands(cli, click.Context(cli)):
        shown = CliRunner().invoke(cli, [*words, "--help"])
        assert shown.exit_code == 0, words
        assert shown.stdout.startswith("Cách dùng: fundsvc")
        assert "Tùy chọn:" in shown.stdout
        assert english(shown.stdout) == [], words


def test_a_command_called_by_itself_before_still_explains_itself_in_vietnamese() -> None:
    CliRunner().invoke(group, ["import", "--help"])
    assert "In hướng dẫn này." in CliRunner().invoke(cli, ["campaign", "import", "--help"]).stdout


def test_two_passwords_that_differ_are_told_in_vietnamese(app: Flask) -> None:
    @click.command()
    def ask() -> None:
        click.prompt("Mật khẩu", hide_input=True, confirmation_prompt=True, err=True)

    cli.add_command(ask, "ask")
    try:
        answer = CliRunner().invoke(cli, ["ask"], input="một\nhai\n")
    finally:
        del cli.commands["ask"]
    assert "Nhập lại lần nữa" in answer.stderr
    assert "Lỗi: hai lần nhập không giống nhau." in answer.stderr
    assert "Đã dừng." in answer.stderr


def test_where_the_language_is_english_click_speaks_english(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        answer = CliRunner().invoke(cli, ["nothing"])
        shown = CliRunner().invoke(cli, ["db", "upgrade", "--help"])
    assert "Error: No such command 'nothing'." in answer.stderr
    assert "Usage: fundsvc [OPTIONS] COMMAND [ARGS]..." in answer.stderr
    assert "Show this message and exit." in shown.stdout


def test_click_has_its_own_words_back_when_a_command_is_over() -> None:
    CliRunner().invoke(cli, ["nothing"])
    assert "Usage:" in CliRunner().invoke(click.Command("alone"), ["--help"]).stdout


def test_every_text_is_one_that_click_says() -> None:
    """What a newer click calls otherwise would be said in English again, unnoticed."""
    folder = Path(click.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    for text in TEXTS:
        assert text.replace("\n", "\\n").replace("\t", "\\t") in source, text


def english(text: str) -> list[str]:
    """Return the words of click's own that stand in a text."""
    parts = (part for text in TEXTS for part in re.split(r"\{[^}]*\}|\(|\)", text))
    words = {part.strip(" .:'?") for part in parts}
    return sorted(word for word in words if " " in word and word in text)


def commands(group: click.Group, ctx: click.Context, *above: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, and those of the groups above."""
    yield above
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from commands(command, ctx, *above, name)
        else:
            yield *above, name
