"""The history of a station as lines of text: a strip of hours, a heat map, and statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from nobil_tui.charging.conditions import Condition
from nobil_tui.history.statistics import Profile, Statistics
from nobil_tui.history.summary import WEEKDAYS, observed_text, session_text, share_text, usual_text
from nobil_tui.tui.style.conditions import STYLE_NAMES
from nobil_tui.tui.style.glyphs import Glyphs
from nobil_tui.tui.text.times import since_text

_LABEL_WIDTH = 4
HEAT_WIDTH = _LABEL_WIDTH + 24 * 2
"""Cells of the heat map with its labels, unless there is less room."""
_WORD_WIDTH = 8
"""Cells of the labels of what was observed."""
_CHANGE_WIDTH = 14
"""Cells of the time and the connector of a change."""
_OFTEN, _SELDOM = 2 / 3, 1 / 3
_HOURS_LABELLED = 3


def heat_map(
    profile: Profile, current: int, width: int, glyphs: Glyphs, styles: Mapping[str, Style]
) -> Iterator[Text]:
    """Yield the lines of the heat map. ``current``: the present hour of the week, whose labels are
    bold.

    The higher and greener a bar, the larger the share of the observed time with a free connector;
    a cell with too little observation is blank.
    """
    weekday, hour = divmod(current, 24)
    cells = 2 if width >= HEAT_WIDTH else 1
    head = Text(" " * _LABEL_WIDTH)
    for begin in range(0, 24, _HOURS_LABELLED):
        style = styles["strong" if begin <= hour < begin + _HOURS_LABELLED else "quiet"]
        head.append(f"{begin:02}".ljust(cells * _HOURS_LABELLED), style)
    yield head
    for day, name in enumerate(WEEKDAYS):
        line = Text(f"{name} ", styles["strong" if day == weekday else "quiet"])
        for cell in profile[day * 24 : day * 24 + 24]:
            share = cell.share_free
            if share is None:
                line.append(" " * cells)
            else:
                line.append(
                    glyphs.bars[round(share * (len(glyphs.bars) - 1))] * cells, styles[_heat(share)]
                )
        yield line


def heat_legend(glyphs: Glyphs, styles: Mapping[str, Style]) -> Text:
    """Return the legend of the heat map."""
    bars = glyphs.bars
    return Text.assemble(
        (bars[0] * 2, styles[_heat(0)]),
        (" never free  ", styles["quiet"]),
        (bars[len(bars) // 2] * 2, styles[_heat(0.5)]),
        (" half  ", styles["quiet"]),
        (bars[-1] * 2, styles[_heat(1)]),
        (" always  blank: unknown", styles["quiet"]),
    )


def _heat(share: float) -> str:
    """Return the style of a share of time with a free connector."""
    if share >= _OFTEN:
        return STYLE_NAMES[Condition.FREE]
    return STYLE_NAMES[Condition.OCCUPIED] if share < _SELDOM else "star"


def statistics_lines(
    statistics: Statistics,
    profile: Profile,
    hour: int,
    now: int,
    zone: tzinfo | None,
    glyphs: Glyphs,
    styles: Mapping[str, Style],
) -> Iterator[RenderableType]:
    """Yield what was observed beside the heat map; ``hour`` is the present hour of the week."""
    quiet = styles["quiet"]
    yield Text(observed_text(statistics), styles["strong"])
    if usual := usual_text(profile[hour]):
        yield Text(usual)
    yield Text()
    session = session_text(statistics) or "no complete one recorded"
    yield _beside(Text("Session", quiet), Text(session))
    if statistics.fault_share is not None:
        share = f"{share_text(statistics.fault_share)} of the time"
        yield _beside(Text("Fault", quiet), Text(share))
    if statistics.fault is not None:
        number, began = statistics.fault
        glyph = glyphs.conditions[Condition.FAULT]
        since = f" connector {number} since {since_text(began, now, zone)}"
        yield _beside(Text(), Text.assemble((glyph, styles["fault"]), since))
    if statistics.changes:
        yield Text()
        yield Text("Last changes", quiet)
    for change in statistics.changes:
        at, connector = since_text(change.at, now, zone), f"#{change.number}"
        sign = Text(glyphs.conditions[change.after], styles[STYLE_NAMES[change.after]])
        yield _beside(
            Text(f"{at.ljust(11)}{connector.rjust(3)}", quiet),
            Text.assemble(sign, f" {change.after.label}"),
            _CHANGE_WIDTH,
        )


def _beside(label: Text, text: Text, width: int = _WORD_WIDTH) -> Table:
    """Return a text beside its label, whose further lines begin below its first one."""
    table = Table.grid(padding=(0, 1))
    table.add_column(width=width, no_wrap=True)
    table.add_column()
    table.add_row(label, text)
    return table


def strip_runs(
    cells: Sequence[Condition | None], glyphs: Glyphs
) -> Iterator[tuple[str, Condition | None]]:
    """Yield the text and condition of each run of equal cells; a gap is blank."""
    begin = 0
    for index in range(1, len(cells) + 1):
        if index == len(cells) or cells[index] is not cells[begin]:
            condition = cells[begin]
            glyph = " " if condition is None else glyphs.strip[condition]
            yield glyph * (index - begin), condition
            begin = index
