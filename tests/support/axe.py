"""axe in a page: put there once however often it is asked, and only complaints come back."""

from typing import Any

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS
from axe_playwright_python.sync_playwright import Axe as Whole
from playwright.sync_api import Page

_ASK = "axe.run(%s).then(told => ({...told, passes: [], incomplete: [], inapplicable: []}))"


class Axe(Whole):  # type: ignore[misc,unused-ignore]  # the library has no types
    """The library's, which puts itself into the page each time."""

    def run(
        self,
        page: Page,
        context: str | list[Any] | dict[str, Any] | None = None,
        options: dict[str, Any] | None = DEFAULT_OPTIONS,
    ) -> AxeResults:
        """Return what axe finds in a page; see the library."""
        if not page.evaluate("'axe' in window"):
            page.evaluate(self.axe_script)
        said = self._format_script_args(context=context, options=options)
        return AxeResults(page.evaluate(_ASK % said))
