"""Collect the texts people see into the English catalogue, or check that it lacks none.

The Vietnamese texts in the sources are themselves the keys. Without arguments: collect all texts
of `fundsvc/` and `templates/`, keep the translations that are there, drop what nobody says any
more, and list what has no English yet. With `--check`: change nothing, name each fault, and end
with 1 if there is any. Nothing is guessed by likeness, so nothing is ever fuzzy by machine.
"""

import argparse
import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "fundsvc" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
METHODS = [("fundsvc/**.py", "python"), ("ledger/**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
}
PARAMETER = re.compile(r"%\((\w+)\)[a-z]")


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing, name each fault")
    check = parser.parse_args().check
    said, kept = collect(), read()
    if check:
        faults = [*differences(said, kept), *unfinished(kept)]
        for fault in faults:
            print(f"{CATALOGUE.relative_to(ROOT)}: {fault}", file=sys.stderr)
        return 1 if faults else 0
    written = merge(said, kept)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_bytes(as_po(written))
    for fault in unfinished(written):
        print(fault)
    return 0


def collect() -> dict[str, Message]:
    """Return every text in the sources by its Vietnamese, in the order of files."""
    catalogue = Catalog()
    found = extract_from_dir(
        str(ROOT),
        method_map=METHODS,
        options_map={"templates/**.html": {"trimmed": "true", "silent": "false"}},
        keywords=KEYWORDS,
    )
    for path, _line, message, _comments, context in sorted(found, key=lambda item: item[:2]):
        catalogue.add(message, locations=[(path, 0)], context=context)
    return {key(message): message for message in catalogue if message.id}


def read() -> Catalog:
    """Return the catalogue as it is kept."""
    if not CATALOGUE.exists():
        return Catalog(locale="en")
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="en")


def merge(said: dict[str, Message], kept: Catalog) -> Catalog:
    """Return a catalogue of all texts said, with the translations that were kept."""
    known = {key(message): message for message in kept if message.id}
    merged = Catalog(locale="en", domain="messages", header_comment="# English catalogue.")
    for text in sorted(said):
        message = said[text]
        old = known.get(text)
        files = sorted({(path, 0) for path, _line in message.locations})
        merged.add(message.id, old.string if old else "", locations=files, context=message.context)
    return merged


def as_po(catalogue: Catalog) -> bytes:
    """Return a catalogue as a file without dates and line numbers, which would only make noise."""
    buffer = BytesIO()
    write_po(buffer, catalogue, width=99, omit_header=True, include_lineno=False)
    header = (
        "# English for the Vietnamese texts of the sources; kept by scripts/messages.py.\n"
        'msgid ""\nmsgstr ""\n'
        '"Language: en\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def differences(said: dict[str, Message], kept: Catalog) -> list[str]:
    """Name the texts that the catalogue does not know, and those that nobody says."""
    known = {key(message) for message in kept if message.id}
    return [
        *(f"not collected, run `make messages`: {text!r}" for text in sorted(set(said) - known)),
        *(f"nobody says this, run `make messages`: {text!r}" for text in sorted(known - set(said))),
    ]


def unfinished(catalogue: Catalog) -> list[str]:
    """Name the texts without English, marked as unsure, or with other parameters than theirs."""
    faults = []
    for message in catalogue:
        if not message.id:
            continue
        text = key(message)
        strings = message.string if isinstance(message.string, list | tuple) else [message.string]
        if not all(strings):
            faults.append(f"no English: {text!r}")
        elif message.fuzzy:
            faults.append(f"marked fuzzy: {text!r}")
        elif any(parameters(string or "") != parameters(text) for string in strings):
            faults.append(f"parameters differ: {text!r}")
    return faults


def parameters(text: str) -> set[str]:
    """Return the names of a text's parameters."""
    return set(PARAMETER.findall(text))


def key(message: Message) -> str:
    """Return a text's Vietnamese, of a text with a number its form for one, and its context."""
    text = message.id if isinstance(message.id, str) else message.id[0]
    return f"{text} [{message.context}]" if message.context else text


if __name__ == "__main__":
    sys.exit(main())
