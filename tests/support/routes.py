"""Routes that compile what builds their addresses only when a page first links to them."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LaterRule(Rule):
    """A route for the many applications of a test run, of which each shows few pages.

    Compiling the builders of all routes is most of what making an application takes.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled: Callable[..., tuple[str, str]] | None = None
        compile_now = super()._compile_builder

        def build(*args: Any, **values: Any) -> tuple[str, str]:
            nonlocal compiled
            compiled = compiled or compile_now(append_unknown)
            return compiled(*args, **values)

        return build
