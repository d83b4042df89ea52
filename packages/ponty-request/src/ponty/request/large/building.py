"""A large value is built part by part: the kinds of parts, and how one value is made from them.

Everything was found valid before anything is built, so that no constructor of a program is called in vain. The
constructors are called in the order of the parts, and the faults are those that the whole would have.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from ponty.request.large.turns import Steps
from ponty.request.parsing.compiled_types.compiled_type import REFUSALS, Build, Entries, Faults, Items, Members


class ArrayParts(msgspec.Struct):
    """An array: runs of items with the function that builds each of them, and items that have parts."""

    items: Items
    parts: "list[tuple[list[Any], Build | None] | Parts]"


class EntriesParts(msgspec.Struct):
    """An object with any names: runs of entries, the function that builds each value, and values that have parts."""

    entries: Entries
    parts: "list[tuple[dict[str, Any], Build | None] | tuple[str, Parts]]"


class MembersParts(msgspec.Struct):
    """An object with known properties: each with its value and the function that builds it, or with its parts."""

    members: Members
    parts: "dict[str, tuple[Any, Build | None] | Parts]"


class Ready(msgspec.Struct):
    """A value that could not be taken apart, and the function that builds it."""

    value: Any
    build: Build | None


Parts = ArrayParts | EntriesParts | MembersParts | Ready


def built(parts: Parts) -> Steps[Any]:
    """Build a value from its parts.

    Raises:
        ConstructionError: A class's own `__init__` refuses a value.
        PontyError: A class's own `__init__` refuses a value with its own answer.
    """
    if isinstance(parts, ArrayParts):
        value = yield from _array(parts)
    elif isinstance(parts, EntriesParts):
        value = yield from _entries(parts)
    elif isinstance(parts, MembersParts):
        value = yield from _members(parts)
    else:
        yield
        value = parts.value if parts.build is None else parts.build(parts.value)
    return value


def _array(parts: ArrayParts) -> Steps[Any]:
    made: list[Any] = []
    faults = Faults()
    count, enough = 0, False
    for part in parts.parts:
        if isinstance(part, tuple):
            enough = yield from _add_run(made, part[0], part[1], count, faults)
            count += len(part[0])
        else:
            try:
                made.append((yield from built(part)))
            except REFUSALS as error:
                enough = faults.add(count, error)
            count += 1
        if enough:
            break
        yield
    faults.raise_any()
    return made if parts.items.make is None else parts.items.make(made)


_FEW = 1024
"""How many values are built before other requests may have their turn."""


def _add_run(made: list[Any], items: list[Any], build: Build | None, start: int, faults: Faults) -> Steps[bool]:
    """Build a run of items and add them; return whether there are enough faults."""
    if build is None:
        made += items
        return False
    for first in range(0, len(items), _FEW):
        if _add_items(made, items[first : first + _FEW], build, start + first, faults):
            return True
        yield
    return False


def _add_items(made: list[Any], items: list[Any], build: Build, start: int, faults: Faults) -> bool:
    """Build a few items and add them; return whether there are enough faults."""
    before, index = len(made), 0
    while index < len(items):
        try:
            made += map(build, items[index:] if index else items)
        except REFUSALS as error:
            # The number of items says where it has stopped; the items themselves are not needed any more.
            index += len(made) - before
            if faults.add(start + index, error):
                return True
            index += 1
            before = len(made)
        else:
            break
    return False


def _entries(parts: EntriesParts) -> Steps[Any]:
    made: dict[str, Any] = {}
    faults = Faults()
    enough = False
    for part in parts.parts:
        first, second = part
        if isinstance(first, str):
            made[first] = None
            try:
                made[first] = yield from built(second)  # type: ignore[arg-type]
            except REFUSALS as error:
                enough = faults.add(first, error)
        else:
            enough = _add_entries(made, first, second, faults)  # type: ignore[arg-type]
        if enough:
            break
        yield
    faults.raise_any()
    return made if parts.entries.make is None else parts.entries.make(made)


def _add_entries(made: dict[str, Any], entries: dict[str, Any], build: Build | None, faults: Faults) -> bool:
    if build is None:
        made.update(entries)
        return False
    for name, value in entries.items():
        try:
            made[name] = build(value)
        except REFUSALS as error:
            if faults.add(name, error):
                return True
    return False


def _members(parts: MembersParts) -> Steps[Any]:
    members = parts.members
    faults = Faults()
    made: dict[str, Any] = {}
    # They are built in the order of the class, and passed in that of the JSON.
    for name in [name for name in members.properties if name in parts.parts]:
        part = parts.parts[name]
        try:
            if not isinstance(part, tuple):
                made[name] = yield from built(part)
            else:
                value, build = part
                made[name] = value if build is None else build(value)
        except REFUSALS as error:
            faults.add(name, error)
        yield
    faults.raise_any()
    return _made_of(members, {name: made[name] for name in parts.parts if name in made})


def _made_of(members: Members, values: Mapping[str, Any]) -> Any:
    names = members.names
    if names is not None:
        values = {names[name]: value for name, value in values.items() if name in names}
    return values if members.make is None else members.make(**values)
