"""Explain why a config is invalid: which value, what it is, and what is expected.

msgspec validates. Only when it fails does this module walk over the same types, since msgspec's
messages name no line, lose the keys of tables, and can quote the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import Any

from msgspec import Struct, inspect
from msgspec.structs import fields

from nobil_tui.base.text import did_you_mean, one_of, quoted
from nobil_tui.config.errors import InvalidValueError, KeyPath, dotted_path
from nobil_tui.config.model import Config


def first_mismatch(document: dict[str, Any]) -> InvalidValueError:
    """Return the first error of a document that msgspec rejected."""
    found = next(_misfits(document, inspect.type_info(Config), ()), None)
    return found or InvalidValueError((), "is not valid.")


def _misfits(value: Any, kind: inspect.Type, path: KeyPath) -> Iterator[InvalidValueError]:
    match kind:
        case inspect.UnionType():
            yield from _in_union(value, kind, path)
        case inspect.StructType() if isinstance(value, dict):
            yield from _in_table(value, kind, path)
        case inspect.DictType() if isinstance(value, dict):
            for key, member in value.items():
                yield from _misfits(member, kind.value_type, (*path, key))
        case inspect.ListType() if isinstance(value, list):
            if len(value) < (kind.min_length or 0):
                yield InvalidValueError(path, "is empty; expected at least one.")
            for index, member in enumerate(value):
                yield from _misfits(member, kind.item_type, (*path, index))
        case inspect.TupleType() if isinstance(value, list):
            if len(value) != len(kind.item_types):
                count = f"{len(value)} value{'' if len(value) == 1 else 's'}"
                yield InvalidValueError(path, f"has {count}; expected {len(kind.item_types)}.")
            for index, (member, member_kind) in enumerate(
                zip(value, kind.item_types, strict=False)
            ):
                yield from _misfits(member, member_kind, (*path, index))
        case inspect.EnumType() if isinstance(value, str):
            names = [str(member.value) for member in kind.cls]
            if value not in names:
                words = f"is {quoted(value)}; expected {one_of(names)}."
                yield InvalidValueError(path, words + did_you_mean(value, names))
        case inspect.IntType() if isinstance(value, int) and not isinstance(value, bool):
            least, most = kind.ge, kind.le
            if least is not None and most is not None and not least <= value <= most:
                yield InvalidValueError(path, f"is out of range; expected {least} to {most}.")
        case inspect.FloatType() if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = kind.ge, kind.le
            # This form of the comparison rejects nan too.
            if low is not None and high is not None and not low <= value <= high:
                yield InvalidValueError(path, f"is out of range; expected {low:g} to {high:g}.")
        case inspect.ListType(item_type=inspect.StructType()) if isinstance(value, dict):
            name = dotted_path(path)
            words = f"is one table; expected a list of them: write [[{name}]] for [{name}]."
            yield InvalidValueError(path, words)
        case _:
            if not _is_plainly(value, kind):
                yield InvalidValueError(path, f"is {_kind_of(value)}; expected {_expected(kind)}.")


def _in_union(value: Any, kind: inspect.UnionType, path: KeyPath) -> Iterator[InvalidValueError]:
    members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    # Explain a list by its elements, which is more helpful than "not a text".
    for member in members:
        lists = isinstance(member, inspect.ListType | inspect.TupleType)
        if len(members) == 1 or (lists and isinstance(value, list)):
            yield from _misfits(value, member, path)
            return
    if not any(_is_plainly(value, member) for member in members):
        expected = " or ".join(_expected(member) for member in members)
        yield InvalidValueError(path, f"is {_kind_of(value)}; expected {expected}.")


def _in_table(
    value: dict[str, Any], kind: inspect.StructType, path: KeyPath
) -> Iterator[InvalidValueError]:
    known = {each.encode_name: each.type for each in kind.fields}
    for key, member in value.items():
        if key in known:
            yield from _misfits(member, known[key], (*path, key))
            continue
        where = (
            f"{one_of(known)} in [{dotted_path(path)}]"
            if path
            else f"one of the tables {one_of(known)}"
        )
        yield InvalidValueError(
            (*path, key), f"is not known; expected {where}.{_meant(key, known, path)}"
        )


def _meant(key: str, names: Iterable[str], path: KeyPath) -> str:
    """Suggest a key for an unknown one: the same name in another table, or a similar one."""
    for table in fields(Config):
        section = (
            isinstance(table.type, type)
            and issubclass(table.type, Struct)
            and (table.name,) != path
        )
        if section and key in table.type.__struct_fields__:
            return f" Did you mean {key} in [{table.name}]?"
    return did_you_mean(key, names)


def _is_plainly(value: Any, kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType() | inspect.CustomType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case _:
            return False


def _expected(kind: inspect.Type) -> str:
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number"
        case inspect.FloatType():
            return "a number"
        case inspect.ListType():
            return "a list"
        case inspect.TupleType():
            return f"a list of {len(kind.item_types)} values"
        case inspect.StructType() | inspect.DictType():
            return "a table"
        case inspect.EnumType():
            return one_of(str(member.value) for member in kind.cls)
        case _:
            return "a text in quotes"


def _kind_of(value: Any) -> str:
    """Return the type of a value for display, never its content: it may be a misplaced secret."""
    match value:
        case str():
            return "a text"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "a table"
        case date() | time():
            return "a date or time"
        case _:
            return "something else"
