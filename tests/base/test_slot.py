"""A slot releases each resource once, even one that is opened while the slot is closed."""

from __future__ import annotations

from nobil_tui.base.slot import Slot


def test_it_holds_what_is_put_until_it_is_closed() -> None:
    released: list[str] = []
    slot = Slot(released.append)
    assert slot.held is None
    assert slot.put(slot.start(), "a")
    assert slot.held == "a"
    slot.close()
    slot.close()
    assert (slot.held, released) == (None, ["a"])


def test_a_new_start_releases_the_one_before() -> None:
    released: list[str] = []
    slot = Slot(released.append)
    slot.put(slot.start(), "a")
    turn = slot.start()
    assert released == ["a"]
    assert slot.put(turn, "b")


def test_closing_while_it_opens_releases_it_when_it_is_put() -> None:
    released: list[str] = []
    slot = Slot(released.append)
    turn = slot.start()
    slot.close()
    assert not slot.put(turn, "late")
    assert (slot.held, released) == (None, ["late"])


def test_only_the_last_start_counts() -> None:
    released: list[str] = []
    slot = Slot(released.append)
    first, second = slot.start(), slot.start()
    assert slot.put(second, "b")
    assert not slot.put(first, "a")
    assert (slot.held, released) == ("b", ["a"])
