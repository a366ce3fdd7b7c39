"""Cases of one test: like ``pytest.mark.parametrize``, but as one test for pytest.

Each test of pytest costs some milliseconds in each of its processes, which is a hundred times what
the call of a function takes. Where a case needs fixtures of its own, use ``parametrize``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any


def for_each(
    names: str | tuple[str, ...], cases: Iterable[Any]
) -> Callable[..., Callable[..., Any]]:
    """Run a test with each of the cases, also after one that fails; name those that fail.

    Of two decorators, each case of one is run with each of the other.
    """
    named = (names,) if isinstance(names, str) else names
    given = [(case,) if isinstance(names, str) else tuple(case) for case in cases]
    # Without a case, nothing would be tested; with another number of values, zip raises.
    assert given, "there is no case"

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        async def run_async(**arguments: Any) -> None:
            failures = _Failures()
            for values in given:
                case = dict(zip(named, values, strict=True))
                with failures.of(case):
                    await test(**case, **arguments)
            failures.raise_them()

        def run(**arguments: Any) -> None:
            failures = _Failures()
            for values in given:
                case = dict(zip(named, values, strict=True))
                with failures.of(case):
                    test(**case, **arguments)
            failures.raise_them()

        wrapper = functools.wraps(test)(run_async if inspect.iscoroutinefunction(test) else run)
        signature = inspect.signature(test)
        rest = [each for name, each in signature.parameters.items() if name not in named]
        assert len(rest) == len(signature.parameters) - len(named), named
        # What is left is what pytest looks for: the other decorators and fixtures.
        wrapper.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
        return wrapper

    return decorate


class _Failures:
    """The failures of a test, each with its case."""

    def __init__(self) -> None:
        self._failures: list[Exception] = []

    @contextmanager
    def of(self, case: dict[str, Any]) -> Iterator[None]:
        """Keep what is raised in the context."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever it is, it is raised at the end
            error.add_note(f"The case: {repr(case)[:500]}")
            self._failures.append(error)

    def raise_them(self) -> None:
        """Raise what was kept: one failure as it is."""
        if len(self._failures) == 1:
            raise self._failures[0]
        if self._failures:
            raise ExceptionGroup(f"{len(self._failures)} cases fail", self._failures)
