"""The user's config while the app is open: what is starred stays starred, whoever else writes the file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from nobil_tui.config.model import Config, InterfaceSection, WatchedSection
from nobil_tui.config.reading import load_config
from nobil_tui.config.writing import Put, Star, Unstar, save_config
from nobil_tui.session import settings as module
from nobil_tui.session.settings import Settings
from tests.conftest import guarded, settle

T = TypeVar("T")


class Told:
    """What a keeper told."""

    def __init__(self, keeper: Settings) -> None:
        self.keeper = keeper
        self.changes = 0
        self.complaints: list[str] = []

    def changed(self) -> None:
        self.changes += 1

    async def poll(self) -> None:
        await guarded(self.keeper.poll(self.changed, self.complaints.append))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def keeper_of(path: Path, *stars: str) -> Settings:
    if stars:
        save_config(path, *map(Star, stars))
    return Settings(path, load_config(path) if path.exists() else Config())


def write(path: Path, text: str) -> None:
    path.write_text(text)


async def test_a_star_is_there_at_once_and_then_in_the_file(path: Path) -> None:
    keeper = keeper_of(path, "A")
    keeper.mark("B", True)
    keeper.mark("A", False)
    assert keeper.starred == {"B"}
    assert load_config(path).watched.stations == ["A"]
    assert await guarded(keeper.save_star("B", True)) == ""
    assert await guarded(keeper.save_star("A", False)) == ""
    assert load_config(path).watched.stations == ["B"]
    assert keeper.config == load_config(path)


async def test_without_a_file_stars_hold_for_the_session() -> None:
    keeper = Settings(None, Config(watched=WatchedSection(["A"])))
    keeper.mark("B", True)
    assert await keeper.save_star("B", True) == ""
    told = Told(keeper)
    await told.poll()
    assert keeper.starred == {"A", "B"}
    assert (told.changes, told.complaints) == (0, [])


async def test_what_another_program_starred_is_taken_over(path: Path) -> None:
    keeper = keeper_of(path, "A")
    told = Told(keeper)
    await told.poll()
    assert told.changes == 0
    save_config(path, Star("B"), Unstar("A"))
    await told.poll()
    assert (keeper.starred, told.changes) == ({"B"}, 1)
    # And the other settings, which change no star.
    save_config(path, Put("interface", "theme", "nord"))
    await told.poll()
    assert (keeper.config.interface, told.changes) == (InterfaceSection(theme="nord"), 1)


async def test_who_looks_at_the_stars_sees_them_change(path: Path) -> None:
    keeper = keeper_of(path, "A")
    seen = keeper.starred
    save_config(path, Star("B"))
    await Told(keeper).poll()
    assert seen == {"A", "B"}


async def test_a_file_that_did_not_change_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []

    def counted(path: Path) -> Config:
        reads.append(path)
        return load_config(path)

    keeper = keeper_of(path, "A")
    monkeypatch.setattr(module, "load_config", counted)
    told = Told(keeper)
    await told.poll()
    assert reads == []
    save_config(path, Star("B"))
    await told.poll()
    await told.poll()
    assert reads == [path]


async def test_a_star_that_could_not_be_saved_survives_what_another_program_saves(path: Path) -> None:
    keeper = keeper_of(path, "A", "B")
    whole = '[watched]\nstations = ["A", "B"]\n'
    write(path, "nonsense")
    keeper.mark("C", True)
    keeper.mark("A", False)
    for station, on in (("C", True), ("A", False)):
        problem = await guarded(keeper.save_star(station, on))
        assert str(path) in problem
    write(path, whole)
    save_config(path, Star("D"))
    await Told(keeper).poll()
    assert keeper.starred == {"B", "C", "D"}
    # Once it is saved, it is the file's as every other.
    assert await guarded(keeper.save_star("C", True)) == ""
    save_config(path, Unstar("C"))
    await Told(keeper).poll()
    assert keeper.starred == {"B", "D"}


async def test_an_older_save_does_not_settle_what_was_marked_since(path: Path) -> None:
    keeper = keeper_of(path)
    keeper.mark("A", True)
    keeper.mark("A", False)
    await guarded(keeper.save_star("A", True))
    await Told(keeper).poll()
    assert keeper.starred == set()


async def test_a_file_that_is_no_longer_valid_is_told_once_and_the_stars_stay(path: Path) -> None:
    keeper = keeper_of(path, "A")
    told = Told(keeper)
    for text in ("nonsense", "more nonsense", 'watched = "everything"'):
        write(path, text)
        await told.poll()
    assert len(told.complaints) == 1
    assert str(path) in told.complaints[0]
    assert told.complaints[0].endswith("\nThe stars of this session are kept.")
    assert keeper.starred == {"A"}
    write(path, '[watched]\nstations = ["B"]\n')
    await told.poll()
    assert keeper.starred == {"B"}
    write(path, "nonsense again")
    await told.poll()
    assert len(told.complaints) == 2


async def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "no folder" / "config.toml"
    path.parent.write_text("")
    keeper = Settings(path, Config())
    problem = await guarded(keeper.put(Put("interface", "theme", "nord")))
    assert str(path) in problem
    assert keeper.config == Config()


async def test_filters_and_home_hold_for_the_session_where_they_cannot_be_saved(path: Path) -> None:
    write(path, '[filters]\nmine = "oslo"\n')
    keeper = keeper_of(path)
    write(path, "nonsense")
    for put in (Put("filters", "Fast", "ccs"), Put("home", "position", [59.9, 10.7])):
        keeper.hold(put)
        assert str(path) in await guarded(keeper.put(put))
    write(path, '[filters]\nmine = "bergen"\n')
    await Told(keeper).poll()
    assert keeper.filters == {"mine": "bergen", "Fast": "ccs"}
    write(path, "")
    await Told(keeper).poll()
    # Somebody took it out of the file; what could not be saved never stood there.
    assert keeper.filters == {"Fast": "ccs"}
    assert keeper.home == (59.9, 10.7)
    # Where the file has a home, it is that.
    write(path, "[home]\nposition = [60.0, 11.0]\n")
    await Told(keeper).poll()
    assert keeper.home == (60.0, 11.0)


async def test_saves_come_one_after_the_other(path: Path) -> None:
    keeper = keeper_of(path)
    stations = [f"NOR_{number}" for number in range(8)]
    for station in stations:
        keeper.mark(station, True)
    problems = await guarded(asyncio.gather(*(keeper.save_star(station, True) for station in stations)))
    assert problems == [""] * 8
    assert load_config(path).watched.stations == stations


async def test_a_star_that_is_saved_while_the_file_is_read_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    left = iter(gates)

    async def held(work: Callable[[], T]) -> T:
        """Work at once, and tell of it when the gate opens."""
        gate, result = next(left), work()
        await gate.wait()
        return result

    keeper = keeper_of(path, "A")
    save_config(path, Star("B"))
    monkeypatch.setattr(module, "run_in_thread", held)
    poll = asyncio.ensure_future(Told(keeper).poll())
    await settle()
    keeper.mark("C", True)
    saving = asyncio.ensure_future(keeper.save_star("C", True))
    await settle()
    # What was read first is heard of last.
    for gate in reversed(gates):
        gate.set()
        await settle()
    await guarded(asyncio.gather(poll, saving))
    assert keeper.starred == {"A", "B", "C"}
    assert keeper.config.watched.stations == ["A", "B", "C"]
