"""A source with three stations, which have names and plugs."""

from __future__ import annotations

from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.register import Facts, Plug, Register
from nobil_tui.charging.station import Connector, Station
from tests.conftest import START, FakeClock
from tests.tui.app_driver import (
    HandSource,
    text_of,
)

FREE, OCCUPIED, FAULT = (0, 0), (1, 0), (0, 1)


REGISTER = Register(
    {
        "NOR_00001": Facts(
            "Fornebu S",
            "Bærum",
            position=(59.9, 10.6),
            plugs=(Plug("CCS", 150.0), Plug("CCS", 150.0)),
        ),
        "NOR_00002": Facts(
            "Rådhusgata 12", "Oslo", position=(59.91, 10.75), plugs=(Plug("Type 2", 22.0),)
        ),
        "NOR_00003": Facts(
            "Minde Ladepark", "Bergen", plugs=(Plug("CCS", 300.0), Plug("CHAdeMO", 50.0))
        ),
    }
)


def station(number: int, *said: tuple[int, int], at: int = START - 60_000) -> Station:
    return Station(f"NOR_{number:05}", [Connector(status, error, at) for status, error in said])


def country() -> list[Station]:
    return [station(1, FREE, OCCUPIED), station(2, OCCUPIED), station(3, FREE, FAULT)]


def source_of(clock: FakeClock) -> HandSource:
    source = HandSource(clock, REGISTER)
    source.feed.put(Connected(START), Snapshot(country(), START))
    return source


def screen_text(pilot: object) -> str:
    return "\n".join(text_of(pilot))  # type: ignore[arg-type]
