"""Fixtures: a register that is updated from a local server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from nobil_tui.base.redaction import Secret
from nobil_tui.register.cache import load_register
from nobil_tui.register.download import DownloadTimeouts
from nobil_tui.register.progress import UpdateError, UpdateProgress
from nobil_tui.register.update import UpdateOutcome, update_register
from tests.conftest import GUARD, FakeClock, guarded
from tests.register.register_service import KEY, RegisterService

BOTH = ("NOR", "SWE")
HOUR = 3600.0


class Renewing:
    """Update one register from one server, with a fake clock."""

    def __init__(self, path: Path, service: RegisterService, clock: FakeClock) -> None:
        self.path = path
        self.service = service
        self.clock = clock
        self.told: list[UpdateProgress] = []
        self.key = KEY
        self.timeouts = DownloadTimeouts(connect=GUARD, silence=GUARD)

    async def update(
        self, countries: Iterable[str] = BOTH, *, force: bool = False
    ) -> UpdateOutcome:
        return await guarded(
            update_register(
                self.path,
                countries,
                Secret(self.key),
                self.service.address,
                on_progress=self.told.append,
                force=force,
                clock=self.clock,
                timeouts=self.timeouts,
            )
        )

    async def fail(self, countries: Iterable[str] = BOTH) -> UpdateError:
        """Update; return the error, after checking that it does not contain the key."""
        with pytest.raises(UpdateError) as raised:
            await self.update(countries)
        assert KEY not in str(raised.value)
        return raised.value

    def names(self) -> dict[str, str]:
        """The stored names by station id."""
        cached = load_register(self.path)
        return (
            {}
            if cached is None
            else {station: facts.name for station, facts in cached.facts.items()}
        )

    @property
    def asked(self) -> list[str]:
        """The requested countries."""
        return [asked.query["countrycode"] for asked in self.service.asked]


@pytest.fixture
async def service() -> AsyncIterator[RegisterService]:
    async with RegisterService() as service:
        yield service


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "register.msgpack"


@pytest.fixture
async def renewing(path: Path, service: RegisterService, clock: FakeClock) -> Renewing:
    return Renewing(path, service, clock)


@pytest.fixture
async def prepared(renewing: Renewing) -> Renewing:
    """A stored register with both countries, a day old."""
    await renewing.update()
    renewing.clock.advance(24 * HOUR)
    renewing.service.asked.clear()
    renewing.told.clear()
    return renewing
