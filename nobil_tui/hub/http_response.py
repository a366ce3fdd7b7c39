"""Responses of the hub over HTTP, and how they are sent: compressed, in pieces, or not modified."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from nobil_tui.hub.large_responses import Body

if TYPE_CHECKING:
    from aiohttp.web import BaseRequest, StreamResponse

RESPONSE_PIECE = 64 * 1024
"""Bytes of a large response that are handed to a connection at once."""


class HttpResponse(NamedTuple):
    """A response before it is sent."""

    content: bytes
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | None = None


def error_response(status: HTTPStatus, *headers: tuple[str, str]) -> HttpResponse:
    """Return an error in the form of version 1: ``{"status": "400 - Bad request"}``."""
    text = f"{status.value} - {status.phrase.capitalize()}"
    return HttpResponse(msgspec.json.encode({"status": text}), status, headers=headers)


PREFLIGHT = HttpResponse(
    b"",
    HTTPStatus.NO_CONTENT,
    headers=(
        ("Access-Control-Allow-Methods", "GET, HEAD"),
        ("Access-Control-Allow-Headers", "Authorization, X-API-Key, If-None-Match"),
        ("Access-Control-Max-Age", "86400"),
    ),
)
"""The response to a browser that asks whether a page of an allowed origin may send a request."""


async def send_response(
    request: BaseRequest, response: HttpResponse, origin: str
) -> StreamResponse:
    """Send a response. ``origin``: the origin whose pages may read it; empty for none."""
    from aiohttp import web

    headers = {
        "Cache-Control": "no-store",
        "Server": "nobil-tui",
        "X-Content-Type-Options": "nosniff",
    }
    headers.update(dict(response.headers))
    if origin:
        headers |= {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Expose-Headers": "ETag, Retry-After",
            "Vary": "Origin, Accept-Encoding",
        }
    content, status = response.content, response.status
    if (body := response.body) is not None:
        headers |= {"ETag": body.tag, "Cache-Control": "private, no-cache"}
        headers.setdefault("Vary", "Accept-Encoding")
        content = body.content
        if _is_known(body.tag, request.headers.get("If-None-Match", "")):
            content, status = b"", HTTPStatus.NOT_MODIFIED
        elif _accepts_gzip(request.headers.get("Accept-Encoding", "")) and body.compressed:
            content = body.compressed
            headers["Content-Encoding"] = "gzip"
    if len(content) > RESPONSE_PIECE and request.method != "HEAD":
        headers["Content-Type"] = response.content_type
        return await _send_in_pieces(request, content, headers)
    sent = web.Response(
        body=content,
        status=status,
        headers=headers,
        content_type=response.content_type,
        charset="utf-8" if response.content_type == "text/plain" else None,
    )
    sent.force_close()
    return sent


async def _send_in_pieces(
    request: BaseRequest, content: bytes, headers: dict[str, str]
) -> StreamResponse:
    """Send a large response at the pace of its reader: many that read slowly take no memory."""
    from aiohttp import web

    response = web.StreamResponse(headers=headers)
    response.content_length = len(content)
    response.force_close()
    await response.prepare(request)
    pieces = memoryview(content)
    # A reader that has gone needs no response.
    with suppress(ConnectionError):
        for start in range(0, len(content), RESPONSE_PIECE):
            await response.write(bytes(pieces[start : start + RESPONSE_PIECE]))
        await response.write_eof()
    return response


def _is_known(tag: str, known: str) -> bool:
    """Return whether ``If-None-Match`` names an ``ETag``, which a proxy may have made weak."""
    return known.strip() == "*" or tag in [
        each.strip().removeprefix("W/") for each in known.split(",")
    ]


def _accepts_gzip(accepted: str) -> bool:
    """Return whether ``Accept-Encoding`` names gzip without forbidding it."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
