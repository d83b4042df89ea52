"""The types whose JSON form is an array."""

from collections.abc import Callable
from typing import Any

from ponty.request.parsing.compiled_types.compiled_type import (
    REFUSALS,
    Build,
    CompiledType,
    Faults,
    Items,
    MsgspecForm,
    Schema,
)
from ponty.request.parsing.compiled_types.hash_flooding import refuse_collisions

_ARRAY = frozenset({"array"})


def array(item: CompiledType, make: Callable[[list[Any]], Any] | None = None) -> CompiledType:
    """Compile a list, or a collection that `make` makes from one."""
    build = _build_items(item.build, make)
    msgspec_form = _direct_items(item.msgspec_form, make)
    schema: Schema = {"type": "array", "items": item.schema}
    return CompiledType(schema, _ARRAY, build, hashable=False, msgspec_form=msgspec_form, inside=Items(item, make))


def unique_array(item: CompiledType, make: Callable[[list[Any]], Any]) -> CompiledType:
    """Compile a set."""
    schema: Schema = {"type": "array", "items": item.schema, "uniqueItems": True}

    def make_set(value: list[Any]) -> Any:
        refuse_collisions(value)
        return make(value)

    build = _build_items(item.build, make_set)
    msgspec_form = _direct_items(item.msgspec_form, make_set, unique=True)
    return CompiledType(schema, _ARRAY, build, hashable=make is frozenset, msgspec_form=msgspec_form)


def open_tuple(item: CompiledType) -> CompiledType:
    """Compile a tuple of any length."""
    build = _build_items(item.build, tuple)
    msgspec_form = _direct_items(item.msgspec_form, tuple)
    schema: Schema = {"type": "array", "items": item.schema}
    return CompiledType(schema, _ARRAY, build, elements=[item], msgspec_form=msgspec_form, inside=Items(item, tuple))


def fixed_array(items: list[CompiledType], required: int, make: Callable[[list[Any]], Any]) -> CompiledType:
    """Compile an array with a type for each place; the first `required` places must be there."""
    prefix: dict[str, Any] = {"prefixItems": [item.schema for item in items]} if items else {}
    schema = {"type": "array", **prefix, "items": False, "minItems": required}
    build = _build_places([item.build for item in items], make)
    msgspec_form = _direct_places([item.msgspec_form for item in items], make) if required == len(items) else None
    return CompiledType(schema, _ARRAY, build, elements=items, msgspec_form=msgspec_form)


def _build_places(builds: list[Build | None], make: Callable[[list[Any]], Any]) -> Build:
    def build(value: list[Any]) -> Any:
        faults = Faults()
        for index, (element, build_element) in enumerate(zip(value, builds, strict=False)):
            if build_element is not None:
                try:
                    value[index] = build_element(element)
                except REFUSALS as error:
                    faults.add(index, error)
        faults.raise_any()
        return make(value)

    return build


def _build_items(build_item: Build | None, make: Callable[[list[Any]], Any] | None) -> Build | None:
    if build_item is None:
        return make

    def build(value: list[Any]) -> Any:
        out: list[Any] = []
        try:
            out += map(build_item, value)  # if it stops, the number of items tells where
        except REFUSALS as error:
            _raise_all(error, value, len(out), build_item)
        return out if make is None else make(out)

    return build


def _raise_all(first: Exception, value: list[Any], start: int, build_item: Build) -> None:
    """Raise the faults of the item at `start`, and of those after it."""
    faults = Faults()
    enough = faults.add(start, first)
    for index in range(start + 1, len(value)):
        if enough:
            break
        try:
            build_item(value[index])
        except REFUSALS as error:
            enough = faults.add(index, error)
    faults.raise_any()


def _direct_items(
    item: MsgspecForm | None, collect: Callable[[list[Any]], Any] | None, *, unique: bool = False
) -> MsgspecForm | None:
    if item is None or (unique and (item.make is not None or item.contains_any)):
        return None
    read_item = item.read
    if item.make is not None:
        make, collect = _build_items(item.make, collect), None
    else:
        make = None

    def read(value: list[Any]) -> Any:
        # Items that are equal in JSON are equal here: each is a text, a number or a boolean in one form.
        if unique:
            refuse_collisions(value)
            if len(set(value)) < len(value):
                raise ValueError("not unique")
        if read_item is not None:
            value = [read_item(element) for element in value]
        return value if collect is None else collect(value)

    idle = read_item is None and collect is None
    return MsgspecForm(list[item.form], None if idle else read, make, item.contains_any)  # type: ignore[name-defined]


def _direct_places(items: list[MsgspecForm | None], make: Callable[[list[Any]], Any]) -> MsgspecForm | None:
    known = [item for item in items if item is not None]
    if len(known) < len(items):
        return None
    reads = [(index, item.read) for index, item in enumerate(known) if item.read is not None]

    def read(value: tuple[Any, ...]) -> list[Any]:
        elements = [*value]
        for index, read_element in reads:
            elements[index] = read_element(elements[index])
        return elements

    form = tuple[tuple(item.form for item in known)]  # type: ignore[misc, valid-type]
    return MsgspecForm(
        form, read, _build_places([item.make for item in known], make), any(item.contains_any for item in known)
    )
