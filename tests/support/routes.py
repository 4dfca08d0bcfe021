"""Routes that are taken apart once, and build addresses only when a page first links to them."""

from collections.abc import Callable
from types import MethodType
from typing import Any, ClassVar

from werkzeug.routing import Rule

Build = Callable[..., tuple[str, str]]


class LaterRule(Rule):
    """A route for the many applications of a test run, of which each shows few pages.

    Taking apart all routes and compiling their builders is most of what making an application
    takes; all applications have the same ones.
    """

    _known: ClassVar[dict[tuple[object, ...], tuple[Any, ...]]] = {}
    _builders: ClassVar[dict[tuple[object, ...], Build]] = {}

    def compile(self) -> None:
        """Take the route apart, or take the parts of the same route of an earlier application."""
        key = self._key()
        if key not in self._known:
            super().compile()
            self._known[key] = (self._parts, self._trace, self._converters, set(self.arguments))
            return
        self._parts, self._trace, self._converters, arguments = self._known[key]
        self.arguments = set(arguments)
        self._build = MethodType(self._compile_builder(append_unknown=False), self)
        self._build_unknown = MethodType(self._compile_builder(append_unknown=True), self)

    def _compile_builder(self, append_unknown: bool = True) -> Build:
        compile_now, key = super()._compile_builder, (append_unknown, *self._key())

        def build(*args: Any, **values: Any) -> tuple[str, str]:
            compiled = self._builders.get(key)
            if compiled is None:
                compiled = self._builders[key] = compile_now(append_unknown)
            return compiled(*args, **values)

        return build

    def _key(self) -> tuple[object, ...]:
        return (
            self.rule,
            self.subdomain,
            self.host,
            self.merge_slashes,
            self.strict_slashes,
            self.is_leaf,
            self.websocket,
            repr(self.defaults),
        )
