"""Station rows and the header."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rich.cells import cell_len
from rich.segment import Segment

from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.freshness import SLIGHT
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, WordConnector
from nobil_tui.search.sorting import Sort
from nobil_tui.search.station_list import StationList
from nobil_tui.tui.style.glyphs import ASCII
from nobil_tui.tui.widgets.stations.pane import StationsPane
from nobil_tui.tui.widgets.stations.row import StationRowPainter
from tests.conftest import START, FakeClock
from tests.for_each import for_each
from tests.tui.widget_host import Stage, lines_of, roster_of

OSLO = (59.91, 10.75)
MINUTE = 60_000
CCS, CHADEMO, TYPE_2 = Plug("CCS", 150), Plug("CHAdeMO", 50), Plug("Type 2", 22)
FREE, BUSY, FAULT, UNKNOWN = (0, 0), (1, 0), (0, 1), (-1, 0)
FORNEBU = Facts("Fornebu S", "Bærum", "Gata 3", "Kraft", (59.89, 10.62), (CCS, CHADEMO, TYPE_2))


def connectors(*pairs: tuple[int, int], at: int = START - 2 * MINUTE) -> list[Connector]:
    return [Connector(status, error, at) for status, error in pairs]


@asynccontextmanager
async def listing(
    station_list: StationList, width: int = 120, *, ascii_: bool = False
) -> AsyncIterator[StationsPane]:
    clock = FakeClock()
    stations = StationsPane(clock, id="list")
    if ascii_:
        stations.glyphs = ASCII
    app = Stage(stations)
    async with app.run_test(size=(width, 12)) as pilot:
        stations.station_list = station_list
        await pilot.pause()
        yield stations


def row(stations: StationsPane, name: str) -> str:
    line = stations.station_list.row_of(name)
    assert line is not None
    return lines_of(stations)[line + 1]


def segments(stations: StationsPane, name: str, now: int = START) -> list[Segment]:
    painter = StationRowPainter(stations, stations.station_list)
    return painter.row(name, painter.layout(110), now, cursor=False)


def colour(stations: StationsPane, painted: list[Segment], text: str) -> Condition | None:
    """Return the condition whose colour a text has."""
    style = next(segment.style for segment in painted if text in segment.text)
    assert style is not None
    for condition in Condition:
        if style.color == stations.condition_style(condition).color:
            return condition
    return None


async def test_a_row_shows_every_column() -> None:
    station_list = roster_of(
        {"NOR_1": connectors(FREE, BUSY, FAULT, UNKNOWN), "NOR_2": connectors(BUSY)},
        {
            "NOR_1": FORNEBU,
            "NOR_2": Facts("Minde", "Bergen", plugs=(TYPE_2,), position=(60.37, 5.35)),
        },
        {"NOR_1"},
        OSLO,
    )
    async with listing(station_list) as stations:
        stations.alerted.add("NOR_1")
        header, first, second = lines_of(stations)[:3]
        assert header.split() == [
            "Free",
            "Now",
            "Id",
            "Station",
            "Place",
            "Away",
            "Plug",
            "Changed",
        ]
        assert first.split() == [
            "▌★!",
            "1/4",
            "●■✗·",
            "NOR_1",
            "Fornebu",
            "S",
            "Bærum",
            "7.6",
            "km",
            "CCS",
            "150",
            "+2",
            "2",
            "min",
        ]
        assert second.split() == [
            "0/1",
            "■",
            "NOR_2",
            "Minde",
            "Bergen",
            "303",
            "km",
            "T2",
            "22",
            "2",
            "min",
        ]
        # Numbers are aligned.
        for text in ("km", "min"):
            assert first.index(text) == second.index(text)


@for_each("width", [40, 57, 66, 80, 110, 160])
async def test_every_row_and_the_header_fill_the_line(width: int) -> None:
    names = {
        "NOR_1": FORNEBU,
        "NOR_2": Facts(
            "A very long name of a station that cannot be read on one line, ever",
            "Ytre Enebakk og omegn",
        ),
        "NOR_3": Facts(
            "日本の充電ステーション" * 4, "東京東京東京東京", plugs=(Plug("Type 2 + Schuko", 22),)
        ),
        "NOR_4": Facts("e\u0301" * 60, plugs=(Plug("x" * 40, 1000),), position=(-59, -169)),
    }
    station_list = roster_of(
        {
            "NOR_1": connectors(*[FREE] * 40, *[BUSY] * 700, *[FAULT] * 9),
            "NOR_2": [],
            "NOR_3": [WordConnector(1, 0, 0, word) for word in ("BLOCKED", "RESERVED", "CHARGING")]
            * 5,
            "NOR_4": connectors(UNKNOWN, at=-1),
        },
        names,
        {"NOR_5"},
        OSLO,
    )
    async with listing(station_list, width + 3) as stations:
        for sort in (Sort.NAME, Sort.FREE, Sort.CHANGED, Sort.DISTANCE, Sort.ID):
            stations.sort_by(sort)
            for line in lines_of(stations):
                assert cell_len(line) == stations.scrollable_content_region.width
        assert "40/749" in row(stations, "NOR_1")


async def test_many_connectors_are_counted_by_condition() -> None:
    many = connectors(*[FREE] * 31, *[BUSY] * 29, FAULT, *[UNKNOWN] * 3)
    station_list = roster_of({"NOR_1": many, "NOR_2": connectors(*[FREE] * 10)})
    async with listing(station_list) as stations:
        assert "31/64" in row(stations, "NOR_1")
        assert "●31■29✗1·3" in row(stations, "NOR_1")
        assert "●" * 10 in row(stations, "NOR_2")
        painted = segments(stations, "NOR_1")
        assert colour(stations, painted, "■29") is Condition.OCCUPIED
        assert colour(stations, painted, "✗1") is Condition.FAULT


async def test_blocked_and_reserved_count_as_occupied_without_room() -> None:
    words = (
        ["BLOCKED"] * 10
        + ["RESERVED"] * 10
        + ["CHARGING"] * 10
        + ["AVAILABLE"] * 10
        + ["OUTOFORDER"] * 10
    )
    many = [WordConnector(1, int(word == "OUTOFORDER"), START, word) for word in words]
    async with listing(roster_of({"NOR_1": many}), 80) as stations:
        assert "●10■30✗10" in row(stations, "NOR_1")
    few = [WordConnector(1, 0, START, word) for word in ("BLOCKED", "RESERVED", "CHARGING")]
    async with listing(roster_of({"NOR_1": few})) as stations:
        assert "▣◆■" in row(stations, "NOR_1")


async def test_equal_conditions_are_one_segment_in_their_colour() -> None:
    station_list = roster_of({"NOR_1": connectors(FREE, FREE, BUSY, BUSY, FAULT, FREE)})
    async with listing(station_list) as stations:
        painted = segments(stations, "NOR_1")
        signs = [
            segment.text for segment in painted if set(segment.text) <= set("●■✗") and segment.text
        ]
        assert signs == ["●●", "■■", "✗", "●"]
        assert colour(stations, painted, "3/6") is Condition.FREE
        assert colour(stations, painted, "■■") is Condition.OCCUPIED


async def test_a_plug_filter_selects_what_a_row_counts_and_shows() -> None:
    station_list = roster_of({"NOR_1": connectors(BUSY, FREE, FREE)}, {"NOR_1": FORNEBU})
    async with listing(station_list) as stations:
        assert "2/3" in row(stations, "NOR_1")
        assert "■●●" in row(stations, "NOR_1")
        assert "CCS 150" in row(stations, "NOR_1")
        station_list.filter = "chademo"
        stations.rebuild()
        assert "1/1" in row(stations, "NOR_1")
        assert "■" not in row(stations, "NOR_1")
        assert "CHA 50" in row(stations, "NOR_1")
        station_list.filter = "ccs"
        stations.rebuild()
        painted = segments(stations, "NOR_1")
        assert colour(stations, painted, "0/1") is Condition.OCCUPIED
        assert stations.border_subtitle == "0 of 1 connector free"


async def test_unassignable_plugs_are_unknown() -> None:
    # Two connectors, and three plugs: which has which?
    station_list = roster_of({"NOR_1": connectors(FREE, FREE)}, {"NOR_1": FORNEBU})
    async with listing(station_list) as stations:
        station_list.filter = "ccs"
        stations.rebuild()
        assert "?/1  · " in row(stations, "NOR_1")


async def test_a_station_without_reports_is_marked_at_every_width() -> None:
    for width, words in (
        (160, "not in the stream"),
        (80, "not in the stream"),
        (46, "not streamed"),
    ):
        station_list = roster_of(
            {"NOR_1": connectors(*[FREE] * 12)}, {"NOR_2": FORNEBU}, {"NOR_2", "NOR_3"}, OSLO
        )
        async with listing(station_list, width) as stations:
            assert words in row(stations, "NOR_2")
            assert "Fornebu S" in row(stations, "NOR_2")
            assert words in row(stations, "NOR_3")
            assert "min" not in row(stations, "NOR_2")


async def test_empty_columns_are_not_shown() -> None:
    async with listing(roster_of({"NOR_1": connectors(FREE)}), 160) as stations:
        assert lines_of(stations)[0].split() == ["Free", "Now", "Station", "Changed"]
        assert row(stations, "NOR_1").split() == ["▌", "1/1", "●", "NOR_1", "2", "min"]
        stations.station_list.home = OSLO
        stations.rebuild()
        assert "Away" not in lines_of(stations)[0]


async def test_the_distance_column_needs_an_origin() -> None:
    station_list = roster_of({"NOR_1": connectors(FREE)}, {"NOR_1": FORNEBU})
    async with listing(station_list) as stations:
        assert "Away" not in lines_of(stations)[0]
        station_list.filter = "near:59.89,10.62"
        stations.rebuild()
        assert "Away" in lines_of(stations)[0]
        assert "0 m" in row(stations, "NOR_1")
        station_list.filter = ""
        stations.rebuild()
        assert "Away" not in lines_of(stations)[0]


async def test_columns_do_not_move_while_a_filter_is_typed() -> None:
    facts = {
        "NOR_1": FORNEBU,
        "NOR_2": Facts("Minde", "Ytre Enebakk", plugs=(Plug("Type 2", 7.4),)),
    }
    station_list = roster_of({name: connectors(FREE) for name in facts}, facts)
    async with listing(station_list) as stations:
        before = row(stations, "NOR_1").lstrip("▌ ")
        station_list.filter = "fornebu"
        stations.rebuild()
        assert row(stations, "NOR_1").lstrip("▌ ") == before
        station_list.register.replace({"NOR_1": Facts("Fornebu S")})
        stations.rebuild()
        assert "Place" not in lines_of(stations)[0]


async def test_the_age_of_the_last_change_shows_its_staleness() -> None:
    station_list = roster_of(
        {"NOR_1": [Connector(0, 0, START - 9 * MINUTE), Connector(1, 0, START - 3 * MINUTE)]}
    )
    listening = station_list.board.downtime
    async with listing(station_list) as stations:
        now = START
        assert segments(stations, "NOR_1", now)[-1].text == "   3 min "
        listening.stop(now)
        now += MINUTE
        assert segments(stations, "NOR_1", now)[-1].text == "  ~4 min "
        assert not any(
            segment.style and segment.style.dim for segment in segments(stations, "NOR_1", now)
        )
        now += SLIGHT
        painted = segments(stations, "NOR_1", now)
        dimmed = [segment.text for segment in painted if segment.style and segment.style.dim]
        assert dimmed == ["●", "■", "  ?6 min "]


async def test_a_number_is_dimmed_if_any_of_its_connectors_is_stale() -> None:
    station_list = roster_of({"NOR_1": connectors(*[FREE] * 20, *[BUSY] * 20, *[FAULT] * 2)})
    board = station_list.board
    board.downtime.stop(START)
    board.downtime.start(now := START + 5 * SLIGHT)
    async with listing(station_list) as stations:

        def dimmed() -> list[str]:
            painted = segments(stations, "NOR_1", now)
            return [
                segment.text.strip() for segment in painted if segment.style and segment.style.dim
            ]

        assert dimmed() == ["●20", "■20", "✗2", "?12 min"]
        for index in range(39):
            board.apply_raw_report("NOR_1", index, board.stations["NOR_1"].connectors[index], now)
        assert dimmed() == ["■20", "✗2", "?12 min"]
        for index in range(39, 42):
            board.apply_raw_report("NOR_1", index, board.stations["NOR_1"].connectors[index], now)
        assert dimmed() == []


async def test_a_stale_blocked_connector_dims_the_merged_number() -> None:
    words = [
        word
        for word in ("BLOCKED", "RESERVED", "CHARGING", "AVAILABLE", "OUTOFORDER")
        for _ in range(10)
    ]
    station_list = roster_of(
        {"NOR_1": [WordConnector(1, int(word == "OUTOFORDER"), START, word) for word in words]}
    )
    board = station_list.board
    board.downtime.stop(START)
    board.downtime.start(now := START + 5 * SLIGHT)
    for index in range(1, len(words)):
        board.apply_raw_report("NOR_1", index, board.stations["NOR_1"].connectors[index], now)
    async with listing(station_list) as stations:
        painted = segments(stations, "NOR_1", now)
        assert "●10■30✗10" in "".join(segment.text for segment in painted)
        assert [segment.text for segment in painted if segment.style and segment.style.dim][
            :-1
        ] == ["■30"]


async def test_a_connector_never_reported_makes_nothing_stale() -> None:
    station_list = roster_of({})
    board = station_list.board
    board.use_register(Register({"NOR_1": Facts(plug_evse_uids=("a", "never named"))}))
    board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), START)
    board.downtime.stop(START)
    board.downtime.start(now := START + 5 * SLIGHT)
    station_list.refresh(now)
    async with listing(station_list) as stations:

        def dimmed() -> list[str]:
            painted = segments(stations, "NOR_1", now)
            return [
                segment.text.strip() for segment in painted if segment.style and segment.style.dim
            ]

        assert dimmed() == ["●", "?10 min"]
        board.apply_connector("NOR_1", "a", WordConnector(0, 0, word="AVAILABLE"), now)
        assert dimmed() == []
        assert "●·" in row(stations, "NOR_1")


async def test_the_age_of_an_unseen_change_is_a_minimum() -> None:
    station_list = roster_of(
        {"NOR_1": [Connector(0, 0, -1)], "NOR_2": [Connector(0, 0, START - MINUTE), Connector(0)]}
    )
    async with listing(station_list) as stations:
        assert segments(stations, "NOR_1", START + 5 * MINUTE)[-1].text == "  ≥5 min "
        assert segments(stations, "NOR_2", START + 5 * MINUTE)[-1].text == "  ≥5 min "
        station_list.board.apply_station(station_list.board.stations["NOR_1"], START)
    async with listing(roster_of({"NOR_1": [Connector(0, 0, -1)]}), ascii_=True) as stations:
        assert segments(stations, "NOR_1", START + 5 * MINUTE)[-1].text == " >=5 min "
        assert "1/1  o" in row(stations, "NOR_1")


async def test_the_active_sort_has_an_arrow() -> None:
    facts = {"NOR_1": FORNEBU, "NOR_2": Facts("Minde", "Bergen", position=(60.37, 5.35))}
    station_list = roster_of({name: connectors(FREE) for name in facts}, facts, home=OSLO)
    async with listing(station_list, 160) as stations:
        for sort, head in (
            (Sort.NAME, "▲Station"),
            (Sort.DISTANCE, "▲Away"),
            (Sort.CHANGED, "▼Changed"),
            (Sort.FREE, "▼Free"),
            (Sort.POWER, "▼Plug"),
            (Sort.CONNECTORS, "▼Now"),
            (Sort.ID, "▲Id"),
        ):
            stations.sort_by(sort)
            assert head in lines_of(stations)[0]
            stations.sort_by(sort)
            assert head.translate(str.maketrans("▲▼", "▼▲")) in lines_of(stations)[0]
        station_list.home = None
        station_list.options.sort = Sort.DISTANCE
        stations.rebuild()
        # There are no distances without an origin.
        assert "▼Station" in lines_of(stations)[0]
        bold = [
            segment.text
            for segment in stations.render_line(0)
            if segment.style and segment.style.bold
        ]
        assert [text.strip() for text in bold] == ["▼Station"]


async def test_names_are_not_markup() -> None:
    facts = {"NOR_1": Facts("[red]Fornebu[/red]\x1b[31m\u202e", "Bæ[b]rum")}
    async with listing(roster_of({"NOR_1": connectors(FREE)}, facts), 160) as stations:
        assert "[red]Fornebu[/red][31m" in row(stations, "NOR_1")
        assert "Bæ[b]rum" in row(stations, "NOR_1")


def test_a_new_origin_makes_room_for_distances() -> None:
    # The near stations come after those measured in the unfiltered list.
    far = {f"NOR_{n:05}": Facts(f"A {n}", "Bergen", position=(60.37, 5.35)) for n in range(300)}
    near = {
        f"NOR_{n:05}": Facts(f"Z {n}", "Oslo", position=(59.91, 10.75)) for n in range(300, 305)
    }
    facts = {**far, **near}
    station_list = roster_of(
        {station: [Connector(0, 0, 1)] for station in facts}, facts, set(), None
    )
    painter = StationRowPainter(StationsPane(FakeClock(), id="list"), station_list)
    widths = []
    for text in ("", "near:59.9,10.7 within:20km") * 2:
        station_list.filter = text
        station_list.refresh(2)
        widths.append(painter.layout(110).width_of("distance") > 0)
    assert widths == [False, True] * 2


def test_another_register_changes_the_widths() -> None:
    register_names = {"NOR_00001": Facts("A", "Sted")}
    station_list = roster_of({"NOR_00001": [Connector(0, 0, 1)]}, register_names, set(), None)
    station_list.refresh(2)
    painter = StationRowPainter(StationsPane(FakeClock(), id="list"), station_list)
    narrow = painter.layout(110).width_of("place")
    station_list.register.replace({"NOR_00001": Facts("A", "Et langt stedsnavn")})
    station_list.refresh(2)
    assert painter.layout(110).width_of("place") > narrow


def test_widths_do_not_depend_on_what_a_filter_selects() -> None:
    facts = {"NOR_1": Facts("A", plugs=(Plug("CCS", 150),) * 999 + (Plug("Schuko"),))}
    station_list = roster_of({"NOR_1": [Connector(0, 0, 1)] * 1000}, facts)
    station_list.filter = "schuko"
    station_list.refresh(2)
    painter = StationRowPainter(StationsPane(FakeClock(), id="list"), station_list)
    widths = []
    for text in ("schuko", ""):
        station_list.filter = text
        station_list.refresh(2)
        layout = painter.layout(160)
        widths.append((layout.width_of("free"), layout.width_of("plug")))
    # 1000/1000, and CCS 150 +1.
    assert widths == [(7, 10), (7, 10)]


def test_columns_only_grow_while_a_filter_is_typed() -> None:
    facts = {
        "NOR_00001": Facts("A", "Sted", plugs=(TYPE_2,)),
        "NOR_00002": Facts("B", "Et langt stedsnavn", plugs=(TYPE_2,)),
        "NOR_00003": Facts("C", "Her", plugs=(CHADEMO,)),
    }
    station_list = roster_of(
        {station: [Connector(0, 0, 1)] for station in facts}, facts, set(), None
    )
    painter = StationRowPainter(StationsPane(FakeClock(), id="list"), station_list)
    widths = []
    for text in ("sted -langt", "langt", "her", "sted -langt"):
        station_list.filter = text
        station_list.refresh(2)
        layout = painter.layout(160)
        widths.append((layout.width_of("place"), layout.width_of("plug")))
    assert widths == [(5, 5), (12, 5), (12, 6), (12, 6)]
