"""The form of every letter: greeting, paragraphs, facts, one link, and who signs; page and text."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates" / "mails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a letter says, in the language of whoever reads it.

    `facts` are pairs of a name and a value, `link` is a label and an address, `after` stands below
    the link, `small` is set small below the signature.
    """

    greeting: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = ()
    link: tuple[str, str] | None = None
    after: tuple[str, ...] = ()
    signed: str
    small: str = ""


def text_of(draft: Draft) -> str:
    """Return a letter as plain text."""
    drawn: str = _template("letter.txt").render(letter=draft)
    return drawn.strip() + "\n"


def html_of(draft: Draft, subject: str, locale: str) -> str:
    """Return a letter as a page; whatever it quotes is escaped."""
    drawn: str = _template("letter.html").render(letter=draft, subject=subject, locale=locale)
    return drawn


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
