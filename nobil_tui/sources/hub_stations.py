"""Names, places and plugs that a hub or relay of nobil-tui publishes for its stations.

A hub serves them over HTTP, on the host of its stream, and they are kept for the next start. Other
servers of version 1 have none: they are asked once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nobil_tui.base.clock import Clock
from nobil_tui.base.tasks import run_in_thread
from nobil_tui.feeds.transport.failures import UnreachableError
from nobil_tui.hub.requests import REGISTER_PATH, STREAM_PATHS

if TYPE_CHECKING:
    from nobil_tui.charging.register import Facts, Register
    from nobil_tui.sources.address import Address

MAX_STATIONS_RESPONSE = 128 * 1024 * 1024
"""Maximum size of the response in bytes, as sent and decompressed."""
CONNECT_SECONDS, SILENCE_SECONDS = 5.0, 20.0
_ORIGIN = "hub"
_NO_HUB = {301, 302, 303, 307, 308, 400, 404, 405, 410, 426}
"""The statuses that show that a server is not a hub of nobil-tui; others may be temporary."""

logger = logging.getLogger(__name__)


def register_url(address: Address) -> str:
    """Return where the hub of a stream has its register; empty if no hub can have the stream."""
    path = address.path.rstrip("/")
    # A proxy may put another path before that of the hub.
    prefix = next((path.removesuffix(each) for each in STREAM_PATHS if path.endswith(each)), None)
    if prefix is None:
        return ""
    host = f"[{address.host}]" if ":" in address.host else address.host
    scheme = "https" if address.encrypted else "http"
    return f"{scheme}://{host}:{address.port}{prefix}{REGISTER_PATH}"


class Found(NamedTuple):
    """A register as it was sent."""

    body: bytes
    """It may be compressed with gzip."""
    etag: str
    """Identifies this version; empty if the server sends none."""


class NoNamesError(Exception):
    """The server is not a hub of nobil-tui, so it has no names."""


Fetch = Callable[[str], Awaitable[Found | None]]
"""Returns the register; None if it is still the version that an ``etag`` names. Raises
``NoNamesError`` or ``UnreachableError``."""


def fetch_over_http(url: str, key: str) -> Fetch:
    """Return what fetches the register of the hub at ``url``.

    ``key`` is the API key of the stream, empty without one.
    """

    async def get(etag: str) -> Found | None:
        from nobil_tui.feeds.transport.fetch import Timeouts, fetch
        from nobil_tui.feeds.transport.http import USER_AGENT

        headers = {"Accept": "application/json", "Accept-Encoding": "gzip"}
        headers["User-Agent"] = USER_AGENT
        if key:
            headers["X-API-Key"] = key
        if etag:
            headers["If-None-Match"] = etag
        timeouts = Timeouts(CONNECT_SECONDS, SILENCE_SECONDS)
        status, found, body = await fetch(
            url, headers, MAX_STATIONS_RESPONSE, lambda _, __: None, timeouts, redirects=False
        )
        if status == 200:
            return Found(body, found.get("ETag", "")[:256])
        if status in _NO_HUB:
            raise NoNamesError
        if status == 304:
            return None
        raise UnreachableError(f"HTTP {status}")

    return get


class HubStations:
    """The static data that ``fetch`` returns for the stations of a stream, kept in a file named
    after ``name``."""

    def __init__(self, fetch: Fetch, name: str, *, clock: Clock | None = None) -> None:
        self.has_names = True
        """Whether the source has names, as far as we know."""
        self._fetch = fetch
        self._name = name
        self._clock = clock or Clock()
        self._register: Register | None = None
        self._own: dict[str, Facts] = {}
        self._etag = ""
        self._loaded = False
        self._is_hub = True
        """Whether the server is a hub of nobil-tui, as far as we know."""

    def use(self, register: Register) -> None:
        """Use the known data of the hub's stations in this register."""
        if register is not self._register:
            self._register = register
            register.use_own(self._own)

    def settle(self) -> None:
        """Do nothing: the stream does not wait for names."""

    async def update(
        self, path: Path, on_progress: Callable[[str], None], *, statuses_first: bool
    ) -> bool:
        """Use the data kept beside the register at ``path``, then what the hub has now.

        Returns whether something changed. It is no error if the hub cannot be reached: its stream
        reports why.
        """
        kept = path.with_name(f"{path.stem}-{self._name}{path.suffix}")
        changed = await self._load(kept)
        if not self._is_hub:
            return changed
        try:
            found = await self._fetch(self._etag)
            if found is None:
                return changed
            return await self._store(found, kept) or changed
        except NoNamesError:
            self._is_hub = False
        except UnreachableError as error:
            logger.info("names not updated: %s", error)
        self.has_names = bool(self._own)
        return changed

    async def _load(self, kept: Path) -> bool:
        if self._loaded:
            return False
        from nobil_tui.register.cache import CacheError, load_register

        self._loaded = True
        try:
            found = await run_in_thread(lambda: load_register(kept))
        except CacheError as error:
            logger.info("%s", error)
            return False
        if found is None:
            return False
        self._etag = found.origins[_ORIGIN].etag if _ORIGIN in found.origins else ""
        self._show(found.facts)
        return True

    async def _store(self, found: Found, kept: Path) -> bool:
        """Use a response, and keep it for the next start; return whether it can be read."""
        from nobil_tui.base.decoding import NotReadableError, gunzip
        from nobil_tui.register.cache import CacheError, Origin, load_register, save_register
        from nobil_tui.wire.hub_register import decode_hub_register

        etag, now = found.etag, self._clock.now()

        def store() -> dict[str, Facts]:
            facts = decode_hub_register(gunzip(found.body, MAX_STATIONS_RESPONSE))
            try:
                save_register(kept, facts, {_ORIGIN: Origin(now, stations=len(facts), etag=etag)})
                # Read again, its stations share their texts.
                stored = load_register(kept)
            except CacheError as error:
                logger.info("%s", error)
                return facts
            return facts if stored is None else stored.facts

        try:
            facts = await run_in_thread(store)
        except NotReadableError as error:
            logger.info("names of the hub not used: %s", error)
            raise NoNamesError from None
        self._etag = etag
        self._show(facts)
        self.has_names = bool(facts)
        return True

    def _show(self, facts: dict[str, Facts]) -> None:
        self._own = facts
        if self._register is not None:
            self._register.use_own(facts)
