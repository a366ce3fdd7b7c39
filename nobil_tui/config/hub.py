"""``[hub]``: the limits of the served API."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1, le=1_000_000)]
Seconds = Annotated[int, Meta(ge=1, le=3600)]


class HubSection(Struct, frozen=True, forbid_unknown_fields=True):
    """``[hub]``: what consumers of ``serve`` may do."""

    connections: Positive = 2_000
    """Connections in all."""
    connections_per_client: Positive = 1_000
    handshake_seconds: Seconds = 10
    """Seconds that a request may take to arrive."""
    stalled_seconds: Seconds = 30
    """Seconds after which a consumer that reads nothing is closed."""
    received_bytes: Annotated[int, Meta(ge=256, le=1_000_000_000)] = 65_536
    """Bytes that a consumer may send in a minute."""
    received_frames: Positive = 600
    """Messages, pings and pongs that a consumer may send in a minute."""
    failed_tries: Positive = 20
    """Wrong keys that an address may send in a minute."""
    behind_proxy: bool = False
    """Whether a proxy in front names the address of a client in ``X-Forwarded-For``."""
    path_prefix: str = ""
    """The path that a proxy in front passes on before ours, such as ``/nobil``; empty for
    none."""
    cors_origins: list[str] = []
    """Web sites whose pages may use the REST API; ``*`` for all."""
