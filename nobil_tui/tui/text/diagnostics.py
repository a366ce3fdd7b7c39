"""The diagnostics as text: the stream, the files and the environment.

Everything from outside is escaped: control characters are shown, not executed. Secrets are removed
by the caller.
"""

from __future__ import annotations

import locale
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from nobil_tui.base.redaction import HIDDEN
from nobil_tui.base.text import escaped, safe_path
from nobil_tui.base.version import VERSION
from nobil_tui.charging.events import Unreadable
from nobil_tui.monitor.batch import LinkPhase, StreamCounts
from nobil_tui.monitor.stream_record import StreamRecord
from nobil_tui.tui.text.times import clock_text

MAX_VALUE = 200
"""Characters of the value of a variable that are shown."""
MAX_FRAME_TEXT = 600
"""Characters of a frame that are shown."""
_PACKAGES = ("textual", "rich", "websockets", "msgspec", "aiohttp", "platformdirs")
_VARIABLES = (
    *("TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "COLUMNS", "LINES"),
    *("LANG", "LC_ALL", "LC_CTYPE", "PYTHONIOENCODING", "PYTHONUTF8", "TZ"),
    *("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
_PROXIES = ("ws_proxy", "wss_proxy", "http_proxy", "https_proxy", "all_proxy", "no_proxy")
_PRESENT = ("TMUX", "STY", "SSH_CONNECTION", "WSL_DISTRO_NAME")
"""Only their presence matters, and their values may name a machine."""


class Diagnosed(NamedTuple):
    """The data of the diagnostics."""

    source: str
    phase: LinkPhase
    reason: str
    """Why the link is in its phase; empty if there is nothing to say."""
    counts: StreamCounts
    record: StreamRecord
    refused: int
    """How many reports were of stations beyond the limit of the board."""
    notices: tuple[str, ...]
    """Problems of the files on disk."""
    files: tuple[str, ...]
    """The lines of ``file_lines``."""
    environ: Mapping[str, str]
    terminal: str
    """The size and the colours of the terminal, in words."""
    zone: tzinfo | None


class DiagnosticsSection(NamedTuple):
    """A heading and its lines."""

    heading: str
    lines: list[str]


def diagnostics(of: Diagnosed) -> list[DiagnosticsSection]:
    """Return the sections of the text."""
    return [
        DiagnosticsSection("Stream", [*_stream(of)]),
        DiagnosticsSection("Last unreadable frames", [*_frames(of)]),
        DiagnosticsSection("Connection", [*_connection(of)]),
        DiagnosticsSection("Files", [*of.files, *of.notices]),
        DiagnosticsSection("Environment", [*_environment(of)]),
        DiagnosticsSection("Versions", [*_versions()]),
    ]


def as_plain_text(sections: list[DiagnosticsSection]) -> str:
    """Return the sections as one text, to copy or to save."""
    parts = ["Diagnostics of nobil-tui\n"]
    for heading, lines in sections:
        parts.append(f"{heading}\n" + "".join(f"  {line}\n" for line in lines))
    return "\n".join(parts)


def _stream(of: Diagnosed) -> Iterator[str]:
    counts, record = of.counts, of.record
    yield f"Source: {of.source}"
    yield f"State: {of.phase.value}{f' ({of.reason})' if of.reason else ''}"
    yield f"Received: {counts.frames:,} frames, {counts.changes:,} changes"
    yield f"Unreadable: {counts.unreadable:,}"
    yield f"Ignored: {counts.ignored:,}"
    for type_, number in record.ignored.most_common():
        yield f"  {number:,} of type {_value(type_) or '(empty)'}"
    if counts.unknown_words.text:
        yield f"Unknown words: {_value(counts.unknown_words.text)}"
    if of.refused:
        yield f"Reports of stations beyond the limit, not shown: {of.refused:,}"


def _frames(of: Diagnosed) -> Iterator[str]:
    if not of.record.bad_frames:
        yield "None."
    for frame in reversed(of.record.bad_frames):
        yield f"{clock_text(frame.at, of.zone)}  {frame.reason}"
        if frame.sample:
            yield f"  {_sample(frame)}"


def _sample(frame: Unreadable) -> str:
    return escaped(frame.sample, MAX_FRAME_TEXT)


def _connection(of: Diagnosed) -> Iterator[str]:
    record = of.record
    yield f"Attempts: {record.attempts:,}, of which {record.connections:,} connected"
    for event in reversed(record.link_events):
        yield f"{clock_text(event.at, of.zone)}  {event.text}"


def file_lines(paths: Mapping[str, Path | None]) -> tuple[str, ...]:
    """Return a line for each file. Accesses the disk: do not call it on an event loop."""
    return tuple(
        f"{name}: {'none' if path is None else f'{safe_path(path)} ({_state_of(path)})'}"
        for name, path in paths.items()
    )


def _state_of(path: Path) -> str:
    """Return whether a path exists and can be written to, in words."""
    try:
        status = path.stat()
    except FileNotFoundError:
        folder = next((each for each in path.parents if each.exists()), path)
        return "missing" if os.access(folder, os.W_OK) else "missing, and cannot be created"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or "cannot be examined"
    size = "directory" if path.is_dir() else f"{status.st_size:,} bytes"
    return size if os.access(path, os.W_OK) else f"{size}, read-only"


def _environment(of: Diagnosed) -> Iterator[str]:
    yield f"Terminal: {of.terminal}"
    yield f"Encoding: {sys.getfilesystemencoding()}, locale {locale.getpreferredencoding(False)}"
    for name in _VARIABLES:
        if name in of.environ:
            yield f"{name}={_value(of.environ[name])}"
    for name in _PROXIES:
        for each in (name, name.upper()):
            if each in of.environ:
                yield f"{each}={_proxy(of.environ[each])}"
    present = [name for name in _PRESENT if of.environ.get(name)]
    own = sorted(name for name in of.environ if name.startswith(("NOBIL_", "TEXTUAL_")))
    if present or own:
        yield f"Also set: {', '.join(_value(name) for name in (*present, *own))}"


def _proxy(value: str) -> str:
    """Return the address of a proxy without its user and password."""
    login, at, host = value.rpartition("@")
    scheme = f"{login.partition('://')[0]}://" if "://" in login else ""
    return _value(f"{scheme}{HIDDEN}@{host}" if at else value)


def _value(text: str) -> str:
    return escaped(text.encode(errors="surrogateescape"), MAX_VALUE)


def _versions() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    yield f"Python {platform.python_version()} on {platform.system()} {platform.release()}"
    yield f"nobil-tui {VERSION}"
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not installed"
