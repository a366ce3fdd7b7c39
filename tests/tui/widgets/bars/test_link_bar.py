"""The link bar: every state, and priority in a narrow terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from nobil_tui.monitor.batch import LinkPhase, LinkState
from nobil_tui.tui.style.glyphs import ASCII
from nobil_tui.tui.widgets.bars.link_bar import SECONDS, ChangeRate, LinkBar, LinkBarState
from tests.conftest import START
from tests.for_each import for_each
from tests.tui.widget_host import Stage, lines_of, repaints_of

LIVE = LinkState(LinkPhase.LIVE)


@asynccontextmanager
async def bar(width: int = 160) -> AsyncIterator[LinkBar]:
    link_bar = LinkBar(id="bar")
    # The bar has a cell of padding at each end.
    async with Stage(link_bar).run_test(size=(width + 2, 5)) as pilot:
        await pilot.pause()
        yield link_bar


def text_of(link_bar: LinkBar) -> str:
    (line,) = lines_of(link_bar)
    assert cell_len(line) == link_bar.size.width
    return line


def vitals(link: LinkState = LIVE, **said: object) -> LinkBarState:
    return LinkBarState(**{"link": link, "source": "example.org", "now": START, **said})  # type: ignore[arg-type]


@for_each(
    ("link", "words"),
    [
        (LinkState(), ["CONNECTING", "example.org"]),
        (LIVE, ["● LIVE", "example.org"]),
        (
            LinkState(LinkPhase.RETRYING, "the connection broke", START + 7000),
            ["RETRY IN 7 s", "example.org", "the connection broke"],
        ),
        (
            LinkState(LinkPhase.NOT_LIVE, "the relay gives no sign of life"),
            ["NOT LIVE", "example.org", "the relay gives no sign of life"],
        ),
        (LinkState(LinkPhase.REFUSED, "HTTP 401"), ["KEY REFUSED", "example.org", "HTTP 401"]),
        (
            LinkState(LinkPhase.REFUSED, "HTTP 401", START + 241_000),
            ["KEY REFUSED, RETRY IN 5 min", "example.org", "HTTP 401"],
        ),
        (
            LinkState(LinkPhase.REFUSED, "it does not accept the login", login=True),
            ["LOGIN REFUSED", "example.org", "it does not accept the login"],
        ),
        (LinkState(LinkPhase.ENDED), ["ENDED", "example.org"]),
        (
            LinkState(LinkPhase.FAILED, "No port is free."),
            ["FAILED", "example.org", "No port is free."],
        ),
        # The previous reason is shown until the link is live.
        (
            LinkState(LinkPhase.CONNECTING, "the connection broke"),
            ["CONNECTING", "example.org", "the connection broke"],
        ),
        (LinkState(LinkPhase.LIVE, "no snapshot"), ["● LIVE", "example.org", "no snapshot"]),
    ],
)
async def test_every_phase_has_a_text(link: LinkState, words: list[str]) -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(link)
        assert text_of(link_bar).rstrip() == "  ".join(words)


@for_each(
    ("milliseconds", "seconds"), [(7000, 7), (6001, 7), (6000, 6), (1, 1), (0, 0), (-5000, 0)]
)
async def test_the_retry_countdown(milliseconds: int, seconds: int) -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(LinkState(LinkPhase.RETRYING, "", START + milliseconds))
        assert text_of(link_bar).startswith(f"RETRY IN {seconds} s ")


async def test_simulated_data_is_always_marked() -> None:
    for width in (26, 60, 160):
        async with bar(width) as link_bar:
            for phase in LinkPhase:
                link_bar.state = vitals(
                    LinkState(phase, "why " * 30), simulated=True, stations=412, frame_at=START
                )
                line = text_of(link_bar)
                assert "SIMULATED" in line, phase
                # A hub that serves one is named where there is room.
                assert "example.org" in line or width < 160, phase


async def test_an_unusual_silence_is_no_live_link() -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(silence=45_000, frame_at=START - 45_000)
        assert text_of(link_bar).startswith("QUIET 45 s  example.org")
        link_bar.state = vitals(LinkState(LinkPhase.CONNECTING), silence=45_000)
        assert text_of(link_bar).startswith("CONNECTING")


async def test_the_free_starred_stations_and_the_key_that_helps_stay_in_a_narrow_bar() -> None:
    async with bar(58) as link_bar:
        refused = LinkState(LinkPhase.REFUSED, "HTTP 401")
        link_bar.state = vitals(
            refused, stations=412, unconfirmed=9, starred=5, starred_free=2, help="c: another key"
        )
        assert text_of(link_bar).rstrip() == "KEY REFUSED  c: another key  ★ 2/5 free  HTTP 401"
    async with bar(38) as link_bar:
        link_bar.state = vitals(stations=412, connectors=999, starred=5, starred_free=2)
        assert "● LIVE" in text_of(link_bar)
        assert "★ 2/5 free" in text_of(link_bar)


async def test_counts_and_unconfirmed_connectors() -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(stations=1, connectors=1, in_use=1.0)
        assert "1 station  1 connector · 100% occupied" in text_of(link_bar)
        assert "unconfirmed" not in text_of(link_bar)
        link_bar.state = vitals(stations=1, connectors=60, in_use=None)
        assert "60 connectors · all unknown" in text_of(link_bar)
        link_bar.state = vitals(
            stations=11_734, connectors=46_198, in_use=0.384, unconfirmed=1234, unreadable=2
        )
        line = text_of(link_bar)
        assert "11,734 stations  46,198 connectors · 38% occupied" in line
        assert "1,234 unconfirmed  2 not readable" in line
        # A snapshot that is older than the connection is no fault.
        waiting = vitals(stations=1, connectors=60, unconfirmed=60, confirms_soon=True)
        link_bar.state = waiting
        assert "60 being confirmed" in text_of(link_bar)
        # After the end of a recording no later one comes.
        link_bar.state = replace(waiting, link=LinkState(LinkPhase.ENDED))
        assert "60 unconfirmed" in text_of(link_bar)


async def test_no_counts_before_the_first_report() -> None:
    async with bar() as link_bar:
        link_bar.state = vitals()
        line = text_of(link_bar)
        assert "station" not in line
        assert "/s" not in line
        assert "last frame" not in line


@for_each(
    ("passed", "text"),
    [
        (0, "now"),
        (999, "now"),
        (9999, "9 s ago"),
        (10_000, "10 s ago"),
        (120_000, "2 min ago"),
        (-500, "now"),
    ],
)
async def test_the_age_of_the_last_frame(passed: int, text: str) -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(frame_at=START - passed)
        assert text_of(link_bar).endswith(f"last frame {text}")


async def test_the_bar_is_repainted_only_for_another_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(frame_at=START - 61_000)
        text_of(link_bar)
        regions = repaints_of(link_bar, monkeypatch)
        link_bar.state = vitals(frame_at=START - 62_000)
        assert regions == []
        link_bar.state = vitals(frame_at=START - 120_000)
        assert len(regions) == 1


@pytest.mark.parametrize(
    ("rate", "text"), [(0.0, "0/s"), (0.34, "0.3/s"), (9.4, "9.4/s"), (2345.6, "2,346/s")]
)
async def test_the_rate_of_changes(rate: float, text: str) -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(frame_at=START, changes_by_second=(0, 5, 10), rate=rate)
        assert f"▁▅█  {text}  " in text_of(link_bar)


async def test_the_delay_behind_the_stream_is_shown() -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(behind=125_000)
        assert "2 min behind" in text_of(link_bar)


async def test_a_recording_shows_its_position_and_speed() -> None:
    async with bar() as link_bar:
        link_bar.state = vitals(playing="4x · 12:30")
        assert text_of(link_bar).startswith("PLAYING  example.org  4x · 12:30 ")
        link_bar.state = vitals(playing="4x paused")
        assert text_of(link_bar).startswith("PAUSED  example.org  4x paused ")


async def test_the_ascii_glyphs_are_used() -> None:
    async with bar() as link_bar:
        link_bar.glyphs = ASCII
        link_bar.state = vitals(
            stations=2, connectors=3, frame_at=START, changes_by_second=(0, 3), unconfirmed=1
        )
        assert text_of(link_bar).isascii()
        link_bar.state = vitals(LinkState(LinkPhase.FAILED, "why " * 100))
        assert text_of(link_bar).isascii()


@for_each("width", [13, 20, 40, 58, 78])
async def test_a_narrow_bar_shows_the_state_then_the_reason(width: int) -> None:
    async with bar(width) as link_bar:
        link_bar.state = vitals(
            LinkState(
                LinkPhase.RETRYING,
                "the server closed the connection without a word",
                START + 12_000,
            ),
            stations=11_734,
            connectors=46_198,
            unconfirmed=46_198,
            frame_at=START,
        )
        line = text_of(link_bar)
        assert line.startswith("RETRY IN 12 s")
        # Truncated with an ellipsis if it must be.
        assert ("the server" in line and "…" in line) is (width >= 27)


async def test_a_long_source_is_truncated() -> None:
    async with bar(78) as link_bar:
        link_bar.state = vitals(source="enova_" * 20 + ".jsonl.gz", stations=2)
        assert text_of(link_bar).startswith("● LIVE  enova_enova_enova_enova_e…  2 stations ")


@pytest.mark.parametrize("width", [58, 78])
async def test_the_important_parts_fit_in_80_columns(width: int) -> None:
    async with bar(width) as link_bar:
        link_bar.state = vitals(
            stations=11_734,
            connectors=46_198,
            in_use=0.3,
            unconfirmed=46_198,
            frame_at=START,
            changes_by_second=(1,) * 15,
            rate=4,
        )
        line = text_of(link_bar)
        assert "● LIVE  example.org  11,734 stations" in line
        assert "46,198 unconfirmed" in line


@for_each("width", [1, 2, 9, 24, 40, 61, 100])
async def test_any_state_fits_in_one_line(width: int) -> None:
    async with bar(width) as link_bar:

        @settings(max_examples=20)
        @given(
            st.text(st.sampled_from("ab 日é·\x1b\u202e"), max_size=60),
            st.sampled_from(list(LinkPhase)),
        )
        def told(text: str, phase: LinkPhase) -> None:
            state = LinkState(phase, text, START)
            link_bar.state = vitals(state, source=text, stations=3, frame_at=START, playing="4x")
            assert text_of(link_bar).isprintable()

        told()


class TestPulse:
    """The rate of changes."""

    def test_the_current_second_is_not_counted_yet(self) -> None:
        pulse = ChangeRate()
        pulse.add(5, 100.2)
        pulse.add(2, 100.9)
        assert pulse.read(100.95) == ([0] * (SECONDS - 1), 0)
        beats, rate = pulse.read(101.0)
        assert beats == [*[0] * (SECONDS - 2), 7]
        assert rate == pytest.approx(0.7)

    def test_old_seconds_are_dropped(self) -> None:
        pulse = ChangeRate()
        pulse.add(10, 5.0)
        assert pulse.read(15.9)[1] == pytest.approx(1.0)
        beats, rate = pulse.read(16.0)
        assert rate == 0
        assert sum(beats) == 10
        assert sum(pulse.read(5.0 + SECONDS)[0]) == 0
        assert sum(pulse.read(1e6)[0]) == 0

    @given(st.lists(st.tuples(st.integers(0, 9), st.floats(0, 30)), max_size=30))
    def test_no_change_is_counted_twice_or_lost(self, notes: list[tuple[int, float]]) -> None:
        pulse, now, counts = ChangeRate(), 0.0, dict[int, int]()
        for count, passed in notes:
            now += passed
            pulse.add(count, now)
            counts[int(now)] = counts.get(int(now), 0) + count
        assert pulse.read(now)[0] == [
            counts.get(int(now) - back, 0) for back in range(SECONDS - 1, 0, -1)
        ]
