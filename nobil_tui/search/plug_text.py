"""The plug terms of a filter as text: the inverse of parsing them."""

from __future__ import annotations

from math import inf

from nobil_tui.search.plug_terms import PowerRange
from nobil_tui.search.query import Query, parse_query


def plug_filter_text(query: Query) -> str:
    """Return a filter with only the plugs of a query; the whole text if they cannot be written."""
    if not query.plugs:
        return ""
    names = [",".join(name.kinds) for name in query.plugs.names]
    words = [f"plug:{name}" if "," in name else name for name in names]
    text = " ".join([*words, *map(_power_text, query.plugs.powers)])
    return text if parse_query(text).plugs == query.plugs else query.text


def _power_text(power: PowerRange) -> str:
    if power.most == inf:
        return f">={power.least:g}kw"
    if power.least == 0:
        return f"<={power.most:g}kw"
    return f"{power.least:g}-{power.most:g}kw"
