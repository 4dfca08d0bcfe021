"""What click says by itself, of how to call a command and of a wrong call, in our words.

Click asks the gettext of Python, which would look through the environment for a language and on
the disk for its catalogue, text by text. So the names that click's modules have for it are held at
our own while a command runs. What is not among the texts here is said as click has it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from fundsvc.gettext import gettext

# As the tool that collects the catalogue calls a text that is put into words later.
N_: Final = str
_MODULES: Final = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")

TEXTS: Final = {
    # How a command is called.
    "Usage:": N_("Cách dùng:"),
    "[OPTIONS]": N_("[TÙY CHỌN]"),
    "COMMAND [ARGS]...": N_("LỆNH [THAM SỐ]..."),
    "Options": N_("Tùy chọn"),
    "Positional arguments": N_("Tham số"),
    "Commands": N_("Lệnh"),
    "Show this message and exit.": N_("In hướng dẫn này."),
    "default: {default}": N_("mặc định: {default}"),
    "required": N_("bắt buộc"),
    # What is wrong with a call.
    "Error: {message}": N_("Lỗi: {message}"),
    "Try '{command} {option}' for help.": N_("Xem hướng dẫn: {command} {option}"),
    "No such command {name!r}.": N_("Không có lệnh {name!r}."),
    "No such option {name!r}.": N_("Không có tùy chọn {name!r}."),
    "(Did you mean one of: {possibilities}?)": N_("Có phải là {possibilities}?"),
    "Missing command.": N_("Thiếu lệnh."),
    "Missing argument": N_("Thiếu tham số"),
    "Missing option": N_("Thiếu tùy chọn"),
    "Got unexpected extra arguments ({args})": N_("Thừa tham số: {args}"),
    "Option {name!r} does not take a value.": N_("Tùy chọn {name!r} không kèm giá trị."),
    "Option {name!r} requires {nargs} arguments.": N_("Tùy chọn {name!r} phải kèm giá trị."),
    "Invalid value: {message}": N_("Giá trị không hợp lệ: {message}"),
    "Invalid value for {param_hint}: {message}": N_(
        "Giá trị của {param_hint} không hợp lệ: {message}"
    ),
    "Choose from:\n\t{choices}": N_("Chọn một trong:\n\t{choices}"),
    "{value!r} is not one of {choices}.": N_("không có {value!r}, hãy chọn một trong {choices}."),
    "{value!r} is not a valid {number_type}.": N_("{value!r} không phải là số."),
    "{value} is not in the range {range}.": N_("{value} nằm ngoài khoảng {range}."),
    # Files. Click would put the kind of file before its name, in capitals.
    "{name} {filename!r} does not exist.": N_("không có tệp {filename!r}."),
    "{name} {filename!r} is a file.": N_("{filename!r} là một tệp."),
    "{name} {filename!r} is a directory.": N_("{filename!r} là một thư mục."),
    "{name} {filename!r} is not readable.": N_("không đọc được {filename!r}."),
    "{name} {filename!r} is not writable.": N_("không ghi được vào {filename!r}."),
    "Could not open file {filename!r}: {message}": N_("Không mở được tệp {filename!r}: {message}"),
    "unknown error": N_("không rõ lý do"),
    # Questions on the terminal.
    "Repeat for confirmation": N_("Nhập lại lần nữa"),
    "Error: The two entered values do not match.": N_("Lỗi: hai lần nhập không giống nhau."),
    "Aborted!": N_("Đã dừng."),
}
"""Click's texts and ours, by the plural where click has one: ours have none."""


def said(text: str) -> str:
    """Return a text of click in the language of commands."""
    ours = TEXTS.get(text)
    return text if ours is None else gettext(ours)


def _said_of(one: str, many: str, count: int) -> str:
    if many in TEXTS:
        return said(many)
    return one if count == 1 else many


@contextmanager
def spoken() -> Iterator[None]:
    """Let click speak in the language of commands inside."""
    kept = []
    for place in _MODULES:
        module = sys.modules[f"click.{place}"]
        for name, ours in (("_", said), ("ngettext", _said_of)):
            if hasattr(module, name):
                kept.append((module, name, getattr(module, name)))
                setattr(module, name, ours)
    try:
        yield
    finally:
        for module, name, theirs in kept:
            setattr(module, name, theirs)
