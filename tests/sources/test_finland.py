"""Finland as a source: no key, and addresses that the config may override."""

from __future__ import annotations

import pytest

from nobil_tui.charging.register import Facts, Register
from nobil_tui.config.model import Config, FinlandSection
from nobil_tui.feeds.finland.feed import FinlandFeed
from nobil_tui.feeds.source import SourceError
from nobil_tui.sources import catalogue
from nobil_tui.sources.factory import SourceFactory
from nobil_tui.sources.finland import FinlandSource
from nobil_tui.wire.finland import FINLAND_CREDIT


def make(section: FinlandSection | None = None) -> FinlandSource:
    source = SourceFactory({"NOBIL_API_KEY": "k3y-of-another-source"})(
        "finland", Config(finland=section or FinlandSection())
    )
    assert isinstance(source.source, FinlandSource)
    assert source.warnings == ()
    return source.source


async def test_opens_without_a_key() -> None:
    source = make()
    assert (source.name, source.state_key, source.simulated) == ("Finland", "finland", False)
    opened = source.open()
    assert isinstance(opened.feed, FinlandFeed)
    assert opened.codec == "finland"
    assert opened.register is None
    source.close()


def test_is_the_first_source_offered() -> None:
    assert next(iter(catalogue.typed_names())) == "finland"
    assert catalogue.FINLAND.summary == "Finland, live, no key needed"
    assert catalogue.FINLAND.key is None


def test_another_host_has_its_own_name_and_state_key() -> None:
    section = FinlandSection(
        "https://afir-test.digitraffic.fi/api", "wss://afir-test.digitraffic.fi/mqtt"
    )
    source = make(section)
    assert source.name == "Finland at afir-test.digitraffic.fi"
    assert source.state_key.startswith("finland-")
    assert make(FinlandSection(stream="wss://afir-test.digitraffic.fi/mqtt")).name == source.name


@pytest.mark.parametrize("stream", ["https://example.org/mqtt", "wss://"])
def test_rejects_an_invalid_stream_address(stream: str) -> None:
    with pytest.raises(SourceError):
        make(FinlandSection(stream=stream))


async def test_evses_are_joined_only_with_stations_of_fintraffic() -> None:
    opened = make().open()
    assert opened.station_data is not None
    assert isinstance(opened.feed, FinlandFeed)
    register = Register(
        {
            "NOR_1": Facts(plug_evse_uids=("X",)),
            "FI1": Facts(plug_evse_uids=("B", "A", "A"), credit=FINLAND_CREDIT),
        }
    )
    opened.station_data.use(register)
    assert opened.feed._merger._places == {"B": "FI1", "A": "FI1"}
    register.replace({"FI2": Facts(plug_evse_uids=("A",), credit=FINLAND_CREDIT)})
    opened.station_data.use(register)
    assert opened.feed._merger._places == {"A": "FI2"}
