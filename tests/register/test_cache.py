"""The stored register: it is loaded as saved, damage is detected, and it is saved atomically."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.charging.prices import Price
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.register import cache as store
from nobil_tui.register.cache import (
    CachedRegister,
    CacheError,
    DamagedCacheError,
    Origin,
    load_register,
    save_register,
)

AT = 1_700_000_000_000

as_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="nothing is forbidden to this user"
)

TEXTS = st.text(max_size=12)
PLUGS = st.builds(Plug, TEXTS, st.floats(0, 10_000))
FACTS = st.builds(
    Facts,
    **dict.fromkeys(
        (
            "name",
            "place",
            "street",
            "operator",
            "owner",
            "municipality",
            "county",
            "zipcode",
            "country",
            "opening",
        ),
        TEXTS,
    ),
    **dict.fromkeys(("availability", "description", "comment", "contact"), TEXTS),
    position=st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    plugs=st.lists(PLUGS, max_size=4).map(tuple),
    parking_fee=st.none() | st.booleans(),
    plug_evse_uids=st.lists(TEXTS, max_size=4).map(tuple),
)
ORIGINS = st.builds(
    Origin,
    st.integers(0, 2**53),
    source=TEXTS,
    stations=st.integers(0, 2**31),
    etag=TEXTS,
    last_modified=TEXTS,
)
KNOWN = {
    "NOR_00001": Facts(
        "Torget", "Oslo", "Storgata 1", plugs=(Plug("CCS", 150.0), Plug("Type 2", 22.0))
    ),
    "SWE_00001": Facts(
        "Torget",
        "Uppsala",
        position=(59.85, 17.64),
        parking_fee=False,
        plug_evse_uids=("a", "", "b"),
    ),
}
FROM = {
    "NOR": Origin(AT, "nobil.no", 1, '"x"', "Tue, 14 Nov 2023 22:13:20 GMT"),
    "SWE": Origin(AT + 1, "a.json", 1),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "nobil-tui" / "register.msgpack"


@given(st.dictionaries(TEXTS, FACTS, max_size=6), st.dictionaries(TEXTS, ORIGINS, max_size=3))
def test_loads_what_was_saved(facts: dict[str, Facts], origins: dict[str, Origin]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register"
        save_register(path, facts, origins)
        assert load_register(path) == CachedRegister(facts, origins)
        assert [*Path(folder).iterdir()] == [path]


def test_saves_every_field_of_a_station() -> None:
    assert set(FACTS_OF_ALL) == set(Facts.__struct_fields__)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register"
        save_register(path, {"NOR_1": msgspec.convert(FACTS_OF_ALL, Facts)}, {})
        cached = load_register(path)
    assert cached is not None
    assert msgspec.structs.asdict(cached.facts["NOR_1"]) == FACTS_OF_ALL


# All values differ, so that no two fields can be confused.
FACTS_OF_ALL = {
    **{name: name for name, kind in Facts.__annotations__.items() if kind == "str"},
    "position": (59.1, 10.2),
    "plugs": (Plug("CCS", 150.0),),
    "parking_fee": True,
    "plug_evse_uids": ("SE*VIR*E1",),
    "prices": (Price("SEK", 4.5, 1.0, 2.0, 3.0, at_least=True),),
}


def test_load_returns_none_without_a_file(path: Path) -> None:
    assert load_register(path) is None
    assert not path.parent.exists()


def test_shared_texts_and_plugs_are_one_object(path: Path) -> None:
    save_register(
        path,
        {f"NOR_{number}": Facts("A", "Oslo", plugs=(Plug("CCS", 50.0),)) for number in range(3)},
        {},
    )
    cached = load_register(path)
    assert cached is not None
    one, *others = cached.facts.values()
    for other in others:
        assert other.place is one.place
        assert other.plugs is one.plugs


# Damage


def test_detects_damage_of_any_byte(path: Path) -> None:
    save_register(path, KNOWN, FROM)
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        path.write_bytes(damaged)
        with pytest.raises(DamagedCacheError, match="register update"):
            load_register(path)
        assert path.read_bytes() == damaged


def test_detects_truncation_at_any_byte(path: Path) -> None:
    save_register(path, KNOWN, FROM)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedCacheError):
            load_register(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(DamagedCacheError):
        load_register(path)


@given(st.binary(max_size=200))
def test_any_other_content_is_rejected(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register"
        path.write_bytes(content)
        with pytest.raises(DamagedCacheError, match=r"register update"):
            load_register(path)


@given(
    st.recursive(
        st.none() | st.integers(-9, 99) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=20),
        max_leaves=40,
    )
)
def test_a_body_of_another_structure_is_damage(body: object) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "register"
        path.write_bytes(
            a_file(
                msgspec.msgpack.encode(
                    {"origins": {}, "texts": [""], "plugs": [[]], "prices": [[]], "rows": [body]}
                )
            )
        )
        with pytest.raises(DamagedCacheError, match="is damaged"):
            load_register(path)


@pytest.mark.parametrize("numbers", [{1: 7}, {1: -1}, {6: 1}, {6: -1}, {19: 1}, {20: 1}])
def test_an_invalid_index_is_damage(path: Path, numbers: dict[int, int]) -> None:
    row: list[object] = ["NOR_1", 0, 0, 0, 0, None, 0, 0, 0, 0, 0, 0, 0, None, 0, 0, 0, 0, (), 0, 0]
    body: dict[str, object] = {
        "origins": {},
        "texts": [""],
        "plugs": [[]],
        "prices": [[]],
        "rows": [row],
    }
    path.parent.mkdir(parents=True)
    path.write_bytes(a_file(msgspec.msgpack.encode(body)))
    assert load_register(path) == CachedRegister({"NOR_1": Facts()}, {})
    for place, number in numbers.items():
        row[place] = number
    path.write_bytes(a_file(msgspec.msgpack.encode(body)))
    with pytest.raises(DamagedCacheError, match="is damaged"):
        load_register(path)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"version": store.CACHE_VERSION + 1}, "a newer version"),
        ({"version": store.CACHE_VERSION - 1}, "an older version"),
        ({"format": "another"}, "not a register"),
        ({"check": 7}, "is damaged"),
    ],
)
def test_another_version_is_reported_and_kept(
    path: Path, fields: dict[str, object], words: str
) -> None:
    save_register(path, KNOWN, FROM)
    changed = msgspec.msgpack.encode(
        {**msgspec.msgpack.decode(path.read_bytes(), type=dict), **fields}
    )
    path.write_bytes(changed)
    with pytest.raises(DamagedCacheError, match=words) as raised:
        load_register(path)
    assert str(path) in str(raised.value)
    assert path.read_bytes() == changed


def test_save_replaces_a_damaged_register(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"nothing")
    save_register(path, KNOWN, FROM)
    assert load_register(path) == CachedRegister(KNOWN, FROM)


# Files


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_file_is_private(path: Path) -> None:
    umask = os.umask(0)
    try:
        save_register(path, KNOWN, FROM)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [
        stat.S_IMODE(folder.stat().st_mode) for folder in (path.parent, path.parent.parent)
    ] == [0o700, 0o700]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_keeps_the_users_file_mode(path: Path) -> None:
    save_register(path, KNOWN, FROM)
    path.chmod(0o640)
    save_register(path, {}, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_reports_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "register"
    with pytest.raises(CacheError, match="Could not save") as raised:
        save_register(path, KNOWN, FROM)
    assert str(path) in str(raised.value)
    with pytest.raises(CacheError, match="cannot be read"):
        load_register(path)


def test_reports_a_folder_in_place_of_the_file(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(CacheError, match="cannot be read") as raised:
        load_register(path)
    assert not isinstance(raised.value, DamagedCacheError)
    with pytest.raises(CacheError, match="Could not save"):
        save_register(path, KNOWN, FROM)


@as_root
def test_an_unwritable_folder_keeps_the_stored_register(path: Path) -> None:
    save_register(path, KNOWN, FROM)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(CacheError, match="Could not save"):
            save_register(path, {}, {})
    finally:
        path.parent.chmod(0o700)
    assert load_register(path) == CachedRegister(KNOWN, FROM)


@pytest.mark.parametrize("call", ["fsync", "fdopen"])
def test_a_disk_error_keeps_the_stored_register(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    save_register(path, KNOWN, FROM)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(CacheError, match="No space left"):
            save_register(path, {}, {})
    assert load_register(path) == CachedRegister(KNOWN, FROM)
    assert [*path.parent.iterdir()] == [path]


def test_keeps_a_register_that_another_program_stored_meanwhile(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_register(path, {}, {})

    def slowly(file: int) -> None:
        monkeypatch.undo()
        save_register(path, KNOWN, FROM)

    monkeypatch.setattr(os, "fsync", slowly)
    with pytest.raises(CacheError, match="another program"):
        save_register(path, {"NOR_9": Facts()}, {})
    assert load_register(path) == CachedRegister(KNOWN, FROM)


def a_file(body: bytes) -> bytes:
    """Return a valid file with this body."""
    import zlib

    fields = {
        "format": "nobil-tui register",
        "version": store.CACHE_VERSION,
        "check": zlib.crc32(body),
    }
    return msgspec.msgpack.encode({**fields, "body": msgspec.Raw(body)})
