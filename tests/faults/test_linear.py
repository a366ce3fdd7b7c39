"""Regular expressions and loops over text from outside take time in proportion to its length.

What is not linear takes hundreds of times as long as what is, so a limit of processor time tells
them apart on any machine. ``--faults-long`` tries a megabyte each, in under a second.
"""

from __future__ import annotations

import ast
import gc
import importlib
import pkgutil
import re
import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import nobil_tui
from nobil_tui.base import redaction, text
from nobil_tui.base.patterns import LazyPattern
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.reading import parse_config
from nobil_tui.config.redact_file import redact_config
from nobil_tui.feeds.source import SourceError
from nobil_tui.feeds.transport.failures import parse_retry_after
from nobil_tui.search.completion import completions
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.filter_tokens import token_pattern
from nobil_tui.search.folding import spellings
from nobil_tui.search.station_ids import StationIds
from nobil_tui.sources.names import kind_of
from nobil_tui.wire.register_fields import text_of
from tests.faults.table import RecordFault

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGVTALRM"), reason="needs a timer")

SHORT, LONG = 8_000, 1_000_000
"""Characters of an input."""
SECONDS = {SHORT: 0.05, LONG: 1.0}
"""Processor time that one input may take."""
FILTER = "the tokens of a filter"
BOUNDS = {FILTER: SHORT}
"""Characters of the longest input, where the program cuts what the pattern sees. This is many times
what is left, so that what is not linear shows."""
_CALL = re.compile(r"re\.(?!escape)|LazyPattern\b")
_USES = re.compile(r"^import re$|import LazyPattern", re.MULTILINE)
PACKAGE = Path(nobil_tui.__file__).parent

UNITS = (
    *(" ", "\n", "a", "A", "0", "_", "-", ".", ",", ":", "=", "/", "\\", "#", "'", '"', "(", "["),
    *("é", "\0", "\udcff", "a ", "a.", "0,", '""', "?a", "&a=", "a://", "\\ud8", "key", "key: "),
    *("type ", "within:", "[a]\n", "# a\n", "a = 1\n", "0 kW "),
)
"""What is repeated to make an input."""


class TooSlowError(Exception):
    """A work took more than its processor time."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise ``TooSlowError`` after so many seconds of processor time."""

    def stop(*_: object) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    # The time of the collector does not count.
    gc.disable()
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        gc.enable()
        signal.signal(signal.SIGVTALRM, before)


def patterns() -> dict[str, re.Pattern[Any]]:
    """Return every compiled pattern of the package, by where it is."""
    found: dict[str, re.Pattern[Any]] = {}

    def collect(name: str, value: object, depth: int = 0) -> None:
        if isinstance(value, LazyPattern):
            value = value.compiled
        if isinstance(value, re.Pattern):
            found.setdefault(name, value)
        elif isinstance(value, tuple | list | frozenset | set) and depth < 3:
            for number, member in enumerate(value):
                collect(f"{name}[{number}]", member, depth + 1)
        elif isinstance(value, dict) and depth < 3:
            for key, member in value.items():
                collect(f"{name}[{key!r}]", member, depth + 1)

    for module in pkgutil.walk_packages([str(PACKAGE)], "nobil_tui."):
        # Some modules need another system.
        with suppress(ImportError):
            for name, value in vars(importlib.import_module(module.name)).items():
                if not name.startswith("__"):
                    collect(f"{module.name}.{name}", value)
    found[FILTER] = token_pattern()
    # Imported names are found in several modules.
    return {name: each for each, name in {each: name for name, each in found.items()}.items()}


def local_patterns() -> set[str]:
    """Return the functions that write a pattern, where ``patterns`` does not see it."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text()
        if path.name == "patterns.py" or not _USES.search(source):
            continue
        for function in ast.walk(ast.parse(source)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                _CALL.match(ast.unparse(call.func)) and call.args
                for call in ast.walk(function)
                if isinstance(call, ast.Call)
            ):
                found.add(f"{path.stem}.{function.name}")
    return found


def inputs(size: int, pattern: str = "") -> Iterator[str]:
    """Yield adversarial texts: units repeated, those of the pattern too, each with another end."""
    # What a pattern begins with, again and again, is what makes it start over at every place.
    own = {part for part in re.split(r"[^\w :=/\"'#{}-]+", pattern) if part}
    for unit in (*UNITS, *sorted(own)[:6]):
        yield unit * (size // len(unit))
    yield "key" * (size // 6) + "=" + " " * (size // 2) + "\0"
    yield '"' + "\\" * size
    yield "1" * (size // 2) + "." * (size // 2) + "\0"


def run(work: Callable[[Any], object], data: Any, size: int) -> None:
    with at_most(SECONDS[size]):
        work(data)


def test_every_pattern_is_linear(record_fault: RecordFault, faults_long: bool) -> None:
    size = LONG if faults_long else SHORT
    every = patterns()
    # Those that are known to be there, so that the search for them works.
    assert {"nobil_tui.base.redaction._ASSIGNED", "nobil_tui.wire.v1._SURROGATES"} <= set(every)
    tried, slow = 0, []
    for name, pattern in every.items():
        written = pattern.pattern
        is_text = isinstance(written, str)
        bound = min(size, BOUNDS.get(name, size))
        for data in inputs(bound, written if is_text else written.decode()):
            subject = data if is_text else data.encode(errors="surrogateescape")
            tried += 1
            try:
                # Kept matches would measure memory.
                run(lambda it, of=pattern: deque(of.finditer(it), maxlen=0), subject, bound)  # type: ignore[misc]  # a default binds the pattern
                run(pattern.fullmatch, subject, bound)
            except TooSlowError:
                slow.append(f"{name}: {written!r} over {data[:12]!r}...")
                break
    assert slow == [], "\n".join(slow)
    record_fault("1 MB for each pattern", tried, f"{len(every)} patterns, linear", "no state")


def test_patterns_are_written_outside_functions() -> None:
    """Except for those of escaped texts, and the tokens of the filter, which are tried as well."""
    assert local_patterns() == {
        *("redaction._pattern", "editing._with_line", "redact_file._spellings"),
        *("terms._whole_word", "filter_tokens.token_pattern", "help._matches"),
    }


SECRETS = ["hunter2hunter2" * 4, "a" * 40, "key=key=key=key="]
IDS = StationIds([f"NOR_{number:05}" for number in range(2_000)])


def _show(data: str) -> object:
    document = f'[stream]\nsource = "wss://example.org/?key=1"\n# {data!a}\n'
    _, config = parse_config(Path("x"), document.encode())
    return redact_config(document, config)


def _parse(data: str) -> object:
    with suppress(ConfigError):
        return parse_config(Path("x"), data.encode(errors="replace"))
    return None


def _kind(data: str) -> object:
    with suppress(SourceError):
        return kind_of(data)
    return None


WORKS: dict[str, Callable[[str], object]] = {
    "safe_text": lambda data: text.safe_text(data, len(data)),
    "escaped": lambda data: text.escaped(data.encode(errors="replace"), len(data)),
    "did_you_mean": lambda data: text.did_you_mean(data, ["one", "two"]),
    "redact_addresses": redaction.redact_addresses,
    "redact_address": redaction.redact_address,
    "replace_keys": redaction.replace_keys,
    "secrets_in_address": redaction.secrets_in_address,
    "remove_secrets": lambda data: redaction.remove_secrets(SECRETS, data),
    "Redactor": redaction.Redactor(SECRETS).redact_parts,
    "filter": parse_query,
    "completion": lambda data: completions(data[:5_000], len(data)),
    "spellings": spellings,
    "station id": lambda data: (IDS.find(data), IDS.problem(data)),
    "config": _parse,
    "config show": _show,
    "source": _kind,
    "Retry-After": lambda data: parse_retry_after(data, 0),
    "register text": text_of,
}


def test_every_loop_over_text_is_linear(record_fault: RecordFault, faults_long: bool) -> None:
    size = LONG if faults_long else SHORT
    slow = []
    for (name, work), data in product(WORKS.items(), inputs(size)):
        try:
            # Several passes and copies of a text are several times a pattern's work.
            with at_most(3 * SECONDS[size]):
                work(data)
        except TooSlowError:
            slow.append(f"{name} over {data[:12]!r}...")
    assert slow == [], "\n".join(slow)
    record_fault("1 MB for each loop over text", len(WORKS), "linear", "no state")
