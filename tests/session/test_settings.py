"""The settings of a session: applied at once, saved later, and kept when another program writes the
file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from nobil_tui.charging.geo import Position
from nobil_tui.config.model import Config, InterfaceSection, WatchedSection
from nobil_tui.config.operations import Operation, Put, Star, Unstar
from nobil_tui.config.reading import load_config, read_config_file
from nobil_tui.session import settings as module
from nobil_tui.session.settings import AWAY_POLLS, Settings
from tests.config.saving import save_config
from tests.conftest import guarded, settle

T = TypeVar("T")


class Poller:
    """Polls settings and records what they report."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.changes = 0
        self.warnings: list[str] = []

    def stars_changed(self) -> None:
        self.changes += 1

    async def poll(self) -> None:
        await guarded(self.settings.poll(self.stars_changed, self.warnings.append))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def settings_of(path: Path, *stars: str) -> Settings:
    if stars:
        save_config(path, *map(Star, stars))
    return Settings(path, load_config(path) if path.exists() else Config())


def write(path: Path, text: str) -> None:
    path.write_text(text)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def remove(path: Path) -> None:
    path.unlink()


async def set_all(settings: Settings, *operations: Operation) -> str:
    """Apply operations and save them; return the error."""
    settings.apply(*operations)
    return await guarded(settings.save())


async def test_a_change_is_applied_at_once_and_then_saved(path: Path) -> None:
    settings = settings_of(path, "A")
    settings.apply(Star("B"))
    settings.apply(Unstar("A"), Put("interface", "theme", "nord"))
    assert settings.starred == {"B"}
    assert settings.config.interface.theme == "nord"
    assert load_config(path).watched.stations == ["A"]
    assert await guarded(settings.save()) == ""
    assert load_config(path).watched.stations == ["B"]
    assert settings.config == load_config(path)


async def test_without_a_file_changes_apply_to_the_session() -> None:
    settings = Settings(None, Config(watched=WatchedSection(["A"])))
    assert await set_all(settings, Star("B"), Put("filters", "Fast", "ccs")) == ""
    poller = Poller(settings)
    await poller.poll()
    assert settings.starred == {"A", "B"}
    assert settings.filters == {"Fast": "ccs"}
    assert (poller.changes, poller.warnings) == (0, [])


async def test_changes_by_another_program_are_read(path: Path) -> None:
    settings = settings_of(path, "A")
    poller = Poller(settings)
    await poller.poll()
    assert poller.changes == 0
    save_config(path, Star("B"), Unstar("A"))
    await poller.poll()
    assert (settings.starred, poller.changes) == ({"B"}, 1)
    # A change of another setting is no change of the stars.
    save_config(path, Put("interface", "theme", "nord"))
    await poller.poll()
    assert (settings.config.interface, poller.changes) == (InterfaceSection(theme="nord"), 1)


async def test_the_set_of_stars_stays_the_same_object(path: Path) -> None:
    settings = settings_of(path, "A")
    starred = settings.starred
    save_config(path, Star("B"))
    await Poller(settings).poll()
    assert starred == {"A", "B"}
    settings.apply(Unstar("A"))
    assert starred == {"B"}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every read of the file by the settings."""
    found: list[Path] = []

    def counted(path: Path) -> bytes | None:
        found.append(path)
        return read_config_file(path)

    monkeypatch.setattr(module, "read_config_file", counted)
    return found


async def test_an_unchanged_file_is_not_read_again(path: Path, reads: list[Path]) -> None:
    poller = Poller(settings_of(path, "A"))
    reads.clear()
    await poller.poll()
    assert reads == []
    save_config(path, Star("B"))
    await poller.poll()
    await poller.poll()
    assert reads == [path]


async def test_a_file_that_we_saved_is_not_read_back(path: Path, reads: list[Path]) -> None:
    settings = settings_of(path, "A")
    reads.clear()
    await set_all(settings, Star("B"))
    poller = Poller(settings)
    await poller.poll()
    assert (reads, poller.changes) == ([], 0)


async def test_an_unsaved_star_survives_what_another_program_saves(path: Path) -> None:
    settings = settings_of(path, "A", "B")
    write(path, "nonsense")
    problem = await set_all(settings, Star("C"), Unstar("A"))
    assert str(path) in problem
    assert problem.endswith("\nThe change applies until you quit.")
    write(path, '[watched]\nstations = ["A", "B"]\n')
    save_config(path, Star("D"))
    await Poller(settings).poll()
    assert settings.starred == {"B", "C", "D"}
    # Once saved, it is like any other star of the file.
    assert await guarded(settings.save()) == ""
    assert load_config(path).watched.stations == ["B", "D", "C"]
    save_config(path, Unstar("C"))
    await Poller(settings).poll()
    assert settings.starred == {"B", "D"}


async def test_a_failed_save_is_repeated_by_the_next(path: Path) -> None:
    settings = settings_of(path)
    write(path, "nonsense")
    assert await set_all(settings, Star("A"))
    write(path, "")
    assert await set_all(settings, Put("interface", "theme", "nord")) == ""
    assert load_config(path) == Config(
        WatchedSection(["A"]), interface=InterfaceSection(theme="nord")
    )


async def test_the_last_of_two_changes_of_the_same_thing_counts(path: Path) -> None:
    settings = settings_of(path)
    settings.apply(Star("A"), Put("interface", "theme", "nord"))
    settings.apply(Unstar("A"), Put("interface", "theme", None))
    await guarded(settings.save())
    await Poller(settings).poll()
    assert settings.config == load_config(path) == Config()


async def test_each_mistake_in_the_file_is_reported_once_and_the_settings_are_kept(
    path: Path,
) -> None:
    settings = settings_of(path, "A")
    poller = Poller(settings)
    for text in ("nonsense", "nonsense ", 'watched = "everything"', 'watched = "everything" '):
        write(path, text)
        await poller.poll()
    assert len(poller.warnings) == 2
    for warning, word in zip(poller.warnings, ("1", "watched"), strict=True):
        assert str(path) in warning and word in warning
        assert warning.endswith("\nThe settings of this session are kept.")
    assert settings.starred == {"A"}
    write(path, '[watched]\nstations = ["B"]\n')
    await poller.poll()
    assert settings.starred == {"B"}
    write(path, 'watched = "everything"')
    await poller.poll()
    assert len(poller.warnings) == 3


async def test_an_unwritable_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "no folder" / "config.toml"
    path.parent.write_text("")
    settings = Settings(path, Config())
    assert str(path) in await set_all(settings, Put("interface", "theme", "nord"))
    assert settings.config.interface.theme == "nord"


async def test_an_unsaved_filter_and_home_survive_what_another_program_saves(path: Path) -> None:
    write(path, '[filters]\nmine = "oslo"\n')
    settings = settings_of(path)
    write(path, "nonsense")
    for put in (Put("filters", "Fast", "ccs"), Put("home", "position", [59.9, 10.7])):
        assert str(path) in await set_all(settings, put)
    write(path, '[filters]\nmine = "bergen"\n')
    await Poller(settings).poll()
    assert settings.filters == {"mine": "bergen", "Fast": "ccs"}
    write(path, "[home]\nposition = [60.0, 11.0]\n")
    await Poller(settings).poll()
    assert settings.filters == {"Fast": "ccs"}
    assert settings.home == (59.9, 10.7)


async def test_saves_do_not_lose_one_another(path: Path) -> None:
    settings = settings_of(path)
    stations = [f"NOR_{number}" for number in range(8)]
    problems = []
    for station in stations:
        settings.apply(Star(station))
        problems.append(settings.save())
    assert await guarded(asyncio.gather(*problems)) == [""] * 8
    assert load_config(path).watched.stations == stations


async def test_a_star_set_while_the_file_is_read_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    left = iter(gates)

    async def held(work: Callable[[], T]) -> T:
        """Work at once, and return the result when the gate opens."""
        gate, result = next(left), work()
        await gate.wait()
        return result

    settings = settings_of(path, "A")
    save_config(path, Star("B"))
    monkeypatch.setattr(module, "run_in_thread", held)
    poll = asyncio.ensure_future(Poller(settings).poll())
    await settle()
    settings.apply(Star("C"))
    saving = asyncio.ensure_future(settings.save())
    await settle()
    for gate in reversed(gates):
        gate.set()
        await settle()
    await guarded(asyncio.gather(poll, saving))
    assert settings.starred == {"A", "B", "C"}
    assert settings.config.watched.stations == ["A", "B", "C"]


# The file is away for a moment: an editor or a sync client replaces it


@pytest.mark.parametrize("what", ["missing", "empty"])
async def test_a_file_that_is_away_is_reported_and_the_settings_are_kept(
    path: Path, what: str
) -> None:
    settings = settings_of(path, "A", "B")
    poller = Poller(settings)
    content = read(path)
    if what == "missing":
        remove(path)
    else:
        write(path, "\n")
    for _ in range(AWAY_POLLS - 1):
        await poller.poll()
    assert poller.warnings == [
        f"{path} is {what}. The settings of this session are kept, and written with the next "
        "change."
    ]
    assert (settings.starred, poller.changes) == ({"A", "B"}, 0)
    # Nothing is written over what may come back.
    problem = await set_all(settings, Star("C"))
    assert problem == (
        f"Could not save {path}: it is {what}. Another program may be writing it.\n"
        "The change applies, and is saved when the file is back."
    )
    assert read(path) in ("", "\n")
    write(path, content.replace('"B"', '"D"'))
    await poller.poll()
    assert settings.starred == {"A", "D", "C"}
    assert load_config(path).watched.stations == ["A", "D", "C"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_file_that_stays_away_is_written_again_with_the_next_change(
    path: Path, when: str
) -> None:
    write(path, '# mine\n[watched]\nstations = ["A"] # home\n')
    settings = settings_of(path)
    await set_all(settings, Star("B"))
    poller = Poller(settings)
    remove(path)
    if when == "before":
        assert await set_all(settings, Star("C"))
    for _ in range(AWAY_POLLS):
        await poller.poll()
    assert bool(read(path)) is (when == "before")
    if when == "after":
        assert await set_all(settings, Star("C")) == ""
    assert read(path) == '# mine\n[watched]\nstations = ["A", "B", "C"] # home\n'
    await poller.poll()
    assert settings.starred == {"A", "B", "C"}
    assert len(poller.warnings) == 1


async def test_a_moment_without_a_file_is_no_news(path: Path) -> None:
    settings = settings_of(path, "A")
    poller = Poller(settings)
    content = read(path)
    for _ in range(3):
        remove(path)
        await poller.poll()
        write(path, content)
        await poller.poll()
    assert (settings.starred, poller.changes, poller.warnings) == ({"A"}, 0, [])


# The stars of the simulation


async def test_the_simulation_has_stars_of_its_own(path: Path) -> None:
    """Names of simulated and real stations may be equal, their stars are separate."""
    settings = settings_of(path, "NOR_00001", "NOR_00002")
    settings.use_simulated(True)
    assert settings.starred == set()
    for station in ("NOR_00001", "NOR_00007"):
        settings.apply(settings.star_operation(station))
    # Unstarring in the simulation leaves the real star of the same name.
    settings.apply(settings.star_operation("NOR_00001"))
    assert settings.starred == {"NOR_00007"}
    assert await settings.save() == ""
    watched = load_config(path).watched
    assert (watched.stations, watched.simulated) == (["NOR_00001", "NOR_00002"], ["NOR_00007"])

    settings.use_simulated(False)
    assert settings.starred == {"NOR_00001", "NOR_00002"}
    settings.apply(settings.star_operation("NOR_00007"), settings.star_operation("NOR_00002"))
    assert await settings.save() == ""
    watched = load_config(path).watched
    assert (watched.stations, watched.simulated) == (["NOR_00001", "NOR_00007"], ["NOR_00007"])
    # Another session of the simulation finds its own.
    again = settings_of(path)
    again.use_simulated(True)
    assert again.starred == {"NOR_00007"}


async def test_the_simulation_has_a_home_of_its_own(path: Path) -> None:
    write(path, "[home]\nposition = [59.9, 10.6]\n")
    settings = settings_of(path)
    settings.use_simulated(True)

    def homes() -> tuple[Position | None, Position | None]:
        return settings.home, settings.own_home

    # The real one counts until there is another.
    assert homes() == ((59.9, 10.6), None)
    settings.apply(settings.home_operation((60.0, 11.0)))
    assert homes() == ((60.0, 11.0), (60.0, 11.0))
    assert await settings.save() == ""
    assert load_config(path).home.simulated == (60.0, 11.0)
    settings.use_simulated(False)
    assert homes() == ((59.9, 10.6), (59.9, 10.6))
    settings.use_simulated(True)
    settings.apply(settings.home_operation(None))
    assert homes() == ((59.9, 10.6), None)
