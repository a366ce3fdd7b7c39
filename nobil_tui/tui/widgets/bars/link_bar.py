"""The bar on top: what the link is at, and how much comes over it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from msgspec import Struct
from textual.reactive import reactive
from textual.strip import Strip

from nobil_tui.monitor.batch import LinkPhase, LinkState
from nobil_tui.tui.style.glyphs import UNICODE, Glyphs, cut, sparkline
from nobil_tui.tui.text.times import age
from nobil_tui.tui.widgets.bars.bar import Bar, Part, fitting, line

SECONDS = 16
"""Bars of the sparkline, a second each."""
_SIMULATED = 26
"""Cells from which on the state and the whole word fit."""
_RATE_OVER = 10
"""Seconds that the rate is the mean of."""


class Pulse:
    """Changes a second, of late."""

    def __init__(self) -> None:
        self._seconds: deque[int] = deque([0] * SECONDS, maxlen=SECONDS)
        self._second = 0

    def note(self, count: int, now: float) -> None:
        """Count changes at ``now`` (seconds of a clock that only grows)."""
        self._roll(now)
        self._seconds[-1] += count

    def read(self, now: float) -> tuple[list[int], float]:
        """Return the seconds that are over, the latest last, and the mean rate."""
        self._roll(now)
        over = list(self._seconds)[:-1]
        return over, sum(over[-_RATE_OVER:]) / _RATE_OVER

    def _roll(self, now: float) -> None:
        passed = min(int(now) - self._second, SECONDS)
        self._seconds.extend([0] * max(0, passed))
        self._second = max(self._second, int(now))


class Vitals(Struct, frozen=True):
    """What the link bar tells. Times in ms."""

    link: LinkState = LinkState()
    source: str = ""
    simulated: bool = False
    stations: int = 0
    connectors: int = 0
    in_use: float = 0.0
    """Share of the connectors in service, from 0 to 1."""
    unconfirmed: int = 0
    unreadable: int = 0
    unknown_words: str = ""
    """How many reports had status words that nobody has documented, and which, in words."""
    beats: tuple[int, ...] = ()
    rate: float = 0.0
    frame_at: int = 0
    behind: int = 0
    """How far what is shown lies behind what was sent, in ms, where that is known."""
    now: int = 0
    playing: str = ""
    """What a recording that is played says of itself."""


class LinkBar(Bar):
    """One line; it repaints when its vitals change."""

    vitals: reactive[Vitals] = reactive(Vitals())
    """What it tells."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.glyphs: Glyphs = UNICODE

    def render_line(self, y: int) -> Strip:
        """Write what fits."""
        room = self.size.width
        ground = self.rich_style
        parts = fitting(self._parts(room), room)
        return Strip(line(parts, room, ground)).adjust_cell_length(room, ground).apply_style(ground)

    def _parts(self, width: int) -> Iterator[Part]:
        vitals = self.vitals
        glyphs, dot = self.glyphs, f" {self.glyphs.dot} "
        phase = vitals.link.phase
        yield self._state()
        # Never without it: where there is no room for the word, a part of it.
        simulated = " SIMULATED " if width >= _SIMULATED else " SIM "
        yield Part(simulated if vitals.simulated else "", self.style_of("simulated"), 1)
        if not vitals.simulated:
            yield Part(cut(vitals.source, max(12, width // 3), glyphs.ellipsis), self.rich_style, 4)
        yield Part(vitals.playing, self.style_of("trouble"), 2)
        if phase is not LinkPhase.LIVE and vitals.link.reason:
            room = max(12, width - 34)
            yield Part(cut(vitals.link.reason, room, glyphs.ellipsis), self.style_of("trouble"), 3)
        if vitals.behind:
            yield Part(f"{age(vitals.behind)} behind", self.style_of("trouble"), 3)
        if vitals.stations:
            yield Part(_count(vitals.stations, "station"), self.rich_style, 6)
            yield Part(f"{_count(vitals.connectors, 'connector')}{dot}{vitals.in_use:.0%} in use", self.rich_style, 7)
        if vitals.unconfirmed:
            yield Part(f"{vitals.unconfirmed:,} unconfirmed", self.style_of("trouble"), 5)
        if vitals.unreadable:
            yield Part(f"{vitals.unreadable:,} not readable", self.style_of("trouble"), 8)
        if vitals.unknown_words:
            yield Part(cut(vitals.unknown_words, max(12, width // 2), glyphs.ellipsis), self.style_of("trouble"), 10)
        if vitals.frame_at:
            beats = sparkline(vitals.beats, glyphs.bars)
            yield Part(beats, self.style_of("note"), 10)
            yield Part(f"{_rate(vitals.rate)}/s", self.rich_style, 8)
            yield Part(f"last frame {self._frame_age()}", self.style_of("quiet"), 9, right=True)

    def _state(self) -> Part:
        vitals, glyphs = self.vitals, self.glyphs
        match vitals.link.phase:
            case LinkPhase.LIVE if vitals.playing:
                paused = "paused" in vitals.playing
                return Part("PAUSED" if paused else "PLAYING", self.style_of("trouble" if paused else "live"), 0)
            case LinkPhase.LIVE:
                return Part(f"{glyphs.live} LIVE", self.style_of("live"), 0)
            case LinkPhase.CONNECTING:
                return Part("CONNECTING", self.style_of("trouble"), 0)
            case LinkPhase.RETRYING:
                seconds = max(0, -(-(vitals.link.retry_at - vitals.now) // 1000))
                return Part(f"RETRY IN {seconds} s", self.style_of("trouble"), 0)
            case LinkPhase.REFUSED:
                return Part("KEY REFUSED", self.style_of("refused"), 0)
            case LinkPhase.ENDED:
                return Part("ENDED", self.style_of("quiet"), 0)
            case LinkPhase.FAILED:
                return Part("FAILED", self.style_of("refused"), 0)

    def _frame_age(self) -> str:
        passed = self.vitals.now - self.vitals.frame_at
        return f"{max(0, passed) / 1000:.1f} s ago" if passed < 10_000 else f"{age(passed)} ago"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _rate(rate: float) -> str:
    return f"{rate:.1f}" if 0 < rate < 10 else f"{rate:,.0f}"
