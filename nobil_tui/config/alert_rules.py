"""``[alerts]``: what the user wants to be notified of, and how."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct

MAX_RULES = 200
"""The most alerts of one config."""
MAX_LEAST = 1000

PLACEHOLDERS = ("name", "summary", "station", "connector", "when")
"""The placeholders that the hook's command can contain."""


class AlertWhen(StrEnum):
    """What an alert waits for."""

    FREE = "free"
    FAULT = "fault"
    WORKS = "works"


class NotifyMethod(StrEnum):
    """How the terminal is asked for a desktop notification."""

    AUTO = "auto"
    OSC9 = "osc9"
    OSC99 = "osc99"
    OSC777 = "osc777"
    BELL = "bell"
    NONE = "none"


AlertKey = tuple[str, str, str, str, int]
"""What identifies an alert: station, connector, filter, event and number."""

_KEY_DEFAULTS = (("station", ""), ("connector", ""), ("filter", ""), ("when", "free"), ("least", 1))


def key_of_table(table: Mapping[str, Any]) -> AlertKey:
    """Return the key of an alert, given its table in the file."""
    station, connector, text, when, least = (
        table.get(name, missing) for name, missing in _KEY_DEFAULTS
    )
    return station, connector, text, str(when), least


class AlertRule(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """``[[alerts.rule]]``: one alert, for a station, one of its connectors, or all of a filter."""

    station: str = ""
    """A station's id; empty for an alert of a filter."""
    connector: str = ""
    """A connector's EVSE UID, or its number from 1; empty for all of the station."""
    filter: str = ""
    """Without a station, the area to watch; with one, the plugs that count."""
    when: AlertWhen = AlertWhen.FREE
    least: Annotated[int, Meta(ge=1, le=MAX_LEAST)] = 1
    """How many connectors must be free."""
    repeat: bool = False
    """Whether it stays armed after it has fired."""
    paused: bool = False

    @property
    def key(self) -> AlertKey:
        """What identifies the alert."""
        return self.station, self.connector, self.filter, str(self.when), self.least


def rule_of_key(key: AlertKey) -> AlertRule:
    """Return the one-time alert with this key."""
    station, connector, text, when, least = key
    return AlertRule(station, connector, text, AlertWhen(when), least)


class AlertsSection(Struct, frozen=True, forbid_unknown_fields=True):
    """``[alerts]``: the alerts, and how they are delivered."""

    notify: NotifyMethod = NotifyMethod.AUTO
    command: list[str] = []
    """A program to run when an alert fires, and its arguments; empty for none."""
    rule: list[AlertRule] = []
