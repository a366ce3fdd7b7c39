"""Towns of the simulation: real ones of Norway and Sweden, so that a map of the stations is
realistic.

Positions are those of the town centre, accurate to about a kilometre. The weight is roughly the
population of the town and its surroundings, in thousands: it only determines each town's share of
the stations. Municipalities and counties are those of 2024.
"""

from __future__ import annotations

from msgspec import Struct

NORWAY = "NOR"
SWEDEN = "SWE"


class Town(Struct, frozen=True):
    """A town that has stations."""

    name: str
    country: str
    """``NOR`` or ``SWE``, as in a station's id."""
    latitude: float
    longitude: float
    people: float
    """Approximate population in thousands."""
    municipality: str
    county: str


_NORWAY = """
Oslo, 59.91, 10.74, 700, Oslo, Oslo
Bergen, 60.39, 5.32, 290, Bergen, Vestland
Trondheim, 63.43, 10.39, 212, Trondheim, Trøndelag
Stavanger, 58.97, 5.73, 146, Stavanger, Rogaland
Kristiansand, 58.15, 8.00, 115, Kristiansand, Agder
Drammen, 59.74, 10.20, 103, Drammen, Buskerud
Sandvika, 59.89, 10.52, 130, Bærum, Akershus
Sandnes, 58.85, 5.74, 82, Sandnes, Rogaland
Lillestrøm, 59.96, 11.05, 91, Lillestrøm, Akershus
Fredrikstad, 59.22, 10.93, 84, Fredrikstad, Østfold
Tromsø, 69.65, 18.96, 78, Tromsø, Troms
Sarpsborg, 59.28, 11.11, 59, Sarpsborg, Østfold
Skien, 59.21, 9.61, 56, Skien, Telemark
Porsgrunn, 59.14, 9.66, 37, Porsgrunn, Telemark
Ålesund, 62.47, 6.15, 58, Ålesund, Møre og Romsdal
Sandefjord, 59.13, 10.22, 65, Sandefjord, Vestfold
Tønsberg, 59.27, 10.41, 58, Tønsberg, Vestfold
Haugesund, 59.41, 5.27, 38, Haugesund, Rogaland
Bodø, 67.28, 14.40, 53, Bodø, Nordland
Arendal, 58.46, 8.77, 46, Arendal, Agder
Hamar, 60.79, 11.07, 33, Hamar, Innlandet
Moss, 59.43, 10.66, 50, Moss, Østfold
Halden, 59.12, 11.39, 32, Halden, Østfold
Larvik, 59.05, 10.03, 48, Larvik, Vestfold
Ski, 59.72, 10.84, 61, Nordre Follo, Akershus
Jessheim, 60.14, 11.17, 42, Ullensaker, Akershus
Kongsberg, 59.67, 9.65, 28, Kongsberg, Buskerud
Hønefoss, 60.17, 10.26, 31, Ringerike, Buskerud
Gjøvik, 60.80, 10.69, 30, Gjøvik, Innlandet
Lillehammer, 61.12, 10.47, 29, Lillehammer, Innlandet
Elverum, 60.88, 11.56, 21, Elverum, Innlandet
Kongsvinger, 60.19, 12.00, 18, Kongsvinger, Innlandet
Molde, 62.74, 7.16, 32, Molde, Møre og Romsdal
Kristiansund, 63.11, 7.73, 24, Kristiansund, Møre og Romsdal
Harstad, 68.80, 16.54, 25, Harstad, Troms
Narvik, 68.44, 17.43, 21, Narvik, Nordland
Alta, 69.97, 23.27, 21, Alta, Finnmark
Hammerfest, 70.66, 23.68, 11, Hammerfest, Finnmark
Kirkenes, 69.73, 30.05, 10, Sør-Varanger, Finnmark
Mo i Rana, 66.31, 14.14, 26, Rana, Nordland
Mosjøen, 65.84, 13.19, 13, Vefsn, Nordland
Steinkjer, 64.01, 11.50, 24, Steinkjer, Trøndelag
Levanger, 63.75, 11.30, 20, Levanger, Trøndelag
Stjørdal, 63.47, 10.92, 24, Stjørdal, Trøndelag
Verdal, 63.79, 11.48, 15, Verdal, Trøndelag
Namsos, 64.47, 11.50, 15, Namsos, Trøndelag
Orkanger, 63.31, 9.85, 19, Orkland, Trøndelag
Oppdal, 62.59, 9.69, 7, Oppdal, Trøndelag
Røros, 62.57, 11.38, 6, Røros, Trøndelag
Dombås, 62.07, 9.13, 3, Dovre, Innlandet
Otta, 61.77, 9.54, 4, Sel, Innlandet
Lom, 61.84, 8.57, 2, Lom, Innlandet
Fagernes, 60.99, 9.24, 6, Nord-Aurdal, Innlandet
Gol, 60.70, 8.95, 5, Gol, Buskerud
Geilo, 60.53, 8.21, 5, Hol, Buskerud
Nesbyen, 60.57, 9.10, 3, Nesbyen, Buskerud
Flå, 60.43, 9.46, 1, Flå, Buskerud
Notodden, 59.56, 9.26, 13, Notodden, Telemark
Rjukan, 59.88, 8.59, 6, Tinn, Telemark
Seljord, 59.49, 8.63, 3, Seljord, Telemark
Bø, 59.41, 9.07, 7, Midt-Telemark, Telemark
Kragerø, 58.87, 9.41, 10, Kragerø, Telemark
Risør, 58.72, 9.23, 7, Risør, Agder
Grimstad, 58.34, 8.59, 24, Grimstad, Agder
Lillesand, 58.25, 8.38, 11, Lillesand, Agder
Mandal, 58.03, 7.45, 16, Lindesnes, Agder
Lyngdal, 58.14, 7.07, 10, Lyngdal, Agder
Flekkefjord, 58.30, 6.66, 9, Flekkefjord, Agder
Egersund, 58.45, 6.00, 15, Eigersund, Rogaland
Bryne, 58.74, 5.65, 20, Time, Rogaland
Jørpeland, 59.02, 6.04, 13, Strand, Rogaland
Leirvik, 59.78, 5.50, 19, Stord, Vestland
Odda, 60.07, 6.55, 9, Ullensvang, Vestland
Voss, 60.63, 6.42, 16, Voss, Vestland
Knarvik, 60.55, 5.29, 29, Alver, Vestland
Førde, 61.45, 5.86, 22, Sunnfjord, Vestland
Florø, 61.60, 5.03, 17, Kinn, Vestland
Sogndal, 61.23, 7.10, 12, Sogndal, Vestland
Lærdal, 61.10, 7.48, 2, Lærdal, Vestland
Stryn, 61.91, 6.72, 7, Stryn, Vestland
Nordfjordeid, 61.91, 5.99, 9, Stad, Vestland
Volda, 62.15, 6.07, 10, Volda, Møre og Romsdal
Ørsta, 62.20, 6.13, 11, Ørsta, Møre og Romsdal
Åndalsnes, 62.57, 7.69, 7, Rauma, Møre og Romsdal
Sunndalsøra, 62.68, 8.55, 7, Sunndal, Møre og Romsdal
Brekstad, 63.69, 9.67, 10, Ørland, Trøndelag
Rørvik, 64.86, 11.24, 10, Nærøysund, Trøndelag
Brønnøysund, 65.47, 12.21, 8, Brønnøy, Nordland
Sandnessjøen, 66.02, 12.63, 7, Alstahaug, Nordland
Fauske, 67.26, 15.39, 10, Fauske, Nordland
Svolvær, 68.23, 14.57, 10, Vågan, Nordland
Leknes, 68.15, 13.61, 11, Vestvågøy, Nordland
Sortland, 68.69, 15.41, 10, Sortland, Nordland
Finnsnes, 69.23, 17.98, 15, Senja, Troms
Bardufoss, 69.06, 18.52, 4, Målselv, Troms
Nordkjosbotn, 69.22, 19.56, 2, Balsfjord, Troms
Lakselv, 70.05, 24.97, 4, Porsanger, Finnmark
Karasjok, 69.47, 25.51, 3, Karasjok, Finnmark
Vadsø, 70.07, 29.75, 6, Vadsø, Finnmark
Honningsvåg, 70.98, 25.97, 3, Nordkapp, Finnmark
Askim, 59.58, 11.16, 45, Indre Østfold, Østfold
Drøbak, 59.66, 10.63, 16, Frogn, Akershus
Horten, 59.42, 10.48, 27, Horten, Vestfold
Gardermoen, 60.20, 11.09, 25, Ullensaker, Akershus
Trysil, 61.31, 12.26, 7, Trysil, Innlandet
Tynset, 62.28, 10.78, 6, Tynset, Innlandet
Raufoss, 60.73, 10.61, 13, Vestre Toten, Innlandet
Brumunddal, 60.88, 10.94, 35, Ringsaker, Innlandet
"""

_SWEDEN = """
Stockholm, 59.33, 18.07, 980, Stockholm, Stockholm
Göteborg, 57.71, 11.97, 600, Göteborg, Västra Götaland
Malmö, 55.60, 13.00, 355, Malmö, Skåne
Uppsala, 59.86, 17.64, 240, Uppsala, Uppsala
Linköping, 58.41, 15.62, 165, Linköping, Östergötland
Örebro, 59.27, 15.21, 158, Örebro, Örebro
Västerås, 59.61, 16.55, 158, Västerås, Västmanland
Helsingborg, 56.05, 12.69, 150, Helsingborg, Skåne
Norrköping, 58.59, 16.19, 144, Norrköping, Östergötland
Jönköping, 57.78, 14.16, 144, Jönköping, Jönköping
Umeå, 63.83, 20.26, 132, Umeå, Västerbotten
Lund, 55.70, 13.19, 128, Lund, Skåne
Borås, 57.72, 12.94, 114, Borås, Västra Götaland
Huddinge, 59.24, 17.98, 114, Huddinge, Stockholm
Eskilstuna, 59.37, 16.51, 107, Eskilstuna, Södermanland
Halmstad, 56.67, 12.86, 105, Halmstad, Halland
Gävle, 60.67, 17.14, 103, Gävle, Gävleborg
Södertälje, 59.20, 17.63, 102, Södertälje, Stockholm
Sundsvall, 62.39, 17.31, 99, Sundsvall, Västernorrland
Växjö, 56.88, 14.81, 97, Växjö, Kronoberg
Karlstad, 59.38, 13.50, 96, Karlstad, Värmland
Kristianstad, 56.03, 14.16, 87, Kristianstad, Skåne
Luleå, 65.58, 22.15, 79, Luleå, Norrbotten
Kungsbacka, 57.49, 12.08, 85, Kungsbacka, Halland
Skellefteå, 64.75, 20.95, 75, Skellefteå, Västerbotten
Kalmar, 56.66, 16.36, 72, Kalmar, Kalmar
Östersund, 63.18, 14.64, 64, Östersund, Jämtland
Trollhättan, 58.28, 12.29, 59, Trollhättan, Västra Götaland
Falun, 60.61, 15.63, 60, Falun, Dalarna
Borlänge, 60.49, 15.44, 52, Borlänge, Dalarna
Karlskrona, 56.16, 15.59, 66, Karlskrona, Blekinge
Skövde, 58.39, 13.85, 57, Skövde, Västra Götaland
Uddevalla, 58.35, 11.94, 57, Uddevalla, Västra Götaland
Varberg, 57.11, 12.25, 68, Varberg, Halland
Nyköping, 58.75, 17.01, 58, Nyköping, Södermanland
Örnsköldsvik, 63.29, 18.72, 55, Örnsköldsvik, Västernorrland
Visby, 57.64, 18.30, 61, Gotland, Gotland
Norrtälje, 59.76, 18.70, 65, Norrtälje, Stockholm
Motala, 58.54, 15.04, 44, Motala, Östergötland
Piteå, 65.32, 21.48, 42, Piteå, Norrbotten
Strömstad, 58.94, 11.17, 13, Strömstad, Västra Götaland
Ängelholm, 56.24, 12.86, 44, Ängelholm, Skåne
Lidköping, 58.51, 13.16, 40, Lidköping, Västra Götaland
Sandviken, 60.62, 16.78, 39, Sandviken, Gävleborg
Hudiksvall, 61.73, 17.10, 37, Hudiksvall, Gävleborg
Härnösand, 62.63, 17.94, 25, Härnösand, Västernorrland
Mora, 61.01, 14.54, 21, Mora, Dalarna
Arvika, 59.65, 12.59, 26, Arvika, Värmland
Ystad, 55.43, 13.82, 31, Ystad, Skåne
Trelleborg, 55.38, 13.16, 46, Trelleborg, Skåne
Västervik, 57.76, 16.64, 36, Västervik, Kalmar
Oskarshamn, 57.26, 16.45, 27, Oskarshamn, Kalmar
Ljungby, 56.83, 13.94, 28, Ljungby, Kronoberg
Värnamo, 57.19, 14.04, 34, Värnamo, Jönköping
Mariestad, 58.71, 13.82, 25, Mariestad, Västra Götaland
Kiruna, 67.86, 20.23, 23, Kiruna, Norrbotten
Gällivare, 67.13, 20.66, 17, Gällivare, Norrbotten
Boden, 65.83, 21.69, 28, Boden, Norrbotten
Haparanda, 65.83, 24.14, 9, Haparanda, Norrbotten
Åre, 63.40, 13.08, 12, Åre, Jämtland
Sveg, 62.03, 14.36, 4, Härjedalen, Jämtland
Sälen, 61.16, 13.27, 3, Malung-Sälen, Dalarna
Torsby, 60.14, 13.00, 11, Torsby, Värmland
"""


def _read(text: str, country: str) -> list[Town]:
    towns = []
    for line in text.strip().splitlines():
        name, latitude, longitude, people, municipality, county = line.split(", ")
        towns.append(
            Town(
                name,
                country,
                float(latitude),
                float(longitude),
                float(people),
                municipality,
                county,
            )
        )
    return towns


TOWNS: tuple[Town, ...] = (*_read(_NORWAY, NORWAY), *_read(_SWEDEN, SWEDEN))
