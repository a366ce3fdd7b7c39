"""Updates of the register from a real server: what is stored, how often it is requested, what is
reported.
"""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.register import Facts, Plug
from nobil_tui.config.model import RegisterSection
from nobil_tui.register import download as feed
from nobil_tui.register.api_key import register_key
from nobil_tui.register.cache import Origin, load_register, save_register
from nobil_tui.register.merge import is_due
from nobil_tui.register.progress import UpdatePhase, UpdateProgress
from nobil_tui.register.update import ago
from nobil_tui.wire import register
from nobil_tui.wire.register import Dump
from tests.conftest import START
from tests.for_each import for_each
from tests.http_service import body, status
from tests.register.conftest import BOTH, HOUR, Renewing
from tests.register.register_service import CHANGED, RegisterService, dump_of, station, stations

# Stored stations


async def test_first_update_stores_all_countries(renewing: Renewing, path: Path) -> None:
    outcome = await renewing.update()
    assert outcome.words == "Norway: 3 stations from 127.0.0.1. Sweden: 2 stations from 127.0.0.1."
    assert not outcome.problems
    assert not outcome.recent
    cached = load_register(path)
    assert outcome.cached == cached is not None
    assert [*cached.facts] == ["NOR_00001", "NOR_00002", "NOR_00003", "SWE_00001", "SWE_00002"]
    assert cached.facts["NOR_00001"] == Facts(
        "Torget", position=(59.87, 10.49), plugs=(Plug("CCS", 150.0),), country="NOR"
    )
    origin = cached.origins["NOR"]
    assert (origin.fetched_at, origin.source, origin.stations) == (START, "127.0.0.1", 3)
    assert (origin.last_modified, origin.etag[0]) == (CHANGED, '"')


async def test_another_licence_is_reported_and_stored_until_it_changes_back(
    renewing: Renewing, path: Path
) -> None:
    renewing.service.answers.append(body(dump_of(stations("NOR", 3), "CC BY 3.0")))
    outcome = await renewing.update()
    said = (
        'Norway: 3 stations from 127.0.0.1, under "CC BY 3.0". Sweden: 2 stations from 127.0.0.1.'
    )
    assert outcome.words == said
    assert outcome.cached is not None
    assert outcome.cached == load_register(path)
    assert outcome.cached.origins["NOR"].rights == "CC BY 3.0"
    again = await renewing.update(["NOR"], force=True)
    assert "CC BY" not in again.words
    assert again.cached is not None
    assert again.cached.origins["NOR"].rights == ""


async def test_updating_one_country_keeps_the_others(prepared: Renewing, path: Path) -> None:
    before = load_register(path)
    assert before is not None
    prepared.service.stations["NOR"] = stations("NOR", 2, first=7)
    await prepared.update(["NOR", "NOR"])
    after = load_register(path)
    assert after is not None
    assert prepared.asked == ["NOR"]
    assert set(after.facts) == {"NOR_00007", "NOR_00008", "SWE_00001", "SWE_00002"}
    assert after.origins["SWE"] == before.origins["SWE"]
    assert after.facts["SWE_00001"] == before.facts["SWE_00001"]


async def test_reports_progress(renewing: Renewing) -> None:
    size = len(dump_of(renewing.service.stations["NOR"]))
    await renewing.update(["NOR"])
    told = [one for n, one in enumerate(renewing.told) if one not in renewing.told[:n]]
    assert told == [
        UpdateProgress(UpdatePhase.CONNECTING, "NOR"),
        UpdateProgress(UpdatePhase.DOWNLOADING, "NOR", size, size),
        UpdateProgress(UpdatePhase.READING, "NOR"),
        UpdateProgress(UpdatePhase.STORING, "NOR"),
    ]


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (UpdateProgress(UpdatePhase.CONNECTING, "NOR"), "Norway: connecting"),
        (
            UpdateProgress(UpdatePhase.DOWNLOADING, "SWE", 12_345_678, 45_600_000),
            "Sweden: downloading 12.3 of 45.6 MB",
        ),
        (UpdateProgress(UpdatePhase.DOWNLOADING, "SWE", 12_345_678), "Sweden: downloading 12.3 MB"),
        (UpdateProgress(UpdatePhase.READING), "reading"),
    ],
)
def test_progress_as_text(progress: UpdateProgress, words: str) -> None:
    assert progress.words == words


async def test_decodes_outside_the_event_loop(
    renewing: Renewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def decode(answer: bytes | bytearray) -> Dump:
        threads.append(threading.current_thread())
        return register.decode_register(answer)

    monkeypatch.setattr("nobil_tui.register.update.decode_register", decode)
    await renewing.update()
    assert len(threads) == 2
    for thread in threads:
        assert thread is not threading.current_thread()
        # A thread that is not a daemon delays the exit of the program.
        assert thread.daemon


async def test_stores_a_compressed_answer(renewing: Renewing) -> None:
    zipped = gzip.compress(dump_of(stations("NOR", 4)))
    renewing.service.answers.append(body(zipped, headers={"Content-Encoding": "gzip"}))
    await renewing.update(["NOR"])
    assert len(renewing.names()) == 4


async def test_counts_unreadable_stations(renewing: Renewing) -> None:
    broken = station("NOR_00009", "NOR")
    broken["csmd"]["Position"] = "somewhere"
    foreign = station("SWE_00009", "SWE")
    renewing.service.answers.append(body(dump_of([7, {"csmd": {}}, broken, foreign])))
    outcome = await renewing.update(["NOR"])
    assert outcome.words == "Norway: 1 station from 127.0.0.1 (2 more cannot be read)."
    assert outcome.problems == {
        "positions that cannot be read": 1,
        "stations of other countries: left out": 1,
    }
    assert [*renewing.names()] == ["NOR_00009"]


async def test_a_station_without_a_country_belongs_to_that_of_its_id(renewing: Renewing) -> None:
    found = [station("NOR_00009", None), station("SWE_00009", None), station("nowhere", None)]
    renewing.service.answers.append(body(dump_of(found)))
    await renewing.update(["NOR"])
    assert [*renewing.names()] == ["NOR_00009"]


# Frequency of requests


async def test_requests_nothing_within_a_day(renewing: Renewing) -> None:
    await renewing.update(["NOR"])
    renewing.clock.advance(3 * HOUR)
    outcome = await renewing.update()
    assert renewing.asked == ["NOR", "SWE"]
    assert outcome.recent
    assert (
        outcome.words == "Norway: 3 stations, fetched 3 h ago. Sweden: 2 stations from 127.0.0.1."
    )
    outcome = await renewing.update()
    assert renewing.asked == ["NOR", "SWE"]
    assert outcome.cached is None


async def test_force_downloads_within_a_day(renewing: Renewing) -> None:
    await renewing.update()
    outcome = await renewing.update(force=True)
    assert renewing.asked == ["NOR", "SWE"] * 2
    assert "If-None-Match" not in renewing.service.asked[-1].headers
    assert not outcome.recent


async def test_an_unchanged_answer_is_not_sent_again(prepared: Renewing, path: Path) -> None:
    before = load_register(path)
    outcome = await prepared.update()
    after = load_register(path)
    assert outcome.words == "Norway: 3 stations, unchanged. Sweden: 2 stations, unchanged."
    assert before is not None
    assert outcome.cached == after is not None
    assert after.facts == before.facts
    assert after.origins["NOR"].fetched_at == START + 24 * 3_600_000
    assert after.origins["NOR"].etag == before.origins["NOR"].etag
    assert not is_due(path, after.origins, BOTH, prepared.clock.now())
    assert UpdateProgress(UpdatePhase.READING, "NOR") not in prepared.told


async def test_validators_of_another_server_are_not_sent(prepared: Renewing, path: Path) -> None:
    cached = load_register(path)
    assert cached is not None
    save_register(
        path, cached.facts, {"NOR": Origin(prepared.clock.now(), "nobil.no", 3, '"x"', CHANGED)}
    )
    outcome = await prepared.update(["NOR"])
    assert not outcome.recent
    assert not {"If-None-Match", "If-Modified-Since"} & {*prepared.service.asked[0].headers}


async def test_not_due_for_a_day_after_a_refusal(renewing: Renewing, path: Path) -> None:
    assert is_due(path, {}, BOTH, renewing.clock.now())
    renewing.service.answers.append(status(500))
    await renewing.fail(["NOR"])
    assert not is_due(path, {}, BOTH, renewing.clock.now())
    renewing.clock.advance(24 * HOUR)
    assert is_due(path, {}, BOTH, renewing.clock.now())


async def test_stays_due_without_an_answer(
    renewing: Renewing, path: Path, service: RegisterService
) -> None:
    await service.__aexit__(None, None, None)
    error = await renewing.fail()
    assert str(error).startswith("Norway: nothing listens at 127.0.0.1:")
    assert is_due(path, {}, BOTH, renewing.clock.now())


# Options


@pytest.mark.parametrize(
    ("environ", "section", "key"),
    [
        ({}, RegisterSection(), None),
        ({"NOBIL_REGISTER_KEY": " one\n"}, RegisterSection(api_key=Secret("two")), "one"),
        ({"NOBIL_REGISTER_KEY": " "}, RegisterSection(api_key=Secret("two")), "two"),
        # A key for another service is not used.
        ({"NOBIL_API_KEY": "three"}, RegisterSection(), None),
    ],
)
def test_which_key_is_used(
    environ: dict[str, str], section: RegisterSection, key: str | None
) -> None:
    found = register_key(section, environ)
    assert (found.reveal() if found else None) == key


@for_each(
    ("minutes", "words"),
    [
        (-5, "just now"),
        (0.9, "just now"),
        (1, "1 min ago"),
        (59, "59 min ago"),
        (60, "1 h ago"),
        (47 * 60, "47 h ago"),
        (48 * 60, "2 d ago"),
    ],
)
def test_ago(minutes: float, words: str) -> None:
    assert ago(START, START + round(minutes * 60_000)) == words


def test_default_address_is_nobils() -> None:
    assert feed.REGISTER_ADDRESS.startswith("https://nobil.no/")
