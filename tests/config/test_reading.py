"""Reading a config: valid values, and errors reported with file, line and column."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nobil_tui.base.files import stamp
from nobil_tui.base.redaction import Secret
from nobil_tui.config.errors import ConfigError
from nobil_tui.config.model import Config, LogScope
from nobil_tui.config.reading import MAX_CONFIG_BYTES, load_config
from nobil_tui.config.setting_table import SETTINGS
from nobil_tui.search.sorting import Sort

ROOT = Path(__file__).parents[2]
KEY = "hunter2hunter2"


def complaint(tmp_path: Path, content: str | bytes) -> str:
    path = tmp_path / "config.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    text = str(caught.value)
    assert text.startswith(f"{path}:")
    assert KEY not in text
    return text.removeprefix(f"{path}:")


def test_a_missing_file_is_a_config_of_defaults(tmp_path: Path) -> None:
    assert load_config(tmp_path / "none" / "config.toml") == Config()


@pytest.mark.parametrize("content", [b"", b"\n# nothing\n", b"\xef\xbb\xbf", b"[stream]\r\n"])
def test_an_empty_file_is_a_config_of_defaults(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    assert load_config(path) == Config()


@pytest.mark.parametrize("before", ["", "\ufeff"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_everything_is_read(tmp_path: Path, before: str, line_end: str) -> None:
    path = tmp_path / "config.toml"
    text = """
[watched]
stations = ["NOR_1", "SWE_2", "NOR_1"]
[stream]
source = "wss://example.org/?key={private_apikey}"
api_key = "a"
[enova]
api_key = "b"
address = "http://127.0.0.1:8080/token"
[register]
api_key = ""
countries = ["SWE"]
[home]
position = [59, 10.5]
[filters]
"Fast, near" = "oslo ccs"
[interface]
theme = "nord"
sort = "free"
ascii = true
log_scope = "starred"
pin_starred = false
keys.star = "%"
keys.filter = ["/", "f3"]
"""
    path.write_bytes((before + text.replace("\n", line_end)).encode())
    config = load_config(path)
    assert config.watched.stations == ["NOR_1", "SWE_2"]
    assert config.stream.source == "wss://example.org/?key={private_apikey}"
    assert config.secrets == (Secret("a"), Secret("b"))
    assert config.register.countries == ["SWE"]
    assert config.home.position == (59.0, 10.5)
    assert config.filters == {"Fast, near": "oslo ccs"}
    interface = config.interface
    assert (interface.theme, interface.sort, interface.ascii) == ("nord", Sort.FREE, True)
    assert (interface.log_scope, interface.pin_starred) == (LogScope.STARRED, False)
    assert interface.keys == {"star": "%", "filter": ["/", "f3"]}


COMPLAINTS: list[tuple[str | bytes, str]] = [
    (
        "[strem]\n",
        '1: strem is not known; expected one of the tables watched, … Did you mean "stream"?',
    ),
    (
        '\n[stream]\nsourc = "x"',
        "3: stream.sourc is not known; expected api_key or source in [stream].… Did you "
        'mean "source"?',
    ),
    ('theme = "nord"', "1: theme is not known; … Did you mean theme in [interface]?"),
    (
        '[stream]\n\napi_key = ["hunter2hunter2"]',
        "3: stream.api_key is a list; expected a text in quotes.",
    ),
    (
        "[watched]\nstations = [\n 'a',\n # b\n 3,\n]",
        "5: watched.stations[1] is a number; expected a text in quotes.",
    ),
    ("[watched]\nstations = 'a'", "2: watched.stations is a text; expected a list."),
    (
        "[watched]\nstations = ['a', '']",
        "2: watched.stations[1] is empty; expected 1 to 64 characters.",
    ),
    (
        f"[watched]\nstations = ['{'a' * 65}']",
        "2: watched.stations[0] has 65 characters; expected at most 64.",
    ),
    (
        '[watched]\nstations = ["a\\u001b"]',
        "2: watched.stations[0] contains a character that …",
    ),
    ("[home]\nposition = [91, 0]", "2: home.position[0] is out of range; expected -90 to 90."),
    (
        "[home]\nposition = [0,\n-180.5]",
        "3: home.position[1] is out of range; expected -180 to 180.",
    ),
    ("[home]\nposition = [nan, 0]", "2: home.position[0] is …"),
    ("[home]\nposition = [0]", "2: home.position has 1 value; expected 2."),
    ("[home]\nposition = [true, 0]", "2: home.position[0] is true; expected a number."),
    ("[home]\nposition = '59, 10'", "2: home.position is a text; expected a list of 2 values."),
    ("[register]\ncountries = []", "2: register.countries is empty; expected at least one."),
    (
        "[register]\ncountries = ['nor']",
        '2: … is "nor"; expected NOR or SWE. Did you mean "NOR"?',
    ),
    (
        "[enova]\naddress = 'ftp://x'",
        "2: enova.address is not an address; expected http://… or https://….",
    ),
    ("[enova]\naddress = 'https://'", "2: enova.address is not an address; …"),
    (
        "[hub]\npath_prefix = 'nobil'",
        "2: hub.path_prefix is not a path; expected one such as /nobil.",
    ),
    ("[hub]\npath_prefix = '/a//b'", "2: hub.path_prefix is not a path; …"),
    ("[hub]\npath_prefix = '/a?b'", "2: hub.path_prefix is not a path; …"),
    ("[enova]\naddress = 'http://x:99999/'", "2: enova.address is not an address; …"),
    (
        f"[enova]\naddress = 'http://u:{KEY}@x/'",
        "2: enova.address contains a user name or a password; …",
    ),
    (f"[stream]\napi_key = '{KEY} '", "2: stream.api_key contains a space, …"),
    (
        f'[stream]\napi_key = "{KEY}\\n"',
        "2: stream.api_key contains a space, a control character …",
    ),
    (
        "[interface]\nsort = 'nmae'",
        '2: interface.sort is "nmae"; expected starred, … Did you mean "name"?',
    ),
    ("[interface]\nascii = 1", "2: interface.ascii is a number; expected true or false."),
    (
        "[interface]\nlog_scope = 2020-01-01",
        "2: interface.log_scope is a date or time; expected all, …",
    ),
    (
        "[interface.keys]\nstrar = 'x'",
        '2: interface.keys.strar is not known; … Did you mean "star"?',
    ),
    (
        "[interface.keys]\nstar = 1",
        "2: interface.keys.star is a number; expected a text in quotes or a list.",
    ),
    ("[interface.keys]\nstar = [\n'x',\n1]", "4: interface.keys.star[1] is a number; …"),
    (
        "[interface.keys]\nstar = [\n'x',\n'slsh']",
        '4: interface.keys.star[1] is "slsh", which is not a key; … mean "slash"?',
    ),
    (
        "[interface.keys]\nretry = 'f3'\ncopy = 'f3'",
        '3: interface.keys.copy is "f3", which is also … retry …',
    ),
    ("[interface.keys]\ncopy = 'f3'\nretry = 'f3'", "3: interface.keys.retry is …"),
    ("[filters]\n'' = 'x'", '2: filters."" has a name that is empty; …'),
    ("[filters]\na = 'x'\nb = ' '", "3: filters.b is empty; …"),
    ("stream = 'x'", "1: stream is a text; expected a table."),
    ("[[stream]]", "1: stream is a list; expected a table."),
    (
        f"[stream]\napi_key = {KEY}",
        "2: is not TOML at column 11: Invalid value; expected a text in quotes, …",
    ),
    (f"[stream]\napi_key = '{KEY}", "2: is not TOML…"),
    ("\n\na = [1,", "3: is not TOML: …"),
    ("[stream]\n[home]\n[stream]", "3: is not TOML…"),
    ("[stream]\nsource = 'a'\nsource = 'b'", "3: is not TOML…"),
    (b"\na = '\xff'", "2: is not UTF-8 text; save it as UTF-8."),
    (
        "\ufeff[stream]".encode("utf-16"),
        "1: is not UTF-8 text; save it as UTF-8. It looks like UTF-16.",
    ),
    ("x = " + "[" * 5000 + "]" * 5000, " is nested too deeply; …"),
    ("a.b." * 8 + "c = 1", "1: has a key of more than 16 parts; … stream.source."),
    ("\n[" + "a . " * 250_000 + "b]", "2: has a key of more than 16 parts; …"),
    ("\n\nx = { " + "'a'.\"b\"." * 8 + "c = 1}", "3: has a key of more than 16 parts; …"),
    ("a.b." * 7 + "c.d = 1", "1: a is not known; …"),
    ("#" * (MAX_CONFIG_BYTES + 1), " is larger than 1024 KiB; …"),
]
"""Contents of a config, and what is said of them."""


def test_errors_name_the_line(tmp_path: Path) -> None:
    for content, told in COMPLAINTS:
        text = complaint(tmp_path, content)
        position = 0
        for piece in told.split("…"):
            assert piece in text[position:], text
            position = text.index(piece, position) + len(piece)
        assert text.startswith(told.split("…")[0]), text


def test_error_messages_are_safe_and_short(tmp_path: Path) -> None:
    long = complaint(tmp_path, '[interface]\nsort = "' + "x" * 5000 + '"')
    assert len(long) < 200
    for content in ('[interface]\nsort = "\\u001b[31m\\u202e"', '"\\u001b]0;x\\u0007" = 1'):
        assert complaint(tmp_path, content).isprintable()


@pytest.mark.parametrize("name", ["a\x1b[31mb", "æøå"])
def test_the_name_of_the_file_is_safe_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("a = 1")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value).isprintable()


def test_directory_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory; expected a TOML file"):
        load_config(tmp_path)


def test_file_below_a_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be read: "):
        load_config(tmp_path / "file" / "config.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="is not an ordinary file"):
        load_config(tmp_path / "pipe")


def test_the_empty_device_is_an_empty_config() -> None:
    assert load_config(Path(os.devnull)) == Config()


def test_invalid_file_name_is_reported() -> None:
    with pytest.raises(ConfigError, match="is not a file name"):
        load_config(Path("a\0b"))


def test_unreadable_file_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # Root may read everything, so the refusal cannot be had by a mode alone.
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ConfigError, match=r"config\.toml: cannot be read: Permission denied\."):
        load_config(path)


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="may read everything")
def test_file_without_read_permission_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch(mode=0)
    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        load_config(path)


def test_the_stamp_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert stamp(path) is None
    path.write_text("a")
    os.utime(path, ns=(1, 1))
    seen = [stamp(path)]
    assert stamp(path) == seen[0]
    os.utime(path, ns=(2, 2))
    seen.append(stamp(path))
    path.write_text("aa")
    os.utime(path, ns=(2, 2))
    seen.append(stamp(path))
    other = tmp_path / "other"
    other.write_text("bb")
    os.utime(other, ns=(2, 2))
    other.replace(path)
    seen.append(stamp(path))
    assert len(set(seen)) == 4
    link = tmp_path / "link"
    link.symlink_to(path)
    assert stamp(link) == stamp(path)


def test_reading_imports_nothing_that_only_saving_needs(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[interface.keys]\nstar = 'x'\nexport-log = []\n")
    code = (
        "import sys, pathlib\n"
        # A machine may have the interpreter import more at its start.
        "before = {*sys.modules}\n"
        "import nobil_tui.config.reading as reading, nobil_tui.config.writing\n"
        f"config = reading.load_config(pathlib.Path({str(path)!r}))\n"
        f"reading.config_warnings(pathlib.Path({str(path)!r}), config)\n"
        "late = {'tomlkit', 'filelock', 'platformdirs', 'textual', 'rich'}\n"
        "late |= {'difflib', 'tempfile', 'asyncio'}\n"
        "print(late & (sys.modules.keys() - before))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_number_of_too_many_digits_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"# mine\n[home]\nposition = [1, {'9' * 5000}]\n")
    with pytest.raises(ConfigError, match=r"config\.toml:3: holds a number of too many digits\.$"):
        load_config(path)


NUMBERS = ("nan", "-nan", "inf", "-inf", "1e400", "-0", "-0.0", "9" * 400, "0xff", "true", "1e-400")


@pytest.mark.slow
def test_every_number_of_toml_is_valid_or_reported(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    templates = {
        f"[{setting.section}]\n{setting.key} = {{}}\n"
        for setting in SETTINGS
        if setting.key and not setting.section.startswith("alerts")
    }
    templates |= {
        "[home]\nposition = [{0}, {0}]\n",
        '[[alerts.rule]]\nfilter = "ccs"\nleast = {}\n',
        '[[alerts.rule]]\nstation = "A"\nrepeat = {}\n',
    }
    for template in templates:
        for number in NUMBERS:
            path.write_text(template.format(number))
            try:
                load_config(path)
            except ConfigError as error:
                assert str(error).isprintable()
                assert "digits" not in str(error)
    for number in NUMBERS[:5]:
        path.write_text(f"[home]\nposition = [{number}, 10]\n")
        with pytest.raises(ConfigError, match="position"):
            load_config(path)
