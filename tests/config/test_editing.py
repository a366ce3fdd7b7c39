"""Editing changes the meaning as intended, and nothing else in the file."""

from __future__ import annotations

import tomllib
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.config.editing import edit_text
from nobil_tui.config.operations import Operation, Put, Star, Unstar, apply_to_document
from nobil_tui.config.template import TEMPLATE
from nobil_tui.config.toml_spans import TomlSpans
from tests.for_each import for_each

STATIONS = st.sampled_from(["NOR_1", "NOR_2", "SWE_3", 'a"b', "#", "x, y]"])
TEXTS = st.sampled_from(["", "nord", 'a "b" # c', "æ", "'''", '"""', "=", "[x]"])

OPERATIONS = st.one_of(
    STATIONS.map(Star),
    STATIONS.map(Unstar),
    st.builds(Put, st.just("interface"), st.just("theme"), TEXTS | st.none()),
    st.builds(Put, st.just("interface"), st.just("ascii"), st.booleans() | st.none()),
    st.builds(Put, st.just("stream"), st.sampled_from(["source", "api_key"]), TEXTS | st.none()),
    st.builds(
        Put,
        st.just("home"),
        st.just("position"),
        st.tuples(st.floats(-90, 90), st.integers(-180, 180)),
    ),
    st.builds(Put, st.just("filters"), TEXTS | st.just("Fast, near"), TEXTS | st.none()),
    st.builds(
        Put,
        st.just("interface.keys"),
        st.just("star"),
        st.just("x") | st.just(("x", "f2")) | st.none(),
    ),
    st.builds(Put, st.just("register"), st.just("countries"), st.just(["SWE"]) | st.none()),
)

COMMENTS = st.sampled_from(["", "", " # why", "#", "# ], }"])


@st.composite
def station_lists(draw: Any) -> str:
    stations = draw(st.lists(st.sampled_from(["'NOR_1'", '"SWE_3"', '"other"', "'#'"]), max_size=4))
    lines = draw(st.booleans())
    text = "["
    for index, station in enumerate(stations):
        if lines:
            text += draw(COMMENTS) + "\n" + draw(st.sampled_from(["  ", "", "  # above\n  "]))
        text += station
        if lines:
            text += draw(st.sampled_from(["", "", " ", "\n  ", " # before the comma\n"]))
        if index < len(stations) - 1 or draw(st.booleans()):
            text += draw(st.sampled_from([",", ", "]))
    if lines:
        text += draw(COMMENTS) + "\n" + draw(st.sampled_from(["", "  # last\n"]))
    return text + "]"


@st.composite
def configs(draw: Any) -> str:
    """A config file as a user may have written it."""
    sections: dict[str, list[tuple[str, str]]] = {
        "watched": [("stations", draw(station_lists()))],
        "stream": [("source", "'demo'"), ("api_key", '"k"')],
        "interface": [("theme", '"x"'), ("ascii", "false"), ("sort", "'id'")],
        "interface.keys": [("star", '["x", "f2"]'), ("filter", "'/'")],
        "filters": [('"Fast, near"', "'ccs'"), ("nord", "'x'")],
    }
    roots, tables = "", ""
    for name in draw(st.permutations(list(sections))):
        pairs = [pair for pair in sections[name] if draw(st.booleans())]
        form = draw(st.sampled_from(["table", "table", "table", "dotted", "inline", "none"]))
        if name.startswith("interface"):
            # One contains the other, and not every pair of forms is TOML.
            form = draw(st.sampled_from(["table", "none"]))
        before = draw(st.sampled_from(["", "\n", "\n# about\n", "# about\n\n"]))
        if form == "table":
            tables += f"{before}[{name}]{draw(COMMENTS)}\n"
            for key, value in pairs:
                tables += draw(st.sampled_from(["", "# on it", "# source ="]))
                tables += f"\n{key} = {value}{draw(COMMENTS)}\n"
        elif form == "dotted":
            roots += before + "".join(
                f"{name}.{key} = {value}{draw(COMMENTS)}\n" for key, value in pairs
            )
        elif form == "inline":
            members = ", ".join(f"{key} = {value}" for key, value in pairs)
            roots += before + f"{name} = {{ {members} }}{draw(COMMENTS)}\n"
    text: str = draw(st.sampled_from(["", "# top\n\n"])) + roots + tables
    return text if draw(st.booleans()) else text.rstrip("\n")


def without_empty_tables(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {
        key: member
        for key, value in document.items()
        if (member := without_empty_tables(value)) != {}
    }


def comments(text: str) -> list[str]:
    return [text[span.start : span.end].rstrip() for span in TomlSpans(text).comments]


def is_in_order(part: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(each in rest for each in part)


@given(configs(), st.lists(OPERATIONS, max_size=4))
def test_edited_file_has_the_wanted_meaning(text: str, operations: list[Operation]) -> None:
    before = tomllib.loads(text)
    after = text
    for operation in operations:
        after = edit_text(after, operation)
    assert without_empty_tables(tomllib.loads(after)) == without_empty_tables(
        apply_to_document(before, operations)
    )


@given(configs(), OPERATIONS)
def test_comments_are_kept_in_order(text: str, operation: Operation) -> None:
    after = edit_text(text, operation)
    lost = Counter(comments(text)) - Counter(comments(after))
    removes = isinstance(operation, Unstar) or (
        isinstance(operation, Put) and operation.value is None
    )
    if removes:
        # What stood on the line of what was removed was said about that.
        assert lost.total() <= text.count("\n") - after.count("\n") + 1
    else:
        assert not lost
        assert is_in_order(comments(text), comments(after))


@given(configs(), OPERATIONS)
def test_the_rest_keeps_its_order(text: str, operation: Operation) -> None:
    keys = [
        path for path in TomlSpans(text).values if not any(isinstance(part, int) for part in path)
    ]
    after = [path for path in TomlSpans(edit_text(text, operation)).values if path in keys]
    assert is_in_order(
        [".".join(map(str, path)) for path in after], [".".join(map(str, path)) for path in keys]
    )


@given(configs(), OPERATIONS)
def test_operations_are_idempotent(text: str, operation: Operation) -> None:
    once = edit_text(text, operation)
    assert edit_text(once, operation) == once


@for_each(
    ("text", "operation", "after"),
    [
        ("", Star("a"), '[watched]\nstations = ["a"]\n'),
        ("# mine", Star("a"), '# mine\n\n[watched]\nstations = ["a"]\n'),
        (
            "[watched]\nstations = ['b'] # c\n",
            Star("a"),
            "[watched]\nstations = ['b', \"a\"] # c\n",
        ),
        (
            '[watched]\nstations = [\n  "a", # home\n  "b" # work\n]\n',
            Star("c"),
            '[watched]\nstations = [\n  "a", # home\n  "b", # work\n  "c"\n]\n',
        ),
        (
            '[watched]\nstations = [\n  "a", # home\n  "b", # work\n]\n',
            Unstar("a"),
            '[watched]\nstations = [\n  "b", # work\n]\n',
        ),
        (
            "[stream]\nsource = 'x' # mine\n\n# Stars\n[watched]\n",
            Put("stream", "source", "y"),
            '[stream]\nsource = "y" # mine\n\n# Stars\n[watched]\n',
        ),
        (
            "[stream]\nsource = 'x' # mine\n\n# Stars\n[watched]\n",
            Put("stream", "api_key", "y"),
            "[stream]\nsource = 'x' # mine\napi_key = \"y\"\n\n# Stars\n[watched]\n",
        ),
        (
            "[stream]\nsource = 'x'\n# Stars\n[watched]\n",
            Put("stream", "api_key", "y"),
            "[stream]\nsource = 'x'\napi_key = \"y\"\n# Stars\n[watched]\n",
        ),
        (
            "[interface]\n# theme = ''\n# sort = 'id'\n",
            Put("interface", "theme", "nord"),
            "[interface]\n# theme = ''\ntheme = \"nord\"\n# sort = 'id'\n",
        ),
        (
            "[interface]\n# about theme\ntheme = 'x' # why\n# about sort\nsort = 'id'\n",
            Put("interface", "theme", None),
            "[interface]\n# about theme\n# about sort\nsort = 'id'\n",
        ),
        ("[filters] # mine", Put("filters", "a b", "c"), '[filters] # mine\n"a b" = "c"\n'),
        (
            "[interface.keys]\nstar = 'x'\n",
            Put("interface", "ascii", True),
            "[interface]\nascii = true\n\n[interface.keys]\nstar = 'x'\n",
        ),
    ],
)
def test_edits_follow_the_style_of_the_file(text: str, operation: Operation, after: str) -> None:
    assert edit_text(text, operation) == after


def test_template_is_edited_at_its_examples() -> None:
    after = TEMPLATE
    for operation in (
        Star("a"),
        Put("interface", "theme", "nord"),
        Put("home", "position", (1.5, 2)),
    ):
        after = edit_text(after, operation)
    assert '# stations = []\nstations = ["a"]\n' in after
    assert '# theme = ""\ntheme = "nord"\n' in after
    assert "# position = [59.91, 10.75]\nposition = [1.5, 2]\n" in after
