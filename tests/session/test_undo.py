"""The undo stack, and the operations that undo others."""

from __future__ import annotations

from functools import partial

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.config.alert_rules import AlertRule
from nobil_tui.config.model import Config
from nobil_tui.config.operations import (
    Operation,
    Put,
    RemoveAlert,
    SetAlert,
    Star,
    Unstar,
    applied_to,
    inverse_of,
)
from nobil_tui.session.undo import MAX_UNDO, UndoStack, UndoStep

STATIONS = st.sampled_from(["NOR_1", "NOR_2"])
RULES = st.builds(AlertRule, STATIONS, repeat=st.booleans(), paused=st.booleans())
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Star, STATIONS),
    st.builds(Unstar, STATIONS),
    st.builds(SetAlert, RULES),
    st.builds(RemoveAlert, RULES.map(lambda rule: rule.key)),
    st.sampled_from(
        [
            Put("home", "position", [59.9, 10.7]),
            Put("home", "position", None),
            Put("filters", "Fast", "ccs"),
            Put("filters", "Fast", None),
            Put("interface", "pin_starred", False),
        ]
    ),
)


def comparable(config: Config) -> object:
    """Return a config without the order of its stars and alerts: what returns comes last."""
    plain = msgspec.to_builtins(config, enc_hook=str)
    plain["watched"]["stations"].sort()
    plain["alerts"]["rule"].sort(key=str)
    return plain


@given(st.lists(OPERATIONS, max_size=6))
def test_inverse_operations_in_reverse_order_restore_the_config(steps: list[Operation]) -> None:
    configs, inverses = [Config()], []
    for step in steps:
        inverses.append(inverse_of(step, configs[-1]))
        configs.append(applied_to(configs[-1], [step]))
    config = configs.pop()
    while inverses:
        config = applied_to(config, [inverses.pop()])
        assert comparable(config) == comparable(configs.pop())


def test_the_last_actions_are_undone_latest_first() -> None:
    stack, undone = UndoStack(), list[int]()
    for number in range(MAX_UNDO + 5):
        stack.push(UndoStep(f"step {number}", partial(undone.append, number)))
    assert len(stack) == MAX_UNDO
    last = stack.undo()
    assert last is not None
    assert last.done == f"step {MAX_UNDO + 4}"
    while stack.undo() is not None:
        pass
    assert undone == list(range(MAX_UNDO + 4, 4, -1))
    stack.push(UndoStep("one", undone.clear))
    stack.clear()
    assert stack.undo() is None
