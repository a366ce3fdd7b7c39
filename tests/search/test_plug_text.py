"""The plugs of a filter as text mean the same plugs."""

from nobil_tui.search.filter_parser import parse_query
from nobil_tui.search.plug_text import plug_filter_text
from tests.for_each import for_each


@for_each(
    ("text", "plugs"),
    [
        ("", ""),
        ("oslo free", ""),
        ("oslo ccs >=150kw free", "ccs >=150kw"),
        ("plug:ccs,chademo <=50 kw -tesla", "plug:ccs,chademo <=50kw"),
        ("type 2 50-100kw", "type2 50-100kw"),
        ("ccs>=150 or t2 free", "ccs>=150kw or type2"),
        ("cha 50 oslo", "chademo=50"),
        ("50kw or ccs", "50kw or ccs"),
        # More than 150 kW has no short form, so the whole filter is kept: only its plugs count.
        ("oslo >150kw", "oslo >150kw"),
    ],
)
def test_only_the_plugs_are_kept(text: str, plugs: str) -> None:
    assert plug_filter_text(parse_query(text)) == plugs
    assert parse_query(plugs).plugs == parse_query(text).plugs
