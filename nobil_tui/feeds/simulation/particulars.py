"""Invent register details of simulated stations: owner, opening hours, parking fee and contact.

Owners have names that cannot be mistaken for real ones, and the telephone numbers are not in use.
"""

from __future__ import annotations

import random
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from nobil_tui.feeds.simulation.choice import WeightedChoice
from nobil_tui.feeds.simulation.sites import SiteKind
from nobil_tui.feeds.simulation.towns import NORWAY, SWEDEN

ALWAYS = "open 24h"
WITH_CONTACT = 0.9
"""Share of stations with a contact."""

_NUMBERS = {NORWAY: "+47 00 00 00 00", SWEDEN: "+46 00 000 00 00"}
_OPERATOR = ""
"""Placeholder: the operator is the owner."""


class Particulars(NamedTuple):
    """Fields as in ``Facts``; unknown ones are empty, or None."""

    owner: str
    opening: str
    parking_fee: bool | None
    availability: str
    description: str
    comment: str
    contact: str


class _Words(Struct, frozen=True):
    """The texts for one kind of site in one country."""

    owners: WeightedChoice[str]
    openings: WeightedChoice[str]
    descriptions: WeightedChoice[str]
    comments: WeightedChoice[str]


def draw(country: str, kind: SiteKind, operator: str, rng: random.Random) -> Particulars:
    """Draw the details of a station that ``operator`` runs."""
    words = _WORDS[country, kind]
    return Particulars(
        words.owners(rng) or operator,
        words.openings(rng),
        _FEES[kind](rng),
        _ACCESS[kind](rng),
        words.descriptions(rng),
        words.comments(rng),
        _contact(operator, country) if rng.random() < WITH_CONTACT else "",
    )


@lru_cache(maxsize=32)
def _contact(operator: str, country: str) -> str:
    # A country has few operators: equal texts share one object.
    return f"{operator}, {_NUMBERS[country]}"


def _some(share: float, *texts: str) -> WeightedChoice[str]:
    """Draw one of ``texts`` for a ``share`` of the stations, and an empty text for the others."""
    return WeightedChoice(("", 1 - share), *((text, share / len(texts)) for text in texts))


_FEES: dict[SiteKind, WeightedChoice[bool | None]] = {
    SiteKind.STREET: WeightedChoice((True, 0.55), (False, 0.25), (None, 0.2)),
    SiteKind.WORK: WeightedChoice((True, 0.2), (False, 0.5), (None, 0.3)),
    SiteKind.VISIT: WeightedChoice((True, 0.35), (False, 0.5), (None, 0.15)),
    SiteKind.FAST: WeightedChoice((False, 0.85), (None, 0.15)),
    SiteKind.PARK: WeightedChoice((False, 0.9), (None, 0.1)),
    SiteKind.GARAGE: WeightedChoice((True, 1.0)),
}
_ACCESS = {
    SiteKind.STREET: WeightedChoice(("Public", 0.95), ("", 0.05)),
    SiteKind.WORK: WeightedChoice(("Public", 0.4), ("Employees", 0.35), ("Visitors", 0.25)),
    SiteKind.VISIT: WeightedChoice(("Public", 0.7), ("Visitors", 0.3)),
    SiteKind.FAST: WeightedChoice(("Public", 1.0)),
    SiteKind.PARK: WeightedChoice(("Public", 1.0)),
    SiteKind.GARAGE: WeightedChoice(("Public", 1.0)),
}
_NORWEGIAN = {
    SiteKind.STREET: _Words(
        WeightedChoice(
            ("Eksempel kommune", 4), ("Prøve borettslag", 3), ("Demo Parkering", 2), (_OPERATOR, 1)
        ),
        WeightedChoice((ALWAYS, 0.9), ("", 0.1)),
        _some(
            0.4,
            "Langs gata, mot elva.",
            "På parkeringsplassen bak bygget.",
            "Ved snuplassen i enden av veien.",
        ),
        _some(
            0.4,
            "Ta med egen kabel.",
            "Maks 4 timer på dagtid.",
            "Startes med app eller ladebrikke.",
        ),
    ),
    SiteKind.WORK: _Words(
        WeightedChoice(("Øving Eiendom", 4), ("Eksempel kommune", 3), ("Mønster Næringspark", 2)),
        WeightedChoice((ALWAYS, 0.4), ("Man-fre 07-17", 0.4), ("", 0.2)),
        _some(0.5, "Ved hovedinngangen.", "Bak bygget, ved varemottaket."),
        _some(0.3, "Ansatte går foran i arbeidstiden.", "Ta med egen kabel."),
    ),
    SiteKind.VISIT: _Words(
        WeightedChoice(
            ("Prøve Handel", 3), ("Mønster Hotell", 3), ("Eksempel kommune", 2), (_OPERATOR, 2)
        ),
        WeightedChoice(
            (ALWAYS, 0.45), ("Man-lør 08-22, søn 10-20", 0.35), ("not open 24h", 0.1), ("", 0.1)
        ),
        _some(0.5, "På parkeringsplassen, nærmest inngangen.", "Plan 1 i parkeringskjelleren."),
        _some(
            0.4,
            "Gratis lading for gjester, spør i resepsjonen.",
            "Startes med app.",
            "Maks 3 timer.",
        ),
    ),
    SiteKind.FAST: _Words(
        WeightedChoice((_OPERATOR, 6), ("Demo Dagligvare", 2), ("Øving Veikro", 1)),
        WeightedChoice((ALWAYS, 0.85), ("Alle dager 06-24", 0.15)),
        _some(
            0.4,
            "Ved siden av vaskehallen.",
            "På sørsiden av bygget.",
            "Innkjøring fra rundkjøringen.",
        ),
        _some(
            0.4,
            "Kort, app eller ladebrikke.",
            "Flytt bilen når den er ladet.",
            "Trangt med tilhenger.",
        ),
    ),
    SiteKind.PARK: _Words(
        WeightedChoice((_OPERATOR, 8), ("Prøve Handel", 1)),
        WeightedChoice((ALWAYS, 1.0)),
        _some(0.5, "Under taket midt på plassen.", "På rasteplassen, rett etter avkjøringen."),
        _some(0.4, "Plass for tilhenger i enden av rekka.", "Toalett og kafé ved siden av."),
    ),
    SiteKind.GARAGE: _Words(
        WeightedChoice(("Demo Parkering", 3), ("Eksempel kommune", 1)),
        WeightedChoice((ALWAYS, 0.4), ("Alle dager 05-01", 0.6)),
        _some(0.9, "Plan 2, til høyre for innkjøringen.", "Plan U1, følg skiltene."),
        _some(0.6, "Vanlig parkeringsavgift gjelder.", "Høyde 2,10 m."),
    ),
}
_SWEDISH = {
    SiteKind.STREET: _Words(
        WeightedChoice(
            ("Exempel kommun", 4), ("Prov Bostäder", 3), ("Demo Parkering", 2), (_OPERATOR, 1)
        ),
        WeightedChoice((ALWAYS, 0.9), ("", 0.1)),
        _some(
            0.4,
            "Längs gatan, mot ån.",
            "På parkeringen bakom huset.",
            "Vid vändplatsen i slutet av vägen.",
        ),
        _some(
            0.4,
            "Ta med egen kabel.",
            "Högst 4 timmar på dagtid.",
            "Startas med app eller laddbricka.",
        ),
    ),
    SiteKind.WORK: _Words(
        WeightedChoice(
            ("Övning Fastigheter", 4), ("Exempel kommun", 3), ("Mönster Företagspark", 2)
        ),
        WeightedChoice((ALWAYS, 0.4), ("Mån-fre 07-17", 0.4), ("", 0.2)),
        _some(0.5, "Vid huvudentrén.", "Bakom huset, vid godsmottagningen."),
        _some(0.3, "Anställda går före på arbetstid.", "Ta med egen kabel."),
    ),
    SiteKind.VISIT: _Words(
        WeightedChoice(
            ("Prov Handel", 3), ("Mönster Hotell", 3), ("Exempel kommun", 2), (_OPERATOR, 2)
        ),
        WeightedChoice(
            (ALWAYS, 0.45), ("Mån-lör 09-20, sön 10-18", 0.35), ("not open 24h", 0.1), ("", 0.1)
        ),
        _some(0.5, "På parkeringen, närmast entrén.", "Plan 1 i parkeringsgaraget."),
        _some(
            0.4, "Gäster laddar gratis, fråga i receptionen.", "Startas med app.", "Högst 3 timmar."
        ),
    ),
    SiteKind.FAST: _Words(
        WeightedChoice((_OPERATOR, 6), ("Demo Livs", 2), ("Övning Vägkrog", 1)),
        WeightedChoice((ALWAYS, 0.85), ("Alla dagar 06-24", 0.15)),
        _some(0.4, "Bredvid biltvätten.", "På södra sidan av huset.", "Infart från rondellen."),
        _some(
            0.4,
            "Kort, app eller laddbricka.",
            "Flytta bilen när den är laddad.",
            "Trångt med släp.",
        ),
    ),
    SiteKind.PARK: _Words(
        WeightedChoice((_OPERATOR, 8), ("Prov Handel", 1)),
        WeightedChoice((ALWAYS, 1.0)),
        _some(0.5, "Under taket mitt på platsen.", "På rastplatsen, strax efter avfarten."),
        _some(0.4, "Plats för släp i slutet av raden.", "Toalett och kafé bredvid."),
    ),
    SiteKind.GARAGE: _Words(
        WeightedChoice(("Demo Parkering", 3), ("Exempel kommun", 1)),
        WeightedChoice((ALWAYS, 0.4), ("Alla dagar 05-01", 0.6)),
        _some(0.9, "Plan 2, till höger om infarten.", "Plan U1, följ skyltarna."),
        _some(0.6, "Vanlig parkeringstaxa gäller.", "Höjd 2,10 m."),
    ),
}
_WORDS = {
    (country, kind): words
    for country, of_country in ((NORWAY, _NORWEGIAN), (SWEDEN, _SWEDISH))
    for kind, words in of_country.items()
}
