"""Find words in what banks write, with or without the marks and the case they were typed in."""

from typing import Any

from sqlalchemy import ColumnElement, Text, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from fundsvc.text import fold


def holds(words: str, *texts: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether one of some texts holds words, in one of the ways a bank may spell them."""
    ways = _spelled(words)
    places = [_Caseless(text) for text in texts]
    return or_(*(place.contains(way, autoescape=True) for place in places for way in ways))


class _Caseless(FunctionElement[str]):
    """A text as `LIKE` compares it with upper case: SQLite's minds no case by itself."""

    inherit_cache = True
    type = Text()


@compiles(_Caseless)
def _compile(element: _Caseless, compiler: SQLCompiler, **more: Any) -> str:
    return f"upper({compiler.process(element.clauses, **more)})"


@compiles(_Caseless, "sqlite")
def _compile_sqlite(element: _Caseless, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


def _spelled(words: str) -> list[str]:
    """Return words as a memo may hold them, in `_Caseless`: banks mostly leave the marks out.

    A database may know no upper case of letters with marks, so those are looked for in both.
    """
    either = (words, words.lower(), words.upper(), fold(words))
    spelled = ("".join(one.upper() if one.isascii() else one for one in way) for way in either)
    return [way for way in dict.fromkeys(spelled) if way]
