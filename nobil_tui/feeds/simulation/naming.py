"""Invent names for simulated stations, in the style of real ones. No operator has these names."""

from __future__ import annotations

import random

from msgspec import Struct

from nobil_tui.feeds.simulation.choice import WeightedChoice
from nobil_tui.feeds.simulation.sites import SiteKind
from nobil_tui.feeds.simulation.towns import NORWAY, SWEDEN, Town


class SiteName(Struct, frozen=True):
    """A station's name, and its street with the house number."""

    name: str
    street: str


class _Tongue(Struct, frozen=True):
    """The vocabulary of one country."""

    streets: tuple[str, ...]
    fronts: tuple[str, ...]
    backs: tuple[str, ...]
    patterns: dict[SiteKind, WeightedChoice[str]]
    operators: WeightedChoice[str]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


_NORWEGIAN = _Tongue(
    streets=_words(
        "Storgata, Kirkegata, Torggata, Skolegata, Strandgata, Havnegata, Jernbanegata, "
        "Stasjonsveien, "
        "Industriveien, Kirkeveien, Skoleveien, Idrettsveien, Rådhusgata, Sjøgata, Verftsgata, "
        "Elvegata, "
        "Parkveien, Bjørkeveien, Granveien, Furuveien, Møllergata, Brugata, Nygata, Fjordgata, "
        "Sykehusveien, "
        "Ringveien, Bekkeveien, Solbakken, Åsveien, Nedre gate, Øvre gate, Dronningens gate, "
        "Kongens gate, "
        "Prinsens gate, Museumsgata, Teatergata, Hagegata, Kaigata, Tollbugata, Sentrumsveien"
    ),
    fronts=_words(
        "Nord, Sør, Øst, Vest, Sol, Gran, Furu, Bjørke, Elve, Foss, Strand, Kirke, Mølle, "
        "Stor, Ny, Berg, "
        "Skog, Fjell, Sand, Sjø, Lyng, Stein, Eik, Bru"
    ),
    backs=_words(
        "by, heim, moen, haugen, li, vik, bakken, sletta, lund, myra, åsen, nes, gård, tunet, "
        "vangen, dalen, rud, neset"
    ),
    patterns={
        SiteKind.STREET: WeightedChoice(
            *(
                ("{street}", 0.6),
                ("{spot} Parkering", 0.15),
                ("{town} Torg", 0.05),
                ("{spot} Brygge", 0.05),
            ),
            *(("{town} Sentrum", 0.05), ("{spot} Borettslag", 0.1)),
        ),
        SiteKind.WORK: WeightedChoice(
            *(
                ("{spot} Næringspark", 0.3),
                ("{street}", 0.25),
                ("{town} Rådhus", 0.05),
                ("{spot} Skole", 0.15),
            ),
            *(("{spot} Kontorpark", 0.15), ("{town} Stasjon", 0.1)),
        ),
        SiteKind.VISIT: WeightedChoice(
            *(
                ("{spot} Senter", 0.25),
                ("{spot} Hotell", 0.2),
                ("{town} Kjøpesenter", 0.05),
                ("{town} Hotell", 0.05),
            ),
            *(
                ("{spot} Idrettspark", 0.15),
                ("{town} Camping", 0.05),
                ("{spot} Kulturhus", 0.1),
                ("{spot} Bad", 0.1),
            ),
            *(("{spot} Skisenter", 0.05),),
        ),
        SiteKind.FAST: WeightedChoice(
            *(
                ("{spot} Bensinstasjon", 0.3),
                ("{spot} Veikro", 0.2),
                ("{town} Nord", 0.05),
                ("{town} Sør", 0.05),
            ),
            *(
                ("{town} Øst", 0.03),
                ("{town} Vest", 0.02),
                ("{spot} Hurtiglading", 0.2),
                ("{spot} Dagligvare", 0.15),
            ),
        ),
        SiteKind.PARK: WeightedChoice(
            ("{spot} Ladepark", 0.75), ("{town} Ladepark", 0.15), ("{spot} Veiservice", 0.1)
        ),
        SiteKind.GARAGE: WeightedChoice(
            ("{spot} P-hus", 0.5), ("{town} P-hus", 0.3), ("{spot} Innfartsparkering", 0.2)
        ),
    },
    operators=WeightedChoice(
        ("Eksempellading", 5),
        ("Prøvestrøm", 4),
        ("Demokraft", 3),
        ("Mønsterlading", 2),
        ("Øvingsenergi", 1),
    ),
)
_SWEDISH = _Tongue(
    streets=_words(
        "Storgatan, Kyrkogatan, Torggatan, Skolgatan, Strandgatan, Hamngatan, Järnvägsgatan, "
        "Kungsgatan, "
        "Drottninggatan, Industrigatan, Stationsgatan, Rådhusgatan, Nygatan, Trädgårdsgatan, "
        "Parkgatan, "
        "Ågatan, Kvarngatan, Bangatan, Idrottsvägen, Sjukhusvägen, Björkvägen, Tallvägen, "
        "Granvägen, "
        "Ringvägen, Hantverkargatan, Verkstadsgatan, Norra gatan, Södra gatan, Östra gatan, "
        "Västra gatan"
    ),
    fronts=_words(
        "Norr, Söder, Öster, Väster, Sol, Gran, Tall, Björk, Ek, Lind, Ström, Berg, Skog, "
        "Kvarn, Ny, Stor, "
        "Sjö, Sten, Ask, Sand"
    ),
    backs=_words(
        "by, hem, hult, lund, vik, backen, torp, näs, gården, tuna, åker, bro, ängen, hagen, "
        "dal, fors"
    ),
    patterns={
        SiteKind.STREET: WeightedChoice(
            *(
                ("{street}", 0.65),
                ("{spot} Parkering", 0.15),
                ("{town} Torg", 0.05),
                ("{town} Centrum", 0.05),
            ),
            *(("{spot} Brygga", 0.1),),
        ),
        SiteKind.WORK: WeightedChoice(
            *(
                ("{spot} Företagspark", 0.35),
                ("{street}", 0.25),
                ("{town} Stadshus", 0.05),
                ("{spot} Skola", 0.2),
            ),
            *(("{town} Station", 0.15),),
        ),
        SiteKind.VISIT: WeightedChoice(
            *(
                ("{spot} Köpcentrum", 0.25),
                ("{spot} Hotell", 0.2),
                ("{town} Hotell", 0.05),
                ("{spot} Idrottsplats", 0.2),
            ),
            *(("{town} Camping", 0.1), ("{spot} Badhus", 0.2)),
        ),
        SiteKind.FAST: WeightedChoice(
            *(
                ("{spot} Bensinstation", 0.3),
                ("{spot} Rastplats", 0.2),
                ("{town} Norra", 0.05),
                ("{town} Södra", 0.05),
            ),
            *(("{spot} Snabbladdning", 0.25), ("{spot} Livs", 0.15)),
        ),
        SiteKind.PARK: WeightedChoice(("{spot} Laddpark", 0.8), ("{town} Laddpark", 0.2)),
        SiteKind.GARAGE: WeightedChoice(
            ("{spot} P-hus", 0.5), ("{town} P-hus", 0.3), ("{spot} Pendlarparkering", 0.2)
        ),
    },
    operators=WeightedChoice(
        ("Exempelladdning", 5), ("Provström", 4), ("Demokraft", 3), ("Övningsenergi", 1)
    ),
)
_TONGUES = {NORWAY: _NORWEGIAN, SWEDEN: _SWEDISH}


class Namer:
    """Invent names, and never use one twice."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def name(self, town: Town, kind: SiteKind) -> SiteName:
        """Return a new name and street for a station."""
        words = _TONGUES[town.country]
        street = self._street(words)
        pattern = words.patterns[kind](self._rng)
        name = (
            street
            if pattern == "{street}"
            else pattern.format(spot=self._spot(words), town=town.name)
        )
        if name in self._taken and town.name not in name:
            name = f"{name}, {town.name}"
        while name in self._taken:
            street = self._street(words)
            name = f"{street}, {town.name}"
        self._taken.add(name)
        return SiteName(name, street)

    def operator(self, town: Town) -> str:
        """Draw an operator. All of them are visibly fictitious."""
        return _TONGUES[town.country].operators(self._rng)

    def _street(self, words: _Tongue) -> str:
        # Squared, because low numbers are more common: every street has them.
        number = 1 + int(240 * self._rng.random() ** 2)
        letter = "ABC"[int(self._rng.random() * 3)] if self._rng.random() < 0.12 else ""
        return f"{self._pick(words.streets)} {number}{letter}"

    def _spot(self, words: _Tongue) -> str:
        front, back = self._pick(words.fronts), self._pick(words.backs)
        # Three equal letters in a row are written as two: Foss + sletta is Fossletta.
        return front + (back[1:] if front[-2] == front[-1] == back[0] else back)

    def _pick(self, options: tuple[str, ...]) -> str:
        return options[int(self._rng.random() * len(options))]
