"""The list of alerts: add, edit, pause and remove them, and the choice of a connector."""

from __future__ import annotations

from textual.widgets import Input, OptionList, Static

from nobil_tui.charging.events import Connected, Snapshot, StationReport
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from nobil_tui.config.alert_rules import AlertRule, AlertWhen
from nobil_tui.monitor.batch import Note, NoteKind
from nobil_tui.tui.dialogs.alerts import AlertsScreen
from nobil_tui.tui.dialogs.edit_alert import EditAlertScreen
from tests.conftest import START, FakeClock
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until

FREE, OCCUPIED = 0, 1


def station(id_: str, *statuses: int) -> Station:
    return Station(id_, [Connector(status, 0, START) for status in statuses])


def source_of(clock: FakeClock) -> HandSource:
    plugs = (Plug("CCS", 150), Plug("Type 2", 22))
    facts = {"NOR_1": Facts("Torget", "Oslo", plugs=plugs), "NOR_2": Facts("Kaia", "Bergen")}
    source = HandSource(clock, Register(facts))
    stations = [station("NOR_1", OCCUPIED, OCCUPIED), station("NOR_2", FREE)]
    source.feed.put(Connected(START), Snapshot(stations, START))
    return source


async def test_alerts_are_edited_paused_and_removed(clock: FakeClock) -> None:
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        alerts = (await live(pilot)).workspace.alerts
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, AlertsScreen))
        assert "No alerts." in "\n".join(text_of(pilot))
        alerts.set(AlertRule("NOR_1"))
        alerts.set(AlertRule("NOR_2", when=AlertWhen.FAULT))
        await pilot.press("down", "space")
        assert [rule.paused for rule in alerts.rules] == [False, True]
        assert alerts.stations == {"NOR_1"}
        await pilot.press("space", "up", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditAlertScreen))
        screen = pilot.app.screen
        for name, text in (("when", "fre"), ("filter", "zzzz:1"), ("least", "0")):
            field = screen.query_one(f"#{name}", Input)
            good, field.value = field.value, text
            await pilot.press("enter")
            await pilot.pause()
            assert str(screen.query_one("#answer", Static).render())
            field.value = good
        screen.query_one("#filter", Input).value = "ccs"
        screen.query_one("#least", Input).value = "2"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AlertsScreen))
        assert [rule.key for rule in alerts.rules] == [
            ("NOR_2", "", "", "fault", 1),
            ("NOR_1", "", "ccs", "free", 2),
        ]
        await pilot.press("d")
        assert [rule.station for rule in alerts.rules] == ["NOR_1"]
        await until(pilot, lambda: "Alert removed · u undoes" in "\n".join(text_of(pilot)))
        await pilot.press("u")
        await until(pilot, lambda: len(alerts.rules) == 2)
        assert isinstance(pilot.app.screen, AlertsScreen)
        await pilot.press("N")
        await until(pilot, lambda: pilot.app.screen is pilot.app.screen_stack[0])


async def test_the_alert_under_the_cursor_is_on_screen_in_a_low_terminal(
    clock: FakeClock,
) -> None:
    async with opened(setup_of(clock, source_of(clock)), (60, 20)) as pilot:
        alerts = (await live(pilot)).workspace.alerts
        for when in (AlertWhen.FREE, AlertWhen.FAULT, AlertWhen.WORKS):
            alerts.set(AlertRule("NOR_1", when=when))
        alerts.set(AlertRule("NOR_2"))
        await pilot.press("N", "G")
        for height in (14, 12):
            await pilot.resize_terminal(60, height)
            await until(pilot, lambda: "Kaia" in "\n".join(text_of(pilot)))


async def test_an_area_is_that_of_the_current_filter(clock: FakeClock) -> None:
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        alerts = (await live(pilot)).workspace.alerts
        await pilot.press("slash", *"oslo", "enter", "N", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditAlertScreen))
        await pilot.press("enter")
        await until(pilot, lambda: alerts.rules)
        assert alerts.rules == [AlertRule(filter="oslo")]


async def test_an_alert_around_no_home_says_that_it_cannot_fire(clock: FakeClock) -> None:
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        alerts = (await live(pilot)).workspace.alerts
        await pilot.press("N", "a")
        await until(pilot, lambda: isinstance(pilot.app.screen, EditAlertScreen))
        await pilot.press(*"within:5km", "enter")
        await until(pilot, lambda: alerts.rules)
        await until(pilot, lambda: "This alert cannot fire yet" in "\n".join(text_of(pilot)))


async def test_n_arms_with_the_plugs_of_the_filter_and_disarms(clock: FakeClock) -> None:
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        await pilot.press("slash", *"ccs >=100kw", "enter")
        main.workspace.stations.select("NOR_1")
        await pilot.press("n")
        assert main.workspace.alerts.rules == [AlertRule("NOR_1", filter="ccs >=100kw")]
        assert main.workspace.alerts.stations == {"NOR_1"}
        messages = [each.message for each in pilot.app._notifications]
        assert messages == [
            "Alert set: you will be notified once when a connector with CCS, 100 kW or more "
            "is free."
        ]
        await pilot.press("n")
        assert main.workspace.alerts.rules == []


async def test_in_the_connectors_an_alert_is_for_one_of_them(clock: FakeClock) -> None:
    source = source_of(clock)
    async with opened(setup_of(clock, source)) as pilot:
        main = await live(pilot)
        main.workspace.stations.select("NOR_1")
        main.workspace.connectors.focus()
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen.query(OptionList))
        await pilot.press("down", "enter")
        await pilot.pause()
        assert main.workspace.alerts.rules == [AlertRule("NOR_1", connector="2")]
        for statuses in ((FREE, OCCUPIED), (OCCUPIED, FREE)):
            clock.advance(600)
            source.feed.put(StationReport(station("NOR_1", *statuses), clock.now()))
        await until(pilot, lambda: not main.workspace.alerts.rules)
        log = main.workspace.event_log.buffer.lines()
        notes = [
            each.text for each in log if isinstance(each, Note) and each.kind is NoteKind.ALERT
        ]
        assert len(notes) == 1
        assert notes[0].startswith("Torget: Connector 2 is free")
        # It is listed with when it fired, and can be armed again or removed.
        await pilot.press("N")
        await until(pilot, lambda: isinstance(pilot.app.screen, AlertsScreen))
        lines = [" ".join(each.strip("│ ▌").split()) for each in text_of(pilot)]
        assert "fired Torget connector 2 is free now" in lines
        await pilot.press("space")
        assert main.workspace.alerts.rules == [AlertRule("NOR_1", connector="2")]
        assert main.workspace.alerts.fired_once == []
        await pilot.press("d")
        assert main.workspace.alerts.rules == []
        assert main.workspace.alerts.fired_once == []


async def test_the_stations_of_an_area_are_marked(clock: FakeClock) -> None:
    async with opened(setup_of(clock, source_of(clock))) as pilot:
        main = await live(pilot)
        main.workspace.alerts.set(AlertRule(filter="oslo"))
        await until(pilot, lambda: main.workspace.alerts.refresh())
        main.workspace.show_alerts()
        await pilot.pause()
        rows = {
            name: line for line in text_of(pilot) for name in ("Torget", "Kaia") if name in line
        }
        assert "!" in rows["Torget"][:6]
        assert "!" not in rows["Kaia"][:6]
