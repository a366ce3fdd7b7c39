"""The lines of the connectors pane."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from textual.pilot import Pilot

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import EXPIRED, SLIGHT
from nobil_tui.charging.register import CREDIT, Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station, WordConnector
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import ASCII
from nobil_tui.tui.widgets.connectors.detail import DetailPainter
from nobil_tui.tui.widgets.connectors.pane import ConnectorsPane
from nobil_tui.tui.widgets.connectors.rows import lay_out_table
from tests.conftest import START, FakeClock
from tests.tui.widget_host import Stage, lines_of, repaints_of, roster_of

MINUTE, HOUR = 60_000, 3_600_000
CCS, CHADEMO, TYPE_2 = Plug("CCS", 150), Plug("CHAdeMO", 50), Plug("Type 2", 22)
# START is 22:13 UTC on a Tuesday.
EARLIER = START - 9 * MINUTE
FORNEBU = Facts(
    "Fornebu S",
    "Bærum",
    "Snarøyveien 30",
    "Recharge",
    (59.89, 10.62),
    (CCS, CCS, TYPE_2),
    owner="Bærum kommune",
    zipcode="1364",
    opening="open 24h",
    parking_fee=True,
    availability="Public",
    description="Behind the petrol station",
    comment="The second one from the left is often blocked by delivery vans in the morning",
    contact="+47 22 33 44 55",
)


class Pane(Stage):
    """A pane with a painter, in a host app."""

    def __init__(
        self, station_list: StationList, *, credited: bool = False, ascii_: bool = False
    ) -> None:
        self.clock = FakeClock()
        self.pane = ConnectorsPane(self.clock, id="pane")
        if ascii_:
            self.pane.glyphs = ASCII
        station_list.register.credit = CREDIT if credited else ""
        self.painter = DetailPainter(self.pane, station_list, UTC)
        super().__init__(self.pane)

    def on_mount(self) -> None:
        self.pane.set_painter(self.painter)

    @property
    def lines(self) -> list[str]:
        """Return the lines of the pane without trailing blanks."""
        lines = [self.pane.segments(index, 0) for index in range(self.pane.count)]
        return ["".join(segment.text for segment in line).rstrip() for line in lines]

    def line(self, begin: str) -> str:
        return next((line for line in self.lines if line.lstrip().startswith(begin)), "")


@asynccontextmanager
async def showing(
    station_list: StationList,
    station: str = "NOR_1",
    width: int = 72,
    height: int = 30,
    **options: Any,
) -> AsyncIterator[tuple[Pane, Pilot[None]]]:
    app = Pane(station_list, **options)
    async with app.run_test(size=(width, height)) as pilot:
        app.pane.station = station
        await pilot.pause()
        yield app, pilot


def connectors(*pairs: tuple[int, int], at: int = EARLIER) -> list[Connector]:
    return [Connector(status, error, at) for status, error in pairs]


async def test_every_line_of_a_station() -> None:
    station_list = roster_of(
        {"NOR_1": connectors((0, 0), (1, 0), (0, 1))}, {"NOR_1": FORNEBU}, home=(59.91, 10.75)
    )
    station_list.board.stations["NOR_1"].status = 2
    async with showing(station_list, credited=True) as (app, _):
        assert app.lines == [
            "Fornebu S",
            "Snarøyveien 30, 1364 Bærum · 7.6 km",
            "1/3 free · 1 occupied · 1 faulty · operator says error",
            "",
            " #   Now               Plug       Since    For",
            " 1 ● free              CCS 150    22:04  9 min",
            " 2 ■ occupied          CCS 150    22:04  9 min",
            " 3 ✗ fault (available) Type 2 22  22:04  9 min",
            "",
            "Operator Recharge",
            "Owner    Bærum kommune",
            "Id       NOR_1",
            "Hours    open 24h",
            "Parking  paid",
            "Access   Public",
            "Where    Behind the petrol station",
            "Comment  The second one from the left is often blocked by delivery",
            "         vans in the morning",
            "Contact  +47 22 33 44 55",
            "Map      59.89000, 10.62000",
            "",
            "NOBIL by Enova, CC BY 4.0",
        ]


async def test_empty_facts_are_not_shown() -> None:
    async with showing(roster_of({"NOR_1": connectors((0, 0))}), credited=True) as (app, _):
        assert app.lines == [
            "NOR_1",
            "1/1 free",
            "",
            " #   Now   Since    For",
            " 1 ● free  22:04  9 min",
        ]


async def test_a_low_pane_has_no_empty_lines() -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0))}, {"NOR_1": FORNEBU})
    async with showing(station_list, height=7) as (app, _):
        assert "" not in app.lines
        # Name, counts and headings; where it is follows.
        assert app.lines[3].startswith(" 1 ● free")
        assert app.lines[4].startswith("Snarøyveien")


async def test_only_facts_of_the_register_are_credited() -> None:
    station_list = roster_of({"NOR_1": [], "NOR_2": []}, {"NOR_1": FORNEBU})
    async with showing(station_list, credited=True) as (app, pilot):
        assert "NOBIL" in app.lines[-1]
        app.pane.station = "NOR_2"
        await pilot.pause()
        assert "NOBIL" not in "".join(app.lines)
    async with showing(station_list) as (app, _):
        assert "NOBIL" not in "".join(app.lines)


async def test_an_owner_who_is_the_operator_is_shown_once() -> None:
    facts = replace(FORNEBU, owner="RECHARGE")
    async with showing(roster_of({"NOR_1": []}, {"NOR_1": facts})) as (app, _):
        assert app.line("Owner") == ""
    async with showing(roster_of({"NOR_1": []}, {"NOR_1": replace(facts, operator="")})) as (
        app,
        _,
    ):
        assert (app.line("Operator"), app.line("Owner")) == ("", "Owner    RECHARGE")


async def test_parking_fees() -> None:
    for fee, line in ((True, "Parking  paid"), (False, "Parking  free of charge"), (None, "")):
        facts = replace(FORNEBU, parking_fee=fee)
        async with showing(roster_of({"NOR_1": []}, {"NOR_1": facts})) as (app, _):
            assert app.line("Parking") == line


async def test_star_and_alert_mark_follow_a_name_of_any_length() -> None:
    station_list = roster_of({"NOR_1": []}, {"NOR_1": Facts("An endless name " * 9)})
    async with showing(station_list, width=36) as (app, pilot):
        app.pane.starred = app.pane.has_alert = True
        await pilot.pause()
        assert app.lines[0].endswith("… ★ !")
        assert cell_len(app.lines[0]) == app.pane.scrollable_content_region.width
        app.pane.has_alert = False
        await pilot.pause()
        assert app.lines[0].endswith("… ★")


# Connectors and their plugs


async def test_plugs_of_one_evse_are_joined() -> None:
    facts = Facts("Minde", plugs=(CCS, CHADEMO, TYPE_2), plug_evse_uids=("A", "A", "B"))
    station_list = roster_of({}, {"NOR_1": facts})
    for key in ("B", "A", "?"):
        station_list.board.apply_connector(
            "NOR_1", key, WordConnector(0, 0, 0, "AVAILABLE"), EARLIER
        )
    async with showing(station_list) as (app, _):
        assert "Type 2 22" in app.line("1 ●")
        assert "CCS 150 + CHAdeMO 50" in app.line("2 ●")
        assert app.line("3 ●").split() == ["3", "●", "free", "≥22:04", "9", "min", "9", "min"]
        assert app.line("Plugs") == ""


async def test_plugs_are_not_guessed() -> None:
    facts = Facts("Minde", plugs=(CCS, CCS, CHADEMO, Plug("", 0)))
    async with showing(roster_of({"NOR_1": connectors((0, 0))}, {"NOR_1": facts})) as (app, _):
        assert "CCS" not in app.line("1 ●")
        assert app.line("Plugs") == "Plugs    2 x CCS 150, CHAdeMO 50"
        assert "Plug" not in app.line("#")


async def test_plugs_of_a_station_without_reports() -> None:
    async with showing(roster_of({}, {"NOR_1": FORNEBU})) as (app, _):
        assert "Not in the stream; its connectors are unknown." in app.lines
        assert app.line("Plugs") == "Plugs    2 x CCS 150, Type 2 22"
    async with showing(roster_of({"NOR_1": []}, {"NOR_1": FORNEBU})) as (app, _):
        assert "The stream names no connectors of this station." in app.lines
        assert app.line("Plugs") != ""


async def test_a_plug_filter_adds_its_own_counts() -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0), (1, 0), (0, 0))}, {"NOR_1": FORNEBU})
    station_list.filter = "ccs >=100kw"
    station_list.refresh(START)
    async with showing(station_list) as (app, _):
        of_plugs = "CCS, 100 kW or more: 1/2 free, 1 occupied"
        assert app.lines[2:4] == ["2/3 free · 1 occupied", of_plugs]


@pytest.mark.parametrize(
    ("status", "words"),
    [(0, "operator says free"), (-1, "operator says unknown"), (7, "operator says status 7")],
)
async def test_the_operators_status_follows_our_counts(status: int, words: str) -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0))})
    station_list.board.stations["NOR_1"].status = status
    async with showing(station_list) as (app, _):
        assert app.lines[1] == f"1/1 free · {words}"


async def test_the_streams_own_words_are_shown() -> None:
    said = [
        WordConnector(-1, 0, EARLIER, "PLANNED"),
        WordConnector(-1, 0, EARLIER, "SOMETHING_NEW_AND_LONG"),
        Connector(7, 0, EARLIER),
        Connector(1, 1, EARLIER),
    ]
    station_list = roster_of({"NOR_1": said})
    words = (
        "not in service (planned)",
        "unknown (something_new_and_long)",
        "unknown (status 7)",
        "fault (occupied)",
    )
    for width in (72, 36):
        async with showing(station_list, width=width) as (app, _):
            whole = " ".join(" ".join(app.lines).split())
            for each in words:
                assert each in whole
            for sign, number in (("–", 1), ("·", 2), ("·", 3), ("✗", 4)):
                assert app.line(f"{number} {sign}")
            assert "1 not in service" in whole


@given(
    st.integers(1, 1024),
    st.integers(24, 150),
    st.tuples(
        st.integers(4, 40),
        st.integers(0, 60),
        st.integers(5, 12),
        st.integers(3, 8),
        st.integers(0, 8),
    ),
)
def test_a_row_always_has_room_for_glyph_and_age(
    count: int, width: int, longest: tuple[int, ...]
) -> None:
    widths = lay_out_table(width, count, longest)
    kept = [cells + 1 for cells in (widths.plug, widths.since, widths.heard) if cells]
    assert widths.number + 1 + 2 + widths.condition + 1 + sum(kept) + widths.age <= width
    assert widths.age > longest[3]
    # At 36 cells there is room for the condition's own word.
    assert widths.condition >= min(longest[0], 8) or width < 36


async def test_a_narrow_pane_drops_columns_but_not_the_glyph() -> None:
    station_list = roster_of({"NOR_1": []}, {"NOR_1": Facts("Minde", plugs=(CCS, CHADEMO))})
    station_list.board.apply_station(
        Station("NOR_1", connectors((1, 0), (0, 0), at=START - 26 * HOUR)), START
    )
    heads = {}
    for width in (60, 50, 40, 36, 26):
        async with showing(station_list, width=width) as (app, _):
            heads[width] = app.line("#").split()
            for sign in "■●":
                assert any(sign in line for line in app.lines)
            assert all(cell_len(line) <= width - 2 for line in app.lines)
    assert heads[60] == ["#", "Now", "Plug", "Since", "For", "Heard"]
    assert heads[40] == ["#", "Now", "Plug", "For"]
    assert heads[26] == ["#", "Now", "For"]
    async with showing(station_list, width=26) as (app, _):
        # A text without a column has a line.
        assert "CHAdeMO 50" in [line.strip() for line in app.lines]


async def test_a_scroll_bar_takes_no_cell_from_a_line() -> None:
    station_list = roster_of({"NOR_1": connectors(*[(0, 0)] * 4)}, {"NOR_1": Facts("x" * 90)})
    async with showing(station_list, height=30) as (app, pilot):
        before = app.lines[0]
        assert before.endswith("…")
        await pilot.resize_terminal(72, 8)
        await pilot.pause()
        assert app.pane.show_vertical_scrollbar
        assert lines_of(app.pane)[0] == before


async def test_many_connectors_scroll() -> None:
    station_list = roster_of({"NOR_1": connectors(*[(0, 0)] * 120)})
    async with showing(station_list, height=12) as (app, pilot):
        app.pane.focus()
        await pilot.press("G")
        await pilot.pause()
        assert "120 ● free" in lines_of(app.pane)[-1]
        app.pane.station = "NOR_2"
        await pilot.pause()
        assert "NOR_2" in lines_of(app.pane)[0]


# Times


async def test_ages_show_their_staleness() -> None:
    station_list = roster_of({"NOR_1": [Connector(0, 0, EARLIER), Connector(1, 0, -1)]})
    async with showing(station_list) as (app, _):
        assert app.line("1 ●").split()[-3:] == ["22:04", "9", "min"]
        assert app.line("2 ■").split()[-2:] == ["≥22:13", "now"]
        station_list.board.downtime.stop(START)
        app.clock.advance(60)
        app.pane.rebuild()
        assert app.line("1 ●").split()[-2:] == ["~10", "min"]
        app.clock.advance(SLIGHT / 1000)
        app.pane.rebuild()
        lines = [app.pane.segments(index, 0) for index in range(app.pane.count)]
        row = next(line for line in lines if line and line[0].text.strip() == "1")
        dim = {segment.text.strip() for segment in row if segment.style and segment.style.dim}
        assert dim == {"● free", "22:04", "?12 min"}


async def test_only_ages_that_changed_are_repainted(monkeypatch: pytest.MonkeyPatch) -> None:
    station_list = roster_of(
        {"NOR_1": [Connector(0, 0, START - 119_000), Connector(1, 0, START - 60_000)]}
    )
    async with showing(station_list) as (app, _):
        lines_of(app.pane)
        regions = repaints_of(app.pane, monkeypatch)
        app.pane.rebuild()
        assert regions == []
        app.clock.advance(1)
        app.pane.rebuild()
        ((region,),) = regions
        assert "2 min" in lines_of(app.pane)[region.y][region.x : region.right]


async def test_lines_are_built_again_only_when_an_age_changes() -> None:
    ages = (500, 59_000, 119_000, 3 * HOUR - 20_000, 47 * HOUR, 100 * HOUR)
    station_list = roster_of({"NOR_1": [Connector(0, 0, START - age) for age in ages]})
    async with showing(station_list) as (app, _):
        pane, clock = app.pane, app.clock
        for _ in range(40):
            before, now = app.lines, clock.now()
            lasts = app.painter.lasts("NOR_1", now)
            assert 0 < lasts <= MINUTE
            clock.advance((lasts - 1) / 1000)
            pane.rebuild()
            assert app.lines == before, now
            clock.advance(1 / 1000)
            pane.refresh_ages()
            built = app.lines
            pane.rebuild()
            assert app.lines == built, now


async def test_what_changes_beside_the_reports_is_seen_with_the_next_ages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0), (1, 0), (0, 1))}, {"NOR_1": FORNEBU})
    board = station_list.board
    async with showing(station_list) as (app, _):
        built: list[int] = []
        rows = app.painter.rows

        def counted(station: str, now: int, *args: Any, **options: Any) -> Any:
            built.append(now)
            return rows(station, now, *args, **options)

        monkeypatch.setattr(app.painter, "rows", counted)
        app.pane.refresh_ages()
        assert not built
        station_list.home = (59.91, 10.75)
        app.pane.refresh_ages()
        assert "7.6 km" in app.lines[1]
        station_list.filter = "ccs"
        app.pane.refresh_ages()
        assert "1/2 free" in app.line("CCS")
        board.downtime.stop(START)
        app.clock.advance(1)
        app.pane.refresh_ages()
        assert "~9 min" in app.line("1 ")
        board.downtime.start(app.clock.now())
        app.pane.refresh_ages()
        assert len(built) == 4
        app.pane.refresh_ages()
        assert len(built) == 4


async def test_the_staleness_of_the_station_is_shown_above() -> None:
    station_list = roster_of({"NOR_1": [Connector(0, 0, EARLIER), Connector(1, 0, EARLIER)]})
    station_list.board.stations["NOR_1"].status = 0
    async with showing(station_list) as (app, _):
        assert app.lines[1] == "1/2 free · 1 occupied · operator says free"
        station_list.board.downtime.stop(START)
        app.clock.advance(5 * 3600)
        app.pane.rebuild()
        assert app.lines[1:3] == [
            "1/2 free · 1 occupied · not confirmed for 5 h · operator says free",
            "",
        ]


async def test_a_connector_never_reported_is_not_stale() -> None:
    station_list = roster_of({})
    board = station_list.board
    board.use_register(Register({"NOR_1": Facts(plug_evse_uids=("a", "never named"))}))
    board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), START)
    board.downtime.stop(START)
    async with showing(station_list) as (app, _):
        app.clock.advance(5 * 3600)
        app.pane.rebuild()
        lines = [app.pane.segments(index, 0) for index in range(app.pane.count)]
        dimmed = [
            any(segment.style and segment.style.dim for segment in line)
            for line in lines
            if line and line[0].text.strip() in ("1", "2")
        ]
        assert dimmed == [True, False]
        assert "1 of 2 not confirmed for 5 h" in app.lines[1]


async def test_the_age_shows_at_least_without_a_clock_time() -> None:
    station_list = roster_of(
        {"NOR_1": [Connector(1, 0, -1)]}, {"NOR_1": Facts("Minde", plugs=(CCS,))}
    )
    async with showing(station_list, width=34) as (app, _):
        assert app.line("#").split() == ["#", "Now", "Plug", "For"]
        assert app.line("1 ■").endswith("≥now")
    async with showing(station_list, ascii_=True) as (app, _):
        assert app.line("1 #").split()[-2:] == [">=22:13", "now"]


async def test_the_border_shows_the_age_of_the_last_report() -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0))})
    async with showing(station_list) as (app, pilot):
        assert str(app.pane.border_subtitle) == ""
        station_list.board.apply_raw_report("NOR_1", 0, Connector(0), START)
        app.pane.version += 1
        await pilot.pause()
        assert str(app.pane.border_subtitle) == "heard now"
        app.clock.advance(180)
        app.pane.rebuild()
        assert str(app.pane.border_subtitle) == "heard 3 min ago"
        assert app.line("#").endswith("Heard")
        assert app.line("1 ●").endswith("3 min")


# Texts from outside


@given(
    st.builds(
        Facts,
        *[st.text(max_size=40)] * 4,
        st.sampled_from([None, (59.9, 10.7)]),
        st.just((Plug("日本" * 20, 1), TYPE_2)),
        owner=st.text(max_size=40),
        description=st.text(max_size=400),
        comment=st.text(st.characters(), max_size=900),
        contact=st.text(st.sampled_from("[]/b\x1b\u202e日e\u0301 "), max_size=90),
    ),
    st.integers(24, 70),
)
def test_no_fact_breaks_a_line(facts: Facts, width: int) -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0), (1, 0))}, {"NOR_1": facts}, home=(59, 10))
    pane = _Plain()
    painter = DetailPainter(pane, station_list, UTC)
    for line in painter.rows("NOR_1", START, width, spacious=True, starred=True, has_alert=True):
        text = "".join(segment.text for segment in line)
        assert cell_len(text) <= width
        assert text.isprintable()


class _Plain(ConnectorsPane):
    """A pane outside of any screen, and so without styles."""

    def __init__(self) -> None:
        super().__init__(FakeClock(), id="plain")

    def style_of(self, name: str, cursor: bool = False, *, stale: bool = False) -> Any:
        from rich.style import Style

        return Style.null()


async def test_a_long_comment_is_bounded() -> None:
    facts = Facts("Minde", comment="word " * 900, description="word " * 900, contact="word " * 900)
    async with showing(roster_of({"NOR_1": []}, {"NOR_1": facts})) as (app, _):
        assert sum("word" in line for line in app.lines) == 3 + 5 + 3
        assert sum(line.endswith("…") for line in app.lines) == 3


# The map


async def test_the_position_is_a_link_to_a_map() -> None:
    station_list = roster_of({"NOR_1": []}, {"NOR_1": FORNEBU})
    async with showing(station_list) as (app, _):
        index = app.lines.index("Map      59.89000, 10.62000")
        link = app.pane.segments(index, 0)[-1].style
        assert link is not None
        assert link.link == app.painter.map_url("NOR_1")
        assert link.link.startswith(
            "https://www.openstreetmap.org/?mlat=59.890000&mlon=10.620000#map=17/"
        )
        written = app.pane.render_line(index).render(app.console)
        assert f"\x1b]8;id={link._link_id};{link.link}\x1b\\" in written


async def test_a_click_on_the_link_opens_the_map_or_copies_its_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []

    def open_browser(address: str, _: object) -> bool:
        opened.append(address)
        return starts

    here, starts = True, True
    monkeypatch.setattr("nobil_tui.tui.browser.has_window_browser", lambda environ: here)
    monkeypatch.setattr("nobil_tui.tui.browser.open_browser", open_browser)
    station_list = roster_of({"NOR_1": []}, {"NOR_1": FORNEBU})
    async with showing(station_list) as (app, pilot):
        address = app.painter.map_url("NOR_1")
        y = app.lines.index("Map      59.89000, 10.62000") + 1
        await pilot.click("#pane", offset=(3, y))
        await pilot.pause()
        assert (opened, app.clipboard) == ([], "")
        await pilot.click("#pane", offset=(15, y))
        await app.workers.wait_for_complete()
        assert (opened, app.clipboard) == ([address], "")
        here = False
        app.pane.open_map()
        await pilot.pause()
        assert (len(opened), app.clipboard) == (1, address)
        # Nor is it lost if the browser cannot be started.
        here, starts = True, False
        app.copy_to_clipboard("")
        app.pane.open_map()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert (len(opened), app.clipboard) == (2, address)


async def test_no_map_without_a_position() -> None:
    async with showing(roster_of({"NOR_1": []})) as (app, pilot):
        assert app.painter.map_url("NOR_1") == ""
        app.pane.open_map()
        await pilot.pause()
        assert app.clipboard == ""
        assert [notice.message for notice in app._notifications] == [
            "The position of this station is unknown."
        ]


async def test_the_text_without_a_station() -> None:
    async with showing(roster_of({}), station="") as (app, _):
        assert app.lines == []
        assert "Select a station" in lines_of(app.pane)[1]


async def test_conditions_keep_their_colours() -> None:
    station_list = roster_of({"NOR_1": connectors((0, 0), (1, 0), (0, 1), (-1, 0))})
    async with showing(station_list) as (app, _):
        lines = [app.pane.segments(index, 0) for index in range(app.pane.count)]
        rows = [line for line in lines if line and line[0].text.strip().isdigit()]
        shown = [line[1].style.color for line in rows if line[1].style]
        conditions = (Condition.FREE, Condition.OCCUPIED, Condition.FAULT, Condition.UNKNOWN)
        assert shown == [app.pane.condition_style(condition).color for condition in conditions]
        assert len(set(shown)) == 4


async def test_the_headings_stay_while_many_connectors_scroll() -> None:
    station_list = roster_of({"NOR_1": [Connector()] * 60}, {"NOR_1": FORNEBU})
    async with showing(station_list) as (app, pilot):
        app.pane.focus()
        heads = [lines_of(app.pane)[app.pane.top]]
        for _ in range(2):
            await pilot.press("pagedown")
            await pilot.pause()
            heads.append(lines_of(app.pane)[0])
        assert all("Now" in head and "Since" in head for head in heads[1:])
        # Below the connectors, the lines of the register have no such heading.
        await pilot.press("G")
        await pilot.pause()
        assert "Since" not in lines_of(app.pane)[0] or "60" in "".join(lines_of(app.pane))


async def test_why_a_connector_is_unknown() -> None:
    station_list = roster_of({"NOR_1": [Connector(), Connector(0)]}, {"NOR_1": FORNEBU})
    board = station_list.board
    async with showing(station_list) as (app, _):
        assert "unknown (reported as such)" in "\n".join(app.lines)
        assert "?/2" not in "\n".join(app.lines)
        # Confirmed by nothing for a week.
        board.downtime.stop(app.clock.now())
        app.clock.advance(EXPIRED / 1000 + 60)
        board.expire(app.clock.now())
        app.pane.rebuild()
        assert "unknown (not confirmed for a week)" in "\n".join(app.lines)
    # Known from the register, and not named by the stream yet.
    facts = Facts("Torget", plugs=(CCS, TYPE_2), plug_evse_uids=("a", "b"))
    station_list = roster_of({}, {"NOR_1": facts})
    board = station_list.board
    board.use_register(station_list.register)
    board.apply_connector("NOR_1", "a", WordConnector(-1, 0, START, word="UNKNOWN"), START)
    async with showing(station_list) as (app, _):
        text = "\n".join(app.lines)
        assert "unknown (reported as such)" in text
        assert "unknown (not reported yet)" in text
