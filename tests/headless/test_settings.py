"""A command without a screen follows the config file, and prints notices once."""

from __future__ import annotations

import os
from pathlib import Path

from nobil_tui.config.reading import load_config
from nobil_tui.headless.settings import CONFIG_POLL_INTERVAL, following_settings
from nobil_tui.session.history import recorded_stations
from nobil_tui.session.settings import Settings
from tests.conftest import FakeClock, guarded
from tests.headless.feeds import until


async def test_stars_are_followed_and_a_notice_is_printed_once(
    clock: FakeClock, tmp_path: Path
) -> None:
    path = tmp_path / "config.toml"
    settings = Settings(path, load_config(path))
    recorded = recorded_stations(settings)
    assert recorded is not None
    notice, said = "", list[str]()
    following = following_settings(settings, lambda: notice, said.append, clock=clock)
    async with following:
        await guarded(clock.asleep())
        assert recorded() == set()
        notice = "The disk is full."
        path.write_text("[watched]\nstations = ['NOR_1']\n")
        os.utime(path, (1, 1))
        for _ in range(2):
            clock.advance(CONFIG_POLL_INTERVAL)
            await until(lambda: recorded() == {"NOR_1"})
            await guarded(clock.asleep())
        assert said == ["The disk is full."]
        notice = "The history was damaged."
    # Also what came last.
    assert said == ["The disk is full.", "The history was damaged."]


def test_the_config_says_whose_changes_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for mode, stations in (("all", None), ("starred", {"NOR_1"})):
        path.write_text(f"[history]\nrecord = '{mode}'\n[watched]\nstations = ['NOR_1']\n")
        recorded = recorded_stations(Settings(path, load_config(path)))
        assert recorded is not None
        assert recorded() == stations
    path.write_text("[history]\nrecord = 'off'\n")
    assert recorded_stations(Settings(path, load_config(path))) is None
