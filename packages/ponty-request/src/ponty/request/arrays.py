"""The types whose JSON form is an array."""

from collections.abc import Callable
from typing import Any

from ponty.request.node import REFUSALS, Build, Node, Schema, Unbuildable

_ARRAY = frozenset({"array"})


def array(item: Node, make: Callable[[list[Any]], Any] | None = None) -> Node:
    """Compile a list, or what `make` makes of one."""
    return Node({"type": "array", "items": item.schema}, _ARRAY, _build_items(item, make), hashable=False)


def unique_array(place: str, item: Node, make: Callable[[list[Any]], Any]) -> Node:
    """Compile a set.

    Raises:
        TypeError: Its elements are not hashable.
    """
    if not item.hashable:
        raise TypeError(f"{place}: the elements of a set must be hashable")
    schema: Schema = {"type": "array", "items": item.schema, "uniqueItems": True}
    return Node(schema, _ARRAY, _build_items(item, make), hashable=make is frozenset)


def open_tuple(item: Node) -> Node:
    """Compile a tuple of any length."""
    return Node({"type": "array", "items": item.schema}, _ARRAY, _build_items(item, tuple), hashable=item.hashable)


def fixed_array(items: list[Node], required: int, make: Callable[[list[Any]], Any]) -> Node:
    """Compile an array with a type for each place, the first `required` of which must be there."""
    builds = [item.build for item in items]

    def build(value: list[Any]) -> Any:
        for index, (element, build_element) in enumerate(zip(value, builds, strict=False)):
            if build_element is not None:
                try:
                    value[index] = build_element(element)
                except Unbuildable as refusal:
                    refusal.path.append(index)
                    raise
                except REFUSALS:
                    raise Unbuildable(index) from None
        return make(value)

    prefix: dict[str, Any] = {"prefixItems": [item.schema for item in items]} if items else {}
    schema = {"type": "array", **prefix, "items": False, "minItems": required}
    return Node(schema, _ARRAY, build, hashable=all(item.hashable for item in items))


def _build_items(item: Node, make: Callable[[list[Any]], Any] | None) -> Build | None:
    build_item = item.build
    if build_item is None:
        return make

    def build(value: list[Any]) -> Any:
        out: list[Any] = []
        try:
            for element in value:
                out.append(build_item(element))  # noqa: PERF401 - its length is the index
        except Unbuildable as refusal:
            refusal.path.append(len(out))
            raise
        except REFUSALS:
            raise Unbuildable(len(out)) from None
        return out if make is None else make(out)

    return build
