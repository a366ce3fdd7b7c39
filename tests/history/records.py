"""Helpers: a history from a script of events, and the queries that it is compared with."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nobil_tui.charging.board import Board
from nobil_tui.charging.station import WordConnector
from nobil_tui.history.database import HistoryDatabase
from nobil_tui.history.hours import LocalHours
from nobil_tui.history.observation import Observation
from nobil_tui.history.occupancy import HourColumns
from nobil_tui.history.tally import HourTally
from nobil_tui.wire.status_words import connector_from

OSLO = ZoneInfo("Europe/Oslo")
MINUTE = 60_000
STATION = "NOR_00001"
WORDS = ("AVAILABLE", "CHARGING", "BLOCKED", "RESERVED", "OUTOFORDER", "UNKNOWN", "INOPERATIVE")


class Step(NamedTuple):
    """What happens, ``minutes`` after the step before."""

    minutes: int
    action: str
    """``connect``, ``lose``, ``restart`` (of the program), or a report: a connector and a word."""


class Scripted:
    """Plays steps into a database: one board, one link, a program that may be restarted."""

    def __init__(self, database: HistoryDatabase, start: int, zone: tzinfo = OSLO) -> None:
        self.database = database
        self.at = start
        self.hours = LocalHours(zone)
        self._begin()

    def _begin(self) -> None:
        self.board = Board()
        self.board.downtime.stop(self.at)
        self.observation = Observation(self.board, self.hours)

    def play(self, steps: Sequence[Step]) -> None:
        """Play the steps, and store what was observed after each."""
        for minutes, action in steps:
            self.at += minutes * MINUTE
            self._step(action)
            self.database.write(self.observation.take_portion())

    def end(self, minutes: int = 1) -> None:
        """Let time pass, and quit the program."""
        self.at += minutes * MINUTE
        self.observation.finish(self.at)
        self.database.write(self.observation.take_portion())

    def _step(self, action: str) -> None:
        if action == "connect":
            self.board.downtime.start(self.at)
            self.observation.begin(self.at)
        elif action == "lose":
            self.board.downtime.stop(self.at)
            self.observation.end(self.at)
        elif action == "restart":
            self.observation.finish(self.at)
            self.database.write(self.observation.take_portion())
            self._begin()
        elif self.board.downtime.live:
            uid, _, word = action.partition(" ")
            for change in self.board.apply_connector(STATION, uid, report(word), self.at):
                self.observation.apply(change)
            self.observation.confirm(STATION, self.at)


def hour_of(station: str, tally: HourTally) -> HourColumns:
    """Return an hour of one station as it is stored."""
    seconds = [array("I", [number]) for number in tally[2:]]
    return HourColumns(tally.week, tally.hour, (station,), seconds)


def report(word: str) -> WordConnector:
    """Return a connector as a stream reports it."""
    return connector_from(word)


def at(text: str, zone: tzinfo = OSLO) -> int:
    """Return a local time such as ``2026-03-28 12:00`` in ms."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


SQL_PROFILE = """
WITH rows AS (
    SELECT connector, at / 1000 AS began, condition,
        lead(at / 1000, 1, :until) OVER (PARTITION BY connector ORDER BY at) AS ended
    FROM change WHERE connector IN (
        SELECT connector.id FROM connector JOIN station ON station.id = station
        WHERE name = :station)
),
points AS (
    SELECT began AS at FROM rows UNION SELECT ended FROM rows
    UNION SELECT began FROM listened UNION SELECT ended FROM listened
    UNION SELECT began FROM hours UNION SELECT :until UNION SELECT :since
),
pieces AS (
    SELECT at AS began, lead(at) OVER (ORDER BY at) AS ended FROM points
),
heard AS (
    SELECT pieces.began, pieces.ended, period FROM pieces JOIN listened
    ON listened.began <= pieces.began AND listened.ended >= pieces.ended
    WHERE pieces.began >= :since AND pieces.ended <= :until
),
counted AS (
    SELECT heard.began, heard.ended, count(*) AS connectors, sum(condition = 0) AS free,
        sum(condition = 4) AS fault
    FROM heard JOIN rows ON rows.began <= heard.began AND rows.ended >= heard.ended
        AND rows.began >= heard.period AND condition <= 4
    GROUP BY heard.began, heard.ended
)
SELECT hour, sum(counted.ended - counted.began), sum((free > 0) * (counted.ended - counted.began)),
    sum(connectors * (counted.ended - counted.began)), sum(free * (counted.ended - counted.began)),
    sum(fault * (counted.ended - counted.began))
FROM counted JOIN hours ON hours.began <= counted.began AND hours.ended > counted.began
GROUP BY hour
"""
"""The profile of a station from the stored changes alone; a table ``hours`` has the local hours."""


def sql_profile(
    database: HistoryDatabase, station: str, since: int, until: int, zone: tzinfo = OSLO
) -> dict[int, tuple[int, ...]]:
    """Compute a station's profile by SQL over its changes, from ``since`` to ``until`` (s)."""
    connection = database._connection
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS hours (began PRIMARY KEY, ended, hour)")
    connection.execute("DELETE FROM hours")
    begin = since // 3600 * 3600
    for began in range(begin, until, 3600):
        local = datetime.fromtimestamp(began, zone)
        row = (began, began + 3600, local.weekday() * 24 + local.hour)
        connection.execute("INSERT INTO hours VALUES (?, ?, ?)", row)
    values = {"station": station, "since": since, "until": until}
    return {row[0]: tuple(row[1:]) for row in connection.execute(SQL_PROFILE, values)}
