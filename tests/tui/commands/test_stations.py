"""Commands for the stations."""

from __future__ import annotations

from nobil_tui.charging.events import Connected, Snapshot
from nobil_tui.charging.register import Facts, Register
from nobil_tui.charging.station import Connector, Station
from tests.conftest import START, FakeClock
from tests.for_each import for_each
from tests.tui.app_driver import HandSource, live, opened, setup_of, text_of, until


@for_each(
    ("register", "said"),
    [
        (Register(), "The station register is empty. Press R to fill it."),
        (Register({"NOR_1": Facts("Torget")}), "Every station of the register is in the stream."),
    ],
)
async def test_a_register_without_other_stations_is_named_as_the_reason(
    register: Register, said: str
) -> None:
    clock = FakeClock()
    source = HandSource(clock, register)
    source.feed.put(Connected(START), Snapshot([Station("NOR_1", [Connector()])], START))
    async with opened(setup_of(clock, source)) as pilot:
        main = await live(pilot)
        await main.commands.run("registered")
        await until(pilot, lambda: said in " ".join("\n".join(text_of(pilot)).split()))
