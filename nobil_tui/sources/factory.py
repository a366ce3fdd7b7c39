"""Makes a source of what a user wrote, with the key that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nobil_tui.base.clock import Clock
from nobil_tui.base.redaction import KEY_PLACEHOLDER, AddSecret, Secret
from nobil_tui.config.model import Config
from nobil_tui.feeds.simulation.limits import DEFAULT_SEED, DEFAULT_STATIONS
from nobil_tui.feeds.source import ChosenSource, Source, SourceError
from nobil_tui.sources.address import Address
from nobil_tui.sources.api_keys import ApiKeys, checked_key, save_operations
from nobil_tui.sources.names import Kind, address_of, kind_of, path_of, without_key

if TYPE_CHECKING:
    from nobil_tui.feeds.transport.link import Tap
    from nobil_tui.sources.v1 import V1Source


class SourceFactory:
    """Makes sources, for one environment and whatever config holds when one is asked for."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        stations: int = DEFAULT_STATIONS,
        seed: int = DEFAULT_SEED,
        speed: float | None = None,
        tap: Tap | None = None,
        clock: Clock | None = None,
        add_secret: AddSecret | None = None,
    ) -> None:
        """``speed`` is that of the simulation or a recording; None for 1. ``tap`` sees the frames of a link.

        ``add_secret`` is told every key that is used, and what else of an address is to be kept out of the log.
        """
        self._environ = environ
        self._stations = stations
        self._seed = seed
        self._speed = speed
        self._tap = tap
        self._clock = clock
        self._add_secret = add_secret

    def __call__(self, text: str, config: Config, key: Secret | None = None) -> ChosenSource:
        """Make the source that ``text`` names; ``key`` goes before every other. Raises ``SourceError``."""
        text = text.strip()
        given = checked_key(key.reveal(), "The key") if key is not None else ""
        keys = ApiKeys(config, self._environ)
        cautions: tuple[str, ...] = ()
        source: Source
        if (address := address_of(text)) is not None:
            v1 = self._v1(address, given, keys)
            source, cautions = v1, v1.cautions
        else:
            match kind_of(text):
                case Kind.ENOVA:
                    source = self._enova(given or keys.of_enova(), config.enova.address)
                case Kind.RECORDING:
                    source = self._recording(path_of(text))
                case _:
                    source = self._demo()
        return ChosenSource(source, without_key(text), cautions, *save_operations(text, given, config))

    def _demo(self) -> Source:
        from nobil_tui.sources.demo import DemoSource

        speed = 1.0 if self._speed is None else self._speed
        return DemoSource(self._stations, self._seed, speed, clock=self._clock, tap=self._tap)

    def _v1(self, address: Address, given: str, keys: ApiKeys) -> V1Source:
        from nobil_tui.sources.v1 import V1Source

        if given and not address.takes_key:
            raise SourceError(f"The address has no place for the key: write {KEY_PLACEHOLDER} where it goes.")
        key = self._noted(given or keys.of_stream(address)) if address.takes_key else ""
        unsent = not address.takes_key and keys.has_one_for(address)
        return V1Source(address, key, unsent=unsent, clock=self._clock, tap=self._tap, add_secret=self._add_secret)

    def _enova(self, key: str, address: str) -> Source:
        from nobil_tui.sources.enova import EnovaSource

        return EnovaSource(self._noted(key), address, clock=self._clock, tap=self._tap, add_secret=self._add_secret)

    def _recording(self, path: Path) -> Source:
        from nobil_tui.sources.recording import RecordingSource

        return RecordingSource(path, speed=self._speed, clock=self._clock)

    def _noted(self, key: str) -> str:
        """Have a key that is used kept out of the log."""
        if self._add_secret is not None:
            self._add_secret(key)
        return key
