"""``python -m tests.tui.widgets.stations.made_up_column FILE``: print what becomes of a column.

FILE takes the place of ``search/list_columns.py``, so all other modules are imported after it.
"""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_CONFIG = b'[interface]\ncolumns = ["operator", "name"]\n'


def use(path: str) -> None:
    """Import a file as ``search/list_columns.py``."""
    package, name = import_module("nobil_tui.search"), "nobil_tui.search.list_columns"
    spec = spec_from_file_location(name, path, loader=SourceFileLoader(name, path))
    assert spec is not None
    assert spec.loader is not None
    assert name not in sys.modules
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    package.list_columns = module  # type: ignore[attr-defined]


async def show() -> None:
    """Print the column in the config, the list, the dialog and the output of ``list``."""
    from nobil_tui.charging.register import Facts
    from nobil_tui.charging.station import Connector
    from nobil_tui.config.reading import parse_config
    from nobil_tui.config.template import TEMPLATE
    from nobil_tui.headless.listing import list_stations, stations_as_table
    from nobil_tui.search.list_columns import ListColumn
    from nobil_tui.tui.bindings import KeyBindings
    from nobil_tui.tui.dialogs.columns import ColumnList, ColumnsScreen
    from nobil_tui.tui.style.glyphs import UNICODE
    from nobil_tui.tui.widgets.stations.pane import StationsPane
    from tests.conftest import START, FakeClock
    from tests.tui.widget_host import Stage, lines_of, roster_of

    facts = {"NOR_1": Facts("Fornebu S", operator="Kraft AS")}
    stations = roster_of({"NOR_1": [Connector(0, 0, START)]}, facts)
    config = parse_config(Path("config.toml"), _CONFIG)[1].interface.columns
    parts = [f"{TEMPLATE}\n{[str(column) for column in config]}"]
    pane = StationsPane(FakeClock(), id="list")
    pane.columns = config
    async with Stage(pane).run_test(size=(100, 30)) as pilot:
        pane.station_list = stations
        await pilot.pause()
        parts += lines_of(pane)[:2]
        dialog = ColumnsScreen([*ListColumn], lambda _: None, KeyBindings(), UNICODE)
        await pilot.app.push_screen(dialog)
        await pilot.pause()
        parts.append("\n".join(lines_of(dialog.query_one(ColumnList))))
    parts.append(stations_as_table(list_stations(stations, START), 200))
    sys.stdout.write("\n---\n".join(parts))


if __name__ == "__main__":
    use(sys.argv[1])
    asyncio.run(show())
