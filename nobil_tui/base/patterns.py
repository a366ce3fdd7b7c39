"""Regular expressions that are compiled on first use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import AnyStr, Generic


class LazyPattern(Generic[AnyStr]):
    """A regular expression, compiled on first use.

    For modules that are imported before the first paint: compiling all their patterns takes longer
    than painting a pane, and most are for errors and for rare input.
    """

    def __init__(self, pattern: AnyStr, flags: int = 0) -> None:
        self.pattern: AnyStr = pattern
        self._flags = flags

    @cached_property
    def compiled(self) -> re.Pattern[AnyStr]:
        """The compiled pattern."""
        return re.compile(self.pattern, self._flags)

    def match(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """Match at the beginning."""
        return self.compiled.match(text)

    def fullmatch(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """Match the whole text."""
        return self.compiled.fullmatch(text)

    def search(self, text: AnyStr) -> re.Match[AnyStr] | None:
        """Return the first match."""
        return self.compiled.search(text)

    def finditer(self, text: AnyStr) -> Iterator[re.Match[AnyStr]]:
        """Yield every match."""
        return self.compiled.finditer(text)

    def sub(self, to: AnyStr | Callable[[re.Match[AnyStr]], AnyStr], text: AnyStr) -> AnyStr:
        """Replace every match."""
        return self.compiled.sub(to, text)
