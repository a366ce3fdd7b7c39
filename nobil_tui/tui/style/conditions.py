"""The look of conditions: a table of their glyphs and colours."""

from __future__ import annotations

from msgspec import Struct

from nobil_tui.charging.conditions import Condition


class ConditionLook(Struct, frozen=True):
    """The glyphs and the colours of one condition.

    Every condition has a glyph of its own, so that no meaning depends on colour alone; green,
    violet and red differ in lightness too, for readers who cannot distinguish the hues.
    """

    unicode: str
    ascii: str
    on_dark: str
    """The colour in dark themes."""
    on_light: str
    """The colour in light themes."""
    ansi: str
    """The colour in themes that use the terminal's own colours."""


CONDITION_LOOKS = {
    Condition.FREE: ConditionLook("●", "o", "#3ddc84", "#148542", "ansi_green"),
    Condition.OCCUPIED: ConditionLook("■", "#", "#9aa5ff", "#4237b0", "ansi_blue"),
    Condition.BLOCKED: ConditionLook("▣", "B", "#d59bf6", "#8a3ab9", "ansi_magenta"),
    Condition.RESERVED: ConditionLook("◆", "R", "#62c6e8", "#006d92", "ansi_cyan"),
    Condition.FAULT: ConditionLook("✗", "x", "#ff6b64", "#bb1b18", "ansi_red"),
    Condition.UNKNOWN: ConditionLook("·", "?", "#8590a0", "#646d7a", "ansi_white"),
    Condition.NOT_IN_SERVICE: ConditionLook("–", "-", "#747f8e", "#707985", "ansi_white"),
}
STYLE_NAMES = {condition: condition.name.lower().replace("_", "-") for condition in Condition}
"""The name of each condition's style, and of the theme's variable for its colour."""
