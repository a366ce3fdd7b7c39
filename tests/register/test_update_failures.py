"""After any failure or cancellation of an update, the stored register is intact."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from nobil_tui.base.redaction import Secret
from nobil_tui.charging.register import Facts
from nobil_tui.register import merge as stored_register
from nobil_tui.register import update as update_module
from nobil_tui.register.cache import Origin, load_register, save_register
from nobil_tui.register.download import DownloadTimeouts
from nobil_tui.register.merge import is_due
from nobil_tui.register.progress import UpdateError, UpdatePhase, UpdateProgress
from nobil_tui.register.update import update_register
from nobil_tui.wire import register
from nobil_tui.wire.register import Dump
from tests.conftest import GUARD, FakeClock, guarded, settle
from tests.http_service import Answer, body, status
from tests.register.conftest import BOTH, Renewing
from tests.register.register_service import KEY, RegisterService, dump_of, stations

# Failures


BROKEN: list[tuple[Answer, str]] = [
    (status(429, {"Retry-After": "60"}), "answered HTTP 429, and asks to retry after 60 s"),
    (status(500), "answered HTTP 500"),
    (
        status(302, {"Location": "https://nobil.example/"}),
        "answered HTTP 302, which points elsewhere",
    ),
    (body(b""), "sent an invalid response: the response is empty"),
    (
        body(b"<html>Sorry</html>"),
        "sent an invalid response: this is not a response of the register",
    ),
    (
        body(dump_of(stations("NOR", 3))[:-5]),
        "sent an invalid response: this is not a response of the register",
    ),
    (
        body(gzip.compress(dump_of(stations("NOR", 3)))[:-9], headers={"Content-Encoding": "gzip"}),
        "it is truncated",
    ),
    (body(dump_of([])), "sent no stations"),
    (body(dump_of(stations("SWE", 9))), "sent no stations"),
    (body(dump_of([7, 8])), "sent no stations (2 more cannot be read)"),
    (body(b'{"error": "Unknown country"}'), "says: Unknown country"),
    (body(dump_of(stations("NOR", 1))), "Got only 1 station of Norway, but 3 are stored"),
]


@pytest.mark.parametrize(("answer", "words"), BROKEN)
async def test_a_failure_of_one_country_keeps_it_and_updates_the_other(
    prepared: Renewing, answer: Answer, words: str
) -> None:
    before = prepared.names()
    prepared.service.stations["SWE"] = stations("SWE", 3)
    prepared.service.answers.append(answer)
    error = await prepared.fail()
    assert words in str(error)
    assert not error.refused
    assert error.too_few == ("Got only" in words)
    assert str(error).endswith(" Sweden: 3 stations from 127.0.0.1.")
    assert prepared.names() == before | {"SWE_00003": "Torget"}
    assert error.cached == load_register(prepared.path)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(401), "rejected the key: HTTP 401"),
        (status(403), "rejected the key: HTTP 403"),
        (body(b'{"error": "Wrong API key"}'), "says: Wrong API key"),
        (body(json.dumps({"error": f"Key {KEY} is unknown"}).encode()), "says: Key … is unknown"),
    ],
)
async def test_a_rejected_key_is_tried_once(prepared: Renewing, answer: Answer, words: str) -> None:
    before = prepared.path.read_bytes()
    prepared.service.answers.append(answer)
    error = await prepared.fail()
    assert error.refused
    assert str(error) == (
        f"Norway: 127.0.0.1 {words}. Set NOBIL_REGISTER_KEY, or api_key under [register] in "
        f"the config."
    )
    assert prepared.asked == ["NOR"]
    assert prepared.path.read_bytes() == before
    assert error.cached is None


async def test_a_wrong_key_is_an_error_with_http_200(renewing: Renewing) -> None:
    renewing.key = "another"
    assert (await renewing.fail()).refused


@pytest.mark.parametrize("stuck", ["never", "half"])
async def test_a_server_that_stops_sending(prepared: Renewing, stuck: str) -> None:
    before = prepared.path.read_bytes()
    prepared.timeouts = DownloadTimeouts(connect=GUARD, silence=0.1)
    prepared.service.answers.append(getattr(prepared.service, stuck))
    error = await prepared.fail(["NOR"])
    assert str(error).startswith("Norway: 127.0.0.1 ")
    assert prepared.path.read_bytes() == before


async def test_force_stores_too_few_stations(prepared: Renewing) -> None:
    prepared.service.stations["NOR"] = stations("NOR", 1)
    await prepared.fail(["NOR"])
    await prepared.update(["NOR"], force=True)
    assert {*prepared.names()} == {"NOR_00001", "SWE_00001", "SWE_00002"}


async def test_force_does_not_store_an_empty_answer(prepared: Renewing) -> None:
    prepared.service.stations["NOR"] = []
    with pytest.raises(UpdateError, match="sent no stations"):
        await prepared.update(["NOR"], force=True)
    assert "NOR_00001" in prepared.names()


async def test_rejects_an_invalid_address(path: Path) -> None:
    with pytest.raises(UpdateError, match="https://"):
        await update_register(path, BOTH, Secret(KEY), "ftp://nobil.example")


async def test_downloads_nothing_if_the_folder_is_not_writable(
    service: RegisterService, clock: FakeClock, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    error = await Renewing(tmp_path / "file" / "register", service, clock).fail()
    assert "The register cannot be saved" in str(error)
    assert service.asked == []


async def test_reports_a_disk_error_when_saving(
    prepared: Renewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = prepared.path.read_bytes()
    prepared.service.stations["NOR"] = stations("NOR", 4)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        error = await prepared.fail()
    assert "No space left" in str(error)
    assert prepared.asked == ["NOR"]
    assert prepared.path.read_bytes() == before


async def test_replaces_a_damaged_register(prepared: Renewing) -> None:
    prepared.path.write_bytes(b"damaged")
    outcome = await prepared.update(["NOR"])
    assert not outcome.recent
    assert [*prepared.names()] == ["NOR_00001", "NOR_00002", "NOR_00003"]


async def test_concurrent_updates_lose_nothing(
    path: Path, service: RegisterService, clock: FakeClock
) -> None:
    await asyncio.gather(
        *(Renewing(path, service, clock).update([country]) for country in BOTH),
    )
    assert len(Renewing(path, service, clock).names()) == 5


async def test_does_not_confirm_stations_that_another_program_replaced(
    prepared: Renewing, path: Path
) -> None:
    other = Origin(prepared.clock.now(), "a.json", 1)

    def meanwhile(progress: UpdateProgress) -> None:
        save_register(path, {"NOR_7": Facts()}, {"NOR": other})

    await guarded(
        update_register(
            path,
            ["NOR"],
            Secret(KEY),
            prepared.service.address,
            on_progress=meanwhile,
            clock=prepared.clock,
        )
    )
    cached = load_register(path)
    assert cached is not None
    assert cached.origins == {"NOR": other}


# Cancellation


@pytest.mark.parametrize("stuck", ["never", "half"])
async def test_cancelled_while_downloading(prepared: Renewing, stuck: str) -> None:
    before = prepared.path.read_bytes()
    prepared.service.answers.append(getattr(prepared.service, stuck))
    work = update_register(
        prepared.path, BOTH, Secret(KEY), prepared.service.address, clock=prepared.clock
    )
    running = asyncio.create_task(work)
    await guarded(prepared.service.reached.wait())
    await cancelled(running)
    assert prepared.path.read_bytes() == before
    assert is_due(prepared.path, {}, BOTH, prepared.clock.now())


async def test_cancelled_while_reading(prepared: Renewing, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, reading, go_on, read = (
        asyncio.get_running_loop(),
        asyncio.Event(),
        threading.Event(),
        threading.Event(),
    )

    def decode(answer: bytes | bytearray) -> Dump:
        loop.call_soon_threadsafe(reading.set)
        assert go_on.wait(GUARD)
        try:
            return register.decode_register(answer)
        finally:
            read.set()

    monkeypatch.setattr("nobil_tui.register.update.decode_register", decode)
    prepared.service.stations["NOR"] = stations("NOR", 9)
    before = prepared.path.read_bytes()
    running = asyncio.create_task(prepared.update())
    await guarded(reading.wait())
    await cancelled(running)
    go_on.set()
    assert read.wait(GUARD)
    await settle()
    assert prepared.path.read_bytes() == before


async def test_cancelled_before_storing(
    prepared: Renewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished = threading.Event()
    real: Callable[..., Any] = stored_register.edit_stored

    def edit_stored(*args: Any) -> Any:
        try:
            return real(*args)
        finally:
            finished.set()

    monkeypatch.setattr(update_module, "edit_stored", edit_stored)
    prepared.service.stations["NOR"] = stations("NOR", 9)
    before = prepared.path.read_bytes()
    storing = asyncio.Event()

    def tell(progress: UpdateProgress) -> None:
        if progress.phase is UpdatePhase.STORING:
            storing.set()

    with FileLock(f"{prepared.path}.lock"):
        work = update_register(
            prepared.path,
            BOTH,
            Secret(KEY),
            prepared.service.address,
            on_progress=tell,
            clock=prepared.clock,
        )
        running = asyncio.create_task(work)
        await guarded(storing.wait())
        await cancelled(running)
    assert finished.wait(GUARD)
    assert prepared.path.read_bytes() == before


async def cancelled(running: asyncio.Task[Any]) -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guarded(running)
