"""Event log lines: texts, colours and widths."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment

from nobil_tui.charging.board import Change
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, WordConnector
from nobil_tui.monitor.batch import Note, NoteKind
from nobil_tui.tui.style.glyphs import ASCII, Glyphs
from nobil_tui.tui.widgets.event_log.buffer import FoldedChanges, LogLine
from nobil_tui.tui.widgets.event_log.line import LogLinePainter, note_text
from nobil_tui.tui.widgets.event_log.pane import EventLog
from tests.conftest import START
from tests.for_each import for_each
from tests.tui.widget_host import Stage

FREE, OCCUPIED, FAULT = Connector(0), Connector(1), Connector(-1, 1)
REGISTER = Register(
    {"NOR_1": Facts("Fornebu S"), "NOR_2": Facts("Et ualminnelig langt navn på en stasjon")}
)


class Painting:
    """A painter and its log."""

    def __init__(self, log: EventLog, register: Register) -> None:
        self.log = log
        self.painter = LogLinePainter(log, register, {"NOR_1"}, UTC)

    def segments(self, line: LogLine, width: int = 100, *, cursor: bool = False) -> list[Segment]:
        return self.painter.line(line, width, cursor)

    def text(self, line: LogLine, width: int = 100, *, cursor: bool = False) -> str:
        return "".join(segment.text for segment in self.segments(line, width, cursor=cursor))

    def colours(self, line: LogLine) -> dict[str, Condition]:
        """Return the texts of a line that have the colour of a condition."""
        by_style = {self.log.condition_style(condition): condition for condition in Condition}
        return {
            segment.text: by_style[segment.style]
            for segment in self.segments(line)
            if segment.style is not None and segment.style in by_style
        }


@asynccontextmanager
async def painting(
    register: Register = REGISTER, glyphs: Glyphs | None = None
) -> AsyncIterator[Painting]:
    log = EventLog(id="log")
    if glyphs is not None:
        log.glyphs = glyphs
    async with Stage(log).run_test(size=(100, 10)) as pilot:
        await pilot.pause()
        yield Painting(log, register)


def change(
    station: str = "NOR_1",
    before: Connector | None = FREE,
    after: Connector | None = OCCUPIED,
    *,
    missed: bool = False,
) -> Change:
    return Change(START, station, 3, before, after, missed)


@for_each(
    ("line", "text"),
    [
        (change(), " 22:13:20 ★ Fornebu S                    #3   free → occupied"),
        (change("SWE_9"), " 22:13:20   SWE_9                        #3   free → occupied"),
        (change("NOR_2"), " 22:13:20   Et ualminnelig langt navn p… #3   free → occupied"),
        (change(before=None), " 22:13:20 ★ Fornebu S                    #3   → occupied"),
        (change(after=None), " 22:13:20 ★ Fornebu S                    #3   free → gone"),
        (
            change(missed=True),
            " 22:13:20 ★ Fornebu S                    #3   free → occupied  while disconnected",
        ),
        (
            change(
                before=WordConnector(1, word="CHARGING"), after=WordConnector(-1, word="PAUSED")
            ),
            " 22:13:20 ★ Fornebu S                    #3   occupied → unknown (paused)",
        ),
        (
            change(after=Connector(0, 1)),
            " 22:13:20 ★ Fornebu S                    #3   free → fault (available)",
        ),
        (
            FoldedChanges(change(), 47, START - 13 * 60_000),
            " 22:13:20 ★ Fornebu S                    #3   free → occupied  flaps: 47 changes "
            "since 22:00",
        ),
        (
            Note(START, NoteKind.LOST, "the connection broke"),
            " 22:13:20   · lost: the connection broke",
        ),
    ],
)
async def test_the_text_of_a_line(line: LogLine, text: str) -> None:
    async with painting() as it:
        assert it.text(line) == text


@for_each(
    ("kind", "text", "words"),
    [
        (NoteKind.CONNECTED, "", "connected"),
        (NoteKind.NOT_LIVE, "no source", "not live: no source"),
        (NoteKind.LOST, "no pong", "lost: no pong"),
        (NoteKind.REFUSED, "HTTP 401", "key refused: HTTP 401"),
        (NoteKind.LOGIN_REFUSED, "nats says no", "login refused: nats says no"),
        (NoteKind.ENDED, "", "stream ended"),
        (NoteKind.LEFT, "NOR_1 left the stream", "NOR_1 left the stream"),
        (NoteKind.UNREADABLE, "no JSON", "not readable: no JSON"),
        (NoteKind.RESTARTED, "", "playing from the beginning"),
    ],
)
async def test_problems_are_red_notes(kind: NoteKind, text: str, words: str) -> None:
    note = Note(START, kind, text)
    assert note_text(note) == words
    async with painting() as it:
        bad = kind in (
            *(NoteKind.NOT_LIVE, NoteKind.LOST, NoteKind.UNREADABLE),
            *(NoteKind.REFUSED, NoteKind.LOGIN_REFUSED),
        )
        assert it.colours(note) == ({f"· {words}": Condition.FAULT} if bad else {})


def test_every_note_has_a_text() -> None:
    assert all(note_text(Note(START, kind, "x")) for kind in NoteKind)


async def test_conditions_have_their_colours() -> None:
    async with painting() as it:
        assert it.colours(change()) == {"free": Condition.FREE, "occupied": Condition.OCCUPIED}
        assert it.colours(change(after=FAULT)) == {"free": Condition.FREE, "fault": Condition.FAULT}
        assert it.colours(change(before=None, after=None)) == {}


async def test_the_line_under_the_cursor_has_one_background() -> None:
    async with painting() as it:
        for line in (change(missed=True), Note(START, NoteKind.CONNECTED, "")):
            assert it.text(line, cursor=True) == "▌" + it.text(line)[1:]
            grounds = {
                segment.style.bgcolor for segment in it.segments(line, cursor=True) if segment.style
            }
            assert grounds == {it.log.style_of("", True).bgcolor}


async def test_the_ascii_glyphs_are_used() -> None:
    async with painting(glyphs=ASCII) as it:
        for line in (
            change(missed=True),
            FoldedChanges(change(), 7, START),
            Note(START, NoteKind.LOST, "x" * 200),
        ):
            assert it.text(line, cursor=True).isascii()


@for_each(("width", "name"), [(100, 28), (78, 26), (70, 18), (64, 12), (58, 12)])
async def test_the_width_of_the_name(width: int, name: int) -> None:
    async with painting() as it:
        assert it.text(change("NOR_2"), width).index("#3") == 12 + name + 1


async def test_texts_from_outside_are_not_markup() -> None:
    async with painting() as one:

        @settings(max_examples=60)
        @given(
            st.text(st.sampled_from("ab 日e\u0301\x1b\u202e[red]…"), max_size=60),
            st.integers(20, 120),
            st.sampled_from([FREE, FAULT, None, Connector(7), WordConnector(-1, word="X" * 64)]),
            st.booleans(),
        )
        def paint(text: str, width: int, after: Connector | None, cursor: bool) -> None:
            it = Painting(one.log, Register({"NOR_1": Facts(text)}))
            for line in (
                change(after=after),
                FoldedChanges(change(after=after), 9, START),
                Note(START, NoteKind.LOST, text),
            ):
                painted = it.text(line, width, cursor=cursor)
                assert painted.isprintable()
                if isinstance(line, Note):
                    assert cell_len(painted) <= width
            # The column after the name does not depend on the name.
            if width >= 56:
                room = min(28, max(12, width - 52))
                assert cell_len(it.text(change(), width).partition("#3")[0]) == 12 + room + 1

        paint()


async def test_a_narrow_log_shows_the_condition_after_a_change() -> None:
    async with painting() as one:
        it = Painting(one.log, Register({"NOR_1": Facts("Kirkeveien ladestasjon ved torget")}))
        for width in (36, 38, 55):
            for after, word in ((FREE, "free"), (FAULT, "fault"), (None, "gone")):
                line = it.text(change(after=after), width)
                assert line.rstrip().endswith(f"→ {word}"), line
                assert cell_len(line) <= width
                assert "Kirke" in line
                assert "#3" in line
