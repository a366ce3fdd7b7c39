"""Every refused document is explained, however strange it is."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.config.errors import ConfigError, InvalidValueError
from nobil_tui.config.model import Config, secret_from_text
from nobil_tui.config.reading import config_from_document, parse_config

ANYTHING = st.recursive(
    st.none().map(lambda _: "x")
    | st.booleans()
    | st.integers(-200, 200)
    | st.floats()
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=4,
)


FIELDS = {
    section.name: [each.name for each in msgspec.structs.fields(section.type)]
    for section in msgspec.structs.fields(Config)
    if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct)
}


@given(
    st.dictionaries(
        st.sampled_from([*FIELDS, "filters"]),
        st.dictionaries(st.sampled_from(sum(FIELDS.values(), ["other"])), ANYTHING, max_size=3)
        | ANYTHING,
        max_size=3,
    )
)
def test_what_is_refused_is_explained(document: dict[str, object]) -> None:
    try:
        msgspec.convert(document, Config, dec_hook=secret_from_text)
        refused = False
    except msgspec.ValidationError:
        refused = True
    try:
        config_from_document(document)
    except InvalidValueError as error:
        assert error.path
        assert "; expected" in str(error) or "not a key" in str(error) or "is empty" in str(error)
    else:
        assert not refused


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_file_is_too_strange(content: bytes) -> None:
    try:
        parse_config(Path("config.toml"), content)
    except ConfigError as error:
        assert str(error).isprintable()
        assert str(error).startswith("config.toml:")
