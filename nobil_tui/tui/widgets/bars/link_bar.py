"""The link bar at the top: the state of the link and the rate of changes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec import Struct
from textual.reactive import reactive
from textual.strip import Strip

from nobil_tui.monitor.batch import LinkPhase, LinkState
from nobil_tui.tui.style.glyphs import UNICODE, Glyphs, sparkline, truncate
from nobil_tui.tui.text.times import age_text
from nobil_tui.tui.widgets.bars.bar import BarPart, OneLineBar, bar_segments, fit_parts

SECONDS = 16
"""Seconds of the sparkline, one bar each."""
_MIN_SIMULATED_WIDTH = 26
"""The fewest cells for the state and the whole word SIMULATED."""
_COUNTED_IN_SECONDS = 100
"""A longer wait is shown in minutes."""
_RATE_SECONDS = 10
"""Seconds over which the rate is averaged."""


class ChangeRate:
    """Counts the changes of the last seconds."""

    def __init__(self) -> None:
        self._seconds: deque[int] = deque([0] * SECONDS, maxlen=SECONDS)
        self._second = 0

    def add(self, count: int, now: float) -> None:
        """Count changes at ``now``, in seconds of a monotonic clock."""
        self._advance(now)
        self._seconds[-1] += count

    def read(self, now: float) -> tuple[list[int], float]:
        """Return the counts of the past seconds, the latest last, and the mean rate per second."""
        self._advance(now)
        over = list(self._seconds)[:-1]
        return over, sum(over[-_RATE_SECONDS:]) / _RATE_SECONDS

    def _advance(self, now: float) -> None:
        passed = min(int(now) - self._second, SECONDS)
        self._seconds.extend([0] * max(0, passed))
        self._second = max(self._second, int(now))


class LinkBarState(Struct, frozen=True):
    """What the link bar shows. Times are in ms."""

    link: LinkState = LinkState()
    source: str = ""
    simulated: bool = False
    stations: int = 0
    connectors: int = 0
    in_use: float | None = None
    """Share of the connectors in service whose condition is known, from 0 to 1; None if none is
    known."""
    unconfirmed: int = 0
    confirms_soon: bool = False
    """Whether the next snapshot will confirm them, so that nothing is wrong."""
    unreadable: int = 0
    full: bool = False
    """Whether the stream names more stations than the board holds."""
    unknown_words: str = ""
    """The undocumented status words received, as text."""
    changes_by_second: tuple[int, ...] = ()
    rate: float = 0.0
    frame_at: int = 0
    behind: int = 0
    """Delay of the shown state behind the stream, in ms; 0 if unknown."""
    now: int = 0
    silence: int = 0
    """For how long a live stream has been silent, in ms, if that is unusual for it."""
    starred: int = 0
    starred_free: int = 0
    """Starred stations with a free connector."""
    help: str = ""
    """The keys that help while the link is down."""
    hint: str = ""
    """How to get from simulated to real data; only shown if everything else fits."""
    progress: str = ""
    """The progress of an update of the register, in words."""
    playing: str = ""
    """Position and speed of a recording, as text."""


class LinkBar(OneLineBar):
    """Shows its ``state`` in one line."""

    state: reactive[LinkBarState] = reactive(LinkBarState(), repaint=False)
    """What it shows."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.glyphs: Glyphs = UNICODE
        self._painted_parts: list[BarPart] = []
        self._fitted: tuple[LinkBarState, int, list[BarPart]] | None = None
        """The parts for a state and a width: they are compared, and then painted."""

    def watch_state(self) -> None:
        """Repaint if the text changes: most of the time only the age of a frame does."""
        if self._fitting_parts() != self._painted_parts:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Render the parts that fit."""
        room = self.size.width
        ground = self.ground
        self._painted_parts = parts = self._fitting_parts()
        strip = Strip(bar_segments(parts, room, ground))
        return strip.adjust_cell_length(room, ground).apply_style(ground)

    def _fitting_parts(self) -> list[BarPart]:
        state, width = self.state, self.size.width
        if self._fitted is None or self._fitted[0] is not state or self._fitted[1] != width:
            self._fitted = state, width, fit_parts(self._parts(width), width)
        return self._fitted[2]

    def notify_style_update(self) -> None:
        """Use the colours of another theme."""
        self._fitted = None
        super().notify_style_update()

    def _parts(self, width: int) -> Iterator[BarPart]:
        state = self.state
        glyphs = self.glyphs
        yield self._link_part()
        # Always shown, abbreviated if there is no room for the word.
        simulated = " SIMULATED " if width >= _MIN_SIMULATED_WIDTH else " SIM "
        yield BarPart(simulated if state.simulated else "", self.style_of("simulated"), 1)
        source = truncate(state.source, max(12, width // 3), glyphs.ellipsis)
        yield BarPart(source, self.ground, 4)
        yield BarPart(state.help, self.style_of("note"), 2)
        if state.starred:
            text = f"{glyphs.star} {state.starred_free}/{state.starred} free"
            yield BarPart(text, self.style_of("star"), 2)
        yield BarPart(state.playing, self.style_of("warning"), 2)
        if state.link.reason:
            room = max(12, width - 34)
            yield BarPart(
                truncate(state.link.reason, room, glyphs.ellipsis), self.style_of("warning"), 3
            )
        yield BarPart(state.progress, self.style_of("note"), 4)
        yield BarPart(state.hint, self.style_of("note"), 7)
        if state.behind:
            yield BarPart(f"{age_text(state.behind)} behind", self.style_of("warning"), 3)
        yield from self._board_parts()
        if state.unreadable:
            yield BarPart(f"{state.unreadable:,} not readable", self.style_of("warning"), 6)
        if state.unknown_words:
            words = truncate(state.unknown_words, max(12, width // 2), glyphs.ellipsis)
            yield BarPart(words, self.style_of("warning"), 10)
        if state.frame_at:
            beats = sparkline(state.changes_by_second, glyphs.bars)
            yield BarPart(beats, self.style_of("note"), 10)
            yield BarPart(f"{_rate(state.rate)}/s", self.ground, 8)
            yield BarPart(f"last frame {self._frame_age()}", self.style_of("quiet"), 9, right=True)

    def _board_parts(self) -> Iterator[BarPart]:
        """Yield the size of the board, and how much of it is confirmed."""
        state, dot = self.state, f" {self.glyphs.dot} "
        if state.stations:
            yield BarPart(_count(state.stations, "station"), self.ground, 6)
            share = "all unknown" if state.in_use is None else f"{state.in_use:.0%} occupied"
            connectors = f"{_count(state.connectors, 'connector')}{dot}{share}"
            yield BarPart(connectors, self.ground, 7)
        if state.unconfirmed and state.confirms_soon and state.link.phase is LinkPhase.LIVE:
            yield BarPart(f"{state.unconfirmed:,} being confirmed", self.style_of("note"), 5)
        elif state.unconfirmed:
            yield BarPart(f"{state.unconfirmed:,} unconfirmed", self.style_of("warning"), 5)
        if state.full:
            yield BarPart("more stations not shown", self.style_of("warning"), 5)

    def _link_part(self) -> BarPart:
        state, glyphs = self.state, self.glyphs
        match state.link.phase:
            case LinkPhase.LIVE if state.playing:
                paused = "paused" in state.playing
                return BarPart(
                    "PAUSED" if paused else "PLAYING",
                    self.style_of("warning" if paused else "live"),
                    0,
                )
            case LinkPhase.LIVE if state.link.polled:
                return BarPart("POLLING", self.style_of("warning"), 0)
            case LinkPhase.LIVE if state.silence:
                return BarPart(f"QUIET {age_text(state.silence)}", self.style_of("warning"), 0)
            case LinkPhase.LIVE:
                return BarPart(f"{glyphs.live} LIVE", self.style_of("live"), 0)
            case LinkPhase.CONNECTING:
                return BarPart("CONNECTING", self.style_of("warning"), 0)
            case LinkPhase.NOT_LIVE:
                return BarPart("NOT LIVE", self.style_of("warning"), 0)
            case LinkPhase.RETRYING:
                return BarPart(f"RETRY IN {self._wait_text()}", self.style_of("warning"), 0)
            case LinkPhase.REFUSED:
                again = f", RETRY IN {self._wait_text()}" if state.link.retry_at else ""
                what = "LOGIN" if state.link.login else "KEY"
                return BarPart(f"{what} REFUSED{again}", self.style_of("refused"), 0)
            case LinkPhase.ENDED:
                return BarPart("ENDED", self.style_of("quiet"), 0)
            case LinkPhase.FAILED:
                return BarPart("FAILED", self.style_of("refused"), 0)

    def _wait_text(self) -> str:
        """Return the time until the next attempt, rounded up."""
        seconds = max(0, -(-(self.state.link.retry_at - self.state.now) // 1000))
        return f"{seconds} s" if seconds < _COUNTED_IN_SECONDS else f"{-(-seconds // 60)} min"

    def _frame_age(self) -> str:
        text = age_text(self.state.now - self.state.frame_at)
        return text if text == "now" else f"{text} ago"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _rate(rate: float) -> str:
    return f"{rate:.1f}" if 0 < rate < 10 else f"{rate:,.0f}"
