"""Importing a dump file, in place of the stored stations or in addition to them."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nobil_tui.register import update
from nobil_tui.register.cache import Origin, load_register
from nobil_tui.register.merge import is_due
from nobil_tui.register.progress import UpdateError, UpdatePhase
from nobil_tui.register.update import import_register
from tests.register.conftest import Renewing
from tests.register.register_service import dump_of, station, stations


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dump.json"


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


@pytest.mark.parametrize(
    "pack", [lambda dump: dump, gzip.compress, lambda dump: b"[" + dump + b"]"]
)
async def test_import_replaces_the_countries_of_the_file(
    prepared: Renewing, file: Path, pack: Callable[[bytes], bytes]
) -> None:
    write(
        file,
        pack(dump_of([*stations("SWE", 3, first=7), station("DAN_1", "DAN"), station("x", None)])),
    )
    outcome = await import_register(
        prepared.path, file, on_progress=prepared.told.append, clock=prepared.clock
    )
    assert outcome.words == "Imported 5 stations from dump.json: no country 1, Denmark 1, Sweden 3."
    assert [*prepared.names()] == [
        *(f"NOR_0000{number}" for number in (1, 2, 3)),
        *(f"SWE_0000{number}" for number in (7, 8, 9)),
        "DAN_1",
        "x",
    ]
    cached = load_register(prepared.path)
    assert outcome.cached == cached is not None
    assert cached.origins["SWE"] == Origin(prepared.clock.now(), "dump.json", 3)
    assert [progress.phase for progress in prepared.told] == [
        UpdatePhase.READING,
        UpdatePhase.STORING,
    ]


async def test_import_reports_and_stores_another_licence(prepared: Renewing, file: Path) -> None:
    write(file, dump_of(stations("SWE", 3), "CC BY-NC 4.0"))
    outcome = await import_register(prepared.path, file)
    assert outcome.words == 'Imported 3 stations in Sweden from dump.json, under "CC BY-NC 4.0".'
    cached = load_register(prepared.path)
    assert cached is not None
    assert {country: origin.rights for country, origin in cached.origins.items()} == {
        "NOR": "",
        "SWE": "CC BY-NC 4.0",
    }


async def test_import_can_merge(prepared: Renewing, file: Path) -> None:
    write(file, dump_of([station("SWE_00001", "SWE", "New"), station("SWE_00009", "SWE")]))
    outcome = await import_register(prepared.path, file, merge=True)
    assert outcome.words == "Imported 2 stations in Sweden from dump.json."
    assert len(prepared.names()) == 6
    assert prepared.names()["SWE_00001"] == "New"


async def test_import_does_not_replace_a_country_with_a_part_of_it(
    prepared: Renewing, file: Path
) -> None:
    write(file, dump_of(stations("NOR", 1)))
    before = prepared.path.read_bytes()
    with pytest.raises(UpdateError) as raised:
        await import_register(prepared.path, file)
    assert raised.value.too_few
    assert str(raised.value) == (
        f"{file} was not imported. Got only 1 station of Norway, but 3 are stored; nothing was "
        f"changed."
    )
    assert prepared.path.read_bytes() == before
    await import_register(prepared.path, file, force=True)
    assert len(prepared.names()) == 3


async def test_the_next_update_downloads_imported_countries(prepared: Renewing, file: Path) -> None:
    write(file, dump_of(stations("NOR", 3, first=7)))
    outcome = await import_register(prepared.path, file, clock=prepared.clock)
    assert outcome.cached is not None
    assert not is_due(prepared.path, outcome.cached.origins, ["NOR"], prepared.clock.now())
    assert not (await prepared.update(["NOR"])).recent
    assert "NOR_00001" in prepared.names()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the response is empty"),
        (b"# Register", "this is not a response of the register"),
        (dump_of(stations("NOR", 9))[:-2], "this is not a response of the register"),
        (gzip.compress(dump_of(stations("NOR", 9)))[:-2], "it is truncated"),
        (b"\x1f\x8b\x08 no gzip", "its gzip data is damaged"),
        (dump_of([]), "it has no stations"),
        (dump_of([7, 8]), "it has no stations (2 more cannot be read)"),
        (
            b'{"error": "Wrong API key"}',
            "it contains an error message instead of stations: Wrong API key",
        ),
    ],
)
async def test_reports_a_file_that_is_not_a_register(
    prepared: Renewing, file: Path, content: bytes, words: str
) -> None:
    write(file, content)
    before = prepared.path.read_bytes()
    with pytest.raises(UpdateError) as raised:
        await import_register(prepared.path, file)
    assert str(raised.value).startswith(f"{file} was not imported: {words}")
    assert not raised.value.refused
    assert prepared.path.read_bytes() == before


async def test_reports_a_file_that_decompresses_to_too_much(
    path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "MAX_DUMP", 1 << 20)
    write(file, gzip.compress(bytes(1 << 22)))
    with pytest.raises(UpdateError, match="more than 1 MB"):
        await import_register(path, file)
    assert load_register(path) is None


async def test_a_hostile_file_name_is_made_safe(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2J\n.json"
    with pytest.raises(UpdateError, match="no such file") as raised:
        await import_register(path, file)
    assert str(raised.value).isprintable()
    write(file, dump_of(stations("NOR", 1)))
    assert (await import_register(path, file)).words.isprintable()


async def test_reports_that_an_import_cannot_be_stored(tmp_path: Path, file: Path) -> None:
    write(file, dump_of(stations("NOR", 1)))
    with pytest.raises(UpdateError, match="Could not save"):
        await import_register(file / "register", file)


@pytest.mark.parametrize(
    ("name", "count"), [("register_uppsala_2019.json", 23), ("register_norway_2016.json", 3)]
)
async def test_imports_real_answers(path: Path, name: str, count: int) -> None:
    folder = os.environ.get("NOBIL_CAPTURES")
    if not folder:
        pytest.skip("NOBIL_CAPTURES names no folder with recorded answers")
    outcome = await import_register(path, Path(folder) / name)
    assert not outcome.problems
    cached = load_register(path)
    assert outcome.cached == cached is not None
    assert len(cached.facts) == count
