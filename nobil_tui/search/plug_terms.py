"""What a filter can ask of plugs: their names and their power."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from nobil_tui.charging.register import Plug, Plugs
from nobil_tui.search.document import Document
from nobil_tui.search.fields import PLUGS
from nobil_tui.search.folding import fold


class PlugName(Struct, frozen=True):
    """Plugs by their names; several stand for "one of these"."""

    kinds: tuple[str, ...]
    """Folded and without spaces; what a name begins with is enough."""
    brand: bool = False
    """The one name is a company's too: a station whose texts hold it is meant as well."""

    def matches(self, plug: Plug) -> bool:
        """Whether a plug is meant."""
        return any(kind.startswith(self.kinds) for kind in plug_kinds(plug.name))

    @property
    def label(self) -> str:
        """What is asked, to a reader."""
        return " or ".join(PLUGS.get(kind, kind) for kind in self.kinds)


class PowerRange(Struct, frozen=True):
    """From so many kW to so many, both included."""

    least: float
    most: float
    label: str
    """What is asked, to a reader."""

    def matches(self, plug: Plug) -> bool:
        """Whether a plug has it; one of unknown power never has."""
        return plug.kw > 0 and self.least <= plug.kw <= self.most


PlugMatch = bool | tuple[bool, ...]
"""Which of a station's plugs are asked for: all, none, or for each whether it is."""


class PlugFilter(Struct, frozen=True):
    """The plugs that are asked for: of any of the names, and of all the powers."""

    names: tuple[PlugName, ...] = ()
    powers: tuple[PowerRange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names or self.powers)

    def match(self, plugs: Plugs) -> PlugMatch:
        """Tell which of a station's plugs are asked for. A company's name that is no plug here asks for no other."""
        if not self:
            return True
        strong = [all(power.matches(plug) for power in self.powers) for plug in plugs]
        here = [plug for plug, fits in zip(plugs, strong, strict=True) if fits]
        found = [name for name in self.names if any(map(name.matches, here))]
        if not found and not all(name.brand for name in self.names):
            return False
        fit = tuple(
            fits and (not found or any(name.matches(plug) for name in found))
            for plug, fits in zip(plugs, strong, strict=True)
        )
        return all(fit) or (any(fit) and fit)

    def keep(self, rows: Sequence[Document]) -> list[Document]:
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
        here = [plug for plug in plugs if all(power.matches(plug) for power in self.powers)]
        missing = [name for name in self.names if not any(map(name.matches, here))]
        if (self.powers and not here) or not all(name.brand for name in missing):
            return None
        return tuple(name.kinds[0] for name in missing)

    @property
    def label(self) -> str:
        """What is asked, to a reader."""
        return ", ".join([*(name.label for name in self.names), *(power.label for power in self.powers)])


class Not(Struct, frozen=True):
    """No such plug."""

    asks: PlugFilter

    def keep(self, rows: Sequence[Document]) -> list[Document]:
        """Keep the rows that fit."""
        having = set(map(id, self.asks.keep(rows)))
        return [row for row in rows if id(row) not in having]


@lru_cache(maxsize=1024)
def plug_kinds(name: str) -> tuple[str, ...]:
    """Split a plug's name into what it is compared by: ``Type 2 + Schuko`` into ``type2`` and ``schuko``."""
    return tuple(kind for part in name.split("+") if (kind := fold(part).replace(" ", "")))
