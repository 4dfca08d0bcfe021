"""Other people's accounting programs, asked to do the same work on the same machine.

Nothing of theirs is copied here: each module writes what its program reads and calls its public
functions. What they need is in `requirements/bench.txt`; hledger comes from Debian.
"""

from collections.abc import Callable
from multiprocessing import get_context
from typing import TypeVar

Result = TypeVar("Result")


def apart(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a process of its own: a process can be only one Django site."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)
