"""What was measured, what it is held against, and how both are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median
from typing import Any


class Rule(Enum):
    """How a figure is compared with its baseline."""

    TIMES_AT_MOST = "times or less"
    TIMES_AT_LEAST = "times or more"
    MORE_AT_MOST = "more at the most"
    AT_MOST = "or less"
    TOLD = "told only"
    """There is nothing to reach."""


@dataclass(frozen=True)
class Row:
    """One line of the table: a figure and its baseline, once a round."""

    name: str
    what: str
    unit: str
    figures: Sequence[float]
    rule: Rule = Rule.TOLD
    limit: float = 0.0
    against: str = ""
    """What the baseline is, in words."""
    baselines: Sequence[float] = ()

    @property
    def compared(self) -> list[float]:
        """What is held against the limit, once a round."""
        if self.rule in (Rule.TIMES_AT_MOST, Rule.TIMES_AT_LEAST):
            return [figure / base for figure, base in zip(self.figures, self.baselines, strict=True)]
        if self.rule is Rule.MORE_AT_MOST:
            return [figure - base for figure, base in zip(self.figures, self.baselines, strict=True)]
        return list(self.figures)

    @property
    def reached(self) -> bool | None:
        """Whether the median keeps to the limit; None where there is none."""
        if self.rule is Rule.TOLD:
            return None
        middle = median(self.compared)
        return middle >= self.limit if self.rule is Rule.TIMES_AT_LEAST else middle <= self.limit

    @property
    def target(self) -> str:
        """What is to be reached, in words."""
        if self.rule is Rule.TOLD:
            return ""
        unit = "" if self.rule in (Rule.TIMES_AT_MOST, Rule.TIMES_AT_LEAST) else f" {self.unit}"
        return f"{number(self.limit)}{unit} {self.rule.value}"

    def cells(self) -> list[str]:
        """The row as the table shows it."""
        compared = self.compared
        ratio = "" if self.rule in (Rule.AT_MOST, Rule.TOLD) else number(median(compared))
        verdict = {True: "reached", False: "NOT REACHED", None: ""}[self.reached]
        base = f"{number(median(self.baselines))} {self.unit}" if self.baselines else ""
        spread = f"{number(min(compared))} to {number(max(compared))}" if len(compared) > 1 else ""
        figure = f"{number(median(self.figures))} {self.unit}"
        return [self.name, self.what, figure, base, self.against, ratio, spread, self.target, verdict]

    def data(self) -> dict[str, Any]:
        """The row as data, with every round."""
        return {
            "name": self.name,
            "what": self.what,
            "unit": self.unit,
            "figure": median(self.figures),
            "figures": list(self.figures),
            "against": self.against,
            "baseline": median(self.baselines) if self.baselines else None,
            "baselines": list(self.baselines),
            "compared": median(self.compared),
            "rule": self.rule.value,
            "limit": None if self.rule is Rule.TOLD else self.limit,
            "reached": self.reached,
        }


@dataclass(frozen=True)
class Table:
    """Figures that are read beside each other, such as those of several sizes."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[float]]

    def data(self) -> dict[str, Any]:
        """The table as data."""
        return {"title": self.title, "heads": list(self.heads), "lines": [list(line) for line in self.lines]}


@dataclass
class Result:
    """What a benchmark found."""

    rows: list[Row]
    tables: list[Table] = field(default_factory=list)


HEADS = ["name", "what", "figure", "baseline", "of what", "compared", "spread", "to reach", ""]


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.4f}"


def lined_up(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Write cells in columns."""
    every = [heads, *lines]
    widths = [max(len(line[column]) for line in every) for column in range(len(heads))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in every]
    return "\n".join([text[0], "  ".join("-" * width for width in widths), *text[1:]])


def told(results: Sequence[Result]) -> str:
    """Write results for a reader."""
    parts = [lined_up(HEADS, [row.cells() for result in results for row in result.rows])]
    for table in (table for result in results for table in result.tables):
        cells = [[number(cell) for cell in line] for line in table.lines]
        parts.append(f"{table.title}\n{lined_up(table.heads, cells)}")
    return "\n\n".join(parts)


def in_turns(rounds: int, *takes: Callable[[], float]) -> list[list[float]]:
    """Measure each take once a round, the first one first in every other round; returns the figures of each take.

    What slows a machine for a while falls on all of them, and none is always the first after a pause.
    """
    figures: list[list[float]] = [[] for _ in takes]
    for turn in range(rounds):
        order = range(len(takes))
        for index in order if turn % 2 == 0 else reversed(order):
            figures[index].append(takes[index]())
    return figures


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of all is not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
