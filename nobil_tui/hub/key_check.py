"""Check the API keys of requests; an address that guesses keys or floods has to wait."""

from __future__ import annotations

import math
from http import HTTPStatus

from nobil_tui.hub.api_keys import ConsumerKeys
from nobil_tui.hub.counts import HubCounts
from nobil_tui.hub.denial import Denial, wrong_key
from nobil_tui.hub.event_log import HubLog
from nobil_tui.hub.rates import FailedTries, KnownKeys

FLOOD_STRIKES = 5
"""A consumer that is closed because of what it sent counts as this many wrong keys."""


class KeyCheck:
    """Checks keys, and limits the failed attempts of an address per minute."""

    def __init__(
        self, keys: ConsumerKeys, tries_per_minute: int, counts: HubCounts, events: HubLog
    ) -> None:
        self._keys = keys
        self._counts = counts
        self._events = events
        self._failed = FailedTries(tries_per_minute)
        self._known = KnownKeys()
        self._floods = FailedTries(tries_per_minute)

    def check(self, keys: list[str], address: str) -> str | Denial:
        """Return the name of the valid key among those of a request, or why there is none."""
        flooded = self._floods.wait(address)
        wait = max(flooded, self._failed.wait(address))
        for key in keys:
            if flooded or (wait and not self._known.has(address, key)):
                continue
            if (name := self._keys.owner(key)) is not None:
                self._known.add(address, key)
                return name
        if wait:
            self._counts.refused[HTTPStatus.TOO_MANY_REQUESTS] += 1
            text = "Too many wrong keys; wait before the next try"
            return Denial(HTTPStatus.TOO_MANY_REQUESTS, text, math.ceil(wait))
        if keys:
            # Without a key, nothing was guessed; a request may hold several.
            self._failed.failed(address, len(keys))
        self._counts.refused[HTTPStatus.UNAUTHORIZED] += 1
        # Log only the first attempt after a pause, so that a flood does not fill the log.
        if self._failed.wait(address):
            self._events.emit("keys refused", level="warning", address=address)
        return wrong_key()

    def allow(self, tries_per_minute: int) -> None:
        """Allow another number of failed attempts from now on."""
        self._failed.per_minute = self._floods.per_minute = tries_per_minute

    def note_flood(self, address: str) -> None:
        """Note that a consumer at an address was closed because of what it sent."""
        self._floods.failed(address, FLOOD_STRIKES)
