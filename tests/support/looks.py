"""What every page must hold, on a cheap phone and on a desk; asked of a page as it stands."""

from contextlib import suppress

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as LateError

from tests.support.axe import Axe

AXE = Axe()
PHONE, DESK = (360, 740), (1280, 800)
# What makes a page wider than its window, if it is.
STICKS_OUT = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [`${scrollWidth} in ${clientWidth}`, ...[...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > clientWidth)
    .map(e => `${e.tagName} ${e.className} ${Math.round(e.getBoundingClientRect().right)}`)];
}"""
AS_WIDE_AS = "width => innerWidth === width"
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
PATIENCE_MS = 3_000
CUT_FIGURES = """() => [...document.querySelectorAll(".num, .amount, .fund__balance")]
  .filter(e => getComputedStyle(e).display !== "inline" && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.textContent.trim())"""

# What colours and sizes can change about a page that was looked at before.
BY_COLOUR_AND_SIZE = ["color-contrast", "target-size", "scrollable-region-focusable"]
# One row of a long list is like the next: the first and the last ones stand for all.
ROWS = {"exclude": [["tbody tr:nth-child(n+7):not(:nth-last-child(-n+2))"]]}

# What stays in place while the page scrolls covers whatever happens to lie below it just now.
LET_GO = """() => { for (const e of document.querySelectorAll("body *"))
  if (/fixed|sticky/.test(getComputedStyle(e).position)) e.style.position = "static"; }"""


def hold(page: Page, *sizes: tuple[int, int], whole: int | None = None, long: bool = False) -> None:
    """Hold that a page is no wider than its window, cuts no figure, and that axe finds nothing.

    Args:
        page: once it is loaded; a page that is still on its way may not have its styles.
        sizes: of the window, one after the other; the page's own if none is given.
        whole: at how many of the sizes axe asks all its questions, at all if not given; at the
            others it asks those that colours and sizes decide.
        long: whether the page is long: then axe looks at some rows of many, and nothing stays in
            place from then on.
    """
    page.wait_for_load_state()
    for number, size in enumerate(sizes or (None,)):
        if size is not None:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_function(AS_WIDE_AS, arg=size[0])
        settle(page)
        assert page.evaluate(STICKS_OUT) == []
        assert page.evaluate(CUT_FIGURES) == [], size
        if long:
            page.evaluate(LET_GO)
        some = {} if whole is None or number < whole else {"runOnly": BY_COLOUR_AND_SIZE}
        results = AXE.run(page, ROWS if long else None, {"resultTypes": ["violations"]} | some)
        assert results.violations_count == 0, results.generate_report()


def settle(page: Page) -> None:
    """Wait until a page has been drawn at a new width; one that sticks out does so for longer."""
    with suppress(LateError):
        page.wait_for_function(FITS, timeout=PATIENCE_MS)
