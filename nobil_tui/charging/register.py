"""What is known of stations beside their status: who and where they are, and what plugs they have."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Plug(Struct, frozen=True, gc=False):
    """What one connector offers: the plug's name as drivers say it (``CCS``, ``Type 2``) and its power."""

    name: str = ""
    kw: float = 0.0
    """Kilowatt; zero where not known."""

    @property
    def text(self) -> str:
        """``CCS 150``, or what of it is known."""
        power = f"{self.kw:g}" if self.kw else ""
        return f"{self.name} {power}".strip()


class Facts(Struct, frozen=True):
    """What is known of one station beside its status. Empty texts stand for "not known"."""

    name: str = ""
    place: str = ""
    """The town, as a row shows it."""
    street: str = ""
    operator: str = ""
    position: tuple[float, float] | None = None
    """Latitude and longitude in degrees."""
    plugs: tuple[Plug, ...] = ()
    """One for each connector, in their order."""

    @property
    def best_plug(self) -> Plug | None:
        """The strongest plug: what a row has room to name."""
        return max(self.plugs, key=lambda plug: plug.kw, default=None)


NOTHING = Facts()


class Register:
    """Facts by station id. A station that the register lacks has ``NOTHING``, and its id for a name."""

    def __init__(self, facts: dict[str, Facts] | None = None) -> None:
        self._facts = facts or {}

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def facts(self, station: str) -> Facts:
        """All that is known of a station."""
        return self._facts.get(station, NOTHING)

    def name(self, station: str) -> str:
        """The station's name, else its id."""
        return self.facts(station).name or station

    def plug(self, station: str, index: int) -> Plug | None:
        """The plug of the connector at ``index``, where it is known."""
        plugs = self.facts(station).plugs
        return plugs[index] if index < len(plugs) else None
