"""Regular expressions and loops over text from outside take time in proportion to its length.

Each input is tried with some hundred characters and with 16 times as many, or more. What is linear
takes 16 times as long then, what is quadratic 256 times. So much room is between the two that
neither the speed of the machine nor its load matters; what seems to be too slow is tried again.
``--faults-long`` tries a megabyte each.
"""

from __future__ import annotations

import ast
import gc
import importlib
import pkgutil
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from math import inf
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

SMALL, SHORT, LONG = 500, 8_000, 1_000_000
"""Characters of an input."""
TRIES = 3
TRIFLE = 0.001
"""Processor time that says nothing: what is not linear takes longer, also on a fast machine."""
PATIENCE = 20.0
"""Processor time for ``SMALL`` characters that no machine needs."""
FILTER = "the tokens of a filter"
_CALL = re.compile(r"re\.(?!escape)|LazyPattern\b")
_USES = re.compile(r"^import re$|import LazyPattern", re.MULTILINE)
PACKAGE = Path(nobil_tui.__file__).parent

UNITS = (
    *(" ", "\n", "a", "A", "0", "_", "-", ".", ",", ":", "=", "/", "\\", "#", "'", '"', "(", "["),
    *("é", "\0", "\udcff", "a ", "a.", "0,", '""', "?a", "&a=", "a://", "\\ud8", "key", "key: "),
    *("type ", "within:", "[a]\n", "# a\n", "a = 1\n", "0 kW "),
)
"""What is repeated to make an input."""


Work = Callable[[Any], object]


class TooSlowError(Exception):
    """A work took more than its processor time."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise ``TooSlowError`` after ``seconds`` of processor time."""

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


def time_of(work: Work, data: Any, limit: float) -> float:
    """Return the processor time that a work takes; infinity for one that is far over the limit."""
    with suppress(TooSlowError), at_most(2 * limit + 0.02):
        begun = time.thread_time()
        work(data)
        return time.thread_time() - begun
    return inf


def is_linear(work: Work, small: Any, large: Any) -> bool:
    """Return whether a work takes time in proportion to its input."""
    # The middle, by factors, between what is linear and what is quadratic.
    most = (len(large) / len(small)) ** 1.5
    for _ in range(TRIES):
        once = min(time_of(work, small, PATIENCE) for _ in range(3))
        if once > PATIENCE:
            return False
        limit = max(TRIFLE, most * once)
        if time_of(work, large, limit) <= limit:
            return True
    return False


def not_linear(work: Work, written: str, sizes: Sequence[int]) -> str:
    """Return how an input begins for which a work is not linear; empty if there is none."""
    for size, longer in pairwise(sizes):
        for small, large in zip(inputs(size, written), inputs(longer, written), strict=True):
            if not is_linear(work, small, large):
                return f"{large[:12]!r}..."
    return ""


def work_of(pattern: re.Pattern[Any]) -> Work:
    """Return a function that searches for a pattern everywhere in a text, and matches all of it."""

    def search(text: str) -> None:
        is_text = isinstance(pattern.pattern, str)
        subject = text if is_text else text.encode(errors="surrogateescape")
        # Kept matches would measure memory.
        deque(pattern.finditer(subject), maxlen=0)
        pattern.fullmatch(subject)

    return search


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


@pytest.fixture
def sizes(faults_long: bool) -> Sequence[int]:
    """Characters of the inputs: each is compared with the one before."""
    return (SMALL, SHORT, LONG) if faults_long else (SMALL, SHORT)


QUADRATIC: dict[str, Work] = {
    **{each: work_of(re.compile(each)) for each in (r"\s+$", r"\w+=")},
    "a loop": lambda text: [text[at:].isprintable() for at in range(len(text))],
}


def test_what_is_not_linear_is_found() -> None:
    for written, work in QUADRATIC.items():
        assert not_linear(work, written, (SMALL, SHORT)), written


def test_every_pattern_is_linear(record_fault: RecordFault, sizes: Sequence[int]) -> None:
    every = patterns()
    # Those that are known to be there, so that the search for them works.
    assert {"nobil_tui.base.redaction._ASSIGNED", "nobil_tui.wire.v1._SURROGATES"} <= set(every)
    slow = []
    for name, pattern in every.items():
        written = pattern.pattern
        text = written if isinstance(written, str) else written.decode()
        if beginning := not_linear(work_of(pattern), text, sizes):
            slow.append(f"{name}: {written!r} over {beginning}")
    assert slow == [], "\n".join(slow)
    record_fault("1 MB for each pattern", len(every), "linear", "no state")


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


WORKS: dict[str, Work] = {
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


def test_every_loop_over_text_is_linear(record_fault: RecordFault, sizes: Sequence[int]) -> None:
    found = {name: not_linear(work, "", sizes) for name, work in WORKS.items()}
    slow = [f"{name} over {beginning}" for name, beginning in found.items() if beginning]
    assert slow == [], "\n".join(slow)
    record_fault("1 MB for each loop over text", len(WORKS), "linear", "no state")
