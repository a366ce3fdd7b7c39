"""Show a config without its keys, and write a first one of comments."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nobil_tui.base.files import NotSavedError
from nobil_tui.base.redaction import HIDDEN
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.model import Config
from nobil_tui.config.reading import load_config, parse_config
from nobil_tui.config.redact_file import redact_config
from nobil_tui.config.setting_table import SETTINGS
from nobil_tui.config.template import TEMPLATE, init_config, show_config
from tests.for_each import for_each

KEY = "hunter2-sesame"


def shown(tmp_path: Path, text: str) -> str:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return show_config(path)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"[stream] # mine\napi_key = '{KEY}' # why\n", '[stream] # mine\napi_key = "•••" # why\n'),
        (f'stream.api_key = """\\\n  {KEY}"""\n', 'stream.api_key = "•••"\n'),
        (
            f'enova = {{ "api\\u005fkey" = "{KEY}", address = "" }}\n',
            'enova = { "api\\u005fkey" = "•••", address = "" }\n',
        ),
        (f"[register]\n# api_key = '{KEY}'\n", '[register]\n# api_key = "•••"\n'),
        (f"# my token: {KEY}\n", '# my token: "•••"\n'),
        (
            f"[stream]\napi_key = '{KEY}'\n# the same as {KEY}!\n",
            '[stream]\napi_key = "•••"\n# the same as •••!\n',
        ),
        (
            f"stream.source = 'wss://h/?a=1&apikey={KEY}&b=2'\n",
            "stream.source = 'wss://h/?a=1&apikey=•••&b=2'\n",
        ),
        (f"stream.source = 'wss://me:{KEY}@h/'\n", "stream.source = 'wss://•••@h/'\n"),
        (f"# wss://h/?key={KEY}\n", "# wss://h/?key=•••\n"),
    ],
)
def test_only_keys_are_hidden(tmp_path: Path, text: str, after: str) -> None:
    assert KEY not in shown(tmp_path, text)
    if not text.startswith("# wss"):
        assert shown(tmp_path, text) == after


S3CRET = "S3CRETVALUE99"
ESCAPED = r"S3CRE\u0054VALUE\U00000039\u0039"


@pytest.mark.parametrize(
    "text",
    [
        # By the name of its parameter, however that is written; and whatever its name, if it may be
        # one.
        *(
            f"[stream]\nsource = 'wss://h/x?{name}={S3CRET}'\n"
            for name in ("auth", "pwd", "code", "k", "api%6bey")
        ),
        f'[stream]\nsource = "wss://h/x?\\u006bey={S3CRET}"\n',
        f'[stream]\nsource = "wss://h/x?key={ESCAPED}"\n',
        f'stream = {{ source = """wss://h/x?a=1&\\\n   key={S3CRET}""" }}\n',
        f'[enova]\naddress = "https://h/x?code={S3CRET}"\n',
        f'[register]\naddress = "https://h/x?subscription-key={ESCAPED}"\n',
        # Anywhere else in the file.
        f"[stream]\nsource = 'wss://h/x?key={S3CRET}'\n# old: {S3CRET}\n[filters]\nx = "
        f"'{S3CRET}'\n",
        f'[stream]\napi_key = "{S3CRET}"\n[filters]\n"{ESCAPED}" = "{ESCAPED}"\n',
        f'[stream]\napi_key = "{ESCAPED}"\n[filters]\nx = "wss://h/S3CRET%56ALUE99"\n',
        f"# source = 'wss://h/x?k={S3CRET}'\n",
        f"# pwd: {S3CRET}\n",
    ],
)
def test_possible_keys_are_hidden_everywhere(tmp_path: Path, text: str) -> None:
    after = shown(tmp_path, text)
    # As a reader of the file would see it: a document, and its comments.
    meant = repr(tomllib.loads(after)) + unquote(after)
    assert S3CRET not in meant
    assert "S3CRE" not in after
    assert HIDDEN in after


def test_other_values_are_shown(tmp_path: Path) -> None:
    text = "[interface.keys]\nstar = '%' # key of mine\n[stream]\nsource = 'wss://h/?key={private_apikey}'\n"
    assert shown(tmp_path, text) == text


def test_short_key_is_hidden(tmp_path: Path) -> None:
    assert shown(tmp_path, "[stream]\napi_key = 'a'\n") == '[stream]\napi_key = "•••"\n'


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=6, max_size=30),
    st.booleans(),
)
def test_no_key_is_ever_shown(key: str, literal: bool) -> None:
    literal = literal and "'" not in key
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    text = f"# {key} # was it\n[stream]\n" + (
        f"api_key = '{key}'\n" if literal else f'api_key = "{escaped}"\n'
    )
    text += "[watched]\n"
    _, config = parse_config(Path("config.toml"), text.encode())
    assert config.secrets[0].reveal() == key
    hidden = redact_config(text, config)
    assert key not in hidden
    assert 'api_key = "•••"' in hidden


def test_an_invalid_file_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        shown(tmp_path, f"[stream]\napikey = '{KEY}'\n")
    assert KEY not in str(caught.value)


def test_without_a_file_the_defaults_are_shown(tmp_path: Path) -> None:
    text = show_config(tmp_path / "none.toml")
    assert text.startswith(f"# {tmp_path / 'none.toml'} does not exist.")
    assert text.endswith(TEMPLATE)


def test_the_first_config_is_valid_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a" / "config.toml"
    init_config(path)
    assert path.read_text(encoding="utf-8") == TEMPLATE
    assert load_config(path) == Config()
    if os.name == "posix":
        assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]


def test_the_first_config_names_everything_with_its_default(tmp_path: Path) -> None:
    _, config = parse_config(
        Path("config.toml"), re.sub(r"(?m)^# (?=\S+ = |\"[^\"]*\" = )", "", TEMPLATE).encode()
    )
    assert config.interface.keys
    assert config.filters
    assert config.home.position
    assert config.home.simulated
    default = Config()
    for section in msgspec.structs.fields(Config):
        assert f"[{section.name}]\n" in TEMPLATE
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            block = TEMPLATE.split(f"[{section.name}]\n")[1].split("\n\n[")[0]
            for each in msgspec.structs.fields(section.type):
                assert f"# {each.name} = " in block or f"[{section.name}.{each.name}]" in TEMPLATE
                if each.name != "keys" and section.name != "home":
                    one, other = (
                        getattr(getattr(c, section.name), each.name) for c in (config, default)
                    )
                    assert one == other


@pytest.mark.parametrize("content", ["", "# mine\n", "not toml"])
def test_existing_file_is_not_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(content)
    with pytest.raises(NotSavedError, match="already exists"):
        init_config(path)
    assert path.read_text() == content


def test_failed_init_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(NotSavedError, match=r"No space left on device\. Free some space"):
        init_config(tmp_path / "config.toml")
    assert list(tmp_path.iterdir()) == []


@for_each(
    "comment",
    [
        "a" * 200_000,
        "key" * 66_000,
        "a.key-" * 32_000,
        "key " * 50_000,
        "key" + " " * 200_000,
        "wss://h/" + "?" * 200_000,
        "#\n" * 100_000,
    ],
)
def test_a_long_comment_is_redacted_in_linear_time(comment: str) -> None:
    # In quadratic time, one of these takes minutes.
    text = f"# {comment}\n# api_key = '{KEY}'\n"
    assert redact_config(text, Config()).endswith('# api_key = "•••"\n')


def test_every_setting_of_the_model_is_in_the_table() -> None:
    def leaves(section: type, path: str) -> set[tuple[str, str]]:
        found = set()
        for each in msgspec.structs.fields(section):
            if isinstance(each.type, type) and issubclass(each.type, msgspec.Struct):
                found |= leaves(each.type, f"{path}.{each.name}".lstrip("."))
            elif str(each.type).startswith("dict"):
                found.add((f"{path}.{each.name}".lstrip("."), ""))
            else:
                found.add((path, each.name))
        return found

    assert {(setting.section, setting.key) for setting in SETTINGS} == leaves(Config, "")
