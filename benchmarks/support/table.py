"""The one table that all benchmarks print: what was measured, against what, and the aim."""

import json
import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HEAD = """\
| work | where | ours | against | theirs | ratio | spread | aim | met |
| --- | --- | ---: | --- | ---: | ---: | --- | --- | --- |"""


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `ratios` are those of the single rounds; more is always better for us.

    An aim without a peer is a limit: `against` says so, and the ratio is left out.
    """

    work: str
    where: str
    ours: str
    against: str = ""
    theirs: str = ""
    ratios: tuple[float, ...] = ()
    aim: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        """Return the line of the table."""
        middle = f"**{_short(statistics.median(self.ratios))}**" if self.ratios else ""
        spread = (
            f"{_short(min(self.ratios))} to {_short(max(self.ratios))}, n={len(self.ratios)}"
            if len(self.ratios) > 1
            else ""
        )
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        cells = (self.work, self.where, self.ours, self.against, self.theirs, middle, spread)
        return f"| {' | '.join((*cells, self.aim, met))} |"


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def compared(
    work: str,
    where: str,
    against: str,
    *,
    ours: Sequence[float],
    theirs: Sequence[float],
    unit: str,
    at_least: float | None = None,
) -> Row:
    """Return a row of two rates or two durations that were measured in turn.

    Args:
        work: what was done.
        where: engine, size and the like.
        against: whom it is compared with.
        ours: a rate or a number of seconds for each round.
        theirs: the same for the other; a single one stands for all rounds.
        unit: `/s` for rates, `s` for durations.
        at_least: the ratio that is wanted.
    """
    others = list(theirs) if len(theirs) > 1 else [theirs[0]] * len(ours)
    pairs = list(zip(ours, others, strict=True))
    ratios = tuple(our / other if unit == "/s" else other / our for our, other in pairs)
    return Row(
        work,
        where,
        shown(statistics.median(ours), unit),
        against,
        shown(statistics.median(theirs), unit),
        ratios,
        "" if at_least is None else f"≥ {at_least:g}",
        None if at_least is None else statistics.median(ratios) >= at_least,
    )


def limited(
    work: str, where: str, *, ours: Sequence[float], unit: str, at_most: float | None
) -> Row:
    """Return a row of a figure that should not be more than a limit."""
    middle = statistics.median(ours)
    return Row(
        work,
        where,
        f"{shown(middle, unit)} ({shown(min(ours), unit)} to {shown(max(ours), unit)})",
        aim="" if at_most is None else f"≤ {shown(at_most, unit)}",
        met=None if at_most is None else middle <= at_most,
    )


def shown(figure: float, unit: str) -> str:
    """Return a rate, a duration or a bare factor as people read it."""
    if unit == "/s":
        return f"{figure:,.0f}/s"
    if unit != "s":
        return f"{figure:.2f}{unit}"
    return f"{figure:.2f} s" if figure >= 1 else f"{figure * 1000:.3g} ms"


def print_rows(rows: Sequence[Row], keep: Path | None = None) -> None:
    """Print rows as they come, and add them to a file for the table of all benchmarks."""
    for row in rows:
        print(row, flush=True)
    if keep is not None:
        with keep.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows)


def read_rows(kept: Path) -> list[Row]:
    """Return the rows that were kept."""
    lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    return [
        Row(**{**json.loads(line), "ratios": tuple(json.loads(line)["ratios"])}) for line in lines
    ]


def machine() -> str:
    """Return one line on what this was measured on."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} processors ({model}), {memory:.0f} GB, {platform.system()}"
        f" {platform.release()}, load {load}; Python {sys.version.split()[0]},"
        f" SQLite {sqlite3.sqlite_version}"
    )
