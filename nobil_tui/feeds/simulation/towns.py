"""Where the simulated stations stand: real towns of Norway and Sweden, so that a map of them looks like the country.

Positions are those of the town's middle, to about a kilometre. The weight is about the number of people in and around
the town, in thousands: it only says how many stations a town gets beside the others.
"""

from __future__ import annotations

from typing import NamedTuple

NORWAY = "NOR"
SWEDEN = "SWE"


class Town(NamedTuple):
    """A town in which stations stand."""

    name: str
    country: str
    """``NOR`` or ``SWE``, as in a station's id."""
    latitude: float
    longitude: float
    people: float
    """In thousands, roughly."""


_NORWAY = """
Oslo 59.91 10.74 700
Bergen 60.39 5.32 290
Trondheim 63.43 10.39 212
Stavanger 58.97 5.73 146
Kristiansand 58.15 8.00 115
Drammen 59.74 10.20 103
Sandvika 59.89 10.52 130
Sandnes 58.85 5.74 82
Lillestrøm 59.96 11.05 91
Fredrikstad 59.22 10.93 84
Tromsø 69.65 18.96 78
Sarpsborg 59.28 11.11 59
Skien 59.21 9.61 56
Porsgrunn 59.14 9.66 37
Ålesund 62.47 6.15 58
Sandefjord 59.13 10.22 65
Tønsberg 59.27 10.41 58
Haugesund 59.41 5.27 38
Bodø 67.28 14.40 53
Arendal 58.46 8.77 46
Hamar 60.79 11.07 33
Moss 59.43 10.66 50
Halden 59.12 11.39 32
Larvik 59.05 10.03 48
Ski 59.72 10.84 61
Jessheim 60.14 11.17 42
Kongsberg 59.67 9.65 28
Hønefoss 60.17 10.26 31
Gjøvik 60.80 10.69 30
Lillehammer 61.12 10.47 29
Elverum 60.88 11.56 21
Kongsvinger 60.19 12.00 18
Molde 62.74 7.16 32
Kristiansund 63.11 7.73 24
Harstad 68.80 16.54 25
Narvik 68.44 17.43 21
Alta 69.97 23.27 21
Hammerfest 70.66 23.68 11
Kirkenes 69.73 30.05 10
Mo i Rana 66.31 14.14 26
Mosjøen 65.84 13.19 13
Steinkjer 64.01 11.50 24
Levanger 63.75 11.30 20
Stjørdal 63.47 10.92 24
Verdal 63.79 11.48 15
Namsos 64.47 11.50 15
Orkanger 63.31 9.85 19
Oppdal 62.59 9.69 7
Røros 62.57 11.38 6
Dombås 62.07 9.13 3
Otta 61.77 9.54 4
Lom 61.84 8.57 2
Fagernes 60.99 9.24 6
Gol 60.70 8.95 5
Geilo 60.53 8.21 5
Nesbyen 60.57 9.10 3
Flå 60.43 9.46 1
Notodden 59.56 9.26 13
Rjukan 59.88 8.59 6
Seljord 59.49 8.63 3
Bø 59.41 9.07 7
Kragerø 58.87 9.41 10
Risør 58.72 9.23 7
Grimstad 58.34 8.59 24
Lillesand 58.25 8.38 11
Mandal 58.03 7.45 16
Lyngdal 58.14 7.07 10
Flekkefjord 58.30 6.66 9
Egersund 58.45 6.00 15
Bryne 58.74 5.65 20
Jørpeland 59.02 6.04 13
Leirvik 59.78 5.50 19
Odda 60.07 6.55 9
Voss 60.63 6.42 16
Knarvik 60.55 5.29 29
Førde 61.45 5.86 22
Florø 61.60 5.03 17
Sogndal 61.23 7.10 12
Lærdal 61.10 7.48 2
Stryn 61.91 6.72 7
Nordfjordeid 61.91 5.99 9
Volda 62.15 6.07 10
Ørsta 62.20 6.13 11
Åndalsnes 62.57 7.69 7
Sunndalsøra 62.68 8.55 7
Brekstad 63.69 9.67 10
Rørvik 64.86 11.24 10
Brønnøysund 65.47 12.21 8
Sandnessjøen 66.02 12.63 7
Fauske 67.26 15.39 10
Svolvær 68.23 14.57 10
Leknes 68.15 13.61 11
Sortland 68.69 15.41 10
Finnsnes 69.23 17.98 15
Bardufoss 69.06 18.52 4
Nordkjosbotn 69.22 19.56 2
Lakselv 70.05 24.97 4
Karasjok 69.47 25.51 3
Vadsø 70.07 29.75 6
Honningsvåg 70.98 25.97 3
Askim 59.58 11.16 45
Drøbak 59.66 10.63 16
Horten 59.42 10.48 27
Gardermoen 60.20 11.09 25
Trysil 61.31 12.26 7
Tynset 62.28 10.78 6
Raufoss 60.73 10.61 13
Brumunddal 60.88 10.94 35
"""

_SWEDEN = """
Stockholm 59.33 18.07 980
Göteborg 57.71 11.97 600
Malmö 55.60 13.00 355
Uppsala 59.86 17.64 240
Linköping 58.41 15.62 165
Örebro 59.27 15.21 158
Västerås 59.61 16.55 158
Helsingborg 56.05 12.69 150
Norrköping 58.59 16.19 144
Jönköping 57.78 14.16 144
Umeå 63.83 20.26 132
Lund 55.70 13.19 128
Borås 57.72 12.94 114
Huddinge 59.24 17.98 114
Eskilstuna 59.37 16.51 107
Halmstad 56.67 12.86 105
Gävle 60.67 17.14 103
Södertälje 59.20 17.63 102
Sundsvall 62.39 17.31 99
Växjö 56.88 14.81 97
Karlstad 59.38 13.50 96
Kristianstad 56.03 14.16 87
Luleå 65.58 22.15 79
Kungsbacka 57.49 12.08 85
Skellefteå 64.75 20.95 75
Kalmar 56.66 16.36 72
Östersund 63.18 14.64 64
Trollhättan 58.28 12.29 59
Falun 60.61 15.63 60
Borlänge 60.49 15.44 52
Karlskrona 56.16 15.59 66
Skövde 58.39 13.85 57
Uddevalla 58.35 11.94 57
Varberg 57.11 12.25 68
Nyköping 58.75 17.01 58
Örnsköldsvik 63.29 18.72 55
Visby 57.64 18.30 61
Norrtälje 59.76 18.70 65
Motala 58.54 15.04 44
Piteå 65.32 21.48 42
Strömstad 58.94 11.17 13
Ängelholm 56.24 12.86 44
Lidköping 58.51 13.16 40
Sandviken 60.62 16.78 39
Hudiksvall 61.73 17.10 37
Härnösand 62.63 17.94 25
Mora 61.01 14.54 21
Arvika 59.65 12.59 26
Ystad 55.43 13.82 31
Trelleborg 55.38 13.16 46
Västervik 57.76 16.64 36
Oskarshamn 57.26 16.45 27
Ljungby 56.83 13.94 28
Värnamo 57.19 14.04 34
Mariestad 58.71 13.82 25
Kiruna 67.86 20.23 23
Gällivare 67.13 20.66 17
Boden 65.83 21.69 28
Haparanda 65.83 24.14 9
Åre 63.40 13.08 12
Sveg 62.03 14.36 4
Sälen 61.16 13.27 3
Torsby 60.14 13.00 11
"""


def _read(text: str, country: str) -> list[Town]:
    towns = []
    for line in text.strip().splitlines():
        name, latitude, longitude, people = line.rsplit(maxsplit=3)
        towns.append(Town(name, country, float(latitude), float(longitude), float(people)))
    return towns


TOWNS: tuple[Town, ...] = (*_read(_NORWAY, NORWAY), *_read(_SWEDEN, SWEDEN))
