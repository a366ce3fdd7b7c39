"""The file of what alerts saw: damage and other disk errors are a notice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nobil_tui.alerts import seen_rows
from nobil_tui.alerts.claim import Claim, Update
from nobil_tui.alerts.database import ALERT_APPLICATION, ALERT_MIGRATIONS
from nobil_tui.alerts.due import DueRun
from nobil_tui.alerts.rules import Seen, fires
from nobil_tui.alerts.seen_rows import ORPHAN_AGE, SAVE_GRACE
from nobil_tui.alerts.state import AlertState
from nobil_tui.config.alert_rules import AlertKey, AlertRule
from nobil_tui.store.database_file import migrate

KEY = AlertRule("NOR_1").key
OFF, ON = Seen(on=False), Seen(on=True)
NOW = 1_000_000_000


def update(
    before: Seen | None,
    after: Seen,
    *,
    key: AlertKey = KEY,
    fires: bool = False,
    at: int = NOW,
    replaces: bool = False,
    once: bool = True,
) -> Update:
    return Update(key, "NOR_1", before, after, fires, at, replaces, once)


def store(state: AlertState, *updates: Update) -> list[bool]:
    return state.store(Claim(updates))


def opened(path: Path, *keys: AlertKey, now: int = NOW) -> AlertState:
    state = AlertState(path)
    state.load(keys, now)
    return state


FIRES = update(OFF, ON, fires=True)


def test_one_of_two_instances_delivers(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    one = opened(path)
    assert store(one, update(None, OFF)) == [False]
    other = opened(path)
    assert other.seen([KEY]) == {(KEY, "NOR_1"): OFF}
    assert store(one, FIRES) == [True]
    assert store(other, FIRES) == [False]
    # It was for once: neither instance fires again, however late the other one learns of it.
    assert store(other, update(ON, OFF), FIRES._replace(at=NOW + 600_000)) == [False, False]
    assert other.seen([KEY]) == {}
    one.close()
    other.close()


def test_a_clock_that_was_set_back_silences_no_alert(tmp_path: Path) -> None:
    state, hour = opened(tmp_path / "a.sqlite"), 3_600_000
    assert fires(Seen(False, NOW), Seen(True, NOW), NOW - hour)
    store(state, update(None, ON, once=False), update(ON, Seen(False, NOW), once=False))
    again = update(Seen(False, NOW), ON, fires=True, at=NOW - hour, once=False)
    assert store(state, again) == [True]
    state.close()


def test_what_was_claimed_but_not_delivered_is_released(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    one = opened(path)
    store(one, update(None, OFF))
    delivered, claim = Claim([FIRES]), Claim([FIRES._replace(station="NOR_2")])
    assert one.store(claim) == [True]
    assert one.release(claim)
    one.close()
    other = opened(path)
    assert other.seen([KEY])[KEY, "NOR_1"] == OFF
    assert other.store(delivered) == [True]
    # Of a claim that is not stored yet nothing is, and what was delivered before stays so.
    late = Claim([update(ON, OFF)])
    assert not other.release(late)
    assert other.store(late) == [False]
    assert opened(path, KEY).fired == {KEY: NOW}
    other.close()


def test_an_instance_with_an_older_config_silences_no_alert(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    one = opened(path)
    store(one, update(None, OFF, replaces=True))
    # It starts while the alert is being saved, and finds it in the file but not in its config.
    starting = opened(path)
    starting.close()
    assert store(one, FIRES) == [True]
    # An instance whose config cannot be saved is the only one to have its alerts.
    other_key = AlertRule("NOR_2").key
    store(one, update(None, OFF, key=other_key))
    much_later = NOW + ORPHAN_AGE + 1
    opened(path, now=much_later).close()
    assert store(one, FIRES._replace(key=other_key, at=much_later)) == [True]
    one.close()


def test_the_later_of_two_steps_counts_in_any_order(tmp_path: Path) -> None:
    armed = update(None, OFF, replaces=True, at=NOW + 5)
    fires = FIRES._replace(at=NOW + 100_000)
    for number, (removed_at, is_armed) in enumerate(((NOW + 4, True), (NOW + 6, False))):
        for order in (0, 1):
            state = opened(tmp_path / f"{number}{order}.sqlite")
            store(state, update(None, ON))
            steps = [Claim([armed]), Claim([], {KEY: removed_at})]
            for step in steps[::-1] if order else steps:
                state.store(step)
            assert store(state, fires) == [is_armed]
            state.close()
    # One instance adopted the alert and delivered it before the other one stores the arming.
    state = opened(tmp_path / "late.sqlite")
    store(state, update(None, OFF, at=NOW + 10), FIRES._replace(at=NOW + 20))
    assert store(state, armed, fires) == [False, False]
    state.close()
    # Two users armed it, and it fired after both.
    state = opened(tmp_path / "two.sqlite")
    standing = fires._replace(once=False)
    assert store(state, armed, standing) == [False, True]
    assert store(state, armed._replace(at=NOW + 6), standing) == [False, False]
    state.close()


def test_an_alert_that_is_over_begins_only_by_a_config_that_is_newer(tmp_path: Path) -> None:
    state = opened(tmp_path / "a.sqlite")
    store(state, update(None, OFF), FIRES)
    # It is still in the config of another instance, which the first one is about to save.
    for at, begins in ((NOW + SAVE_GRACE - 1, False), (NOW + SAVE_GRACE, True)):
        claim = Claim([update(None, OFF, at=at)])
        state.store(claim)
        assert claim.refused == (set() if begins else {KEY})
        assert store(state, FIRES._replace(at=NOW + 600_000)) == [begins]
    state.close()


def test_old_rows_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_rows, "MAX_FIRED", 2)
    path, later = tmp_path / "a.sqlite", NOW + ORPHAN_AGE + 1
    keys = [AlertRule(f"NOR_{number}").key for number in range(6)]
    state = opened(path)
    for number, key in enumerate(keys):
        store(state, update(None, OFF, key=key))
        if number < 3:
            store(state, FIRES._replace(key=key, at=NOW + number))
    state.store(Claim([], {keys[3]: NOW}))
    state.close()
    state = opened(path, keys[4], now=later)
    # Of those that fired the last two, and of the others what the config has.
    assert state.seen(keys) == {(keys[4], "NOR_1"): OFF}
    assert state.fired == {keys[1]: NOW + 1, keys[2]: NOW + 2}
    assert store(state, FIRES._replace(key=keys[4])) == [True]
    state.close()


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to be read as one" * 40, b"\0" * 4096]
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(content)
    state = AlertState(path)
    state.load([], NOW)
    assert "damaged" in state.notice
    assert store(state, update(None, OFF), FIRES) == [False, True]
    assert (tmp_path / "a.damaged-1.sqlite").read_bytes() == content
    state.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(ALERT_MIGRATIONS) + 1}")
    before = path.read_bytes()
    state = opened(path)
    assert "written by a newer version" in state.notice
    run = DueRun(NOW, {}, b"")
    assert store(state, update(None, OFF), FIRES._replace(due=run)) == [False, True]
    # The run is due all the same, but not in that file.
    assert state.due.take(NOW) == run
    assert state.due.take(NOW) is None
    state.close()
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["a.sqlite"]


def test_a_file_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, ALERT_APPLICATION, ALERT_MIGRATIONS[:1])
    state = opened(path)
    assert state.notice == ""
    assert store(state, update(None, OFF), FIRES) == [False, True]
    assert state.due.take(NOW) is None
    state.close()
    assert opened(path).fired == {KEY: NOW}
    assert [each.name for each in tmp_path.iterdir()] == ["a.sqlite"]


def test_without_a_writable_folder_alerts_last_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = AlertState(tmp_path / "file" / "a.sqlite")
    state.load([], NOW)
    assert "work until you quit" in state.notice
    run = DueRun(NOW, {}, b"")
    assert store(state, FIRES._replace(due=run)) == [True]
    assert state.fired[KEY] == NOW
    assert state.due.take(NOW) == run
    state.close()
