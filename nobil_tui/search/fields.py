"""The words of the filter line, for those who read it and those who complete it."""

from __future__ import annotations

FIELDS = {
    "op": "op:recharge",
    "owner": "owner:kommune",
    "place": "place:oslo",
    "name": "name:torget",
    "street": "street:storgata",
    "id": "id:nor_01333",
    "country": "country:swe",
    "plug": "plug:ccs",
    "near": "near:59.91,10.75",
    "within": "within:20km",
}
"""The fields with an example of each, in the order in which they are offered."""
PLUGS = {
    "ccs": "CCS",
    "chademo": "CHAdeMO",
    "type2": "Type 2",
    "type1": "Type 1",
    "tesla": "Tesla",
    "schuko": "Schuko",
    "mcs": "MCS",
}
"""The plugs that need no field, and how a reader knows them, in the order in which they are offered."""
BRANDS = ("tesla",)
"""Those of them that are companies too."""
COUNTRIES = ("NOR", "SWE", "DAN", "FIN", "ISL")
"""The countries of the streams, by NOBIL's letters."""

FIELD_OF = {**{name: name for name in FIELDS}, "operator": "op", "city": "place", "town": "place", "connector": "plug"}
"""The field by each of its names."""
PLUG_OF = {**{name: name for name in PLUGS}, "combo": "ccs", "mennekes": "type2", "typ2": "type2", "typ1": "type1"}
"""The plug by each of its names."""
COUNTRY_OF = {
    **{code.lower(): code for code in COUNTRIES},
    **{"no": "NOR", "norway": "NOR", "norge": "NOR", "se": "SWE", "sweden": "SWE", "sverige": "SWE"},
    **{"dk": "DAN", "dnk": "DAN", "denmark": "DAN", "danmark": "DAN", "fi": "FIN", "finland": "FIN", "suomi": "FIN"},
    **{"is": "ISL", "iceland": "ISL", "island": "ISL"},
}
"""The country by each of its names."""
