"""Denials: why a request is not served, and the response that says so."""

from __future__ import annotations

from http import HTTPStatus

from msgspec import Struct

from nobil_tui.hub.requests import KEY


class Denial(Struct, frozen=True):
    """Why a request is not served."""

    status: HTTPStatus
    text: str
    retry_after: int = 0
    """Seconds; zero for none."""


def wrong_key() -> Denial:
    """Return the response to a wrong or missing key."""
    return Denial(HTTPStatus.UNAUTHORIZED, f"Give your key as ?{KEY}=")


def plain_response(denial: Denial) -> bytes:
    """Return the response to a request of which no more is read."""
    body = denial.text + "\n"
    retry = f"Retry-After: {denial.retry_after}\r\n" if denial.retry_after else ""
    return (
        f"HTTP/1.1 {denial.status.value} {denial.status.phrase}\r\n{retry}"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f"Connection: close\r\n\r\n{body}"
    ).encode()
