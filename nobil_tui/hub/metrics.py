"""The health of a hub, and its metrics in the text format of Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from nobil_tui.charging.board import Board
from nobil_tui.charging.conditions import Condition
from nobil_tui.charging.register import Register, country_of
from nobil_tui.hub.server import Hub

Labels = tuple[tuple[str, str], ...]


class Health(Struct, frozen=True):
    """The state of the link to the source; what ``/healthz`` answers."""

    live: bool
    link: str
    """The phase of the link, such as ``live`` or ``retrying``."""
    reason: str
    age_seconds: float | None
    """Seconds since the last frame; None before one."""
    stations: int
    consumers: int
    frames: int = 0
    changes: int = 0


def metrics_text(hub: Hub, tally: Mapping[Labels, int], health: Health) -> str:
    """Return all figures, one per line, each with its help and type; ``tally`` has the
    connectors."""
    counts = hub.counts
    lines: list[str] = []

    def add(name: str, kind: str, words: str, values: Mapping[Labels, float]) -> None:
        lines.append(f"# HELP nobil_hub_{name} {words}")
        lines.append(f"# TYPE nobil_hub_{name} {kind}")
        lines.extend(
            f"nobil_hub_{name}{_braces(labels)} {value}" for labels, value in values.items()
        )

    add("connectors", "gauge", "Connectors by country and condition.", tally)
    add("stations", "gauge", "Stations.", {(): health.stations})
    add("link_up", "gauge", "Whether the source is live.", {(): int(health.live)})
    if health.age_seconds is not None:
        add("link_age_seconds", "gauge", "Since the last frame.", {(): health.age_seconds})
    add("frames_total", "counter", "Frames received from the source.", {(): health.frames})
    add("changes_total", "counter", "Changes of connectors.", {(): health.changes})
    add("consumers", "gauge", "Connected consumers.", {(): hub.consumers})
    add("consumers_behind", "gauge", "Consumers that are behind.", {(): hub.behind})
    add("joined_total", "counter", "Consumers that joined.", {(): counts.joined})
    resynced = counts.resynced
    add(
        "resynced_total", "counter", "Snapshots in place of what a consumer lacked.", {(): resynced}
    )
    dropped: dict[Labels, float] = {
        (("reason", reason),): count for reason, count in counts.dropped.items()
    }
    add("dropped_total", "counter", "Consumers that the hub closed.", dropped)
    refused: dict[Labels, float] = {
        (("status", str(int(status))),): count for status, count in counts.refused.items()
    }
    add("refused_total", "counter", "Requests that were refused.", refused)
    add("messages_sent_total", "counter", "Messages sent to consumers.", {(): hub.sent_messages})
    add("bytes_sent_total", "counter", "Bytes sent to consumers.", {(): hub.sent_bytes})
    return "\n".join([*lines, ""])


def tally_of(board: Board, register: Register) -> dict[Labels, int]:
    """Count connectors by country and condition; a country has all conditions.

    Call it in a thread: it takes long for a whole country.
    """
    counts: Counter[tuple[str, Condition]] = Counter()
    countries: dict[str, None] = {}
    for station in list(board.stations.values()):
        country = country_of(station.id, register.facts(station.id)) or "none"
        countries[country] = None
        counts.update((country, each.condition) for each in station.connectors)
    return {
        (("country", country), ("condition", condition.label)): counts[country, condition]
        for country in countries
        for condition in Condition
    }


def _braces(labels: Iterable[tuple[str, str]]) -> str:
    parts = [f'{name}="{_escaped(value)}"' for name, value in labels]
    return "{" + ",".join(parts) + "}" if parts else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
