"""The main screen: keys, clicks, and a selection that stays on its station."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest
from textual import events
from textual._compositor import LayoutUpdate
from textual.screen import Screen
from textual.widgets import Input, OptionList

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.events import Connected, Refused, Snapshot, StationReport
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.model import Config, InterfaceSection, LogScope, WatchedSection
from nobil_tui.config.operations import Put, Star
from nobil_tui.feeds.source import ChosenSource, SourceError
from nobil_tui.tui.app import ANSWER_TIMEOUT, NobilApp
from nobil_tui.tui.screens.main import MainScreen
from nobil_tui.tui.style.themes import AUTO, DARK, LIGHT
from nobil_tui.tui.terminal_input import Background
from nobil_tui.tui.textual_internals.painting import QuietTerminal
from nobil_tui.tui.textual_internals.terminal import ask_for_background
from nobil_tui.tui.widgets.filter.line import FilterLine
from nobil_tui.tui.widgets.stations.pane import INPUT_PAUSE
from tests.config.saving import save_config
from tests.conftest import START, FakeClock
from tests.tui.app_driver import (
    NARROW,
    WIDE,
    HandSource,
    live,
    opened,
    saved,
    setup_of,
    text_of,
    until,
)
from tests.tui.three_stations import (
    FAULT,
    FREE,
    OCCUPIED,
    country,
    screen_text,
    source_of,
    station,
)


async def test_a_star_is_shown_and_saved(tmp_path: Path) -> None:
    clock, config = FakeClock(), tmp_path / "config.toml"
    async with opened(setup_of(clock, source_of(clock), config_path=config)) as pilot:
        main = await live(pilot)
        await pilot.press("j", "s")
        chosen = main.workspace.stations.selected
        assert chosen in main.workspace.settings.starred
        assert main.workspace.link_bar.state.starred == 1
        await saved(pilot, config, lambda config: config.watched.stations == [chosen])
        await pilot.press("s")
        await saved(pilot, config, lambda config: config.watched.stations == [])
        assert chosen not in main.workspace.settings.starred


async def test_a_click_on_the_star_stars_and_a_click_on_a_row_selects() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        # The border, the header, and then the third row.
        await pilot.click(main.workspace.stations, offset=(20, 4))
        assert main.workspace.stations.selected == main.workspace.station_list.ids[2]
        third = main.workspace.station_list.ids[2]
        await pilot.click(main.workspace.stations, offset=(2, 4))
        assert main.workspace.settings.starred == {third}


async def test_a_star_set_by_another_program_is_shown(tmp_path: Path) -> None:
    clock, config = FakeClock(), tmp_path / "config.toml"
    async with opened(setup_of(clock, source_of(clock), config_path=config)) as pilot:
        main = await live(pilot)
        save_config(config, Star("NOR_00003"))
        await main.live_updates.tick()
        assert main.workspace.settings.starred == {"NOR_00003"}
        assert main.workspace.station_list.ids[0] == "NOR_00003"


async def test_the_selection_stays_on_its_station() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("j")
        chosen = main.workspace.stations.selected
        for _ in range(6):
            await pilot.press("o")
            assert main.workspace.stations.selected == chosen
        await pilot.press("O")
        assert main.workspace.stations.selected == chosen
        version = main.workspace.connectors.version
        main.workspace.session.source.feed.put(Snapshot([station(9, FREE), *country()], START + 5))  # type: ignore[attr-defined]
        await until(pilot, lambda: main.workspace.connectors.version > version)
        # Not while the user is busy.
        await main.live_updates.tick()
        assert "NOR_00009" not in main.workspace.station_list.ids
        clock.advance(INPUT_PAUSE)
        await main.live_updates.tick()
        assert "NOR_00009" in main.workspace.station_list.ids
        assert main.workspace.stations.selected == chosen


async def test_the_selection_returns_after_a_filter() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.workspace.stations.select("NOR_00002")
        await pilot.press("slash", *"minde")
        assert main.workspace.station_list.ids == ["NOR_00003"]
        assert main.workspace.stations.selected == "NOR_00003"
        assert "1 of 3" in screen_text(pilot)
        await pilot.press("escape")
        assert main.workspace.stations.selected == "NOR_00002"
        assert main.focused is main.workspace.stations
        # It stays on the station that the user did something with.
        for key in ("s", "n", "y", "enter"):
            await pilot.press("slash", *"minde", "enter", key, "escape", "escape")
            assert main.workspace.stations.selected == "NOR_00003", key
            main.workspace.stations.select("NOR_00002")


async def test_enter_keeps_a_filter_and_escape_clears_it() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("slash", *"ccs free", "enter")
        assert main.focused is main.workspace.stations
        assert set(main.workspace.station_list.ids) == {"NOR_00001", "NOR_00003"}
        await pilot.press("escape")
        assert len(main.workspace.station_list.ids) == 3
        assert not main.workspace.filter_line.has_class("-shown")


async def test_the_filter_line_is_mounted_on_first_use() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("escape")
        assert not main.query(FilterLine)
        await pilot.press("slash")
        assert main.query_one(FilterLine).region.bottom == main.workspace.key_hints.region.y
        await pilot.press("escape", "slash", *"minde")
        assert main.workspace.station_list.ids == ["NOR_00003"]


async def test_an_error_in_a_filter_is_explained() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        await pilot.press("slash", *"opr:recharge")
        assert "unknown field opr" in screen_text(pilot)


async def test_filters_are_saved_and_recalled_by_number(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "config.toml"
    async with opened(setup_of(clock, source_of(clock), config_path=path)) as pilot:
        main = await live(pilot)
        await pilot.press("slash", *"ccs", "enter", "S")
        await pilot.press(*"Fast", "enter")
        await until(pilot, lambda: main.workspace.settings.config.filters == {"Fast": "ccs"})
        await saved(pilot, path, lambda config: config.filters == {"Fast": "ccs"})
        await pilot.press("escape")
        assert len(main.workspace.station_list.ids) == 3
        await pilot.press("1")
        assert set(main.workspace.station_list.ids) == {"NOR_00001", "NOR_00003"}
        await pilot.press("2")
        assert "There is no saved filter 2" in screen_text(pilot)


async def test_starred_only_and_faults_only() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection(["NOR_00002", "NOR_00077"]))
    async with opened(setup_of(clock, source_of(clock), config=config)) as pilot:
        main = await live(pilot)
        await pilot.press("w")
        assert set(main.workspace.station_list.ids) == {"NOR_00002", "NOR_00077"}
        assert "not streamed" in screen_text(pilot)
        await pilot.press("w", "e")
        assert main.workspace.station_list.ids == ["NOR_00003"]
        assert "2 starred hidden" in screen_text(pilot)
        await pilot.press("escape")
        assert len(main.workspace.station_list.ids) == 4


async def test_an_alert_notifies_when_a_connector_becomes_free() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.workspace.stations.select("NOR_00002")
        await pilot.press("n")
        assert main.workspace.alerts.stations == {"NOR_00002"}
        main.workspace.session.source.feed.put(  # type: ignore[attr-defined]
            StationReport(station(2, FREE, at=START + 1000), START + 1000)
        )
        await until(
            pilot, lambda: any(each.message == "1/1 free." for each in pilot.app._notifications)
        )
        assert main.workspace.alerts.stations == set()


async def test_a_log_line_selects_its_station() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.workspace.session.source.feed.put(  # type: ignore[attr-defined]
            StationReport(station(3, OCCUPIED, FAULT), START + 1000)
        )
        await until(pilot, lambda: main.live_updates.painted == 2)
        main.workspace.stations.select("NOR_00001")
        main.workspace.event_log.focus()
        await pilot.press("enter")
        await until(pilot, lambda: main.workspace.stations.selected == "NOR_00003")


async def test_the_log_shows_its_scope() -> None:
    clock = FakeClock()
    config = Config(watched=WatchedSection(["NOR_00002"]))
    async with opened(setup_of(clock, source_of(clock), config=config)) as pilot:
        main = await live(pilot)
        main.workspace.stations.select("NOR_00001")
        for report in (
            station(2, FREE),
            station(3, OCCUPIED, FAULT),
            station(1, OCCUPIED, OCCUPIED),
        ):
            main.workspace.session.source.feed.put(StationReport(report, START + 1000))  # type: ignore[attr-defined]
        await until(pilot, lambda: main.live_updates.painted == 4)
        assert main.workspace.event_log.count == 4
        await pilot.press("l")
        assert main.workspace.event_log.count == 2
        await pilot.press("l")
        assert main.workspace.event_log.count == 2
        main.workspace.stations.select("NOR_00003")
        logged = main.workspace.event_log.buffer.lines
        await until(
            pilot, lambda: [getattr(line, "station", "") for line in logged()] == ["", "NOR_00003"]
        )


async def test_the_log_is_exported_and_a_file_is_replaced_after_confirmation(
    tmp_path: Path,
) -> None:
    clock, target = FakeClock(), tmp_path / "log.jsonl"
    target.write_text("mine\n")
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("x")
        assert "Nothing to export" in screen_text(pilot)
        main.workspace.session.source.feed.put(StationReport(station(2, FREE), START + 1000))  # type: ignore[attr-defined]
        await until(pilot, lambda: main.live_updates.painted == 2)
        await pilot.press("x")
        pilot.app.screen.query_one("#path", Input).value = str(target)
        await pilot.press("enter")
        await until(pilot, lambda: "This file already exists" in screen_text(pilot))
        assert target.read_text() == "mine\n"
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is main)
        line = json.loads(target.read_text())
        assert (line["station"], line["before"], line["after"]) == ("NOR_00002", "occupied", "free")


async def test_another_source_is_tried_before_it_is_used(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "config.toml"
    other = HandSource(clock, name="other.example")
    keys: list[str | None] = []

    def choose(text: str, config: Config, key: Secret | None) -> ChosenSource:
        if text != "wss://other.example/x?key={private_apikey}":
            raise SourceError("This is no source.")
        keys.append(key.reveal() if key else None)
        return ChosenSource(other, text, remember=(Put("stream", "api_key", key),))

    async with opened(
        setup_of(clock, source_of(clock), make_source=choose, config_path=path)
    ) as pilot:
        main = await live(pilot)
        await pilot.press("c")
        source, key = (pilot.app.screen.query_one(id_, Input) for id_ in ("#source", "#key"))
        source.value = "nonsense"
        await pilot.press("enter")
        await until(pilot, lambda: "This is no source." in screen_text(pilot))
        assert not path.exists()
        source.value = "wss://other.example/x?key={private_apikey}"
        key.value = "s3cr3t-key"
        assert "s3cr3t" not in screen_text(pilot)
        other.feed.put(Refused("HTTP 401", START))
        await pilot.press("enter")
        await until(pilot, lambda: "Key refused" in screen_text(pilot))
        pilot.app.screen.query_one("#remember").toggle()  # type: ignore[attr-defined]
        other.feed.put(Connected(START))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is main)
        assert keys[-1] == "s3cr3t-key"
        assert main.workspace.session.source.name == "other.example"
        await saved(pilot, path, lambda config: config.stream.api_key == Secret("s3cr3t-key"))
        assert "s3cr3t" not in screen_text(pilot)


async def test_the_list_of_themes_is_drawn_in_ascii() -> None:
    clock = FakeClock()
    config = Config(interface=InterfaceSection(keys={"theme": ["t"]}))
    async with opened(setup_of(clock, source_of(clock), config=config, ascii=True)) as pilot:
        await live(pilot)
        # Also before the command palette was opened.
        await pilot.press("t")
        await until(pilot, lambda: "nobil-light" in screen_text(pilot))
        assert not [
            sign for sign in screen_text(pilot) if not sign.isascii() and not sign.isalpha()
        ]


async def test_text_typed_right_after_slash_goes_to_the_filter() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        sort = main.workspace.station_list.options.sort
        # All arrive before the first is handled, as from a script.
        for letter in "/oslo":
            pilot.app.post_message(events.Key("slash" if letter == "/" else letter, letter))
        await until(pilot, lambda: main.workspace.filter_line.text == "oslo")
        await until(pilot, lambda: main.workspace.stations.count == 1)
        # None of it was a command: o sorts, s stars, l is the log's scope.
        assert (main.workspace.station_list.options.sort, main.workspace.settings.starred) == (
            sort,
            set(),
        )
        assert main.workspace.event_log.scope is LogScope.ALL


async def test_text_typed_right_before_escape_is_cleared() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        for key, letter in (("slash", "/"), ("m", "m"), ("escape", None), ("s", "s")):
            pilot.app._driver.process_message(events.Key(key, letter))  # type: ignore[union-attr]
        await until(pilot, lambda: main.focused is main.workspace.stations)
        await pilot.pause()
        await pilot.pause()
        assert main.workspace.station_list.filter == main.workspace.filter_line.text
        assert bool(main.workspace.station_list.filter) is main.workspace.filter_line.has_class(
            "-shown"
        )


@pytest.mark.parametrize("then", ["slash", "question_mark", "c", "s"])
async def test_keys_after_quit_are_dropped(then: str) -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        # As from a terminal: both arrive before the first is handled.
        for key in ("q", then):
            pilot.app.post_message(events.Key(key, None))
        await until(pilot, lambda: not pilot.app.is_running)
    assert pilot.app.return_code == 0


async def test_the_start_paints_once_and_closing_a_dialog_paints_again(
    monkeypatch: pytest.MonkeyPatch, painted_at_once: None
) -> None:
    whole: list[bool] = []
    """For each paint of a whole screen, whether it was the main one after its first paint."""
    display = QuietTerminal._display

    def note(app: QuietTerminal, screen: Screen[None], update: object) -> None:
        if isinstance(update, LayoutUpdate):
            whole.append(isinstance(screen, MainScreen) and screen.painted_once)
        display(app, screen, update)

    monkeypatch.setattr(QuietTerminal, "_display", note)
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        assert whole == [False]
        await pilot.press("question_mark")
        whole.clear()
        await pilot.press("escape")
        await until(pilot, lambda: whole)
        assert whole[-1]


async def test_a_theme_is_previewed_and_kept(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "config.toml"
    async with opened(setup_of(clock, source_of(clock), config_path=path)) as pilot:
        await live(pilot)
        before = pilot.app.theme
        await pilot.press("T")
        themes = pilot.app.screen.query_one(OptionList)
        names = [option.id for option in themes.options]
        assert names[0] == AUTO
        assert names[themes.highlighted or 0] == before
        assert f"● {before}" in screen_text(pilot)
        await pilot.press("j")
        assert pilot.app.theme == names[names.index(before) + 1] != before
        await pilot.press("escape")
        assert pilot.app.theme == before
        assert not path.exists()
        await pilot.press("T")
        pilot.app.screen.query_one(OptionList).highlighted = names.index("nord")
        await pilot.press("enter")
        await saved(pilot, path, lambda config: config.interface.theme == "nord")
        assert pilot.app.theme == "nord"


async def test_the_theme_follows_the_background_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    environ = {"TERM": "xterm-256color"}
    white, black = Background(1, 1, 1), Background(0, 0, 0)
    async with opened(setup_of(clock, source_of(clock), environ=environ)) as pilot:
        main, app = await live(pilot), pilot.app
        assert isinstance(app, NobilApp)
        app.use_background(white)
        # Nothing was asked: there is no terminal.
        assert app.theme == DARK
        asked = mock.Mock()
        monkeypatch.setattr(app._driver, "ask_background", asked, raising=False)
        app.on_ready()
        asked.assert_called_once()
        app.use_background(white)
        assert app.theme == LIGHT
        await pilot.press("T", "g")
        assert app.theme == LIGHT
        await pilot.press("escape")
        # Another theme was chosen meanwhile, or the answer is late.
        app.theme = "nord"
        app.use_background(black)
        assert app.theme == "nord"
        app.theme = DARK
        clock.advance(ANSWER_TIMEOUT + 1)
        app.use_background(white)
        assert app.theme == DARK
        for name in ("linux", "screen", "dumb", "vt220"):
            assert not ask_for_background(app, {"TERM": name})
        assert ask_for_background(app, {"TERM": "screen-256color", "TMUX": "/tmp/tmux"})
        assert ask_for_background(app, {"TERM": "vte-256color"})
        main.workspace.settings.apply(Put("interface", "theme", "nord"))
        asked.reset_mock()
        app.on_ready()
        asked.assert_not_called()


async def test_an_unknown_theme_is_reported() -> None:
    clock = FakeClock()
    config = Config(interface=InterfaceSection(theme="nrod"))
    async with opened(setup_of(clock, source_of(clock), config=config)) as pilot:
        await live(pilot)
        await until(pilot, lambda: '"nord"?' in screen_text(pilot))


async def test_keys_can_be_remapped() -> None:
    clock = FakeClock()
    config = Config(interface=InterfaceSection(keys={"star": "f", "quit": ["ctrl+x"]}))
    async with opened(setup_of(clock, source_of(clock), config=config)) as pilot:
        main = await live(pilot)
        await pilot.press("s")
        assert not main.workspace.settings.starred
        await pilot.press("f")
        assert main.workspace.settings.starred
        assert "f Star" in text_of(pilot)[-1]
        assert "^x Quit" in text_of(pilot)[-1]


async def test_home_gives_distances(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "config.toml"
    async with opened(setup_of(clock, source_of(clock), config_path=path)) as pilot:
        main = await live(pilot)
        main.workspace.stations.select("NOR_00002")
        await pilot.press("H")
        await saved(pilot, path, lambda config: config.home.position == (59.91, 10.75))
        assert "8.4 km" in screen_text(pilot)
        assert "Home set to Rådhusgata 12 · u undoes" in screen_text(pilot)
        main.workspace.stations.select("NOR_00003")
        await pilot.press("H")
        assert "The position of Minde Ladepark is unknown" in screen_text(pilot)
        await pilot.press("escape")
        # A home is not replaced without a question.
        main.workspace.stations.select("NOR_00001")
        await pilot.press("H")
        assert "from Rådhusgata 12." in screen_text(pilot)
        await pilot.press("escape")
        assert main.workspace.settings.home == (59.91, 10.75)
        await pilot.press("H")
        await pilot.click("#replace")
        assert main.workspace.settings.home == (59.9, 10.6)
        await pilot.press("H")
        await pilot.click("#remove")
        await saved(pilot, path, lambda config: config.home.position is None)
        assert main.workspace.station_list.origin is None
        await pilot.press("u", "u")
        assert main.workspace.settings.home == main.workspace.station_list.home == (59.91, 10.75)
        await saved(pilot, path, lambda config: config.home.position == (59.91, 10.75))


async def test_texts_from_outside_are_neither_markup_nor_control_codes() -> None:
    clock = FakeClock()
    nasty = "[red]\x1b[2J\u202eevil[/] " + "x" * 500
    source = HandSource(clock, Register({"NOR_00001": Facts(nasty, nasty, nasty, nasty)}))
    source.feed.put(Connected(START), Snapshot([station(1, FREE)], START))
    async with opened(setup_of(clock, source), (120, 40)) as pilot:
        main = await live(pilot)
        main.workspace.session.source.feed.put(StationReport(station(1, OCCUPIED), START + 1))  # type: ignore[attr-defined]
        await until(pilot, lambda: main.live_updates.painted == 2)
        await pilot.press("n", "y")
        await pilot.pause()
        text = screen_text(pilot)
        assert "\x1b" not in text
        assert "[red][2Jevil[/]" in text
        assert all(len(line) == 120 for line in text_of(pilot))


async def test_the_palette_finds_stations_and_commands() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("ctrl+p")
        await pilot.press(*"minde")
        await until(
            pilot, lambda: "NOR_00003" in screen_text(pilot) and "Search" not in screen_text(pilot)
        )
        # The station comes before commands that only have the letters somewhere.
        await pilot.press("enter")
        await until(pilot, lambda: main.workspace.stations.selected == "NOR_00003")


async def test_the_palette_parses_no_text_as_markup() -> None:
    clock = FakeClock()
    source = HandSource(clock)
    odd = "NOR_1[/b][@click=app.exit]x"
    source.feed.put(Connected(START), Snapshot([Station(odd, [Connector()])], START))
    config = Config(filters={"x": "[/y] nor"})
    async with opened(setup_of(clock, source, config=config), WIDE) as pilot:
        await live(pilot)
        await pilot.press("ctrl+p", *"nor")
        await until(pilot, lambda: odd in screen_text(pilot) and "[/y] nor" in screen_text(pilot))


async def test_a_filter_that_cannot_be_saved_works_in_this_session(tmp_path: Path) -> None:
    clock, config = FakeClock(), tmp_path / "folder" / "config.toml"
    config.parent.write_text("not a folder")
    async with opened(setup_of(clock, source_of(clock), config_path=config)) as pilot:
        main = await live(pilot)
        await pilot.press("slash", *"ccs", "enter", "S")
        await pilot.press(*"Fast", "enter")
        await until(pilot, lambda: "applies until you quit" in screen_text(pilot))
        await pilot.press("escape", "1")
        assert set(main.workspace.station_list.ids) == {"NOR_00001", "NOR_00003"}


async def test_quit_returns_zero() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        await live(pilot)
        await pilot.press("q")
    assert pilot.app.return_value == 0


async def test_escape_closes_every_dialog() -> None:
    clock = FakeClock()
    async with opened(setup_of(clock, source_of(clock)), NARROW) as pilot:
        main = await live(pilot)
        main.workspace.session.source.feed.put(StationReport(station(2, FREE), START + 1000))  # type: ignore[attr-defined]
        await until(pilot, lambda: main.live_updates.painted == 2)
        main.commands.filters.show("minde")
        for key in ("question_mark", "c", "x", "S", "ctrl+p"):
            await pilot.press(key)
            assert pilot.app.screen is not main, key
            await pilot.press("escape")
            assert pilot.app.screen is main, key


async def test_a_crash_shows_no_secret(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = FakeClock()
    setup = setup_of(clock, source_of(clock), environ={"NOBIL_API_KEY": "s3cr3t-key"})
    with pytest.raises(RuntimeError, match="on purpose"):
        async with opened(setup) as pilot:
            main = await live(pilot)

            def broken() -> None:
                held = setup.environ
                raise RuntimeError(f"on purpose, with {len(held)}")

            main.call_later(broken)
            await until(pilot, lambda: pilot.app.return_code == 1)
    said = capsys.readouterr()
    assert said.err + said.out == ""
    assert "s3cr3t" not in caplog.text
    assert "on purpose" in caplog.text
