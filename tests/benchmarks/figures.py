"""Figures, their baselines and limits, and the tables to print them."""

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
    """No limit."""


@dataclass(frozen=True)
class Row:
    """A row of a table: a figure and its baseline, measured once per round."""

    name: str
    what: str
    unit: str
    figures: Sequence[float]
    rule: Rule = Rule.TOLD
    limit: float = 0.0
    against: str = ""
    """Description of the baseline."""
    baselines: Sequence[float] = ()

    @property
    def compared(self) -> list[float]:
        """The values to compare with the limit, one per round."""
        if self.rule in (Rule.TIMES_AT_MOST, Rule.TIMES_AT_LEAST):
            return [
                figure / base for figure, base in zip(self.figures, self.baselines, strict=True)
            ]
        if self.rule is Rule.MORE_AT_MOST:
            return [
                figure - base for figure, base in zip(self.figures, self.baselines, strict=True)
            ]
        return list(self.figures)

    @property
    def reached(self) -> bool | None:
        """Whether the median is within the limit; None without a limit."""
        if self.rule is Rule.TOLD:
            return None
        middle = median(self.compared)
        return middle >= self.limit if self.rule is Rule.TIMES_AT_LEAST else middle <= self.limit

    @property
    def target(self) -> str:
        """The limit in words."""
        if self.rule is Rule.TOLD:
            return ""
        unit = "" if self.rule in (Rule.TIMES_AT_MOST, Rule.TIMES_AT_LEAST) else f" {self.unit}"
        return f"{number(self.limit)}{unit} {self.rule.value}"

    def cells(self) -> list[str]:
        """Return the cells of the row."""
        compared = self.compared
        ratio = "" if self.rule in (Rule.AT_MOST, Rule.TOLD) else number(median(compared))
        verdict = {True: "reached", False: "NOT REACHED", None: ""}[self.reached]
        base = f"{number(median(self.baselines))} {self.unit}" if self.baselines else ""
        spread = f"{number(min(compared))} to {number(max(compared))}" if len(compared) > 1 else ""
        figure = f"{number(median(self.figures))} {self.unit}"
        return [
            self.name,
            self.what,
            figure,
            base,
            self.against,
            ratio,
            spread,
            self.target,
            verdict,
        ]

    def data(self) -> dict[str, Any]:
        """Return the row with all rounds, for JSON."""
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
    """A table of related figures, such as those of several sizes."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[float]]

    def data(self) -> dict[str, Any]:
        """Return the table for JSON."""
        return {
            "title": self.title,
            "heads": list(self.heads),
            "lines": [list(line) for line in self.lines],
        }


@dataclass
class Result:
    """The result of a benchmark."""

    rows: list[Row]
    tables: list[Table] = field(default_factory=list)


HEADS = ["name", "what", "figure", "baseline", "of what", "compared", "spread", "to reach", ""]


def number(value: float) -> str:
    """Format a number with three significant digits."""
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
    """Align cells in columns."""
    every = [heads, *lines]
    widths = [max(len(line[column]) for line in every) for column in range(len(heads))]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in every
    ]
    return "\n".join([text[0], "  ".join("-" * width for width in widths), *text[1:]])


def told(results: Sequence[Result]) -> str:
    """Format results as text."""
    parts = [lined_up(HEADS, [row.cells() for result in results for row in result.rows])]
    for table in (table for result in results for table in result.tables):
        cells = [[number(cell) for cell in line] for line in table.lines]
        parts.append(f"{table.title}\n{lined_up(table.heads, cells)}")
    return "\n\n".join(parts)


def in_turns(rounds: int, *takes: Callable[[], float]) -> list[list[float]]:
    """Measure each take once per round, in alternating order; return the figures of each take.

    A machine that is slow for a while then affects all takes, and none is always first.
    """
    figures: list[list[float]] = [[] for _ in takes]
    for turn in range(rounds):
        order = range(len(takes))
        for index in order if turn % 2 == 0 else reversed(order):
            figures[index].append(takes[index]())
    return figures


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a ``share`` of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
