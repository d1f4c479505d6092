"""
What is measured, as data, and how it is printed and compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median

from attrs import frozen


@frozen
class Row:
    """
    One kind of figure.

    @ivar name: A word to choose it by.
    @ivar title: What is measured, for people.
    @ivar unit: Of the figure and the limit.
    @ivar target: What the figure should reach; C{None} if nothing was asked.
    @ivar measure: Takes a scale, 1 for the whole measurement, and gives the figure
        and the machine's own limit (C{None} if there is none that compares).
    @ivar smaller: Whether a smaller figure is a better one.
    @ivar ratio: Whether the target is for the figure divided by the limit.
    @ivar once: Whether one run must do, because it takes minutes.
    """

    name: str
    title: str
    unit: str
    target: float | None
    measure: Callable[[float], tuple[float, float | None]]
    smaller: bool = False
    ratio: bool = False
    once: bool = False


@frozen
class Result:
    """
    The medians of a row.
    """

    row: Row
    figure: float
    limit: float | None

    @property
    def share(self) -> float | None:
        """
        The figure as a part of the limit.
        """
        return self.figure / self.limit if self.limit else None

    @property
    def met(self) -> bool | None:
        """
        Whether the target was reached.
        """
        if self.row.target is None:
            return None
        value = self.share if self.row.ratio else self.figure
        assert value is not None
        return (
            value <= self.row.target if self.row.smaller else value >= self.row.target
        )


def run(row: Row, runs: int, scale: float) -> Result:
    """
    Measure a row several times.
    """
    pairs = [row.measure(scale) for _ in range(1 if row.once else runs)]
    limits = [limit for _, limit in pairs if limit is not None]
    return Result(
        row,
        median(figure for figure, _ in pairs),
        median(limits) if limits else None,
    )


def number(value: float | None) -> str:
    """
    Write a figure with three digits that matter.
    """
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


HEADINGS = ("what", "figure", "limit", "of limit", "target", "", "before")


def cells(result: Result, before: Mapping[str, float]) -> tuple[str, ...]:
    """
    Write a result as a line of the table.
    """
    row = result.row
    sign = "≤" if row.smaller else "≥"
    unit = " of limit" if row.ratio else ""
    target = "" if row.target is None else f"{sign} {number(row.target)}{unit}"
    met = {None: "", True: "met", False: "MISSED"}[result.met]
    earlier = before.get(row.name)
    change = "" if not earlier else f"{result.figure / earlier:.2f} of before"
    return (
        f"{row.title} ({row.unit})",
        number(result.figure),
        number(result.limit),
        number(result.share),
        target,
        met,
        change,
    )


def table(lines: Iterable[tuple[str, ...]]) -> str:
    """
    Set lines of cells in columns.
    """
    rows = [HEADINGS, *lines]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def load(path: str | None) -> dict[str, float]:
    """
    Read figures that were saved earlier.
    """
    if path is None:
        return {}
    figures: dict[str, float] = json.loads(Path(path).read_text())
    return figures


def save(path: str, results: Iterable[Result]) -> None:
    """
    Save figures to compare with later.
    """
    figures = {result.row.name: result.figure for result in results}
    Path(path).write_text(json.dumps(figures, indent=2) + "\n")
