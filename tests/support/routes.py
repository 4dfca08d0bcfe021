"""Routes that are taken apart once, and build addresses only when a page first links to them."""

from collections.abc import Callable
from copy import copy
from threading import RLock
from types import MethodType
from typing import Any, ClassVar

from werkzeug.routing import Map, Rule, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher

Build = Callable[..., tuple[str, str]]
_Order = tuple[StateMachineMatcher, dict[Any, list[Rule]]]


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


class SharedMap(Map):
    """The routes of an application, put in order once for all applications that have the same.

    They wait until the first request; a route that is added after it makes another order.
    """

    _known: ClassVar[dict[tuple[object, ...], _Order]] = {}
    _one_by_one: ClassVar = RLock()

    def __init__(self, *args: Any, **options: Any) -> None:
        self._wanted: list[Rule] = []
        super().__init__(*args, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        """Note a route."""
        self._wanted += rulefactory.get_rules(self)
        self._remap = True

    def update(self) -> None:
        """Take the order of an earlier application with the same routes, or make it."""
        with self._one_by_one:
            if self._remap:
                self._matcher, self._rules_by_endpoint = self._order()
                self._remap = False

    def _order(self) -> _Order:
        routes = (
            (rule.rule, rule.endpoint, *sorted(rule.methods or ()), repr(rule.defaults))
            for rule in self._wanted
        )
        key = (frozenset(self.converters.items()), *routes)
        if key not in self._known:
            self._matcher = StateMachineMatcher(self.merge_slashes)
            self._rules_by_endpoint = {}
            for rule in self._wanted:
                super().add(copy(rule))  # What is kept belongs to no application.
            super().update()
            self._known[key] = self._matcher, self._rules_by_endpoint
        return self._known[key]
