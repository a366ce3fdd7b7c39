"""The filter line: typing, completion, and the note."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Static

from nobil_tui.config.setting_table import MAX_FILTER
from nobil_tui.search.fields import FieldValues
from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.places import AnyPlace
from nobil_tui.tui.bindings import KeyBindings
from nobil_tui.tui.widgets.filter.input import FilterInput
from nobil_tui.tui.widgets.filter.line import FilterLine, FilterRow
from nobil_tui.tui.widgets.filter.note import FilterProblemNote
from nobil_tui.tui.widgets.filter.result import FilterResult
from tests.tui.widget_host import Stage, lines_of

VALUES: FieldValues = {
    "op": ("Recharge", "Mer", "Circle K", "Kople", "Eviny", "Ionity"),
    "place": ("Oslo", "Bærum"),
}


class Screen(Stage):
    """A filter line, and another widget for the focus."""

    def __init__(self) -> None:
        self.line = FilterLine(KeyBindings(), [], id="filter")
        self.line.values = VALUES
        self.other = Static("list")
        self.other.can_focus = True
        super().__init__(self.other, self.line)

    def on_filter_line_changed(self, message: FilterLine.Changed) -> None:
        self.heard.append(message)
        query = parse_query(message.text)
        self.line.result = replace(
            self.line.result, problem=query.problems[0].message if query.problems else ""
        )

    def on_filter_input_accepted(self, message: FilterInput.Accepted) -> None:
        self.heard.append(message)
        self.other.focus()

    def on_filter_input_cancelled(self, message: FilterInput.Cancelled) -> None:
        self.heard.append(message)
        self.other.focus()

    def on_filter_input_page_moved(self, message: FilterInput.PageMoved) -> None:
        self.heard.append(message)

    @property
    def typed(self) -> list[str]:
        return [message.text for message in self.of(FilterLine.Changed)]

    @property
    def note(self) -> str:
        return lines_of(self.line.query_one("FilterNote"))[0].strip()

    @property
    def painted(self) -> str:
        return lines_of(self.line.input)[0].rstrip()


@asynccontextmanager
async def typing(text: str = "", width: int = 110) -> AsyncIterator[tuple[Screen, Pilot[None]]]:
    app = Screen()
    async with app.run_test(size=(width, 4)) as pilot:
        app.line.open()
        await pilot.pause()
        await type_in(pilot, text)
        yield app, pilot


async def type_in(pilot: Pilot[None], text: str) -> None:
    for letter in text:
        await pilot.press(
            {" ": "space", ":": "colon", ">": "greater_than_sign", "=": "equals_sign"}.get(
                letter, letter
            )
        )
    await pilot.pause()


async def test_the_line_is_shown_with_focus_or_text() -> None:
    app = Screen()
    async with app.run_test(size=(80, 4)) as pilot:
        assert not app.line.display
        app.line.open()
        await pilot.pause()
        assert app.line.display
        assert app.focused is app.line.input
        await type_in(pilot, "ccs")
        await pilot.press("enter")
        await pilot.pause()
        assert app.focused is app.other
        assert app.line.display
        app.line.text = ""
        await pilot.pause()
        assert not app.line.display
        app.line.open()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert not app.line.display


async def test_every_keystroke_posts_a_change() -> None:
    async with typing("qwo/") as (app, pilot):
        assert app.typed == ["q", "qw", "qwo", "qwo/"]
        await pilot.press("backspace")
        await pilot.pause()
        assert app.typed[-1] == app.line.text == "qwo"


async def test_setting_the_text_posts_no_change() -> None:
    async with typing() as (app, pilot):
        app.line.text = "ccs free"
        await pilot.pause()
        assert app.typed == []
        await type_in(pilot, "x")
        assert app.typed == ["ccs freex"]


async def test_enter_keeps_the_filter_and_escape_clears_it() -> None:
    async with typing("ccs") as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        assert (len(app.of(FilterInput.Accepted)), app.line.text, app.focused) == (
            1,
            "ccs",
            app.other,
        )
        app.line.open()
        await pilot.pause()
        await pilot.press("end")
        await type_in(pilot, " x")
        assert app.line.text == "ccs x"
        await pilot.press("escape")
        await pilot.pause()
        assert (len(app.of(FilterInput.Cancelled)), app.line.text, app.line.display) == (
            1,
            "",
            False,
        )
        assert app.typed[-1] == "ccs x"


async def test_arrows_move_the_cursor_of_the_list() -> None:
    async with typing("c") as (app, pilot):
        await pilot.press("pagedown", "pagedown", "pageup")
        await pilot.pause()
        assert [message.by for message in app.of(FilterInput.PageMoved)] == [1, 1, -1]
        assert app.line.text == "c"


async def test_tab_completes_or_moves_the_focus() -> None:
    async with typing("ccs op:rec") as (app, pilot):
        assert app.painted == "ccs op:recharge"
        await pilot.press("tab")
        await pilot.pause()
        assert (app.line.text, app.focused) == ("ccs op:recharge ", app.line.input)
        assert app.typed[-1] == "ccs op:recharge "
        await pilot.press("tab")
        await pilot.pause()
        assert (app.line.text, app.focused) == ("ccs op:recharge ", app.other)


async def test_the_right_arrow_completes_at_the_end_only() -> None:
    async with typing("op:me") as (app, pilot):
        await pilot.press("left", "right")
        await pilot.pause()
        assert app.line.text == "op:me"
        await pilot.press("right")
        await pilot.pause()
        assert app.line.text == "op:mer "


async def test_the_completion_behind_the_text() -> None:
    async with typing() as (app, pilot):
        for typed, painted in (
            ("op:ci", 'op:ci  op:"Circle K"'),  # spelt another way: shown whole
            ("place:bae", "place:bae  place:bærum"),
            ("CC", "CCs"),
            ("zzz", "zzz"),
            ("ccs ", "ccs"),  # no word is begun
        ):
            app.line.text = typed[:-1]
            await type_in(pilot, typed[-1])
            assert app.painted == painted


async def test_the_note_shows_other_completions() -> None:
    async with typing("op:") as (app, pilot):
        assert app.painted == "op:recharge"
        assert app.note == 'op:mer  op:"Circle K"  op:kople  op:eviny  0 of 0'
        await pilot.press("enter")
        await pilot.pause()
        # Without the focus, the incomplete word is an error.
        assert app.note == "op: needs an operator, as in op:recharge  0 of 0"


async def test_a_narrow_line_shows_the_count_before_completions() -> None:
    async with typing("op:", 60) as (app, pilot):
        app.line.result = replace(app.line.result, stations=12, of=400, hidden=7)
        await pilot.pause()
        assert app.note == 'op:mer  op:"Circle K"  12 of 400'


async def test_the_note_shows_the_result() -> None:
    async with typing("ccs") as (app, pilot):
        app.line.result = FilterResult(12, 30_400)
        await pilot.pause()
        assert app.note == "12 of 30,400"
        app.line.result = FilterResult(12, 30_400, hidden=1)
        await pilot.pause()
        assert app.note == "1 starred hidden  12 of 30,400"
        app.line.text = ""
        await pilot.pause()
        assert app.note == ""


async def test_the_first_problem_is_shown_and_the_text_keeps_its_room() -> None:
    async with typing("opr:x") as (app, pilot):
        app.line.result = replace(app.line.result, stations=12, of=400, hidden=7)
        for width, note in (
            (110, "unknown field opr: – did you mean op:?  7 starred hidden  12 of 400"),
            (80, "unknown field opr: – did you mean op:?  12 of 400"),
            # The error has a line of its own.
            (58, "7 starred hidden  12 of 400"),
            (44, "12 of 400"),
        ):
            await pilot.resize_terminal(width, 4)
            await pilot.pause()
            assert app.note == note
            assert app.painted == "opr:x"
            assert app.line.input.size.width >= 18
            row = app.line.query_one(FilterRow)
            assert sum(child.size.width for child in row.children) == width - 2
            error = "unknown field opr: – did you mean op:?"
            own_line = lines_of(app.line.query_one(FilterProblemNote))
            assert [line.strip() for line in own_line] == ([error] if error not in note else [])
            style = next(
                seg.style
                for name in ("FilterNote", "FilterProblemNote")
                for seg in app.line.query_one(name).render_line(0)
                if "did" in seg.text
            )
            assert style is not None
            assert style.color is not None
            assert style.color.get_truecolor().hex == app.get_css_variables()["warning"].lower()


async def test_the_placeholder_is_a_valid_filter() -> None:
    async with typing() as (app, _):
        assert app.painted.startswith("words, or ccs")
        examples = app.line.input.placeholder.partition("or ")[2]
        # It works without a home.
        assert not parse_query(examples, None, AnyPlace()).problems
        assert app.note == ""


async def test_what_is_typed_into_an_open_filter_replaces_it() -> None:
    async with typing() as (app, pilot):
        app.line.text = "ccs free"
        for keys, expected in (
            (("x",), "x"),
            (("end", "x"), "ccs freex"),
            # Right takes no completion then.
            (("right", "x"), "ccs freex"),
            (("backspace",), ""),
        ):
            app.line.text = "ccs free"
            app.set_focus(None)
            app.line.open()
            await pilot.press(*keys)
            assert app.line.text == expected
            # Open already: the cursor stays.
            app.line.open()
            await pilot.press("y")
            assert app.line.text == f"{expected}y"


async def test_pasted_text_is_sanitized() -> None:
    async with typing() as (app, pilot):
        app.line.input.insert_text_at_cursor("a\x1b[31m\u202eb\tc")
        await pilot.pause()
        assert app.line.text == "a [31m b c"
        app.line.text = ""
        await type_in(pilot, "[")
        app.line.input.insert_text_at_cursor("red]x[/]")
        await pilot.pause()
        assert app.painted == "[red]x[/]"


async def test_the_text_is_limited_to_what_can_be_saved() -> None:
    async with typing() as (app, pilot):
        app.line.input.insert_text_at_cursor("x" * MAX_FILTER)
        await type_in(pilot, "y")
        assert app.line.text == "x" * MAX_FILTER


async def test_the_prompt_is_the_filters_key() -> None:
    async with typing() as (app, pilot):
        assert lines_of(app.line.query_one("FilterPrompt"))[0] == "/ "
        await pilot.press("enter")
        app.line.text = "x"
        await pilot.pause()
        await pilot.click("FilterPrompt")
        await pilot.pause()
        assert app.focused is app.line.input


async def test_the_prompt_follows_a_remapped_key_of_one_character() -> None:
    for key, prompt in (("f", "f "), ("ctrl+f", "/ ")):
        app = Stage(FilterLine(KeyBindings({"filter": (key,)}), [], id="filter"))
        async with app.run_test(size=(80, 4)) as pilot:
            app.query_one(FilterLine).open()
            await pilot.pause()
            assert lines_of(app.query_one("FilterPrompt"))[0] == prompt


async def test_earlier_filters_are_recalled() -> None:
    async with typing("ccs") as (app, pilot):
        await pilot.press("enter")
        await pilot.pause()
        app.line.text = ""
        app.line.open()
        await type_in(pilot, "oslo")
        await pilot.press("escape")
        await pilot.pause()
        app.line.open()
        await type_in(pilot, "x")
        shown = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            shown.append(app.line.text)
        assert shown == ["oslo", "ccs", "ccs", "oslo", "x", "x"]
        await pilot.pause()
        # Each one filters.
        assert app.typed[-5:] == ["x", "oslo", "ccs", "oslo", "x"]


async def test_an_error_is_shown_from_its_beginning() -> None:
    async with typing("ccs oslo free xyz:1 ", 60) as (app, pilot):
        for width in (60, 80, 100, 200):
            await pilot.resize_terminal(width, 4)
            await pilot.pause()
            painted = "\n".join(
                "".join(segment.text for segment in strip)
                for strip in app.screen._compositor.render_strips()
            )
            assert "unknown field xyz: – the fields are name, op" in painted
            assert "ccs oslo free xyz:1" in painted


async def test_saved_filters_are_named_with_their_numbers() -> None:
    async with typing() as (app, pilot):
        app.line.saved = ("Fast", "Near home")
        app.line.result = FilterResult(3, 3)
        await pilot.pause()
        assert app.note.split("  ")[-2:] == ["1 Fast", "2 Near home"]
        await type_in(pilot, "o")
        assert "Fast" not in app.note
