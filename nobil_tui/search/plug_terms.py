"""Terms of a filter about plugs: their names and their power."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from nobil_tui.charging.register import Plug, Plugs
from nobil_tui.search.document import Document
from nobil_tui.search.fields import PLUG_BY_NAME, plug_kinds


class PowerRange(Struct, frozen=True):
    """A range of power in kW, bounds included."""

    least: float
    most: float
    label: str
    """The range for display: ``150 kW or more``."""

    def matches(self, plug: Plug) -> bool:
        """Return whether a plug's power is in the range. Unknown power never is."""
        return plug.kw > 0 and self.least <= plug.kw <= self.most


class PlugName(Struct, frozen=True):
    """Plugs by name. Several names mean any of them."""

    kinds: tuple[str, ...]
    """Folded and without spaces. The beginning of a plug's name is enough. Empty for any plug."""
    brand: bool = False
    """Whether the only name is also a company's: then stations with it in their texts match too."""
    power: PowerRange | None = None
    """The power of these plugs; None for any."""

    def matches(self, plug: Plug) -> bool:
        """Return whether a plug has one of the names, and the power."""
        named = not self.kinds or any(kind.startswith(self.kinds) for kind in plug_kinds(plug.name))
        return named and (self.power is None or self.power.matches(plug))

    @property
    def label(self) -> str:
        """The names and the power for display: ``CCS or Type 2``, ``CCS 150 kW or more``."""
        known = ((PLUG_BY_NAME.get(kind), kind) for kind in self.kinds)
        names = " or ".join(plug.label if plug is not None else kind for plug, kind in known)
        return " ".join(filter(None, (names, self.power.label if self.power else "")))


class AnyPlug(Struct, frozen=True):
    """Plugs that one of several descriptions matches."""

    plugs: tuple[PlugName, ...]

    @property
    def brand(self) -> bool:
        """Whether it is only the name of a company."""
        return False

    def matches(self, plug: Plug) -> bool:
        """Return whether a plug matches one of them."""
        return any(each.matches(plug) for each in self.plugs)

    @property
    def label(self) -> str:
        """The descriptions for display."""
        return " or ".join(each.label for each in self.plugs)


PlugMatch = bool | tuple[bool, ...]
"""Which of a station's plugs match: all, none, or one flag per plug."""


class PlugFilter(Struct, frozen=True):
    """Matches plugs that have any of the names and all of the powers."""

    names: tuple[PlugName | AnyPlug, ...] = ()
    powers: tuple[PowerRange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names or self.powers)

    def match(self, plugs: Plugs) -> PlugMatch:
        """Return which plugs of a station match.

        The name of a company that no plug of the station has does not exclude its plugs.
        """
        if not self:
            return True
        strong = [all(power.matches(plug) for power in self.powers) for plug in plugs]
        candidates = [plug for plug, fits in zip(plugs, strong, strict=True) if fits]
        found = [name for name in self.names if any(map(name.matches, candidates))]
        if not found and not all(name.brand for name in self.names):
            return False
        match = tuple(
            fits and (not found or any(name.matches(plug) for name in found))
            for plug, fits in zip(plugs, strong, strict=True)
        )
        return all(match) or (any(match) and match)

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the stations that have a plug of each name with enough power.

        Stations share few distinct tuples of plugs, so each tuple is examined once.
        """
        seen: dict[int, tuple[str, ...] | None] = {}
        kept = []
        for document in documents:
            # By identity: the documents hold the plugs, so no id is reused while this runs.
            plugs = document.facts.plugs
            known = id(plugs)
            if known not in seen:
                seen[known] = self._missing_brands(plugs)
            missing = seen[known]
            if missing is None:
                continue
            for word in missing:
                if word not in document.text:
                    break
            else:
                kept.append(document)
        return kept

    def _missing_brands(self, plugs: Plugs) -> tuple[str, ...] | None:
        """Return the brands that a station's texts must contain, since its plugs do not match them.

        None if the station cannot match.
        """
        candidates = [plug for plug in plugs if all(power.matches(plug) for power in self.powers)]
        missing = [name for name in self.names if not any(map(name.matches, candidates))]
        if (self.powers and not candidates) or not all(name.brand for name in missing):
            return None
        return tuple(name.kinds[0] for name in missing if isinstance(name, PlugName))

    @property
    def label(self) -> str:
        """The names and powers for display."""
        names, powers = self.names, self.powers
        return ", ".join([*(name.label for name in names), *(power.label for power in powers)])


class Not(Struct, frozen=True):
    """Matches stations without a matching plug."""

    plugs: PlugFilter

    def keep(self, documents: Sequence[Document]) -> list[Document]:
        """Keep the documents that match."""
        excluded = set(map(id, self.plugs.keep(documents)))
        return [document for document in documents if id(document) not in excluded]
