"""What a filter can ask of plugs: their names and their power."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from nobil_tui.charging.register import Plug, Plugs
from nobil_tui.search.document import Row
from nobil_tui.search.fields import PLUGS
from nobil_tui.search.folding import fold


class Named(Struct, frozen=True):
    """Plugs by their names; several stand for "one of these"."""

    kinds: tuple[str, ...]
    """Folded and without spaces; what a name begins with is enough."""
    brand: bool = False
    """The one name is a company's too: a station whose texts hold it is meant as well."""

    def fits(self, plug: Plug) -> bool:
        """Whether a plug is meant."""
        return any(kind.startswith(self.kinds) for kind in kinds_of(plug.name))

    @property
    def words(self) -> str:
        """What is asked, to a reader."""
        return " or ".join(PLUGS.get(kind, kind) for kind in self.kinds)


class Power(Struct, frozen=True):
    """From so many kW to so many, both included."""

    least: float
    most: float
    words: str
    """What is asked, to a reader."""

    def fits(self, plug: Plug) -> bool:
        """Whether a plug has it; one of unknown power never has."""
        return plug.kw > 0 and self.least <= plug.kw <= self.most


Fit = bool | tuple[bool, ...]
"""Which of a station's plugs are asked for: all, none, or for each whether it is."""


class PlugAsks(Struct, frozen=True):
    """The plugs that are asked for: of any of the names, and of all the powers."""

    names: tuple[Named, ...] = ()
    powers: tuple[Power, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names or self.powers)

    def fit(self, plugs: Plugs) -> Fit:
        """Tell which of a station's plugs are asked for. A company's name that is no plug here asks for no other."""
        if not self:
            return True
        strong = [all(power.fits(plug) for power in self.powers) for plug in plugs]
        here = [plug for plug, fits in zip(plugs, strong, strict=True) if fits]
        found = [name for name in self.names if any(map(name.fits, here))]
        if not found and not all(name.brand for name in self.names):
            return False
        fit = tuple(
            fits and (not found or any(name.fits(plug) for name in found))
            for plug, fits in zip(plugs, strong, strict=True)
        )
        return all(fit) or (any(fit) and fit)

    def keep(self, rows: Sequence[Row]) -> list[Row]:
        """Keep the stations that have a plug of each name, strong enough.

        Few sets of plugs are different, so each is looked at once.
        """
        seen: dict[int, tuple[str, ...] | None] = {}
        kept = []
        for row in rows:
            # By identity: the rows hold the plugs, so none of them goes while this runs.
            plugs = row.facts.plugs
            known = id(plugs)
            if known not in seen:
                seen[known] = self._missing(plugs)
            missing = seen[known]
            if missing is None:
                continue
            for word in missing:
                if word not in row.text:
                    break
            else:
                kept.append(row)
        return kept

    def _missing(self, plugs: Plugs) -> tuple[str, ...] | None:
        """Tell which words a station's texts must hold instead of its plugs; None where that would not do either."""
        here = [plug for plug in plugs if all(power.fits(plug) for power in self.powers)]
        missing = [name for name in self.names if not any(map(name.fits, here))]
        if (self.powers and not here) or not all(name.brand for name in missing):
            return None
        return tuple(name.kinds[0] for name in missing)

    @property
    def words(self) -> str:
        """What is asked, to a reader."""
        return ", ".join([*(name.words for name in self.names), *(power.words for power in self.powers)])


class Lacks(Struct, frozen=True):
    """No such plug."""

    asks: PlugAsks

    def keep(self, rows: Sequence[Row]) -> list[Row]:
        """Keep the rows that fit."""
        having = set(map(id, self.asks.keep(rows)))
        return [row for row in rows if id(row) not in having]


@lru_cache(maxsize=1024)
def kinds_of(name: str) -> tuple[str, ...]:
    """Split a plug's name into what it is compared by: ``Type 2 + Schuko`` into ``type2`` and ``schuko``."""
    return tuple(kind for part in name.split("+") if (kind := fold(part).replace(" ", "")))
