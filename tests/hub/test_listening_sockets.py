"""The sockets of a hub: every address of a host, all on the same port."""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlsplit

import pytest

from nobil_tui.charging.board import Board
from nobil_tui.hub.api_keys import OneKey
from nobil_tui.hub.errors import HubError
from nobil_tui.hub.listening_sockets import bind_all
from nobil_tui.hub.server import Hub
from tests.hub.conftest import KEY, Joins, OpensHub, ScriptedFeed, needs_ipv6, station


class NoIpv6(socket.socket):
    """A socket of a machine whose system has no IPv6."""

    def __init__(self, family: int = -1, type: int = -1, proto: int = -1) -> None:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        super().__init__(family, type, proto)


@needs_ipv6
@pytest.mark.parametrize("host", ["::", "0::0"])
async def test_all_addresses_are_those_of_both_families(
    hub_over: OpensHub, join: Joins, host: str
) -> None:
    hub = await hub_over(ScriptedFeed(station("NOR_00001", 0)), host=host)
    first, second = hub.addresses
    port = urlsplit(first).port
    assert first.startswith(f"ws://127.0.0.1:{port}/")
    assert second.startswith(f"ws://[::1]:{port}/")
    for url in hub.urls:
        await (await join(hub, url=url)).read()
    # As in a log of IPv4 only, and not ::ffff:127.0.0.1.
    assert [each.address for each in hub._consumers] == ["127.0.0.1", "::1"]


@needs_ipv6
async def test_a_name_with_several_addresses_has_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(*_: object, **__: object) -> list[object]:
        family, kind = socket.AF_INET6, socket.SOCK_STREAM
        return [
            (family, kind, 6, "", ("::1", 0, 0, 0)),
            (family, kind, 17, "", ("::1", 0, 0, 0)),
            (socket.AF_INET, kind, 6, "", ("127.0.0.1", 0)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    sockets = await bind_all("localhost", 0)
    names = [sock.getsockname() for sock in sockets]
    for sock in sockets:
        sock.close()
    assert [name[0] for name in names] == ["::1", "127.0.0.1"]
    assert len({name[1] for name in names}) == 1


async def test_a_kind_of_address_that_the_machine_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", NoIpv6)
    [only] = await bind_all("::", 0)
    with only:
        assert only.getsockname()[0] == "0.0.0.0"
    with pytest.raises(HubError, match="::1 is not an address of this machine"):
        await Hub(Board(), keys=OneKey(KEY), host="::1").start()


@needs_ipv6
async def test_a_port_that_is_taken_at_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []

    class NotedSocket(socket.socket):
        def __init__(self, family: int = -1, type: int = -1, proto: int = -1) -> None:
            super().__init__(family, type, proto)
            opened.append(self)

    with socket.socket(socket.AF_INET6) as taken:
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        taken.bind(("::", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(socket, "socket", NotedSocket)
        with pytest.raises(HubError, match=f"port {port} on :: is in use"):
            await Hub(Board(), keys=OneKey(KEY), host="::", port=port).start()
        monkeypatch.undo()
    # Nothing is left behind at the other address.
    assert opened
    assert [each for each in opened if each.fileno() != -1] == []
