"""The rows of what alerts saw: read them, and change them by one step of an alert.

Each change of what an alert saw changes one row in one transaction, so that exactly one of two
instances that see the same change delivers it. However their steps interleave:

* An alert begins when the user arms it, or when an instance finds it in the config; it is over once
  it fired for once or the user removed it. Of two such steps the later one counts, whichever is
  stored first.
* An alert that is over fires no more. One without rows fires by what an instance itself saw before:
  a missing row never silences an alert.
* An instance may have read the config before another one saved it. So it removes what its config
  lacks only after a day, and begins an alert of its config that was just over only once the config
  that lacks it must be saved.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from nobil_tui.alerts.claim import Claim, Update
from nobil_tui.alerts.due import DueRuns
from nobil_tui.alerts.rules import Seen, flaps
from nobil_tui.config.alert_rules import AlertKey
from nobil_tui.store.database_file import transaction

MAX_FIRED = 300
"""The most one-time alerts whose firing is kept."""
ORPHAN_AGE = 24 * 3_600_000
"""Milliseconds after which rows of alerts that no config has are removed."""
SAVE_GRACE = 10_000
"""Milliseconds within which an instance saves a config without an alert that is over."""

_PUT_ALERT = "INSERT OR REPLACE INTO alert VALUES (?, ?, ?, ?)"
_PUT = "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)"


def read_seen(
    connection: sqlite3.Connection, keys: Collection[AlertKey]
) -> dict[tuple[AlertKey, str], Seen]:
    """Return what alerts saw last, unless they are over."""
    seen = {}
    for key in keys:
        rows = connection.execute(
            "SELECT station, met, off_at, unknown FROM seen NATURAL JOIN alert "
            "WHERE rule = ? AND NOT over",
            (_text(key),),
        )
        for station, met, off_at, unknown in rows:
            seen[key, str(station)] = Seen(bool(met), int(off_at), int(unknown))
    return seen


def read_fired(connection: sqlite3.Connection) -> dict[AlertKey, int]:
    """Return when alerts last fired, in ms."""
    rows = connection.execute("SELECT rule, fired FROM alert WHERE fired > 0")
    return {_key(rule): int(at) for rule, at in rows}


def prune_alerts(connection: sqlite3.Connection, keys: Collection[AlertKey], now: int) -> None:
    """Remove the rows of alerts that no config has any more."""
    with transaction(connection):
        rows = connection.execute("SELECT rule, at, over, fired FROM alert ORDER BY fired DESC")
        fired_once = 0
        for rule, at, over, fired in rows.fetchall():
            fired_once += bool(over and fired)
            # After the clock was set back, a time in the future means nothing.
            old = abs(now - at) > ORPHAN_AGE
            unwanted = fired_once > MAX_FIRED if over and fired else over or _key(rule) not in keys
            if old and unwanted:
                connection.execute("DELETE FROM alert WHERE rule = ?", (rule,))
        connection.execute(
            "DELETE FROM seen WHERE rule NOT IN (SELECT rule FROM alert WHERE NOT over)"
        )


class _Held(NamedTuple):
    """The row of an alert."""

    at: int
    over: bool
    fired: int

    @property
    def last_step(self) -> _Held:
        """The same row as of its last firing, if that was later."""
        return self._replace(at=max(self.at, self.fired))

    def precedes(self, at: int) -> bool:
        """Return whether a step at a time (ms) is later than the stored one."""
        # After the clock was set back, a time in the future means nothing.
        return self.at <= at or self.at - at > ORPHAN_AGE


class ClaimStep:
    """Stores the changes of one claim."""

    def __init__(self, connection: sqlite3.Connection, due: DueRuns, claim: Claim) -> None:
        self._connection = connection
        self._due = due
        self._claim = claim
        self._begun: set[str] = set()
        """The alerts that began with this claim."""

    def store(self, update: Update) -> bool:
        """Store one change; return whether this instance is the one to deliver it."""
        rule, after = _text(update.key), update.after
        alert = self._alert(rule)
        if update.before is None:
            return self._begin(update, rule, alert)
        if alert is None:
            # It was removed as too old.
            self._connection.execute(_PUT_ALERT, (rule, update.at, False, 0))
            alert = _Held(update.at, over=False, fired=0)
        if alert.over:
            return False
        held = self._seen(rule, update.station)
        if held is None:
            held = update.before
            self._put(rule, update.station, held)
        if held.on is after.on:
            self._connection.execute(
                "UPDATE seen SET unknown = ? WHERE rule = ? AND station = ?",
                (after.unknown, rule, update.station),
            )
            return False
        # Another instance may have seen more: both decide whether the alert flaps.
        claimed = after.on and update.fires and not flaps(held.off_at, update.at)
        off_at = max(held.off_at, after.off_at) if after.on else after.off_at
        self._put(rule, update.station, Seen(after.on, off_at, after.unknown))
        if claimed:
            self._deliver(update, rule, alert)
        return claimed

    def _begin(self, update: Update, rule: str, alert: _Held | None) -> bool:
        """Store what a new alert sees, unless it saw something already. This does not fire it."""
        if alert is None or rule in self._begun:
            begins = True
        elif alert.over:
            wait = 0 if update.replaces else SAVE_GRACE
            begins = alert.precedes(update.at - wait)
        else:
            # A delivery by another instance since then stays valid.
            begins = update.replaces and alert.last_step.precedes(update.at)
        if begins and rule not in self._begun:
            self._begun.add(rule)
            self._connection.execute("DELETE FROM seen WHERE rule = ?", (rule,))
            fired = alert.fired if alert is not None else 0
            self._connection.execute(_PUT_ALERT, (rule, update.at, False, fired))
        after = update.after
        held = self._seen(rule, update.station)
        if (not begins and alert is not None and alert.over) or (held and held.on is not after.on):
            self._claim.refused.add(update.key)
        elif held is None:
            self._put(rule, update.station, after)
        return False

    def _deliver(self, update: Update, rule: str, alert: _Held) -> None:
        """Note that this instance delivers an alert, and how to undo that."""
        at = update.at if update.once else alert.at
        self._connection.execute(_PUT_ALERT, (rule, at, update.once, update.at))
        undo = self._claim.undo
        undo.append((_PUT_ALERT, (rule, *alert)))
        undo.append(
            ("UPDATE seen SET met = 0 WHERE rule = ? AND station = ?", (rule, update.station))
        )
        if update.due is not None:
            number = self._due.store(self._connection, rule, update.due)
            undo.append(("DELETE FROM due WHERE id = ?", (number,)))

    def remove(self, key: AlertKey, at: int) -> None:
        """Note that the user removed an alert."""
        rule = _text(key)
        alert = self._alert(rule)
        if alert is not None and alert.precedes(at):
            for table in ("seen", "due"):
                self._connection.execute(f"DELETE FROM {table} WHERE rule = ?", (rule,))
            self._connection.execute(_PUT_ALERT, (rule, at, True, 0))

    def disarm(self, key: AlertKey, at: int) -> None:
        """Remove the state of an alert that is over, unless it began again since."""
        rule = _text(key)
        alert = self._alert(rule)
        if alert is not None and alert.over and alert.precedes(at):
            self._connection.execute("DELETE FROM seen WHERE rule = ?", (rule,))

    def _alert(self, rule: str) -> _Held | None:
        row = self._connection.execute(
            "SELECT at, over, fired FROM alert WHERE rule = ?", (rule,)
        ).fetchone()
        return None if row is None else _Held(int(row[0]), bool(row[1]), int(row[2]))

    def _seen(self, rule: str, station: str) -> Seen | None:
        row = self._connection.execute(
            "SELECT met, off_at FROM seen WHERE rule = ? AND station = ?", (rule, station)
        ).fetchone()
        return None if row is None else Seen(bool(row[0]), int(row[1]))

    def _put(self, rule: str, station: str, seen: Seen) -> None:
        row = (rule, station, seen.on, seen.off_at, seen.unknown)
        self._connection.execute(_PUT, row)


def _text(key: AlertKey) -> str:
    return json.dumps(key, ensure_ascii=False)


def _key(text: str) -> AlertKey:
    station, connector, words, when, least = json.loads(text)
    return str(station), str(connector), str(words), str(when), int(least)
