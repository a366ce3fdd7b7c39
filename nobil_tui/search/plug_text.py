"""Write the plug terms of a filter as text: the inverse of parsing them."""

from __future__ import annotations

from math import inf

from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.plug_terms import AnyPlug, PlugName, PowerRange
from nobil_tui.search.query import Query


def plug_filter_text(query: Query) -> str:
    """Return a filter with only the plugs of a query; the whole text if they cannot be written."""
    if not query.plugs:
        return ""
    words = [_text(name) for name in query.plugs.names]
    text = " ".join([*words, *map(_power_text, query.plugs.powers)])
    return text if parse_query(text).plugs == query.plugs else query.text


def _text(name: PlugName | AnyPlug) -> str:
    if isinstance(name, AnyPlug):
        return " or ".join(map(_text, name.plugs))
    kinds = ",".join(name.kinds)
    if name.power is None:
        return f"plug:{kinds}" if "," in kinds else kinds
    power = _power_text(name.power)
    if not kinds:
        return power
    exact = name.power.label.removesuffix(" kW")
    return f"{kinds}{power}" if power.startswith((">", "<")) else f"{kinds}={exact}"


def _power_text(power: PowerRange) -> str:
    if power.most == inf:
        return f">={power.least:g}kw"
    if power.least == 0:
        return f"<={power.most:g}kw"
    return f"{power.least:g}-{power.most:g}kw"
