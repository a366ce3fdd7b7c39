"""The next start restores the filter, the selection and the panes of the last run."""

from __future__ import annotations

from pathlib import Path

import pytest

from nobil_tui.config.model import Config, InterfaceSection
from nobil_tui.search.sorting import Sort
from nobil_tui.store.view_file import StoredView, load_view, save_view
from nobil_tui.tui.screens.main import MainScreen
from tests.conftest import FakeClock
from tests.tui.app_driver import USUAL, WIDE, SteppedSource, live, opened, setup_of, text_of


async def test_the_app_starts_as_it_ended(clock: FakeClock, tmp_path: Path) -> None:
    setup = setup_of(clock, SteppedSource(clock), state_dir=tmp_path)
    async with opened(setup, WIDE) as pilot:
        main = await live(pilot)
        await pilot.press("slash", *"nor", "enter", "O", "e", "v", "j", "j", "tab")
        chosen = main.workspace.stations.selected
        before = state_of(main)
        assert before == ("nor", True, True, False, chosen)
        await pilot.press("q")
    async with opened(setup_of(clock, SteppedSource(clock), state_dir=tmp_path), WIDE) as pilot:
        assert state_of(await live(pilot)) == before
        assert any("/ nor" in line for line in text_of(pilot))
        # Esc leads back to all stations, as if the filter had been typed now.
        await pilot.press("escape", "escape", "escape")
        assert main_state(await live(pilot))[:3] == ("", True, False)
        await pilot.press("v", "z", "q")
    # A narrow terminal has other panes.
    async with opened(setup_of(clock, SteppedSource(clock), state_dir=tmp_path), USUAL) as pilot:
        main = await live(pilot)
        assert main.workspace.stations.selected == chosen
        # The enlarged log of a low terminal, and the focus in it, are not brought back.
        await pilot.press("v", "tab", "z", "q")
    async with opened(setup_of(clock, SteppedSource(clock), state_dir=tmp_path), USUAL) as pilot:
        main = await live(pilot)
        layout = main.workspace.layout
        assert (layout.zoomed, layout.log_shown, main.focused) == ("", True, layout.panes[0])


def state_of(main: MainScreen) -> tuple[object, ...]:
    workspace = main.workspace
    assert workspace.layout.zoomed == ""
    return (*main_state(main), workspace.layout.log_shown, workspace.stations.selected)


def main_state(main: MainScreen) -> tuple[str, bool, bool]:
    options = main.workspace.station_list.options
    return options.filter, options.reverse, options.faults_only


async def test_it_can_be_turned_off(clock: FakeClock, tmp_path: Path) -> None:
    save_view(tmp_path / "view.json", StoredView(filter="nor", reverse=True))
    config = Config(interface=InterfaceSection(sort=Sort.NAME, restore=False))
    setup = setup_of(clock, SteppedSource(clock), state_dir=tmp_path, config=config)
    async with opened(setup, WIDE) as pilot:
        assert main_state(await live(pilot)) == ("", False, False)
        await pilot.press("e", "q")
    assert load_view(tmp_path / "view.json") == StoredView(filter="nor", reverse=True)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'{"filter": 1}', b'{"filter": "\\u001b[2J"}', b"\xff" * 20_000],
)
def test_a_file_that_is_no_view_is_ignored(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "view.json"
    path.write_bytes(content)
    assert load_view(path) == StoredView()


def test_a_folder_that_cannot_be_written_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    save_view(tmp_path / "file" / "view.json", StoredView(filter="oslo"))
    assert load_view(tmp_path / "file" / "view.json") == StoredView()
