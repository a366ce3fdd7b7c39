"""Changes of the stored register: by country, under a lock, and never to too few stations."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from nobil_tui.base.decoding import NotReadableError
from nobil_tui.base.files import NotSavedError
from nobil_tui.charging.register import Facts, country_of
from nobil_tui.register import merge
from nobil_tui.register.cache import (
    CachedRegister,
    CacheError,
    Origin,
    load_register,
    save_register,
)
from nobil_tui.register.merge import (
    MAX_AGE,
    TooFewStationsError,
    edit_stored,
    is_due,
    load_if_writable,
    load_or_empty,
    mark_up_to_date,
    merged,
    record_failure,
)

AT = 1_700_000_000_000
NEW = Origin(AT + MAX_AGE, "nobil.no", 0, '"2"', "later")
OLD = Origin(AT, "nobil.no", 0, '"1"', "earlier")


def some(country: str, count: int, name: str = "old") -> dict[str, Facts]:
    return {f"{country}_{number}": Facts(name, country=country) for number in range(count)}


def register(**counts: int) -> CachedRegister:
    facts = {
        id_: known
        for country, count in counts.items()
        for id_, known in some(country, count).items()
    }
    return CachedRegister(facts, {country: origin(OLD, count) for country, count in counts.items()})


def origin(like: Origin, stations: int) -> Origin:
    return Origin(like.fetched_at, like.source, stations, like.etag, like.last_modified)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "register.msgpack"


# Merging


def test_replaces_one_country_and_keeps_the_others() -> None:
    old = register(NOR=4, SWE=3)
    changed = merged(old, {"NOR": some("NOR", 2, "new")}, NEW)
    assert changed.facts == some("SWE", 3) | some("NOR", 2, "new")
    assert changed.origins == {"NOR": origin(NEW, 2), "SWE": origin(OLD, 3)}
    assert old == register(NOR=4, SWE=3)


def test_merge_adds_and_updates_without_removing() -> None:
    fresh = {"NOR": {"NOR_0": Facts("new", country="NOR"), "NOR_9": Facts("new", country="NOR")}}
    changed = merged(register(NOR=4, SWE=3), fresh, NEW, merge=True)
    assert changed.facts == register(NOR=4, SWE=3).facts | fresh["NOR"]
    # It no longer matches the server's version: the next update must download all of it.
    assert changed.origins["NOR"] == Origin(AT, "nobil.no", 5)
    assert changed.origins["SWE"] == origin(OLD, 3)
    assert merged(CachedRegister({}, {}), fresh, NEW, merge=True).origins == {"NOR": origin(NEW, 2)}


def test_merge_keeps_all_licences() -> None:
    fresh = {"NOR": some("NOR", 1, "new")}
    strict = replace(NEW, rights="CC BY-NC 4.0")
    both = merged(register(NOR=4), fresh, strict, merge=True)
    assert both.origins["NOR"].rights == "CC BY-NC 4.0"
    assert merged(both, fresh, NEW, merge=True).origins["NOR"].rights == "CC BY-NC 4.0"
    assert merged(both, fresh, NEW, force=True).origins["NOR"].rights == ""


@pytest.mark.parametrize(
    ("had", "found", "too_few"), [(5, 2, True), (4, 2, False), (1, 1, False), (0, 1, False)]
)
def test_rejects_less_than_half_of_a_country(had: int, found: int, too_few: bool) -> None:
    old, fresh = register(NOR=had, SWE=1), {"NOR": some("NOR", found, "new")}
    if too_few:
        with pytest.raises(
            TooFewStationsError, match=r"Got only 2 stations of Norway, but 5 are stored"
        ):
            merged(old, fresh, NEW)
    else:
        merged(old, fresh, NEW)
    assert merged(old, fresh, NEW, force=True).origins["NOR"] == origin(NEW, found)


def test_a_station_that_changes_country_is_counted_once() -> None:
    changed = merged(
        register(NOR=2, SWE=2), {"SWE": {"NOR_0": Facts(country="SWE"), "SWE_0": Facts()}}, NEW
    )
    assert {country: each.stations for country, each in changed.origins.items()} == {
        "NOR": 1,
        "SWE": 2,
    }


COUNTRIES = st.sampled_from(["NOR", "SWE", "DAN", ""])
STATIONS = st.dictionaries(
    st.sampled_from(["NOR_1", "NOR_2", "SWE_1", "DAN_1", "x", "y"]),
    st.builds(Facts, st.text(max_size=3), country=COUNTRIES),
)


@given(STATIONS, STATIONS, st.booleans())
def test_counts_are_correct_and_other_countries_unchanged(
    old: dict[str, Facts], new: dict[str, Facts], merge: bool
) -> None:
    def by_country(stations: dict[str, Facts]) -> dict[str, dict[str, Facts]]:
        found: dict[str, dict[str, Facts]] = {}
        for id_, facts in stations.items():
            found.setdefault(country_of(id_, facts), {})[id_] = facts
        return found

    fresh = by_country(new)
    before = merged(CachedRegister({}, {}), by_country(old), OLD)
    after = merged(before, fresh, NEW, merge=merge, force=True)
    assert after.facts.items() >= new.items()
    for id_, facts in old.items():
        kept = merge or country_of(id_, facts) not in fresh
        assert after.facts.get(id_) == (new.get(id_) or (facts if kept else None))
    counted = {country: len(stations) for country, stations in by_country(after.facts).items()}
    assert {
        country: each.stations for country, each in after.origins.items() if each.stations
    } == counted


def test_an_unchanged_country_counts_as_downloaded() -> None:
    old = register(NOR=2, SWE=1)
    changed = mark_up_to_date(old, "NOR", old.origins["NOR"], AT + 9)
    assert changed is not None
    assert changed.facts == old.facts
    assert changed.origins == {
        "NOR": Origin(AT + 9, "nobil.no", 2, '"1"', "earlier"),
        "SWE": origin(OLD, 1),
    }
    assert mark_up_to_date(old, "NOR", NEW, AT + 9) is None
    assert mark_up_to_date(old, "DAN", OLD, AT + 9) is None


# The stored file


def test_an_edit_is_stored(path: Path) -> None:
    assert edit_stored(path, lambda old: merged(old, {"NOR": some("NOR", 1)}, OLD)) == register(
        NOR=1
    )
    assert edit_stored(path, lambda old: merged(old, {"SWE": some("SWE", 1)}, OLD)) == register(
        NOR=1, SWE=1
    )
    assert (
        load_register(path)
        == load_or_empty(path)
        == load_if_writable(path)
        == register(NOR=1, SWE=1)
    )


def test_without_an_edit_or_after_an_error_the_file_is_unchanged(path: Path) -> None:
    save_register(path, *register(NOR=9))
    before = path.stat()
    assert edit_stored(path, lambda _: None) is None
    with pytest.raises(TooFewStationsError):
        edit_stored(path, lambda old: merged(old, {"NOR": some("NOR", 1)}, OLD))
    assert path.stat().st_ino == before.st_ino
    assert load_register(path) == register(NOR=9)


def test_a_damaged_file_is_edited_as_an_empty_register(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"nothing")
    assert load_if_writable(path) == load_or_empty(path) == CachedRegister({}, {})
    assert path.read_bytes() == b"nothing"
    edit_stored(path, lambda old: merged(old, {"NOR": some("NOR", 1)}, OLD))
    assert load_register(path) == register(NOR=1)


def test_an_unreadable_file_is_not_overwritten(path: Path) -> None:
    path.mkdir(parents=True)
    for touch in (load_or_empty, load_if_writable):
        with pytest.raises(CacheError):
            touch(path)


def test_waits_for_another_program_until_a_timeout(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_register(path, *register(NOR=1))
    monkeypatch.setattr(merge, "STORE_TIMEOUT", 0.01)
    with FileLock(f"{path}.lock"), pytest.raises(NotSavedError, match="another program"):
        edit_stored(path, lambda _: CachedRegister({}, {}))
    assert load_register(path) == register(NOR=1)


def test_reports_an_unwritable_folder_before_the_download(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheError, match="The register cannot be saved"):
        load_if_writable(tmp_path / "file" / "register")


def test_checking_the_folder_leaves_no_file(path: Path) -> None:
    assert load_if_writable(path) == CachedRegister({}, {})
    assert [*path.parent.iterdir()] == []


# When an update is due


def test_due_once_a_day(path: Path) -> None:
    both = ["NOR", "SWE"]
    origins = {"NOR": OLD, "SWE": Origin(AT + 5)}
    assert is_due(path, {}, both, AT)
    assert is_due(path, {"NOR": OLD}, both, AT)
    assert not is_due(path, {"NOR": OLD}, ["NOR"], AT)
    assert not is_due(path, origins, both, AT + MAX_AGE - 1)
    assert is_due(path, origins, both, AT + MAX_AGE)
    # A time in the future: a clock was wrong.
    assert is_due(path, origins, both, AT - 1)


def test_not_due_for_a_day_after_a_refusal(path: Path) -> None:
    record_failure(path, AT)
    assert not is_due(path, {}, ["NOR"], AT)
    assert not is_due(path, {}, ["NOR"], AT + MAX_AGE - 1)
    assert is_due(path, {}, ["NOR"], AT + MAX_AGE)
    assert is_due(path, {}, ["NOR"], AT - 1)
    record_failure(path, AT + MAX_AGE)
    assert not is_due(path, {}, ["NOR"], AT + MAX_AGE)


def test_an_unwritable_failure_note_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    record_failure(tmp_path / "file" / "register", AT)
    assert is_due(tmp_path / "file" / "register", {}, ["NOR"], AT)


# Dump files


def test_reads_a_dump_file(tmp_path: Path) -> None:
    file = tmp_path / "dump.json"
    file.write_bytes(b"12345")
    assert merge.read_dump_file(file, 5) == b"12345"
    with pytest.raises(NotReadableError, match="more than 0 MB"):
        merge.read_dump_file(file, 4)


def test_rejects_a_path_that_is_not_a_regular_file(tmp_path: Path) -> None:
    with pytest.raises(NotReadableError, match="no such file"):
        merge.read_dump_file(tmp_path / "none", 5)
    with pytest.raises(NotReadableError, match="not a regular file"):
        merge.read_dump_file(tmp_path, 5)
    with pytest.raises(NotReadableError, match="not a valid file name"):
        merge.read_dump_file(Path("a\0b"), 5)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such files here")
def test_rejects_an_endless_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotReadableError, match="not a regular file"):
        merge.read_dump_file(tmp_path / "pipe", 5)
