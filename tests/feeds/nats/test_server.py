"""Addresses of NATS servers, logins, and failures to connect."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from nobil_tui.charging.events import Connecting, Lost, Refused
from nobil_tui.config.model import Config
from nobil_tui.feeds.nats import feed, reader
from nobil_tui.feeds.nats.connection import NatsConnection, nats_connection
from nobil_tui.feeds.nats.feed import NatsFeed
from nobil_tui.feeds.nats.server import NatsServer, parse_server
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport.failures import RefusedError, UnreachableError
from nobil_tui.sources.factory import SourceFactory
from tests.certificates import Certificates
from tests.conftest import GUARD, FakeClock, guarded
from tests.feeds.mqtt_broker import find_nats_server
from tests.feeds.nats_server import NatsProcess
from tests.for_each import for_each

SECRET = "s3cret-token"


def test_address() -> None:
    server = parse_server("nats://user:p%40ss@a.example.org,[::1]:4333/", {"NOBIL_NATS_TOKEN": "x"})
    assert server.urls == ("nats://a.example.org:4222", "nats://[::1]:4333")
    assert server.display_name == "a.example.org, [::1]:4333"
    assert (server.user, server.password.reveal(), server.token.reveal()) == ("user", "p@ss", "")
    assert "p@ss" not in repr(server) + str(server.password)
    assert not server.is_local and not server.encrypted
    assert parse_server("nats://tok@localhost", {}).token.reveal() == "tok"
    assert parse_server("TLS://localhost", {}).encrypted
    environ = {"NOBIL_NATS_USER": "u", "NOBIL_NATS_PASSWORD": "p", "NOBIL_NATS_CREDS": "a.creds"}
    given = parse_server("nats://localhost", environ)
    assert (given.user, given.password.reveal(), given.creds) == ("u", "p", "a.creds")
    assert parse_server("nats://localhost", {}).is_local


@for_each(
    "text", ["nats://", "nats://a b", "nats://a:99999", "nats://a:0", "nats://a,,b", "ws://a"]
)
def test_invalid_address_is_not_quoted(text: str) -> None:
    with pytest.raises(SourceError) as raised:
        parse_server(text.replace("://", f"://{SECRET}@"), {})
    assert SECRET not in str(raised.value)


def test_source_shows_no_login() -> None:
    chosen = SourceFactory({})(f"nats://me:{SECRET}@localhost:1", Config())
    assert (chosen.source.name, chosen.text) == ("localhost:1", "nats://localhost:1")
    assert SECRET not in chosen.source.state_key


def test_login_that_may_travel_unencrypted_is_a_warning() -> None:
    login = {"NOBIL_NATS_TOKEN": SECRET}
    [warning] = SourceFactory(login)("nats://nats.example.org", Config()).warnings
    assert warning.startswith("The login goes to nats.example.org unencrypted")
    for address, environ in (
        ("tls://nats.example.org", login),
        ("nats://127.0.0.1", login),
        ("nats://nats.example.org", {}),
    ):
        assert SourceFactory(environ)(address, Config()).warnings == ()


def test_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    source = SourceFactory({})("nats://localhost", Config()).source
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(SourceError, match=r"^NATS needs the extra nobil-tui\[nats\]: pip install"):
        source.open()


async def first_failure(server: NatsServer) -> Lost | Refused:
    events = NatsFeed(server).events()
    try:
        while isinstance(event := await guarded(anext(events)), Connecting):
            pass
    finally:
        await events.aclose()
    assert isinstance(event, Lost | Refused)
    return event


@pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")
async def test_failures_are_in_words_without_secrets(tmp_path: Path) -> None:
    with NatsProcess(tmp_path, f'authorization {{ token: "{SECRET}" }}') as process:
        place = f"127.0.0.1:{process.port}"
        for login in ("", f"{SECRET}x@", f"me:{SECRET}@"):
            event = await first_failure(parse_server(f"nats://{login}{place}", {}))
            assert event.reason in (
                f"{place} does not accept the login",
                f"{place} closed the connection; is the login right?",
            )
        event = await first_failure(parse_server(f"nats://{SECRET}@{place}", {}))
        assert isinstance(event, Lost) and event.reason == "no relay has published there yet"
        event = await first_failure(parse_server(f"tls://{SECRET}@{place}", {}))
        assert event.reason == f"{place} does not use TLS; try nats://"
        creds = {"NOBIL_NATS_CREDS": str(tmp_path / "missing.creds")}
        event = await first_failure(parse_server(f"nats://{place}", creds))
        assert event.reason == "the file of NOBIL_NATS_CREDS cannot be read"
    event = await first_failure(process.server)
    assert event.reason == f"nothing listens at {place}"


async def test_login_that_worked_before_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def refuse(*_: object) -> AsyncIterator[NatsConnection]:
        raise RefusedError("it does not accept the login")
        yield

    monkeypatch.setattr(feed, "nats_connection", refuse)
    clock = FakeClock()
    for worked in (False, True):
        reading = NatsFeed(parse_server("nats://localhost", {}), clock=clock)
        reading._worked = worked
        async with aclosing(reading.events()) as events:
            assert await guarded(anext(events)) == Connecting()
            refused = await guarded(anext(events))
            assert isinstance(refused, Refused)
            assert refused.login
            assert bool(refused.retry_at) is worked
            following = asyncio.create_task(anext(events))
            if worked:
                await guarded(clock.asleep())
                clock.advance((refused.retry_at - clock.now()) / 1000 + 1)
            else:
                reading.retry()
            assert await guarded(following) == Connecting()


@pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")
async def test_certificate_that_is_not_trusted_is_not_taken_for_bad_credentials(
    tmp_path: Path,
) -> None:
    Certificates(tmp_path).server()
    files = f'cert_file: "{tmp_path}/server.pem", key_file: "{tmp_path}/server.key"'
    creds = tmp_path / "user.creds"
    creds.write_text("a login")
    with NatsProcess(tmp_path, f"tls {{ {files} }}") as process:
        environ = {"NOBIL_NATS_CREDS": str(creds)}
        event = await first_failure(parse_server(f"tls://127.0.0.1:{process.port}", environ))
    assert "certificate" in event.reason
    assert "127.0.0.1" in event.reason


@pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")
async def test_missing_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "REQUEST_SECONDS", 0.5)
    user = f'{{ user: "me", password: "{SECRET}", permissions: {{ publish: ["_INBOX.>"] }} }}'
    with NatsProcess(tmp_path, f"authorization {{ users = [{user}] }}") as process:
        event = await first_failure(
            parse_server(f"nats://me:{SECRET}@127.0.0.1:{process.port}", {})
        )
    assert "permissions violation for publish" in event.reason.lower()
    assert "consumer.create" in event.reason
    assert SECRET not in event.reason


@pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")
async def test_a_connection_that_ends_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a request cannot come any more."""
    monkeypatch.setattr(reader, "REQUEST_SECONDS", 2 * GUARD)
    with NatsProcess(tmp_path) as process:
        async with nats_connection(process.server, "test") as connection:
            # It is there to be asked, and does not answer.
            await connection.client.subscribe("silent")
            asking = asyncio.create_task(reader.request(connection, "silent", {}))
            await connection.client.flush()
            assert not asking.done()
            process.kill()
            with pytest.raises(UnreachableError, match="broke"):
                await guarded(asking)


@pytest.mark.skipif(find_nats_server() is None, reason="needs nats-server")
async def test_connection_that_breaks_while_something_waits_to_be_sent_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken() -> None:
        raise ConnectionResetError

    with NatsProcess(tmp_path) as process:
        async with nats_connection(process.server, "test") as connection:
            client = connection.client
            monkeypatch.setattr(client._transport, "drain", broken)
            client._pending, client._pending_data_size = [b"PING\r\n"], 6
            process.kill()
            await guarded(connection.closed.wait())
