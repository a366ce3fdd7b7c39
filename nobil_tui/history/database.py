"""The history as a SQLite file: its tables, and how they are written and read.

``change`` holds a connector's condition from a time (ms) on, ``listened`` the intervals of
listening (s), and ``packed_profile`` a value for each hour of the week and ``CHUNK_STATIONS``
stations. Raises ``sqlite3.Error`` throughout.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from nobil_tui.history.hours import HOURS_OF_WEEK
from nobil_tui.history.listening import Interval, Listening
from nobil_tui.history.observation import Portion, StoredChange
from nobil_tui.history.occupancy import HourColumns
from nobil_tui.history.profile_chunks import (
    CHUNK_STATIONS,
    ProfileChunk,
    StationColumns,
    read_profile,
)
from nobil_tui.history.statistics import (
    ChangeRow,
    ConnectorHistory,
    HourProfile,
    Profile,
    StationHistory,
)
from nobil_tui.store.database_file import (
    Migration,
    connect_to_read,
    connect_to_write,
    has_tables,
    migrate,
    transaction,
    use_write_ahead_log,
)

APPLICATION_ID = 0x6E6F6268
"""The application id in the file, which marks it as a history of this program."""
DAY = 24 * 3_600_000
RETENTION = 366 * DAY
"""How long changes and intervals are stored, in ms."""
MAX_LOG_SIZE = 4 * 1024 * 1024
"""Bytes to which the write-ahead log is cut after a larger transaction."""
MAX_CACHED_LISTS = 100
"""How many lists of stations have cached numbers: more than a session counts together."""
PRUNED_AT_ONCE = 200
"""How many connectors are pruned in one transaction, so that it is short."""

_FIRST_TABLES = """
    CREATE TABLE station (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE connector (
        id INTEGER PRIMARY KEY, station INTEGER NOT NULL REFERENCES station, uid TEXT NOT NULL,
        number INTEGER NOT NULL, UNIQUE (station, uid)
    );
    CREATE TABLE change (
        connector INTEGER NOT NULL, at INTEGER NOT NULL, condition INTEGER NOT NULL,
        PRIMARY KEY (connector, at)
    ) WITHOUT ROWID;
    CREATE TABLE listened (
        began INTEGER PRIMARY KEY, ended INTEGER NOT NULL, period INTEGER NOT NULL
    );
    CREATE TABLE profile (
        hour INTEGER NOT NULL, station INTEGER NOT NULL, observed INTEGER NOT NULL,
        any_free INTEGER NOT NULL, connectors INTEGER NOT NULL, free INTEGER NOT NULL,
        fault INTEGER NOT NULL, weeks INTEGER NOT NULL, weeks_free INTEGER NOT NULL,
        week INTEGER NOT NULL, week_observed INTEGER NOT NULL, week_free INTEGER NOT NULL,
        PRIMARY KEY (hour, station)
    ) WITHOUT ROWID;
"""


def _pack_profiles(connection: sqlite3.Connection) -> None:
    """Pack the profiles, a row for each station and hour, into a value for many stations."""
    connection.execute(
        "CREATE TABLE packed_profile (place INTEGER PRIMARY KEY, week INTEGER NOT NULL, "
        "data BLOB NOT NULL)"
    )
    rows = connection.execute("SELECT * FROM profile ORDER BY hour, station")
    for (hour, chunk), stored in groupby(rows, lambda row: (row[0], row[1] // CHUNK_STATIONS)):
        packed = ProfileChunk.of_rows(
            (station % CHUNK_STATIONS, *numbers) for _, station, *numbers in stored
        )
        connection.execute(_PUT_PROFILE, (chunk * HOURS_OF_WEEK + hour, packed.week, packed.pack()))
    connection.execute("DROP TABLE profile")


MIGRATIONS: tuple[Migration, ...] = (_FIRST_TABLES, _pack_profiles)
"""Migrations of the tables, each from one version to the next. Add to the end; never change one."""

_PUT_PROFILE = "INSERT OR REPLACE INTO packed_profile VALUES (?, ?, ?)"
_READ_PROFILES = "SELECT place, data FROM packed_profile WHERE place BETWEEN ? AND ?"
_ADD_CHANGE = """
INSERT INTO change VALUES (?, ?, ?) ON CONFLICT (connector, at)
DO UPDATE SET condition = excluded.condition WHERE condition != excluded.condition
"""
_READ_CHANGES = """
SELECT at, condition FROM change WHERE connector = :connector
    AND at >= ifnull((SELECT max(at) FROM change WHERE connector = :connector AND at <= :since), 0)
ORDER BY at
"""
_PRUNE = """
DELETE FROM change WHERE connector = :connector
    AND at < (SELECT max(at) FROM change WHERE connector = :connector AND at <= :before)
"""
_EXPORT = """
SELECT station.name, connector.uid, connector.number, change.at, change.condition
FROM change JOIN connector ON connector.id = change.connector
JOIN station ON station.id = connector.station
WHERE change.at >= ? AND connector.station = ?
ORDER BY change.at, connector.number
"""


class Contents(NamedTuple):
    """Totals of a history."""

    stations: int
    changes: int
    size: int
    """Bytes of the file."""


class HistoryDatabase:
    """An open history. Use ``open_to_write``, ``open_to_read`` or ``in_memory``."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None = None) -> None:
        self._connection = connection
        self._path = path
        self._stations: dict[str, int] = {}
        self._connectors: dict[tuple[str, str], int] = {}
        self._numbers_of: dict[tuple[str, ...], list[int]] = {}
        """The numbers of stations that are counted together, hour by hour."""

    @classmethod
    def open_to_write(
        cls, path: Path, migrations: Sequence[Migration] = MIGRATIONS
    ) -> HistoryDatabase:
        """Open or create the file and bring its tables up to date.

        Raises ``ForeignError`` for another program's database, ``NewerError`` for a later version.
        """
        connection = connect_to_write(path)
        try:
            has_tables(connection, APPLICATION_ID, len(migrations))
            use_write_ahead_log(connection)
            # The first snapshot may be one large transaction; truncate its log afterwards.
            connection.execute(f"PRAGMA journal_size_limit = {MAX_LOG_SIZE}")
            migrate(connection, APPLICATION_ID, migrations)
        except BaseException:
            connection.close()
            raise
        return cls(connection, path)

    @classmethod
    def open_to_read(cls, path: Path) -> HistoryDatabase:
        """Open the file, which another program may be writing. Raises as ``open_to_write`` does."""
        connection = connect_to_read(path)
        try:
            if has_tables(connection, APPLICATION_ID, len(MIGRATIONS)):
                return cls(connection, path)
        except BaseException:
            connection.close()
            raise
        # Its writer has created the file, but not yet the tables in it: a first start.
        connection.close()
        return cls.in_memory()

    @classmethod
    def in_memory(cls) -> HistoryDatabase:
        """Return an empty history that is not stored."""
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        migrate(connection, APPLICATION_ID, MIGRATIONS)
        return cls(connection)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # Writing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything written within, or roll it back if the body raises."""
        if self._connection.in_transaction:
            yield
            return
        try:
            with transaction(self._connection):
                yield
        except BaseException:
            # The ids of stations that were rolled back may be assigned again.
            self._stations.clear()
            self._connectors.clear()
            self._numbers_of.clear()
            raise

    def write(self, portion: Portion) -> int:
        """Write a portion in one transaction, or within a larger one; return how many changes were
        new."""
        executemany = self._connection.executemany
        with self.transaction():
            # If a connector changed twice in a millisecond, the later change counts.
            rows = {(self._connector(change), change.at): change.code for change in portion.changes}
            before = self._connection.total_changes
            executemany(_ADD_CHANGE, [(*key, code) for key, code in rows.items()])
            added = self._connection.total_changes - before
            self._add_hours(portion.hours)
            executemany(
                "INSERT OR REPLACE INTO listened VALUES (?, ?, ?)", portion.intervals.values()
            )
        return added

    def prune(self, before: int) -> Iterator[int]:
        """Delete what was observed before a time (ms), in short transactions; yield after each.

        The last condition before that time stays, since it may have lasted longer. Profiles are
        never pruned.
        """
        connection = self._connection
        ids = [row[0] for row in connection.execute("SELECT id FROM connector")]
        for begin in range(0, len(ids), PRUNED_AT_ONCE):
            with transaction(connection):
                connection.executemany(
                    _PRUNE,
                    [
                        {"connector": id_, "before": before}
                        for id_ in ids[begin : begin + PRUNED_AT_ONCE]
                    ],
                )
            yield begin
        connection.execute("DELETE FROM listened WHERE ended < ?", (before // 1000,))

    # Reading

    def station(self, name: str, since: int = 0) -> StationHistory:
        """Read the history of a station from a time (ms) on."""
        history = StationHistory(name, listening=self.listening(since), size=self.size)
        station = self._station_id(name)
        if station is None:
            return history
        select = "SELECT id, uid, number FROM connector WHERE station = ? ORDER BY number, id"
        for id_, uid, number in self._connection.execute(select, (station,)).fetchall():
            rows = self._connection.execute(_READ_CHANGES, {"connector": id_, "since": since})
            history.connectors.append(
                ConnectorHistory(uid, number, [ChangeRow(*row) for row in rows])
            )
        history.connectors = [connector for connector in history.connectors if connector.rows]
        history.profile = self._profile(station)
        return history

    def listening(self, since: int = 0) -> Listening:
        """Read the intervals of listening that ended after a time (ms)."""
        select = "SELECT began, ended, period FROM listened WHERE ended >= ? ORDER BY began"
        rows = self._connection.execute(select, (since // 1000,))
        return Listening(_without_overlaps(map(Interval._make, rows)))

    @property
    def stations(self) -> list[str]:
        """The ids of all stations that have a history, sorted."""
        return [
            row[0] for row in self._connection.execute("SELECT name FROM station ORDER BY name")
        ]

    def changes(
        self, stations: Iterable[str], since: int = 0
    ) -> Generator[StoredChange, None, None]:
        """Yield the stored changes of stations from a time (ms) on, station by station."""
        for name in stations:
            station = self._station_id(name)
            if station is not None:
                with closing(self._connection.execute(_EXPORT, (since, station))) as rows:
                    yield from map(StoredChange._make, rows)

    @property
    def size(self) -> int:
        """The size of the file with its write-ahead log, in bytes."""
        if self._path is None:
            return 0
        total = 0
        for tail in ("", "-wal"):
            with suppress(OSError):
                total += Path(f"{self._path}{tail}").stat().st_size
        return total

    @property
    def contents(self) -> Contents:
        """Return the totals. Reads every row."""
        count = self._connection.execute(
            "SELECT (SELECT count(*) FROM station), (SELECT count(*) FROM change)"
        )
        stations, changes = count.fetchone()
        return Contents(stations, changes, self.size)

    # Inside

    def _profile(self, station: int) -> Profile:
        chunk, index = divmod(station, CHUNK_STATIONS)
        begin = chunk * HOURS_OF_WEEK
        profile = [HourProfile()] * HOURS_OF_WEEK
        places = (begin, begin + HOURS_OF_WEEK - 1)
        for place, data in self._connection.execute(_READ_PROFILES, places):
            profile[place - begin] = read_profile(data, index)
        return profile

    def _add_hours(self, parts: Iterable[HourColumns]) -> None:
        """Add counted hours to the profiles: each value of an hour is read and written once."""
        by_hour: dict[tuple[int, int], list[HourColumns]] = {}
        for part in parts:
            by_hour.setdefault((part.week, part.hour), []).append(part)
        for (week, hour), of_hour in sorted(by_hour.items(), key=itemgetter(0)):
            self._add_hour(week, hour, of_hour)

    def _add_hour(self, week: int, hour: int, parts: Iterable[HourColumns]) -> None:
        numbered = [(self._numbers(part.stations), part) for part in parts]
        columns = StationColumns(max(max(numbers) for numbers, _ in numbered))
        for numbers, part in numbered:
            columns.add(numbers, part.seconds)
        for chunk, seconds in columns.chunks():
            place = chunk * HOURS_OF_WEEK + hour
            select = "SELECT week, data FROM packed_profile WHERE place = ?"
            stored = self._connection.execute(select, (place,)).fetchone()
            packed = ProfileChunk(*stored or ())
            packed.add(week, seconds)
            self._connection.execute(_PUT_PROFILE, (place, packed.week, packed.pack()))

    def _station_id(self, name: str) -> int | None:
        found = self._connection.execute(
            "SELECT id FROM station WHERE name = ?", (name,)
        ).fetchone()
        return None if found is None else int(found[0])

    def _station(self, name: str) -> int:
        """Return the number of a station, a new one if it has none."""
        known = self._stations.get(name)
        if known is None:
            self._connection.execute("INSERT OR IGNORE INTO station (name) VALUES (?)", (name,))
            select = "SELECT id FROM station WHERE name = ?"
            known = self._stations[name] = int(
                self._connection.execute(select, (name,)).fetchone()[0]
            )
        return known

    def _numbers(self, names: Sequence[str]) -> list[int]:
        """Return the numbers of stations, new ones for those that have none."""
        key = tuple(names)
        numbers = self._numbers_of.get(key)
        if numbers is None:
            if len(self._numbers_of) >= MAX_CACHED_LISTS:
                self._numbers_of.clear()
            numbers = self._numbers_of[key] = [
                self._stations.get(name) or self._station(name) for name in names
            ]
        return numbers

    def _connector(self, change: StoredChange) -> int:
        """Return the number of a connector in the tables, a new one if it has none."""
        key = change.station, change.uid
        known = self._connectors.get(key)
        if known is None:
            row = (self._station(change.station), change.uid)
            insert = "INSERT OR IGNORE INTO connector (station, uid, number) VALUES (?, ?, ?)"
            self._connection.execute(insert, (*row, change.number))
            select = "SELECT id FROM connector WHERE station = ? AND uid = ?"
            known = self._connectors[key] = int(self._connection.execute(select, row).fetchone()[0])
        return known


def _without_overlaps(intervals: Iterable[Interval]) -> Iterator[Interval]:
    """Yield intervals in order, without the time that an earlier one covers: after the clock was
    set back, the same time occurs twice."""
    covered = 0
    for interval in intervals:
        if interval.ended >= covered:
            yield interval._replace(began=max(interval.began, covered))
            covered = interval.ended
